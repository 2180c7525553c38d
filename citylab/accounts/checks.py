"""What must not be in the database of an installation."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from .models import User


@register(Tags.database)
def no_demo_people(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Outside local a database with the demo's people is refused by `migrate` and by `check --database default`."""
    if settings.DEMO_ACCOUNTS or "default" not in (databases or ()):
        return []
    if User._meta.db_table not in connections["default"].introspection.table_names():
        return []
    found = User.objects.filter(is_demo=True).count()
    words = f"The database holds demo accounts ({found}), perhaps an administrator among them: it was loaded by load_demo."
    return [Error(words, hint="Start from an empty database; the demo city is for ENVIRONMENT=local.", id="accounts.E001")] if found else []
