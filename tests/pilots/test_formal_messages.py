"""Acts of the city and declarations of the start-up about a pilot stand in the register, with their channel and the day they were legally received."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from citylab.audit.models import AuditEntry
from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.notifications.models import OutgoingMessage
from citylab.pilots import selectors
from citylab.pilots.models import Pilot
from citylab.pilots.services import ending, preparing, running
from citylab.proposals.models import Communication, Proposal, RegisterEntry
from tests import factories

from .conftest import signed_in
from .test_actions import address, rows, state_of, words

REASON = "Per queste ragioni precise."


def soon(days: int = 7) -> Any:
    return clock.today() + timedelta(days=days)


def extension(pilot: Pilot, people: SimpleNamespace) -> Any:
    return running.extension_request(pilot_id=pilot.pk, actor=people.owner, ends_on=soon(80), reason=REASON)


def suspension(pilot: Pilot, people: SimpleNamespace) -> Any:
    return running.suspension_request(pilot_id=pilot.pk, actor=people.owner, reason=REASON)


# The fact, the state that it happens in, and how: each ends in one formal message of that kind. The city's take the channel.
ACTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "suspend": ("running", lambda pilot, people, **how: running.pilot_suspend(pilot_id=pilot.pk, actor=people.officer, reason=REASON, restart_conditions="Riparare.", **how)),
    "revoke": ("running", lambda pilot, people, **how: ending.pilot_revoke(pilot_id=pilot.pk, actor=people.officer, reason=REASON, removal_due_on=soon(), **how)),
    "extension_answered": ("running", lambda pilot, people, **how: running.extension_answer(request_id=extension(pilot, people).pk, actor=people.officer, granted=False, answer=REASON, **how)),
    "suspension_declined": ("running", lambda pilot, people, **how: running.suspension_decline(request_id=suspension(pilot, people).pk, actor=people.officer, answer=REASON, **how)),
    "close": ("reporting", lambda pilot, people, **how: ending.pilot_close(pilot_id=pilot.pk, actor=people.officer, outcome="stop", reasons=REASON, **how)),
}  # fmt: skip
DECLARATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "terminate": ("running", lambda pilot, people: ending.pilot_terminate(pilot_id=pilot.pk, actor=people.owner, reason=REASON, removal_due_on=soon())),
    "withdraw": ("preparation", lambda pilot, people: preparing.pilot_withdraw(pilot_id=pilot.pk, actor=people.owner, reason=REASON)),
    "extension_requested": ("running", extension),
    "suspension_requested": ("running", suspension),
}


def made(state: str, people: SimpleNamespace) -> Pilot:
    pilot = factories.pilot_in(state, people.organisation, people=people.city, actor=people.owner)
    if state == "reporting":
        ending.final_report_submit(pilot_id=pilot.pk, actor=people.owner, results="Bene.", lessons="Molto.")
    return pilot


def kept(pilot: Pilot, fact: str) -> Communication:
    return Communication.objects.select_related("register_entry").get(proposal=pilot.proposal_id, kind=f"pilot_{fact}")


def messages_of(pilot: Pilot, room: str = "desk") -> str:
    return reverse(f"{room}:pilot", args=[pilot.pk]) + "?tab=messages"


@pytest.mark.parametrize("fact", ACTS)
def test_an_act_of_the_city_on_the_portal_is_registered_and_received_at_once(fact: str, people: SimpleNamespace) -> None:
    state, act = ACTS[fact]
    pilot = made(state, people)
    act(pilot, people)
    message = kept(pilot, fact)
    assert (message.channel, message.direction, message.sent_by, message.legally_received_on) == ("portal", "to_applicant", people.officer, clock.today())
    assert (message.register_entry.direction, message.register_entry.case_id) == ("sent", str(pilot.proposal_id))
    assert message.subject.startswith(f"{pilot.code.upper()}: ") and REASON in message.body
    # The trail and the mail name it.
    assert AuditEntry.objects.filter(case_kind="pilot", case_id=str(pilot.pk)).latest("sequence").data["communication"] == message.pk
    outbox.drain()
    mail = OutgoingMessage.objects.filter(user=people.owner, kind="pilot_act").latest("pk")
    assert f"Numero di protocollo: {message.register_entry}" in mail.text


@pytest.mark.parametrize("fact", DECLARATIONS)
def test_what_the_start_up_declares_is_registered_as_received(fact: str, people: SimpleNamespace) -> None:
    state, act = DECLARATIONS[fact]
    pilot = made(state, people)
    act(pilot, people)
    message = kept(pilot, fact)
    assert (message.channel, message.direction, message.sent_by, message.legally_received_on) == ("portal", "from_applicant", people.owner, clock.today())
    assert message.register_entry.direction == "received" and REASON in message.body
    assert AuditEntry.objects.filter(case_kind="pilot", case_id=str(pilot.pk)).latest("sequence").data["communication"] == message.pk


def test_it_is_written_in_the_language_of_the_proposal(people: SimpleNamespace) -> None:
    pilot = made("running", people)
    Proposal.objects.filter(pk=pilot.proposal_id).update(language="en")
    with override("it"):
        ACTS["revoke"][1](pilot, people)
    message = kept(pilot, "revoke")
    assert message.subject == f"{pilot.code.upper()}: The city has revoked the pilot."
    day = soon()
    assert message.body.split("\n\n") == [
        f"About the pilot {pilot.code.upper()}, “{pilot.title}”:", "The city has revoked the pilot.", f"Reason: {REASON}", f"Everything is removed by: {day.day} {day:%B} {day.year}",
    ]  # fmt: skip


@pytest.mark.parametrize("fact", ACTS)
def test_without_a_pec_address_nothing_moves(fact: str, people: SimpleNamespace) -> None:
    state, act = ACTS[fact]
    pilot = made(state, people)
    people.organisation.pec = ""
    people.organisation.save()
    if fact == "extension_answered":
        extension(pilot, people)
    entries = RegisterEntry.objects.filter(direction="sent").count()
    with pytest.raises(DomainError) as refused:
        if fact == "extension_answered":
            running.extension_answer(request_id=pilot.extension_requests.get().pk, actor=people.officer, granted=False, answer=REASON, channel="pec")
        else:
            act(pilot, people, channel="pec")
    assert (refused.value.code, state_of(pilot), RegisterEntry.objects.filter(direction="sent").count()) == ("pec_missing", state, entries)


@pytest.mark.pages
class TestOnThePages:
    def test_a_pec_counts_as_received_once_its_delivery_is_recorded(self, people: SimpleNamespace) -> None:
        pilot, city = made("running", people), signed_in(people.officer)
        sent = {"reason": REASON, "restart_conditions": "Riparare.", "channel": "pec"}
        asked = city.post(address("desk", pilot, "suspend"), sent)
        assert "Canale di invio PEC" in words(asked).replace("<dt>", "").replace("</dt><dd class=\"tcl-pre\">", " ")
        city.post(address("desk", pilot, "suspend"), {**sent, "confirmed": "yes"})
        message = kept(pilot, "suspend")
        assert (state_of(pilot), message.channel, message.legally_received_on) == ("suspended", "pec", None)

        here = address("desk", pilot, "delivery", message.pk)
        page = words(city.get(messages_of(pilot)))
        assert "Consegna non ancora registrata" in page and here in page and str(message.register_entry) in page
        for wrong in ("2999-01-01", "2001-01-01", "ieri", ""):
            response = city.post(here, {"legally_received_on": wrong})
            assert (response.status_code, list(response.context["form"].errors)) == (422, ["legally_received_on"])
        done = city.post(here, {"legally_received_on": clock.today().isoformat()}, follow=True)
        assert "La consegna è registrata." in words(done) and here not in words(done)
        assert kept(pilot, "suspend").legally_received_on == clock.today()
        # Recorded once: the second window is told.
        assert city.get(here).status_code == 409
        assert city.post(here, {"legally_received_on": clock.today().isoformat()}).status_code == 409

    def test_without_a_pec_address_it_is_told_at_the_channel(self, people: SimpleNamespace) -> None:
        pilot = made("running", people)
        people.organisation.pec = ""
        people.organisation.save()
        before = rows(pilot)
        response = signed_in(people.officer).post(address("desk", pilot, "revoke"), {"reason": REASON, "removal_due_on": soon().isoformat(), "channel": "pec"})
        assert (response.status_code, list(response.context["form"].errors), state_of(pilot), rows(pilot)) == (422, ["channel"], "running", before)
        assert REASON in words(response)

    def test_both_sides_read_them_and_only_the_city_records_a_delivery(self, people: SimpleNamespace) -> None:
        pilot = made("running", people)
        ACTS["suspend"][1](pilot, people, channel="pec")
        message = kept(pilot, "suspend")
        startup = signed_in(people.owner)
        page = words(startup.get(messages_of(pilot, "portal")))
        assert message.subject in page and str(message.register_entry) in page and "Registra la consegna" not in page
        assert startup.post(address("portal", pilot, "delivery", message.pk), {"legally_received_on": clock.today().isoformat()}).status_code == 404
        assert startup.post(address("desk", pilot, "delivery", message.pk), {"legally_received_on": clock.today().isoformat()}).status_code == 403
        # A message of another case is none of this one's.
        other = factories.approved_pilot(people=people.city)
        assert signed_in(people.officer).get(address("desk", other, "delivery", message.pk)).status_code == 404

    def test_the_tab_costs_the_same_with_3_and_with_30(self, people: SimpleNamespace) -> None:
        pilot, city = made("running", people), signed_in(people.officer)

        def grown(to: int) -> None:
            while selectors.formal_messages(pilot).count() < to:
                suspension_of = running.suspension_request(pilot_id=pilot.pk, actor=people.owner, reason=REASON)
                running.suspension_decline(request_id=suspension_of.pk, actor=people.officer, answer=REASON)

        costs = []
        for number in (4, 30):
            grown(number)
            city.get(messages_of(pilot))
            with CaptureQueriesContext(connection) as found:
                assert city.get(messages_of(pilot)).content.count(b'id="message-') == number
            costs.append(len(found))
        assert costs[0] == costs[1] <= 25
