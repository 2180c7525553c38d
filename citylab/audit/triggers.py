"""Triggers with which the database refuses UPDATE, DELETE and (PostgreSQL) TRUNCATE on the audit trail."""

from typing import Any

TABLES = ("audit_auditentry", "audit_auditseal")
REFUSAL = "the audit trail only grows"


def names(vendor: str) -> set[str]:
    """The names of the triggers that must exist on a database of this vendor."""
    if vendor == "postgresql":
        return {f"{table}_only_grows" for table in TABLES}
    return {f"{table}_no_{verb}" for table in TABLES for verb in ("update", "delete")}


def install(connection: Any) -> None:
    """Create the triggers where they are missing."""
    drop(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
            )
            for table in TABLES:
                cursor.execute(f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()")
            return
        for table in TABLES:
            for verb in ("update", "delete"):
                cursor.execute(f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")


def drop(connection: Any) -> None:
    """Remove the triggers: only for the teardown of tests and for undoing the migration."""
    with connection.cursor() as cursor:
        for table in TABLES:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_only_grows ON {table}")
            else:
                for verb in ("update", "delete"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def installed(connection: Any) -> bool:
    """Whether every trigger exists and is enabled."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return names(connection.vendor) <= {name for (name,) in cursor.fetchall()}
