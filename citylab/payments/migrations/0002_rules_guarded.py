"""What must never be, whatever a program does: two rules of one kind in force on one site on one day, and a version that changes.

Written by vendor, as in testbeds 0002. Whoever later alters these tables on SQLite rebuilds them, which drops their triggers: create them again in
that migration (a test looks for them).
"""

from django.db import migrations

POSTGRESQL = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE payments_rule ADD CONSTRAINT rule_no_overlap EXCLUDE USING gist (
    site_id WITH =, kind WITH =, daterange(valid_from, valid_until, '[]') WITH &&
) WHERE (site_id IS NOT NULL);
CREATE FUNCTION rule_version_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a version of a rule never changes' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER rule_version_no_update BEFORE UPDATE ON payments_ruleversion FOR EACH STATEMENT EXECUTE FUNCTION rule_version_refuse();
"""
UNDO_POSTGRESQL = """
ALTER TABLE payments_rule DROP CONSTRAINT rule_no_overlap;
DROP TRIGGER rule_version_no_update ON payments_ruleversion;
DROP FUNCTION rule_version_refuse();
"""

SQLITE_OVERLAP = """
CREATE TRIGGER rule_no_overlap_on_{event} BEFORE {EVENT} ON payments_rule
WHEN NEW.site_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM payments_rule AS other
    WHERE other.site_id = NEW.site_id AND other.kind = NEW.kind AND other.id IS NOT NEW.id
      AND other.valid_from <= coalesce(NEW.valid_until, '9999-12-31') AND coalesce(other.valid_until, '9999-12-31') >= NEW.valid_from
)
BEGIN SELECT RAISE(ABORT, 'rule_no_overlap'); END
"""
SQLITE_VERSION = """
CREATE TRIGGER rule_version_no_update BEFORE UPDATE ON payments_ruleversion
BEGIN SELECT RAISE(ABORT, 'a version of a rule never changes'); END
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
        return
    for event in ("insert", "update"):
        schema_editor.execute(SQLITE_OVERLAP.format(event=event, EVENT=event.upper()))
    schema_editor.execute(SQLITE_VERSION)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(UNDO_POSTGRESQL)
        return
    for name in ("rule_no_overlap_on_insert", "rule_no_overlap_on_update", "rule_version_no_update"):
        schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_rules")]
    operations = [migrations.RunPython(create, drop)]
