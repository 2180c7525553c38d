"""A migrated database to copy from, made once for all the processes of a run: `python -m tests.services.template make|drop`.

TEST_POSTGRESQL_TEMPLATE is the name of the one on the server of DATABASE_URL, TEST_SQLITE_TEMPLATE the path of the one without a server.
"""

import os
import shutil
import sys
from pathlib import Path


def main(command: str) -> None:
    variable = "TEST_POSTGRESQL_TEMPLATE" if os.environ.get("DATABASE_URL") else "TEST_SQLITE_TEMPLATE"
    name = os.environ.pop(variable)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings.test")
    import django
    from django.db import connection

    django.setup()
    connection.settings_dict["TEST"]["NAME"] = name
    if command == "make":
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    else:
        original, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
        connection.creation.destroy_test_db(original, verbosity=0)
    connection.close()


def copy_sqlite(path: Path) -> bool:
    """Start a SQLite database at `path` from the run's template; False where there is none."""
    template = os.environ.get("TEST_SQLITE_TEMPLATE", "")
    if not template:
        return False
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, path)
    return True


if __name__ == "__main__":
    main(sys.argv[1])
