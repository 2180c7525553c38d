"""Triggers with which the database refuses UPDATE, DELETE and (PostgreSQL) TRUNCATE on tables that only ever grow: the audit trail, the ledger."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OnlyGrows:
    """Tables, what is said when somebody tries to change a row of theirs, and PostgreSQL's name for the function that says it."""

    tables: tuple[str, ...]
    refusal: str
    function: str

    def names(self, vendor: str) -> set[str]:
        """The names of the triggers that must exist on a database of this vendor."""
        if vendor == "postgresql":
            return {f"{table}_only_grows" for table in self.tables}
        return {f"{table}_no_{verb}" for table in self.tables for verb in ("update", "delete")}

    def install(self, connection: Any) -> None:
        """Create the triggers where they are missing."""
        self.drop(connection)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'restrict_violation'; END $$"
                )
                for table in self.tables:
                    cursor.execute(f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {self.function}()")
                return
            for table in self.tables:
                for verb in ("update", "delete"):
                    cursor.execute(f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END")

    def drop(self, connection: Any) -> None:
        """Remove the triggers: only for the teardown of tests and for undoing the migration."""
        with connection.cursor() as cursor:
            for table in self.tables:
                if connection.vendor == "postgresql":
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_only_grows ON {table}")
                else:
                    for verb in ("update", "delete"):
                        cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")

    def installed(self, connection: Any) -> bool:
        """Whether every trigger exists and is enabled."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
            else:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            return self.names(connection.vendor) <= {name for (name,) in cursor.fetchall()}


TRAIL = OnlyGrows(("audit_auditentry", "audit_auditseal"), "the audit trail only grows", "audit_refuse")
