"""The audit trail only grows, and whoever touched it is found out."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from citylab.audit import hashing, services, tasks, triggers, verifying
from citylab.audit.models import AuditEntry, AuditSeal

OFFICER = SimpleNamespace(pk=41, roles=frozenset({"officer", "editor"}))


def write(case="1", count=1, kind="proposal", **values):
    return [services.append(case_kind=kind, case_id=case, action="submit", actor=OFFICER, **values) for _ in range(count)]


@pytest.fixture
def tampering(db):
    """Runs SQL with the triggers out of the way, as somebody with the keys to the database would."""

    def run(sql, *values):
        triggers.TRAIL.drop(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
        triggers.TRAIL.install(connection)

    return run


def findings():
    return [(finding.kind, finding.where) for finding in verifying.verify()]


@pytest.mark.django_db
def test_a_row_says_who_did_what_and_is_linked_to_the_one_before():
    first, second = services.append(case_kind="proposal", case_id=7, action="submit", actor=OFFICER, from_state="draft", to_state="submitted", data={"version": 1}), write("7")[0]
    first.refresh_from_db()
    assert (first.case_id, first.sequence, first.actor_id, first.actor_role, first.from_state, first.to_state) == ("7", 1, 41, "editor,officer", "draft", "submitted")
    assert first.data == {"version": 1}
    assert first.previous_hash == "0" * 64 and second.previous_hash == first.hash and second.sequence == 2
    assert services.trail("proposal", 7) == [first, second]
    assert findings() == []


@pytest.mark.django_db
def test_nobody_acting_is_the_system():
    entry = services.append(case_kind="proposal", case_id=1, action="resume_screening")
    assert (entry.actor_id, entry.actor_role) == (None, "system")


@pytest.mark.django_db(transaction=True)
def test_a_trace_needs_the_transaction_of_its_move():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        write()


@pytest.mark.django_db
def test_every_kind_of_data_hashes_the_same_after_it_was_stored():
    write(data={"on": date(2027, 2, 28), "amount": Decimal("16.00"), "score": 78.5, "whole": 3.0, "huge": 1e20, "tiny": 1e-9, "text": "perché “sì”", "nested": {"b": [1, None, True], "a": 2}})
    assert findings() == []
    assert AuditEntry.objects.get().data["on"] == "2027-02-28"


def test_a_digest_depends_on_the_salt_and_holds_no_text():
    assert services.digest("salt", "Nome Cognome") == services.digest("salt", "Nome Cognome")
    assert services.digest("salt", "Nome Cognome") != services.digest("other", "Nome Cognome")
    assert len(services.digest("", "x")) == 64


@pytest.mark.django_db
def test_the_triggers_exist_after_all_migrations():
    assert triggers.TRAIL.installed(connection)


@pytest.mark.django_db
@pytest.mark.parametrize("table", triggers.TRAIL.tables)
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_the_trail(table, statement):
    if statement.startswith("TRUNCATE") and connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    write()
    services.seal_day(date(2027, 1, 1))
    with pytest.raises(DatabaseError, match="the audit trail only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert AuditEntry.objects.count() == 1 and AuditSeal.objects.count() == 1
    assert findings() == []


@pytest.mark.django_db
def test_a_dropped_trigger_is_noticed(capsys):
    triggers.TRAIL.drop(connection)
    assert not triggers.TRAIL.installed(connection)
    with pytest.raises(CommandError, match=r"1 finding"):
        call_command("audit_verify")
    assert "triggers" in capsys.readouterr().err
    triggers.TRAIL.install(connection)
    assert triggers.TRAIL.installed(connection)
    triggers.TRAIL.install(connection)  # twice does no harm
    assert triggers.TRAIL.installed(connection)


def test_a_tampered_row_is_named(tampering):
    write("1", 3)
    write("2", 1)
    tampering("UPDATE audit_auditentry SET to_state = 'approved' WHERE case_id = '1' AND sequence = 2")
    assert findings() == [("tampered", "proposal 1 #2")]


@pytest.mark.parametrize("column", ["at = '2020-01-01 00:00:00+00:00'", "actor_id = 5", "actor_role = 'x'", "action = 'x'", "from_state = 'x'", "data = '{\"a\": 1}'", "previous_hash = 'x'"])
def test_every_column_is_protected(tampering, column):
    write("1", 2)
    tampering(f"UPDATE audit_auditentry SET {column} WHERE sequence = 2")
    assert findings() == [("tampered", "proposal 1 #2")]


def test_a_row_rewritten_with_a_fitting_hash_breaks_the_link_of_the_next(tampering):
    rows = write("1", 3)
    rows[1].to_state = "approved"
    tampering("UPDATE audit_auditentry SET to_state = 'approved', hash = %s WHERE sequence = 2", hashing.entry_hash(rows[1]))
    assert findings() == [("tampered", "proposal 1 #3")]


@pytest.mark.parametrize("gone", [1, 2])
def test_a_missing_row_is_named(tampering, gone):
    write("1", 3)
    tampering("DELETE FROM audit_auditentry WHERE sequence = %s", gone)
    assert findings() == [("missing", f"proposal 1 #{gone}")]


def test_rows_that_changed_places_are_named(tampering):
    write("1", 3)
    tampering("UPDATE audit_auditentry SET sequence = 9 WHERE sequence = 1")
    tampering("UPDATE audit_auditentry SET sequence = 1 WHERE sequence = 2")
    tampering("UPDATE audit_auditentry SET sequence = 2 WHERE sequence = 9")
    assert findings() == [("reordered", "proposal 1 #1"), ("reordered", "proposal 1 #2")]


def test_a_case_cut_off_at_its_end_breaks_the_seal(tampering):
    write("1", 3)
    services.seal_day(date(2027, 1, 1))
    tampering("DELETE FROM audit_auditentry WHERE sequence = 3")
    assert findings() == [("wrong_seal", "seal 2027-01-01"), ("wrong_seal", "proposal 1 #3")]


def test_a_case_that_vanished_breaks_the_seal(tampering):
    write("1", 2)
    write("2", 1)
    services.seal_day(date(2027, 1, 1))
    tampering("DELETE FROM audit_auditentry WHERE case_id = '2'")
    assert findings() == [("wrong_seal", "seal 2027-01-01"), ("missing", "proposal 2 #1")]


def test_a_chain_rewritten_from_end_to_end_contradicts_the_seal(tampering):
    entry = write("1", 1)[0]
    services.seal_day(date(2027, 1, 1))
    entry.to_state = "approved"
    tampering("UPDATE audit_auditentry SET to_state = 'approved', hash = %s", hashing.entry_hash(entry))
    assert findings() == [("wrong_seal", "proposal 1 #1")]


def test_a_changed_seal_is_named(tampering):
    write()
    services.seal_day(date(2027, 1, 1))
    write()
    services.seal_day(date(2027, 1, 2))
    tampering("UPDATE audit_auditseal SET entries = 0 WHERE day = '2027-01-01'")
    assert findings() == [("wrong_seal", "seal 2027-01-01"), ("wrong_seal", "seal 2027-01-01")]
    tampering("DELETE FROM audit_auditseal WHERE day = '2027-01-01'")
    assert findings() == [("wrong_seal", "seal 2027-01-02")]


@pytest.mark.django_db
def test_a_seal_holds_the_heads_that_grew_and_is_made_once():
    write("1", 2)
    write("a", 1, kind="pilot")
    first = services.seal_day(date(2027, 1, 1))
    assert {kind: list(cases) for kind, cases in first.heads.items()} == {"proposal": ["1"], "pilot": ["a"]}
    assert first.heads["proposal"]["1"] == [2, AuditEntry.objects.get(case_id="1", sequence=2).hash] and first.entries == 3
    write("1", 1)
    assert services.seal_day(date(2027, 1, 1)) == first
    second = services.seal_day(date(2027, 1, 2))
    assert second.previous_hash == first.hash and second.entries == 4
    assert {kind: list(cases) for kind, cases in second.heads.items()} == {"proposal": ["1"]}
    assert findings() == []
    assert services.seal_day(date(2027, 1, 3)).heads == {}
    assert findings() == []


@pytest.mark.django_db
def test_the_nightly_task_seals_yesterday(travel):
    write()
    travel("2027-01-01 00:20")
    assert tasks.seal_day() == "2026-12-31"
    assert AuditSeal.objects.get().day == date(2026, 12, 31)


def test_the_command_names_the_row_and_fails(tampering, capsys):
    write("1", 2)
    call_command("audit_verify")
    assert "sound: 2 rows" in capsys.readouterr().out
    tampering("UPDATE audit_auditentry SET action = 'x' WHERE sequence = 2")
    with pytest.raises(CommandError, match="not sound"):
        call_command("audit_verify")
    assert "tampered: proposal 1 #2" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain():
    barrier, errors = Barrier(4), []

    def work():
        try:
            barrier.wait(timeout=20)
            for _ in range(5):
                with transaction.atomic():
                    write("1")
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert list(AuditEntry.objects.values_list("sequence", flat=True)) == list(range(1, 21))
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_after_a_test_that_commits_the_trail_is_empty_and_guarded():
    assert AuditEntry.objects.count() == 0
    assert triggers.TRAIL.installed(connection)


@pytest.mark.django_db
def test_verifying_costs_the_same_for_few_and_many_rows(django_assert_num_queries):
    write("1", 3)
    with django_assert_num_queries(2):
        verifying.verify()
    write("1", 27)
    with django_assert_num_queries(2):
        verifying.verify()
