"""What each side does on a pilot's pages: filled in, asked once, done; refused with the typed text kept; told clearly when somebody was first."""

from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from citylab.audit.models import AuditEntry
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.pilots.actions import DESK, PORTAL
from citylab.pilots.models import Milestone, Pilot
from citylab.pilots.notifications import SENTENCES
from citylab.pilots.services import preparing, presenting, running
from citylab.testbeds.selectors import day as in_words
from tests import factories

from .conftest import signed_in
from .table import CARD, CITY, STARTUP

pytestmark = pytest.mark.pages
CHANNEL = {"channel": "portal"}  # of the city's acts


def day(days: int = 0) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def address(room: str, pilot: Pilot, code: str, item: Any = None) -> str:
    return reverse(f"{room}:pilot_act", args=[pilot.pk, code]) if item is None else reverse(f"{room}:pilot_act_on", args=[pilot.pk, code, item])


def made(state: str, people: SimpleNamespace, **how: Any) -> Pilot:
    return factories.pilot_in(state, people.organisation, people=people.city, actor=people.owner, **how)


def state_of(pilot: Pilot) -> str:
    return Pilot.objects.values_list("state", flat=True).get(pk=pilot.pk)


def rows(pilot: Pilot) -> int:
    return AuditEntry.objects.filter(case_kind="pilot", case_id=str(pilot.pk)).count()


def words(response: Any) -> str:
    return " ".join(unescape(response.content.decode()).split())


@pytest.fixture
def startup(people: SimpleNamespace) -> Client:
    return signed_in(people.owner)


@pytest.fixture
def city(people: SimpleNamespace) -> Client:
    return signed_in(people.officer)


# --- a whole life ---------------------------------------------------------------------------------------------------------------


def test_a_pilot_lives_from_agreement_to_closed_on_its_pages(people: SimpleNamespace, startup: Client, city: Client) -> None:
    pilot = factories.approved_pilot(people.organisation, at=factories.site(), people=people.city)

    def does(client: Client, room: str, code: str, item: Any = None, **data: Any) -> str:
        sent = {**CHANNEL, **data} if room == "desk" else data
        response = client.post(address(room, pilot, code, item), {**sent, "confirmed": "yes"})
        assert (code, response.status_code) == (code, 302), words(response)
        return state_of(pilot)

    assert does(startup, "portal", "sign", signed_on=day()) == "agreement"
    assert does(city, "desk", "sign", signed_on=day(), agreement_number="D 4/2027") == "preparation"
    for kind in ("permits", "insurance", "fees", "deposit"):
        does(city, "desk", "gate", kind, result="green", note="In regola")
    assert does(city, "desk", "declare-ready") == "ready"
    assert does(city, "desk", "start", started_on=day()) == "running"
    indicator, milestone = pilot.indicators.get().pk, pilot.milestones.get().pk
    does(startup, "portal", "reading-add", indicator, read_on=day(), value="72,5", note="Pioggia forte")
    does(startup, "portal", "milestone-done", milestone, done_on=day())
    does(startup, "portal", "milestone-add", title="Secondo montaggio", due_on=day(20))
    does(startup, "portal", "indicator-add", name_it="Ore", name_en="Hours", unit="h", baseline="0", target="10")
    does(startup, "portal", "incident-report", happened_at=clock.now().strftime("%Y-%m-%dT%H:%M"), severity="high", text="Un sensore è caduto.")
    incident = pilot.incidents.get()
    assert does(city, "desk", "suspend", reason="Per l'incidente.", restart_conditions="Doppio fissaggio.", incident=incident.pk) == "suspended"
    assert pilot.suspensions.get().incident == incident
    does(city, "desk", "incident-settle", incident.pk, measures="Fissati tutti di nuovo.")
    assert does(city, "desk", "restart") == "running"
    does(startup, "portal", "extension-request", ends_on=day(80), reason="Poca pioggia.")
    does(city, "desk", "extension-answer", pilot.extension_requests.get().pk, granted="yes", rechecked=["permits", "insurance"])
    assert does(startup, "portal", "complete", completed_on=day()) == "restoration"
    assert does(city, "desk", "check", checked_on=day(), passed="no", note="Resta un palo.") == "restoration"
    assert does(signed_in(people.department), "desk", "check", checked_on=day(), passed="yes") == "reporting"
    does(startup, "portal", "report", results="Ha funzionato.", lessons="Batterie migliori.")
    does(startup, "portal", "note", text="Grazie a tutti.")
    does(city, "desk", "card-edit", **CARD)
    does(startup, "portal", "card-confirm", seen=presenting.card_mark(Pilot.objects.get(pk=pilot.pk)))
    does(city, "desk", "card-confirm", seen=presenting.card_mark(Pilot.objects.get(pk=pilot.pk)))
    assert does(city, "desk", "close", outcome="adopt", reasons="Utile alla città.") == "closed"

    found = Pilot.objects.get(pk=pilot.pk)
    assert (found.agreement_number, found.outcome, found.is_public, found.turn, found.due_on) == ("D 4/2027", "adopt", True, "nobody", None)
    assert found.ends_on == clock.today() + timedelta(days=80)
    assert [str(reading.value) for reading in found.indicators.get(pk=indicator).readings.all()] == ["72.5000"]
    assert [check.passed for check in found.restoration_checks.all()] == [False, True]


