"""Two people at the same moment, in real threads: one wins, the other is told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from citylab.accounts.models import Membership, Role
from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.pilots.models import Pilot
from citylab.pilots.services import approving, ending, preparing, presenting, recording, running
from citylab.proposals.models import Proposal
from citylab.testbeds.models import Booking
from citylab.testbeds.services import SlotLost
from tests import factories

from .table import CARD

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gave or raised, all begun at the same moment, each on its own connection."""
    gate = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=30)
            results[index] = call()
        except DomainError as refusal:
            results[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def sorted_out(results: list[Any]) -> tuple[Any, Any]:
    """The one who won and the one who was told."""
    refused = [result for result in results if isinstance(result, DomainError)]
    assert len(refused) == 1, results
    return next(result for result in results if not isinstance(result, DomainError)), refused[0]


def officers() -> tuple[SimpleNamespace, Any]:
    people = factories.city()
    return people, factories.person(Role.OFFICER)


def actions(pilot: Pilot) -> list[str]:
    return list(AuditEntry.objects.filter(case_kind="pilot", case_id=str(pilot.pk)).order_by("sequence").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("state", "first", "second", "leads_to"),
    [
        ("running", "suspend", "suspend", {"suspended"}),
        ("running", "suspend", "revoke", {"suspended", "revoked"}),
        ("suspended", "restart", "restart", {"running"}),
        ("restoration", "check", "check", {"reporting"}),
        ("reporting", "close", "close", {"closed"}),
    ],
)
def test_two_officers_at_once(state: str, first: str, second: str, leads_to: set[str]) -> None:
    people, colleague = officers()
    pilot = factories.pilot_in(state, people=people)
    if state == "reporting":
        ending.final_report_submit(pilot_id=pilot.pk, actor=factories.owner_of(pilot.organisation), results="Bene.", lessons="Batterie.")
    before = actions(pilot)
    moves = {
        "suspend": lambda who: running.pilot_suspend(pilot_id=pilot.pk, actor=who, reason="Vento.", restart_conditions="Calma."),
        "revoke": lambda who: ending.pilot_revoke(pilot_id=pilot.pk, actor=who, reason="Pericolo.", removal_due_on=clock.today()),
        "restart": lambda who: running.pilot_restart(pilot_id=pilot.pk, actor=who),
        "check": lambda who: ending.restoration_check_record(pilot_id=pilot.pk, actor=who, checked_on=clock.today(), passed=True),
        "close": lambda who: ending.pilot_close(pilot_id=pilot.pk, actor=who, outcome="adopt", reasons="Utile."),
    }
    results = at_once(lambda: moves[first](people.officer), lambda: moves[second](colleague))
    now = Pilot.objects.get(pk=pilot.pk).state
    if (first, second, now) == ("suspend", "revoke", "revoked") and not [result for result in results if isinstance(result, DomainError)]:
        # A suspended pilot may be revoked: both moves were legal, one after the other.
        assert actions(pilot) == [*before, "suspend", "revoke"]
    else:
        _won, told = sorted_out(results)
        assert isinstance(told, Conflict) and told.code == "illegal_move"
        assert now in leads_to and len(actions(pilot)) == len(before) + 1
    assert verify() == []


def test_both_sides_sign_at_once() -> None:
    people, _colleague = officers()
    pilot = factories.pilot_in("agreement", people=people)
    owner = factories.owner_of(pilot.organisation)
    results = at_once(
        lambda: preparing.agreement_record_signature(pilot_id=pilot.pk, actor=people.officer, side="city", signed_on=clock.today(), agreement_number="D 1/2027"),
        lambda: preparing.agreement_record_signature(pilot_id=pilot.pk, actor=owner, side="startup", signed_on=clock.today()),
    )
    assert [result for result in results if isinstance(result, DomainError)] == []
    found = Pilot.objects.get(pk=pilot.pk)
    assert (found.state, found.agreement_city_signed_on, found.agreement_startup_signed_on) == ("preparation", clock.today(), clock.today())
    assert actions(pilot)[-2:] == ["sign_own_side", "sign_agreement"]


def test_an_extension_is_asked_for_once() -> None:
    people, _colleague = officers()
    pilot = factories.pilot_in("running", people=people)
    owner, editor = factories.owner_of(pilot.organisation), factories.member(pilot.organisation, Membership.Role.EDITOR)
    until = clock.today() + timedelta(days=80)
    _won, told = sorted_out(at_once(*(lambda who=who: running.extension_request(pilot_id=pilot.pk, actor=who, ends_on=until, reason="Pioggia.") for who in (owner, editor))))
    assert (told.code, pilot.extension_requests.count()) == ("request_pending", 1)


def test_one_reading_a_day() -> None:
    people, _colleague = officers()
    pilot = factories.pilot_in("running", people=people)
    owner, indicator = factories.owner_of(pilot.organisation), pilot.indicators.get()
    _won, told = sorted_out(at_once(*(lambda who=who: recording.reading_add(indicator_id=indicator.pk, actor=who, read_on=clock.today(), value=5) for who in (owner, people.officer))))
    assert (told.code, indicator.readings.count()) == ("reading_exists", 1)


def test_two_incidents_get_two_numbers() -> None:
    people, _colleague = officers()
    pilot = factories.pilot_in("running", people=people)
    owner = factories.owner_of(pilot.organisation)
    results = at_once(
        *(lambda who=who: recording.incident_report(pilot_id=pilot.pk, actor=who, happened_at=clock.now(), severity="low", text="Caduta.") for who in (owner, people.officer))
    )
    assert sorted(result.number for result in results) == [1, 2]


def test_words_that_change_while_they_are_confirmed_are_not_public() -> None:
    people, _colleague = officers()
    pilot = factories.pilot_in("running", people=people)
    owner = factories.owner_of(pilot.organisation)
    presenting.public_card_save(pilot_id=pilot.pk, actor=owner, **CARD)
    presenting.public_card_confirm(pilot_id=pilot.pk, actor=people.officer, side="city")
    seen = presenting.card_mark(Pilot.objects.get(pk=pilot.pk))
    at_once(
        lambda: presenting.public_card_confirm(pilot_id=pilot.pk, actor=owner, side="startup", seen=seen),
        lambda: presenting.public_card_save(pilot_id=pilot.pk, actor=people.officer, seen=seen, **{**CARD, "public_title_it": "Altro"}),
    )
    found = Pilot.objects.get(pk=pilot.pk)
    assert (found.public_title_it, found.is_public) == ("Altro", False)


def test_the_last_place_goes_to_one_approval_and_the_other_gets_the_next_free_dates() -> None:
    people, colleague = officers()
    site = factories.site(capacity=1)
    first, second = (factories.proposal_in("evaluation", people=people) for _number in range(2))
    for proposal in (first, second):
        factories.sheet_confirmed(proposal, people.officer, people.evaluator)
    starts = clock.today() + timedelta(days=100)
    ends = starts + timedelta(days=29)

    def approve(proposal: Proposal, who: Any) -> Pilot:
        return approving.proposal_approve(proposal_id=proposal.pk, actor=who, outcome="approved", site_id=site.pk, starts_on=starts, ends_on=ends, **factories.act())

    results = at_once(lambda: approve(first, people.officer), lambda: approve(second, colleague))
    won, told = sorted_out(results)
    assert isinstance(told, SlotLost)
    assert (told.next_free.starts_on, told.next_free.ends_on) == (ends + timedelta(days=1), ends + timedelta(days=30))
    lost = second if won.proposal_id == first.pk else first
    # Nothing at all was written for the one who lost.
    assert (Proposal.objects.get(pk=lost.pk).state, Pilot.objects.filter(proposal=lost).exists(), lost.decisions.count()) == ("evaluation", False, 0)
    assert list(Booking.objects.filter(site=site).values_list("case_id", "place", "starts_on", "ends_on")) == [(won.pk, 1, starts, ends)]
    assert verify() == []


def test_the_same_proposal_is_approved_once() -> None:
    people, colleague = officers()
    proposal = factories.proposal_in("evaluation", people=people)
    factories.sheet_confirmed(proposal, people.officer, people.evaluator)
    _won, told = sorted_out(
        at_once(*(lambda who=who: approving.proposal_approve(proposal_id=proposal.pk, actor=who, outcome="approved", **factories.act()) for who in (people.officer, colleague)))
    )
    assert isinstance(told, Conflict) and told.code == "illegal_move"
    assert Pilot.objects.filter(proposal=proposal).count() == 1
