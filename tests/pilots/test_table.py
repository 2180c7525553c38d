"""Every person in every state with every move: done, illegal now, or not allowed, as table.py says."""

from types import SimpleNamespace

import pytest
from django.db import transaction

from citylab.audit.models import AuditEntry
from citylab.core import clock
from citylab.core.errors import Conflict, NotAllowed
from citylab.pilots.models import FinalReport, Pilot
from citylab.pilots.services.presenting import public_card_save
from tests import factories

from . import table


def expected(state: str, who: str, move: str) -> tuple[str, str, int]:
    """Result, state afterwards and rows added to the trail."""
    states, people, leads_to = table.TABLE[move]
    if state not in states:
        return "illegal", state, 0
    if who not in people:
        return "not allowed", state, 0
    return "done", leads_to or state, 1


def tried(pilot: Pilot, on: SimpleNamespace, move: str, people: SimpleNamespace) -> dict[tuple[str, str], tuple[str, str, int]]:
    """The move by each person, everything taken back after each."""
    trail = AuditEntry.objects.filter(case_kind="pilot", case_id=str(pilot.pk))
    found = {}
    with transaction.atomic():
        table.give_rows(pilot, without=move)
        before = trail.count()
        for who in table.PEOPLE:
            with transaction.atomic():
                try:
                    with transaction.atomic():
                        table.CALLS[move](on, getattr(people, who))
                    result = "done"
                except Conflict as refusal:
                    result = "illegal" if refusal.code == "illegal_move" else refusal.code
                except NotAllowed:
                    result = "not allowed"
                found[who, move] = (result, Pilot.objects.values_list("state", flat=True).get(pk=pilot.pk), trail.count() - before)
                transaction.set_rollback(True)
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("state", table.STATES)
def test_every_person_with_every_move_in(state: str, people: SimpleNamespace) -> None:
    pilot = factories.pilot_in(state, people.organisation, people=people.city, actor=people.owner)
    if state == "preparation":
        factories.gates_green(pilot, people.officer)
    if state == "reporting":
        FinalReport.objects.create(pilot=pilot, results="Bene.", lessons="Batterie.", submitted_at=clock.now())
    public_card_save(pilot_id=pilot.pk, actor=people.officer, **table.CARD)
    on = table.prepared(pilot, people.officer)
    found: dict[tuple[str, str], tuple[str, str, int]] = {}
    for move in table.TABLE:
        found |= tried(pilot, on, move, people)
    assert found == {(who, move): expected(state, who, move) for who in table.PEOPLE for move in table.TABLE}


def test_the_table_names_every_call() -> None:
    assert set(table.TABLE) == set(table.CALLS)


def test_the_second_signature_leads_to_preparation(people: SimpleNamespace) -> None:
    pilot = factories.pilot_in("agreement", people.organisation, people=people.city)
    on = table.prepared(pilot, people.officer)
    table.CALLS["sign_for_startup"](on, people.owner)
    assert Pilot.objects.get(pk=pilot.pk).state == "agreement"
    table.CALLS["sign_for_city"](on, people.officer)
    assert Pilot.objects.get(pk=pilot.pk).state == "preparation"


@pytest.mark.parametrize("move", sorted(move for move, (states, _people, _leads_to) in table.TABLE.items() if "agreement" in states))
def test_an_archive_record_has_no_moves(move: str, people: SimpleNamespace) -> None:
    """Nobody signs, starts or writes to a pilot that ran before this system."""
    record = Pilot.objects.create(code=f"a-{move.replace('_', '-')}", slug=f"a-{move.replace('_', '-')}", title="Archivio", is_archive=True, created_at=clock.now(), updated_at=clock.now())
    table.give_rows(record, without=move)
    with pytest.raises(NotAllowed):
        table.CALLS[move](table.prepared(record, people.officer), people.officer)