# --- consequential moves ask once ----------------------------------------------------------------------------------------------

REASON = "Per queste ragioni precise."
# State, room, action, what is filled in, and the state it leads to.
ASKS: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("ready", "desk", "start", {"started_on": day}, "running"),
    ("running", "desk", "suspend", {"reason": REASON, "restart_conditions": "Riparare.", **CHANNEL}, "suspended"),
    ("suspended", "desk", "restart", {}, "running"),
    ("agreement", "desk", "revoke", {"reason": REASON, "removal_due_on": day, **CHANNEL}, "revoked"),
    ("running", "portal", "terminate", {"reason": REASON, "removal_due_on": day}, "terminated"),
    ("preparation", "portal", "withdraw", {"reason": REASON}, "withdrawn"),
    ("running", "portal", "complete", {"completed_on": day}, "restoration"),
    ("running", "desk", "complete", {"completed_on": day}, "restoration"),
    ("revoked", "desk", "begin-restoration", {}, "restoration"),
    ("restoration", "desk", "check", {"checked_on": day, "passed": "yes"}, "reporting"),
]


@pytest.mark.parametrize(("state", "room", "code", "data", "leads_to"), ASKS, ids=[f"{row[1]}-{row[2]}-{row[0]}" for row in ASKS])
def test_a_consequential_move_shows_what_is_sent_and_asks_once(
    state: str, room: str, code: str, data: dict[str, Any], leads_to: str, people: SimpleNamespace
) -> None:
    pilot = made(state, people)
    client = signed_in(people.owner if room == "portal" else people.officer)
    data = {name: value() if callable(value) else value for name, value in data.items()}
    action = (PORTAL if room == "portal" else DESK)[code]
    here = address(room, pilot, code)
    before = rows(pilot)

    opened = client.get(here)
    assert (opened.status_code, opened.context["step"]) == (200, "form" if data else "confirm")
    asked = client.post(here, data) if data else opened
    assert (asked.status_code, asked.context["step"], state_of(pilot), rows(pilot)) == (200, "confirm", state, before)
    page = words(asked)
    fact = action.news(data) if callable(action.news) else action.news
    assert str(SENTENCES[fact]) in page and (REASON in page) == ("reason" in data)
    assert people.owner.name in page and people.officer.name in page

    done = client.post(here, {**data, "confirmed": "yes"}, follow=True)
    assert (done.status_code, state_of(pilot), rows(pilot)) == (200, leads_to, before + 1)
    assert str(action.done) in words(done)


def test_going_back_from_the_confirmation_keeps_what_was_written(people: SimpleNamespace, city: Client) -> None:
    pilot = made("running", people)
    response = city.post(address("desk", pilot, "suspend"), {"reason": REASON, "restart_conditions": "Riparare.", **CHANNEL, "change": "yes"})
    assert (response.status_code, response.context["step"], state_of(pilot)) == (200, "form", "running")
    assert REASON in words(response) and "Riparare." in words(response)


def test_closing_waits_for_the_report(people: SimpleNamespace, city: Client) -> None:
    pilot = made("reporting", people)
    assert city.get(address("desk", pilot, "close")).status_code == 409
    response = city.post(address("desk", pilot, "close"), {"outcome": "stop", "reasons": REASON, **CHANNEL, "confirmed": "yes"})
    assert (response.status_code, state_of(pilot)) == (409, "reporting")
    assert REASON in words(response)


