"""What was recorded wrongly is put right: the trail keeps old and new values, and a public card changes only with both sides."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from citylab.audit.services import digest, trail
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.models import OutboxMessage
from citylab.pilots import pages
from citylab.pilots.actions import DESK
from citylab.pilots.models import Indicator, Pilot
from citylab.pilots.services import correcting, presenting, recording
from citylab.pilots.services.preparing import Side
from tests import factories

from .conftest import signed_in
from .table import CARD
from .test_actions import address, day, words


@pytest.fixture
def running(people: SimpleNamespace) -> Pilot:
    return factories.pilot_in("running", people.organisation, people=people.city, actor=people.owner)


def newest(pilot: Pilot) -> tuple[str, dict[str, Any]]:
    entry = trail("pilot", pilot.pk)[-1]
    return entry.action, entry.data


def confirmed(pilot: Pilot, people: SimpleNamespace) -> None:
    presenting.public_card_save(pilot_id=pilot.pk, actor=people.owner, **CARD)
    presenting.public_card_confirm(pilot_id=pilot.pk, actor=people.owner, side="startup")
    presenting.public_card_confirm(pilot_id=pilot.pk, actor=people.officer, side="city")


def is_public(pilot: Pilot) -> bool:
    return Pilot.objects.get(pk=pilot.pk).is_public


def reading_of(pilot: Pilot, people: SimpleNamespace, value: str = "725", back: int = 0) -> Any:
    return recording.reading_add(indicator_id=pilot.indicators.get().pk, actor=people.owner, read_on=clock.today() - timedelta(days=back), value=Decimal(value))


def test_a_mistyped_reading_is_corrected_and_the_trail_has_both_values(running: Pilot, people: SimpleNamespace) -> None:
    reading = reading_of(running, people)
    before = OutboxMessage.objects.filter(topic="pilot.public_changed").count()
    correcting.reading_correct(reading_id=reading.pk, actor=people.officer, read_on=reading.read_on, value=Decimal("72.5"), note="Virgola")
    reading.refresh_from_db()
    assert (reading.value, reading.note) == (Decimal("72.5"), "Virgola")
    assert newest(running) == (
        "correct_reading",
        {
            "reading": reading.pk, "indicator": reading.indicator_id, "from": {"value": "725", "note": ""},
            "to": {"value": "72.5", "note": digest(running.audit_salt, "Virgola")},
        },
    )  # fmt: skip
    assert OutboxMessage.objects.filter(topic="pilot.public_changed").count() == before + 1


def test_a_correction_that_changes_nothing_leaves_no_trace(running: Pilot, people: SimpleNamespace) -> None:
    reading = reading_of(running, people)
    before = len(trail("pilot", running.pk))
    correcting.reading_correct(reading_id=reading.pk, actor=people.officer, read_on=reading.read_on, value=Decimal("725.0"))
    assert len(trail("pilot", running.pk)) == before


def test_a_reading_cannot_move_to_a_day_that_has_one_or_into_the_future(running: Pilot, people: SimpleNamespace) -> None:
    reading_of(running, people, back=1)
    today = reading_of(running, people, "7")
    for target, code in ((clock.today() - timedelta(days=1), "reading_exists"), (clock.today() + timedelta(days=1), "date_future")):
        with pytest.raises(DomainError) as refusal:
            correcting.reading_correct(reading_id=today.pk, actor=people.owner, read_on=target, value=Decimal(8))
        assert refusal.value.code == code
    today.refresh_from_db()
    assert (today.read_on, today.value) == (clock.today(), 7)


def test_a_removed_reading_stays_in_the_trail_and_frees_its_day(running: Pilot, people: SimpleNamespace) -> None:
    reading = reading_of(running, people)
    pk = reading.pk
    correcting.reading_remove(reading_id=pk, actor=people.owner)
    assert newest(running) == (
        "remove_reading",
        {"reading": pk, "indicator": reading.indicator_id, "from": {"read_on": clock.today().isoformat(), "value": "725", "note": ""}},
    )
    assert reading_of(running, people, "8").value == 8


def test_two_who_correct_the_same_reading_do_not_overwrite_each_other(running: Pilot, people: SimpleNamespace) -> None:
    reading = reading_of(running, people)
    reading.refresh_from_db()
    seen = correcting.row_mark(reading)
    correcting.reading_correct(reading_id=reading.pk, actor=people.officer, read_on=reading.read_on, value=Decimal(70), seen=seen)
    with pytest.raises(Conflict) as refusal:
        correcting.reading_correct(reading_id=reading.pk, actor=people.owner, read_on=reading.read_on, value=Decimal(71), seen=seen)
    assert refusal.value.code == "row_changed"
    correcting.reading_remove(reading_id=reading.pk, actor=people.officer)
    with pytest.raises(Conflict) as refusal:
        correcting.reading_correct(reading_id=reading.pk, actor=people.owner, read_on=reading.read_on, value=Decimal(71))
    assert refusal.value.code == "row_gone"


def test_a_milestone_marked_as_reached_by_mistake_is_ahead_again(running: Pilot, people: SimpleNamespace) -> None:
    milestone = running.milestones.get()
    recording.milestone_done(milestone_id=milestone.pk, actor=people.owner)
    correcting.milestone_correct(milestone_id=milestone.pk, actor=people.owner, title=milestone.title, due_on=milestone.due_on, done_on=None)
    assert newest(running) == ("correct_milestone", {"milestone": milestone.pk, "from": {"done_on": clock.today().isoformat()}, "to": {"done_on": ""}})
    found = Pilot.objects.get(pk=running.pk)
    room = pages.Room("desk", Side.CITY, DESK, tuple(pages.TABS))
    events = pages.page(room, found, people.officer, "overview")["events"]
    assert [(event.kind, event.day) for event in events if milestone.title in (event.note, event.label)] == [("future", milestone.due_on)]


def test_an_indicator_with_readings_is_not_removed(running: Pilot, people: SimpleNamespace) -> None:
    reading, indicator = reading_of(running, people), running.indicators.get()
    with pytest.raises(Conflict) as refusal:
        correcting.indicator_remove(indicator_id=indicator.pk, actor=people.officer)
    assert refusal.value.code == "readings_exist"
    correcting.reading_remove(reading_id=reading.pk, actor=people.officer)
    correcting.indicator_remove(indicator_id=indicator.pk, actor=people.officer)
    assert not Indicator.objects.filter(pilot=running).exists()


# --- the public card ------------------------------------------------------------------------------------------------------------


def test_a_new_public_indicator_needs_the_card_confirmed_again(running: Pilot, people: SimpleNamespace) -> None:
    confirmed(running, people)
    values = {"name_it": "Ore", "name_en": "Hours", "unit": "h", "baseline": Decimal(0), "target": Decimal(9)}
    recording.indicator_add(pilot_id=running.pk, actor=people.owner, **values, is_public=False)
    assert is_public(running)
    recording.indicator_add(pilot_id=running.pk, actor=people.owner, **values, is_public=True)
    assert not is_public(running)


def test_an_indicator_of_the_proposal_goes_onto_the_card_with_both_sides_and_off_it_with_one(running: Pilot, people: SimpleNamespace) -> None:
    indicator = running.indicators.get()
    confirmed(running, people)
    correcting.indicator_show(indicator_id=indicator.pk, actor=people.owner, is_public=True)
    assert (newest(running), is_public(running)) == (("show_indicator", {"indicator": indicator.pk}), False)
    confirmed_again = {"pilot_id": running.pk, "seen": presenting.card_mark(Pilot.objects.get(pk=running.pk))}
    presenting.public_card_confirm(**confirmed_again, actor=people.owner, side="startup")
    presenting.public_card_confirm(**confirmed_again, actor=people.officer, side="city")
    assert [row.pk for row in Pilot.objects.get(pk=running.pk).public_indicators] == [indicator.pk]
    correcting.indicator_show(indicator_id=indicator.pk, actor=people.owner, is_public=False)
    assert (newest(running), is_public(running)) == (("hide_indicator", {"indicator": indicator.pk}), True)


def test_other_values_of_a_public_indicator_need_the_card_confirmed_again_how_it_is_measured_does_not(running: Pilot, people: SimpleNamespace) -> None:
    indicator = running.indicators.get()
    correcting.indicator_show(indicator_id=indicator.pk, actor=people.owner, is_public=True)
    confirmed(running, people)
    same = {name: getattr(indicator, name) for name in ("name_it", "name_en", "unit", "baseline", "target")}
    correcting.indicator_correct(indicator_id=indicator.pk, actor=people.owner, **same, method="A vista")
    assert is_public(running)
    correcting.indicator_correct(indicator_id=indicator.pk, actor=people.owner, **{**same, "target": indicator.target + 1}, method="A vista")
    assert not is_public(running)


def test_a_card_that_gained_an_indicator_since_it_was_read_is_not_confirmed(running: Pilot, people: SimpleNamespace) -> None:
    presenting.public_card_save(pilot_id=running.pk, actor=people.owner, **CARD)
    seen = presenting.card_mark(Pilot.objects.get(pk=running.pk))
    correcting.indicator_show(indicator_id=running.indicators.get().pk, actor=people.owner, is_public=True)
    with pytest.raises(Conflict) as refusal:
        presenting.public_card_confirm(pilot_id=running.pk, actor=people.officer, side="city", seen=seen)
    assert refusal.value.code == "card_changed"


# --- the pages ------------------------------------------------------------------------------------------------------------------


@pytest.mark.pages
@pytest.mark.parametrize(("room", "who"), [("portal", "editor"), ("desk", "officer")])
def test_each_side_corrects_and_removes_on_the_pages(room: str, who: str, running: Pilot, people: SimpleNamespace) -> None:
    client = signed_in(getattr(people, who))
    reading, indicator, milestone = reading_of(running, people, "1.125"), running.indicators.get(), running.milestones.get()
    progress = words(client.get(reverse(f"{room}:pilot", args=[running.pk]), {"tab": "progress"}))
    for code, row in (
        ("reading-correct", reading),
        ("reading-remove", reading),
        ("indicator-correct", indicator),
        ("indicator-show", indicator),
        ("milestone-correct", milestone),
        ("milestone-remove", milestone),
    ):
        assert f'href="{address(room, running, code, row.pk)}"' in progress

    def sends(code: str, item: Any, **changes: str) -> int:
        opened = client.get(address(room, running, code, item.pk))
        assert (code, opened.status_code) == (code, 200)
        form = opened.context["form"]
        sent = {name: form[name].value() for name in form.fields}
        return client.post(
            address(room, running, code, item.pk), {name: value for name, value in {**sent, **changes}.items() if value not in (None, False)}
        ).status_code

    assert sends("reading-correct", reading, value="72,5") == 302
    assert sends("milestone-correct", milestone, title="Montaggio finito", done_on=day()) == 302
    assert sends("indicator-correct", indicator, target="99") == 302
    assert sends("indicator-show", indicator, is_public="on") == 302
    assert sends("indicator-remove", indicator) == 409
    for row in (reading, indicator, milestone):
        row.refresh_from_db()
    assert (reading.value, milestone.title, milestone.done_on, indicator.target, indicator.is_public) == (
        Decimal("72.5"),
        "Montaggio finito",
        clock.today(),
        99,
        True,
    )
    assert sends("reading-remove", reading) == 302
    assert sends("indicator-remove", indicator) == 302
    assert sends("milestone-remove", milestone) == 302
    assert (running.indicators.count(), running.milestones.count()) == (0, 0)


@pytest.mark.pages
def test_the_trail_shows_what_a_value_was_before(running: Pilot, people: SimpleNamespace) -> None:
    reading = reading_of(running, people)
    correcting.reading_correct(reading_id=reading.pk, actor=people.officer, read_on=reading.read_on, value=Decimal("72.5"))
    page = words(signed_in(people.officer).get(reverse("desk:pilot", args=[running.pk]), {"tab": "trail"}))
    assert ": 725 → 72,5" in page
