"""What the database itself guards is there after all migrations: a table that SQLite rebuilds loses its triggers."""

import pytest
from django.db import connection

from citylab.audit import triggers
from search.engines.embedded.tables import sqlite_tables

SQLITE_TRIGGERS = {
    "audit_auditentry_no_update",
    "audit_auditentry_no_delete",
    "audit_auditseal_no_update",
    "audit_auditseal_no_delete",
    "booking_no_overlap_on_insert",
    "booking_no_overlap_on_update",
    "rule_no_overlap_on_insert",
    "rule_no_overlap_on_update",
    "rule_version_no_update",
    *(f"{table}_{verb}" for table in sqlite_tables() for verb in ("insert", "delete")),
}
POSTGRESQL_TRIGGERS = {"audit_auditentry_only_grows", "audit_auditseal_only_grows", "rule_version_no_update"}


def names(query: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_every_trigger_exists_after_all_migrations():
    if connection.vendor == "postgresql":
        assert POSTGRESQL_TRIGGERS <= names("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        assert names("SELECT conname FROM pg_constraint WHERE contype = 'x'") == {"booking_no_overlap", "rule_no_overlap"}
        assert names("SELECT indexname FROM pg_indexes WHERE indexname = 'search_document_vector'") == {"search_document_vector"}
    else:
        found = names("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert {name for name in found if not name.startswith("wagtailsearch")} >= SQLITE_TRIGGERS
    assert triggers.TRAIL.installed(connection)