# --- bad input ------------------------------------------------------------------------------------------------------------------

TOO_LONG = "x" * 5001
# State, room, action, the thing it is about, what is sent, and the field that the message stands at.
BAD: list[tuple[str, str, str, str, dict[str, Any], str]] = [
    ("agreement", "portal", "sign", "", {"signed_on": "2999-01-01"}, "signed_on"),
    ("agreement", "portal", "sign", "", {"signed_on": "ieri"}, "signed_on"),
    ("agreement", "desk", "sign", "", {"signed_on": "TODAY", "agreement_number": "  "}, "agreement_number"),
    ("preparation", "desk", "gate", "permits", {"result": "purple", "note": "Kept 1"}, "result"),
    ("preparation", "desk", "gate", "permits", {"result": "green", "note": "n" * 301}, "note"),
    ("ready", "desk", "start", "", {"started_on": "2999-01-01"}, "started_on"),
    ("ready", "desk", "start", "", {"started_on": "2001-01-01"}, "started_on"),
    ("running", "desk", "suspend", "", {"reason": " ", "restart_conditions": "Kept 2", **CHANNEL}, "reason"),
    ("running", "desk", "suspend", "", {"reason": "Kept 3", "restart_conditions": "", **CHANNEL}, "restart_conditions"),
    ("running", "desk", "suspend", "", {"reason": TOO_LONG, "restart_conditions": "Kept 4", **CHANNEL}, "reason"),
    ("running", "desk", "suspend", "", {"reason": "Kept 25", "restart_conditions": "Kept 26", "channel": "pigeon"}, "channel"),
    ("running", "portal", "terminate", "", {"reason": "Kept 5", "removal_due_on": "2001-01-01"}, "removal_due_on"),
    ("running", "portal", "terminate", "", {"reason": "", "removal_due_on": "TODAY"}, "reason"),
    ("running", "desk", "revoke", "", {"reason": "Kept 6", "removal_due_on": "", **CHANNEL}, "removal_due_on"),
    ("agreement", "portal", "withdraw", "", {"reason": ""}, "reason"),
    ("running", "portal", "complete", "", {"completed_on": "2999-01-01"}, "completed_on"),
    ("running", "portal", "complete", "", {"completed_on": "2001-01-01"}, "completed_on"),
    ("restoration", "desk", "check", "", {"checked_on": "2001-01-01", "passed": "yes", "note": "Kept 24"}, "checked_on"),
    ("restoration", "desk", "check", "", {"checked_on": "TODAY", "passed": "no", "note": " "}, "note"),
    ("restoration", "desk", "check", "", {"checked_on": "2999-01-01", "passed": "yes", "note": "Kept 7"}, "checked_on"),
    ("restoration", "desk", "check", "", {"checked_on": "TODAY", "note": "Kept 8"}, "passed"),
    ("reporting", "portal", "report", "", {"results": "Kept 9", "lessons": ""}, "lessons"),
    ("reporting", "portal", "report", "", {"results": "", "lessons": "Kept 10"}, "results"),
    ("preparation", "desk", "dates", "", {"starts_on": "2001-01-01", "ends_on": "2999-01-01", "reason": "Kept 18"}, "starts_on"),
    ("preparation", "desk", "dates", "", {"starts_on": "TODAY", "ends_on": "2001-01-01", "reason": "Kept 19"}, "ends_on"),
    ("preparation", "desk", "dates", "", {"starts_on": "TODAY", "ends_on": "2999-01-01", "reason": " "}, "reason"),
    ("running", "portal", "extension-request", "", {"ends_on": "2001-01-01", "reason": "Kept 11"}, "ends_on"),
    ("running", "portal", "extension-request", "", {"ends_on": "2999-01-01", "reason": ""}, "reason"),
    ("running", "portal", "suspension-request", "", {"reason": ""}, "reason"),
    ("running", "portal", "milestone-add", "", {"title": "", "due_on": "TODAY"}, "title"),
    ("running", "portal", "milestone-add", "", {"title": "Kept 12", "due_on": "31/31/2027"}, "due_on"),
    ("running", "portal", "milestone-done", "milestone", {"done_on": "2999-01-01"}, "done_on"),
    ("running", "portal", "indicator-add", "", {"name_it": "Kept 13", "name_en": "", "baseline": "1", "target": "2"}, "name_en"),
    ("running", "portal", "indicator-add", "", {"name_it": "Kept 14", "name_en": "Hours", "baseline": "uno", "target": "2"}, "baseline"),
    ("running", "portal", "indicator-add", "", {"name_it": "Kept 15", "name_en": "Hours", "baseline": "1", "target": "1.250"}, "target"),
    ("running", "portal", "reading-add", "indicator", {"read_on": "TODAY", "value": "", "note": "Kept 16"}, "value"),
    ("running", "portal", "reading-add", "indicator", {"read_on": "TODAY", "value": "99999999999", "note": "Kept 17"}, "value"),
    ("running", "portal", "reading-add", "indicator", {"read_on": "TODAY", "value": "0,12345", "note": "Kept 18"}, "value"),
    ("running", "portal", "reading-add", "indicator", {"read_on": "2999-01-01", "value": "1", "note": "Kept 19"}, "read_on"),
    ("running", "portal", "incident-report", "", {"happened_at": "2999-01-01T10:00", "severity": "low", "text": "Kept 20"}, "happened_at"),
    ("running", "portal", "incident-report", "", {"happened_at": "ieri", "severity": "low", "text": "Kept 21"}, "happened_at"),
    ("running", "portal", "incident-report", "", {"happened_at": "2026-01-01T10:00", "severity": "huge", "text": "Kept 22"}, "severity"),
    ("running", "portal", "incident-report", "", {"happened_at": "2026-01-01T10:00", "severity": "low", "text": " "}, "text"),
    ("running", "portal", "note", "", {"text": "  "}, "text"),
    ("running", "desk", "note", "", {"text": "Kept 23", "readers": "everyone"}, "readers"),
    ("running", "desk", "assign", "", {"officer": "999999"}, "officer"),
    ("running", "desk", "card-edit", "", {**CARD, "public_title_it": "t" * 161}, "public_title_it"),
    ("running", "desk", "card-edit", "", {**CARD, "public_summary_en": ""}, "public_summary_en"),
]  # fmt: skip


