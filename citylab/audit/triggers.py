"""Database triggers that refuse to change, delete or empty the audit trail."""

from typing import Any

TABLES = ("audit_auditentry", "audit_auditseal")
MESSAGE = "the audit trail only grows"


def install(connection: Any) -> None:
    """Create the triggers (PostgreSQL or SQLite); existing ones stay."""
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)


def drop(connection: Any) -> None:
    """Remove the triggers, for a test's teardown."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for event in _events(connection.vendor):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{event.lower()}{on}")


def installed(connection: Any) -> set[str]:
    """The names of the triggers that exist now."""
    catalogue = "SELECT tgname FROM pg_trigger" if connection.vendor == "postgresql" else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        return {name for (name,) in cursor.fetchall()} & expected(connection.vendor)


def expected(vendor: str) -> set[str]:
    """The names of the triggers that must exist."""
    return {f"{table}_{event.lower()}" for table in TABLES for event in _events(vendor)}


def _events(vendor: str) -> tuple[str, ...]:
    return ("UPDATE", "DELETE", "TRUNCATE") if vendor == "postgresql" else ("UPDATE", "DELETE")


def _statements(vendor: str) -> list[str]:
    if vendor == "postgresql":
        function = f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
        return [function] + [
            f"CREATE OR REPLACE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
            for table in TABLES
            for event in _events(vendor)
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_{event.lower()} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for table in TABLES
        for event in _events(vendor)
    ]
