"""What must never be: a ledger row that changes, or a transaction whose entries do not sum to zero.

PostgreSQL proves the sum of each transaction when it commits; SQLite has no deferred trigger, so there only `ledger.unbalanced` does.
"""

from django.db import migrations

from citylab.payments.ledger import GROWS

SUMS_TO_ZERO = """
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF (SELECT sum(amount_cents) FROM payments_ledgerentry WHERE transaction_id = NEW.transaction_id) <> 0 THEN
            RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$;
CREATE CONSTRAINT TRIGGER ledger_sums_to_zero AFTER INSERT ON payments_ledgerentry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_balanced();
"""
UNDO = "DROP TRIGGER ledger_sums_to_zero ON payments_ledgerentry; DROP FUNCTION ledger_balanced();"


def create(apps, schema_editor):
    GROWS.install(schema_editor.connection)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(SUMS_TO_ZERO, params=None)  # with parameters its per cent sign would be one


def drop(apps, schema_editor):
    GROWS.drop(schema_editor.connection)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(UNDO)


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_charges")]
    operations = [migrations.RunPython(create, drop)]