def about(pilot: Pilot, item: str) -> Any:
    return {"milestone": lambda: pilot.milestones.get().pk, "indicator": lambda: pilot.indicators.get().pk, "": lambda: None}.get(item, lambda: item)()


@pytest.mark.parametrize("state", sorted({row[0] for row in BAD}))
def test_bad_input_is_told_beside_its_field_and_the_typed_text_stays(state: str, people: SimpleNamespace, startup: Client, city: Client) -> None:
    pilot = made(state, people)
    before = rows(pilot)
    for _state, room, code, item, data, field in [row for row in BAD if row[0] == state]:
        sent = {name: day() if value == "TODAY" else value for name, value in data.items()}
        response = (startup if room == "portal" else city).post(address(room, pilot, code, about(pilot, item)), {**sent, "confirmed": "yes"})
        told = (code, field, response.status_code, list(response.context["form"].errors))
        assert told == (code, field, 422, [field])
        page = response.content.decode()
        assert f'id="id_{field}-e"' in page and f'href="#id_{field}' in page
        for name, value in sent.items():
            bound = response.context["form"][name].value()
            assert (name, bound) == (name, value)
        assert [kept for kept in sent.values() if kept.startswith("Kept") and kept not in page] == []
    assert (state_of(pilot), rows(pilot)) == (state, before)


def test_a_value_may_have_a_comma_or_a_point(people: SimpleNamespace, startup: Client) -> None:
    pilot = made("running", people)
    indicator = pilot.indicators.get()
    typed = ["12,5", "12.5", "-3", "1 250", "0.250", "1250.5"]
    for back, value in enumerate(typed):
        startup.post(address("portal", pilot, "reading-add", indicator.pk), {"read_on": day(-back), "value": value})
    found = {reading.read_on: str(reading.value) for reading in indicator.readings.all()}
    assert [found[clock.today() - timedelta(days=back)] for back in range(len(typed))] == ["12.5000", "12.5000", "-3.0000", "1250.0000", "0.2500", "1250.5000"]


