"""The pages of a pilot in both rooms: who sees what, in every state, and at what cost."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.core import clock
from citylab.pilots.models import Pilot
from citylab.pilots.pages import TABS
from citylab.pilots.services import presenting, recording
from tests import factories

from .conftest import signed_in
from .table import CARD, STATES, give_rows

pytestmark = pytest.mark.pages


def made(state: str, people: SimpleNamespace, **how: Any) -> Pilot:
    return factories.pilot_in(state, people.organisation, people=people.city, actor=people.owner, **how)


@pytest.mark.parametrize("state", STATES)
def test_every_tab_opens_for_both_sides_in(state: str, people: SimpleNamespace) -> None:
    pilot = made(state, people)
    give_rows(pilot)
    for room, user, tabs in (("portal", people.reader, [tab for tab in TABS if tab != "trail"]), ("desk", people.officer, list(TABS))):
        client = signed_in(user)
        for tab in tabs:
            response = client.get(reverse(f"{room}:pilot", args=[pilot.pk]), {"tab": tab})
            assert (room, tab, response.status_code) == (room, tab, 200)
            assert response.context["tab"] == tab
            assert response.content.count(b"<h1") == 1


# Who opens the page: status in the portal and at the desk, in a state with nothing to check and in one with.
OPENS = {
    "owner": (200, 403, 403), "editor": (200, 403, 403), "reader": (200, 403, 403), "stranger": (404, 403, 403), "officer": (404, 200, 200), "insider": (200, 403, 403),
    "evaluator": (404, 403, 403), "department": (404, 403, 200), "writer": (404, 403, 403), "administrator": (404, 200, 200), "visitor": (404, 403, 403),
}  # fmt: skip


def test_who_opens_the_page(people: SimpleNamespace) -> None:
    running = made("running", people)
    waiting = made("restoration", people)
    addresses = [reverse("portal:pilot", args=[running.pk]), reverse("desk:pilot", args=[running.pk]), reverse("desk:pilot", args=[waiting.pk])]
    found = {}
    for who in OPENS:
        client = signed_in(getattr(people, who))
        found[who] = tuple(client.get(address).status_code for address in addresses)
    assert found == OPENS


def test_nobody_without_an_account_opens_a_pilot(people: SimpleNamespace) -> None:
    pilot = made("agreement", people)
    for name in ("portal:pilot", "desk:pilot"):
        response = Client().get(reverse(name, args=[pilot.pk]))
        assert response.status_code == 302 and "login" in response["Location"]


def test_an_archive_record_has_no_case_page(people: SimpleNamespace) -> None:
    record = Pilot.objects.create(code="a-1", slug="a-1", title="Archivio", is_archive=True, created_at=clock.now(), updated_at=clock.now())
    assert signed_in(people.officer).get(reverse("desk:pilot", args=[record.pk])).status_code == 404


def test_a_department_sees_neither_messages_nor_trail_nor_card(people: SimpleNamespace) -> None:
    pilot = made("restoration", people)
    recording.note_add(pilot_id=pilot.pk, actor=people.officer, text="Solo per noi.", internal=True)
    client = signed_in(people.department)
    for tab in ("messages", "trail", "card"):
        response = client.get(reverse("desk:pilot", args=[pilot.pk]), {"tab": tab})
        assert response.context["tab"] == "overview"
        assert "Solo per noi." not in response.content.decode()


def test_internal_notes_stay_with_the_city(people: SimpleNamespace) -> None:
    pilot = made("running", people)
    recording.note_add(pilot_id=pilot.pk, actor=people.officer, text="Solo per noi.", internal=True)
    recording.note_add(pilot_id=pilot.pk, actor=people.officer, text="Per tutti.")
    pages = {
        room: signed_in(user).get(reverse(f"{room}:pilot", args=[pilot.pk]), {"tab": "messages"}).content.decode() for room, user in (("portal", people.owner), ("desk", people.officer))
    }
    assert [("Solo per noi." in pages[room], "Per tutti." in pages[room]) for room in ("portal", "desk")] == [(False, True), (True, True)]


def test_the_card_appears_once_both_sides_confirmed_it_and_goes_when_it_changes(people: SimpleNamespace) -> None:
    pilot = made("running", people)
    address = reverse("public:pilot", args=[pilot.slug])
    seen = []

    def look() -> None:
        seen.append(Client().get(address).status_code)

    presenting.public_card_save(pilot_id=pilot.pk, actor=people.owner, **CARD)
    presenting.public_card_confirm(pilot_id=pilot.pk, actor=people.owner, side="startup")
    look()
    presenting.public_card_confirm(pilot_id=pilot.pk, actor=people.officer, side="city")
    look()
    presenting.public_card_save(pilot_id=pilot.pk, actor=people.officer, **{**CARD, "public_title_en": "More rain"})
    look()
    assert seen == [404, 200, 404]


# --- lists ----------------------------------------------------------------------------------------------------------------------


def test_the_start_up_lists_its_own_pilots_only(people: SimpleNamespace) -> None:
    mine, other = made("running", people), factories.pilot_in("agreement")
    response = signed_in(people.reader).get(reverse("portal:pilots"))
    assert [row["pilot"].pk for row in response.context["rows"]] == [mine.pk]
    assert other.code.upper() not in response.content.decode()


def test_the_desk_lists_what_is_due_first_and_leaves_out_what_is_over(people: SimpleNamespace) -> None:
    late, soon = made("suspended", people, days=3), made("running", people, days=40)
    made("withdrawn", people)
    response = signed_in(people.officer).get(reverse("desk:pilots"))
    assert [row["pilot"].pk for row in response.context["rows"]] == [late.pk, soon.pk]
    assert {figure["code"]: figure["count"] for figure in response.context["figures"]} == {"all": 2, "late": 0, "week": 1, "city": 1, "mine": 2, "restoration": 0}


FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({"state": "running"}, {"running"}),
    ({"state": "withdrawn"}, {"withdrawn"}),
    ({"turn": "office"}, {"suspended"}),
    ({"turn": "applicant"}, {"running"}),
    ({"due": "week"}, {"suspended"}),
    ({"due": "late"}, set()),
    ({"officer": "nobody"}, set()),
    ({"officer": "me", "state": "running"}, {"running"}),
    ({"text": "nothing has this name"}, set()),
    ({"text": "sensori"}, {"running", "suspended"}),
    ({"state": "nonsense"}, {"running", "suspended"}),
]


def test_the_desk_filters(people: SimpleNamespace) -> None:
    made("suspended", people, days=3)
    made("running", people, days=40)
    made("withdrawn", people)
    client = signed_in(people.officer)
    for query, expected in FILTERS:
        response = client.get(reverse("desk:pilots"), query)
        assert (query, {row["pilot"].state for row in response.context["rows"]}) == (query, expected)


def test_an_officer_does_not_list_the_pilots_of_their_own_organisation(people: SimpleNamespace) -> None:
    made("running", people)
    other = factories.pilot_in("agreement")
    response = signed_in(people.insider).get(reverse("desk:pilots"))
    assert [row["pilot"].pk for row in response.context["rows"]] == [other.pk]


def test_a_department_lists_the_sites_to_check(people: SimpleNamespace) -> None:
    made("running", people)
    waiting = made("restoration", people)
    response = signed_in(people.department).get(reverse("desk:pilots"))
    assert [row["pilot"].pk for row in response.context["rows"]] == [waiting.pk]


def queries(client: Client, address: str, **query: str) -> int:
    """What a page costs once menus and figures that are kept for a while have been read."""
    assert client.get(address, query).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(address, query)
    return len(captured)


def clones(pilot: Pilot, how_many: int) -> None:
    """Further pilots like this one, written at once: lists are counted, not walked."""
    for number in range(how_many):
        twin = factories.draft(pilot.organisation, actor=factories.owner_of(pilot.organisation), complete=False)
        Pilot.objects.create(
            code=f"p-copy-{number}-{pilot.pk}"[:30], slug=f"p-copy-{number}-{pilot.pk}", proposal=twin, organisation=pilot.organisation, site=pilot.site, title="Copia",
            starts_on=pilot.starts_on, ends_on=pilot.ends_on, officer=pilot.officer, created_at=clock.now(), updated_at=clock.now(), due_on=clock.today(),
        )  # fmt: skip


@pytest.mark.parametrize(("room", "who"), [("portal", "reader"), ("desk", "officer")])
def test_a_list_costs_the_same_with_3_rows_and_with_30(room: str, who: str, people: SimpleNamespace) -> None:
    pilot = made("running", people)
    client = signed_in(getattr(people, who))
    address = reverse(f"{room}:pilots")
    clones(pilot, 2)
    three = queries(client, address)
    clones(Pilot.objects.get(code=f"p-copy-0-{pilot.pk}"[:30]), 27)
    assert queries(client, address) == three <= 15


def fill(pilot: Pilot, people: SimpleNamespace, how_many: int, *, start: int = 0) -> None:
    """`how_many` more of everything that a pilot's page lists."""
    key, today = {"pilot_id": pilot.pk, "actor": people.officer}, clock.today()
    for number in range(start, start + how_many):
        recording.milestone_add(**key, title=f"Tappa {number}", due_on=today)
        indicator = recording.indicator_add(**key, name_it=f"Indice {number}", name_en="", unit="", baseline=Decimal(0), target=Decimal(5))
        recording.reading_add(indicator_id=indicator.pk, actor=people.owner, read_on=today - timedelta(days=number), value=Decimal(number))
        recording.incident_report(**key, happened_at=clock.now(), severity="low", text="Una caduta.")
        recording.note_add(pilot_id=pilot.pk, actor=people.owner if number % 2 else people.officer, text="Avanti.")


@pytest.mark.parametrize(("room", "who"), [("portal", "reader"), ("desk", "officer")])
def test_a_pilots_page_costs_the_same_with_3_rows_and_with_30(room: str, who: str, people: SimpleNamespace) -> None:
    pilot = made("running", people)
    client, address = signed_in(getattr(people, who)), reverse(f"{room}:pilot", args=[pilot.pk])
    tabs = [tab for tab in TABS if room == "desk" or tab != "trail"]
    fill(pilot, people, 3)
    three = {tab: queries(client, address, tab=tab) for tab in tabs}
    fill(pilot, people, 27, start=3)
    assert {tab: queries(client, address, tab=tab) for tab in tabs} == three
    assert three.pop("money") <= 32  # with every payment, refund, decision and receipt of the pilot
    assert max(three.values()) <= 25
