"""Two active bookings of one place never share a day: an exclusion constraint on PostgreSQL, triggers on SQLite.

Written by vendor because a model with ExclusionConstraint does not migrate on SQLite. Whoever later alters the bookings
table on SQLite rebuilds it, which drops its triggers: create them again in that migration (a test looks for them).
"""

from django.db import migrations

POSTGRESQL = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE testbeds_booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist (
    site_id WITH =, place WITH =, daterange(starts_on, ends_on, '[]') WITH &&
) WHERE (state IN ('held', 'confirmed'));
"""

SQLITE_TRIGGER = """
CREATE TRIGGER booking_no_overlap_on_{event} BEFORE {EVENT} ON testbeds_booking
WHEN NEW.state IN ('held', 'confirmed') AND EXISTS (
    SELECT 1 FROM testbeds_booking AS other
    WHERE other.site_id = NEW.site_id AND other.place = NEW.place AND other.state IN ('held', 'confirmed')
      AND other.id IS NOT NEW.id AND other.starts_on <= NEW.ends_on AND other.ends_on >= NEW.starts_on
)
BEGIN SELECT RAISE(ABORT, 'booking_no_overlap'); END
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
    else:
        for event in ("insert", "update"):
            schema_editor.execute(SQLITE_TRIGGER.format(event=event, EVENT=event.upper()))


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE testbeds_booking DROP CONSTRAINT booking_no_overlap")
    else:
        for event in ("insert", "update"):
            schema_editor.execute(f"DROP TRIGGER booking_no_overlap_on_{event}")


class Migration(migrations.Migration):
    dependencies = [("testbeds", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