# --- somebody was first ---------------------------------------------------------------------------------------------------------


def test_a_move_that_somebody_else_made_first_is_a_conflict_and_keeps_the_text(people: SimpleNamespace, city: Client) -> None:
    pilot = made("running", people)
    colleague = factories.person("officer", is_demo=True)
    sent = {"reason": REASON, "restart_conditions": "Riparare.", **CHANNEL}
    assert city.post(address("desk", pilot, "suspend"), sent).context["step"] == "confirm"
    running.pilot_suspend(pilot_id=pilot.pk, actor=colleague, reason="Prima io.", restart_conditions="Niente.")
    response = city.post(address("desk", pilot, "suspend"), {**sent, "confirmed": "yes"})
    assert response.status_code == 409
    assert REASON in words(response) and "Sospesa" in words(response)
    assert pilot.suspensions.get().reason == "Prima io."


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_a_request_is_answered_once(confirmed: dict[str, str], people: SimpleNamespace, city: Client) -> None:
    pilot = made("running", people)
    asked = running.extension_request(pilot_id=pilot.pk, actor=people.owner, ends_on=clock.today() + timedelta(days=80), reason="Pioggia.")
    running.extension_answer(request_id=asked.pk, actor=people.officer, granted=False, answer="No.")
    here = address("desk", pilot, "extension-answer", asked.pk)
    assert city.get(here).status_code == 409
    response = city.post(here, {"granted": "no", "answer": REASON, **CHANNEL, **confirmed})
    assert response.status_code == 409 and REASON in words(response)


def test_a_second_reading_of_a_day_is_a_conflict_told_at_the_day(people: SimpleNamespace, startup: Client) -> None:
    pilot = made("running", people)
    here = address("portal", pilot, "reading-add", pilot.indicators.get().pk)
    startup.post(here, {"read_on": day(), "value": "5"})
    response = startup.post(here, {"read_on": day(), "value": "6"})
    assert (response.status_code, list(response.context["form"].errors)) == (409, ["read_on"])
    assert [reading.value for reading in pilot.indicators.get().readings.all()] == [5]


def test_an_extension_whose_place_was_lost_offers_the_next_free_dates(people: SimpleNamespace, startup: Client, city: Client) -> None:
    site = factories.site(capacity=1)
    pilot = made("running", people, at=site, days=30)
    first = clock.today() + timedelta(days=40)
    other = factories.approved_pilot(at=site, people=people.city, starts_on=first, days=10)
    startup.post(address("portal", pilot, "extension-request"), {"ends_on": day(45), "reason": REASON})
    here = address("desk", pilot, "extension-answer", pilot.extension_requests.get().pk)
    response = city.post(here, {"granted": "yes", "rechecked": ["permits", "insurance"], "answer": "Volentieri.", **CHANNEL, "confirmed": "yes"})
    assert response.status_code == 409
    # The added fifteen days fit again right after the other pilot's last day.
    free = other.ends_on + timedelta(days=1)
    assert f"{in_words(free)} – {in_words(free + timedelta(days=14))}" in words(response)
    assert "Volentieri." in words(response)
    assert (pilot.extension_requests.get().result, Pilot.objects.get(pk=pilot.pk).ends_on) == ("requested", pilot.ends_on)


def test_words_of_the_card_that_changed_meanwhile_are_not_confirmed(people: SimpleNamespace, startup: Client, city: Client) -> None:
    pilot = made("running", people)
    presenting.public_card_save(pilot_id=pilot.pk, actor=people.officer, **CARD)
    read = startup.get(address("portal", pilot, "card-confirm")).context["form"]["seen"].value()
    presenting.public_card_save(pilot_id=pilot.pk, actor=people.officer, **{**CARD, "public_title_en": "Another title"})
    assert startup.post(address("portal", pilot, "card-confirm"), {"seen": read}).status_code == 409
    assert startup.post(address("portal", pilot, "card-edit"), {**CARD, "public_title_it": "Mio titolo", "seen": read}).status_code == 409
    found = Pilot.objects.get(pk=pilot.pk)
    assert (found.public_confirmed_by_startup_at, found.public_title_it, found.public_title_en) == (None, CARD["public_title_it"], "Another title")


def test_a_preview_of_the_card_saves_nothing(people: SimpleNamespace, city: Client) -> None:
    pilot = made("running", people)
    response = city.post(address("desk", pilot, "card-edit"), {**CARD, "preview": "yes"})
    assert (response.status_code, response.context["step"]) == (200, "preview")
    assert words(response).count(CARD["public_summary_en"]) == 2  # in the preview and still in its field
    assert Pilot.objects.get(pk=pilot.pk).public_title_en == ""


# --- who may --------------------------------------------------------------------------------------------------------------------

BOTH = {"milestone-add", "indicator-add", "incident-report", "complete", "card-edit"}
ROOMS = {
    "portal": (STARTUP, BOTH | {"extension-request", "suspension-request", "terminate", "note"}),
    "desk": (CITY, BOTH | {"suspend", "revoke", "note", "assign"}),
}


@pytest.mark.parametrize("room", ROOMS)
def test_who_opens_the_actions_of_a_running_pilot(room: str, people: SimpleNamespace) -> None:
    allowed, codes = ROOMS[room]
    pilot = made("running", people)
    for who in ("owner", "editor", "reader", "stranger", "officer", "insider", "evaluator", "department", "writer", "administrator", "visitor"):
        client = signed_in(getattr(people, who))
        refused = 403 if room == "desk" or who == "reader" else 404
        found = {code: client.get(address(room, pilot, code)).status_code for code in codes}
        assert (who, found) == (who, dict.fromkeys(codes, 200 if who in allowed else refused))
        page = client.get(reverse(f"{room}:pilot", args=[pilot.pk]))
        offered = page.context["can"] & codes if page.status_code == 200 else set()
        assert (who, offered) == (who, codes if who in allowed else set())


def test_there_is_no_such_action(people: SimpleNamespace, startup: Client, city: Client) -> None:
    pilot = made("running", people)
    for room, code, item in (
        ("portal", "suspend", None), ("portal", "nonsense", None), ("portal", "gate", "permits"), ("desk", "gate", "signatures"), ("desk", "gate", None), ("desk", "terminate", None),
        ("portal", "milestone-done", "0"), ("portal", "note", "5"),
    ):  # fmt: skip
        assert (room, code, (startup if room == "portal" else city).get(address(room, pilot, code, item)).status_code) == (room, code, 404)


def test_a_thing_of_another_pilot_is_not_found(people: SimpleNamespace, startup: Client) -> None:
    mine, other = made("running", people), factories.pilot_in("running")
    assert startup.get(address("portal", mine, "reading-add", other.indicators.get().pk)).status_code == 404


def test_a_gate_that_follows_by_itself_is_not_set_by_hand(people: SimpleNamespace) -> None:
    pilot = made("agreement", people)
    for kind in ("signatures", "slot"):
        with pytest.raises(DomainError) as refusal:
            preparing.gate_set(pilot_id=pilot.pk, actor=people.officer, kind=kind, result="green")
        assert refusal.value.code == "gate_automatic"
    assert set(pilot.gates.filter(kind__in=("signatures", "slot")).values_list("result", flat=True)) == {"red"}


def test_the_desk_writes_to_both_sides_or_to_the_city_alone(people: SimpleNamespace, city: Client) -> None:
    pilot = made("running", people)
    city.post(address("desk", pilot, "note"), {"text": "Per tutti.", "readers": "both"})
    city.post(address("desk", pilot, "note"), {"text": "Solo noi.", "readers": "city"})
    assert {note.text: note.internal for note in pilot.notes.all()} == {"Per tutti.": False, "Solo noi.": True}


def test_the_department_goes_back_to_its_list_after_the_check(people: SimpleNamespace) -> None:
    pilot = made("restoration", people)
    response = signed_in(people.department).post(address("desk", pilot, "check"), {"checked_on": day(), "passed": "yes", "confirmed": "yes"})
    assert (response.status_code, response["Location"]) == (302, reverse("desk:pilots"))


def test_recording_is_refused_once_the_pilot_is_over(people: SimpleNamespace, startup: Client) -> None:
    pilot = made("closed", people)
    response = startup.post(address("portal", pilot, "milestone-add"), {"title": REASON, "due_on": day()})
    assert response.status_code == 409 and REASON in words(response)
    assert not Milestone.objects.filter(pilot=pilot, title=REASON).exists()
