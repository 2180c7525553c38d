"""Other dates before the start: the booking moves along or the free ones are offered, the start-up is told, nothing checked for other days stays checked."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from citylab.audit.services import trail
from citylab.core import clock, outbox
from citylab.notifications.models import OutgoingMessage
from citylab.pilots.models import Pilot
from citylab.pilots.services import preparing
from citylab.testbeds.models import Booking
from citylab.testbeds.selectors import day as in_words
from tests import factories

from .conftest import signed_in
from .test_actions import address, day, made, words


@pytest.fixture(autouse=True)
def _english(people: SimpleNamespace) -> Iterator[None]:
    people.owner.language = "en"
    people.owner.save()
    with translation.override("en"):
        yield


NEW = {"starts_on": day(20), "ends_on": day(70), "reason": "Neve fino a marzo."}


def dates_of(record: Any) -> tuple[str, str]:
    return record.starts_on.isoformat(), record.ends_on.isoformat()


def booking(pilot: Pilot) -> Booking:
    return Booking.objects.get(case_id=pilot.pk)


@pytest.mark.parametrize("state", ["agreement", "preparation", "ready"])
def test_the_booking_moves_and_the_start_up_is_told(people: SimpleNamespace, state: str) -> None:
    pilot, city = made(state, people), signed_in(people.officer)
    asked = city.post(address("desk", pilot, "dates"), NEW)
    assert asked.status_code == 200 and "What will be sent" in words(asked) and NEW["reason"] in words(asked)
    assert city.post(address("desk", pilot, "dates"), {**NEW, "confirmed": "yes"}).status_code == 302
    pilot = Pilot.objects.get(pk=pilot.pk)
    assert dates_of(pilot) == dates_of(booking(pilot)) == (NEW["starts_on"], NEW["ends_on"])
    assert pilot.state == state
    entry = trail("pilot", pilot.pk)[-1]
    assert (entry.action, entry.actor_id, entry.data["to"]) == ("change_dates", people.officer.pk, [NEW["starts_on"], NEW["ends_on"]])
    assert NEW["reason"] not in str(entry.data)
    while outbox.drain():
        pass
    message = OutgoingMessage.objects.filter(user=people.owner, kind="pilot_news").latest("pk")
    assert "The city has changed the dates of the pilot, which has not begun yet." in message.text
    assert NEW["reason"] in message.text and f"New first day: {date_format(pilot.starts_on)}" in message.text


def test_what_was_checked_for_other_days_is_checked_again_and_milestones_move_along(people: SimpleNamespace) -> None:
    pilot = made("ready", people)
    milestone = pilot.milestones.first()
    shift = clock.today() + timedelta(days=20) - pilot.starts_on
    preparing.dates_change(pilot_id=pilot.pk, actor=people.officer, starts_on=pilot.starts_on + shift, ends_on=pilot.ends_on + shift, reason="Neve.")
    gates = dict(pilot.gates.values_list("kind", "result"))
    assert (gates["permits"], gates["insurance"]) == ("red", "red")
    assert (gates["signatures"], gates["slot"], gates["fees"]) == ("green", "green", "green")
    assert pilot.milestones.get(pk=milestone.pk).due_on == milestone.due_on + shift


def test_a_pilot_whose_dates_went_by_starts_after_it_got_new_ones(people: SimpleNamespace) -> None:
    pilot, city = made("ready", people, days=10), signed_in(people.officer)
    with clock.travelling_to(clock.now() + timedelta(days=30)):
        page = city.get(reverse("desk:pilot", args=[pilot.pk]))
        assert "The dates went by before the start: give the pilot new ones." in words(page)
        assert page.context["main"].code == "dates"
        today = clock.today()
        preparing.dates_change(pilot_id=pilot.pk, actor=people.officer, starts_on=today, ends_on=today + timedelta(days=10), reason="Neve.")
        factories.gates_green(pilot, people.officer)
        assert preparing.pilot_start(pilot_id=pilot.pk, actor=people.officer).state == "running"


def test_without_a_free_place_nothing_moves_and_the_next_free_dates_are_said(people: SimpleNamespace) -> None:
    site = factories.site(capacity=1)
    pilot, city = made("preparation", people, at=site, days=10), signed_in(people.officer)
    before = dates_of(pilot)
    other = factories.approved_pilot(at=site, people=people.city, starts_on=clock.today() + timedelta(days=20), days=10)
    response = city.post(address("desk", pilot, "dates"), {"starts_on": day(25), "ends_on": day(35), "reason": "Neve & gelo.", "confirmed": "yes"})
    assert (response.status_code, list(response.context["form"].errors)) == (409, ["starts_on"])
    free = other.ends_on + timedelta(days=1)
    assert f"{in_words(free)} – {in_words(free + timedelta(days=10))}" in words(response)
    assert "Neve & gelo." in words(response)
    assert dates_of(Pilot.objects.get(pk=pilot.pk)) == dates_of(booking(pilot)) == before
    assert not pilot.notes.exists()


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}], ids=["asked", "confirmed"])
def test_the_present_dates_are_no_change_and_nothing_is_shown_as_to_be_sent(people: SimpleNamespace, confirmed: dict[str, str]) -> None:
    pilot, city = made("agreement", people), signed_in(people.officer)
    response = city.post(address("desk", pilot, "dates"), {"starts_on": pilot.starts_on.isoformat(), "ends_on": pilot.ends_on.isoformat(), "reason": "Boh.", **confirmed})
    assert (response.status_code, response.context["form"].errors["starts_on"]) == (422, ["These are the present dates."])
    assert "What will be sent" not in words(response) and "Boh." in words(response)


def test_looking_at_what_will_be_sent_moves_nothing(people: SimpleNamespace) -> None:
    pilot, city = made("ready", people), signed_in(people.officer)
    while outbox.drain():
        pass
    entries, mails = len(trail("pilot", pilot.pk)), OutgoingMessage.objects.count()
    before = dates_of(pilot)
    assert city.post(address("desk", pilot, "dates"), NEW).context["step"] == "confirm"
    assert dates_of(Pilot.objects.get(pk=pilot.pk)) == dates_of(booking(pilot)) == before
    assert "red" not in pilot.gates.values_list("result", flat=True) and not pilot.notes.exists()
    while outbox.drain():
        pass
    assert (len(trail("pilot", pilot.pk)), OutgoingMessage.objects.count()) == (entries, mails)


def test_the_preview_names_who_is_told_and_says_where_that_is_nobody_of_the_start_up(people: SimpleNamespace) -> None:
    pilot, city = made("agreement", people), signed_in(people.officer)
    warning = "Nobody of the start-up has an account that can be told: tell it in another way."
    both = words(city.post(address("desk", pilot, "dates"), NEW))
    assert str(people.owner) in both and warning not in both
    pilot.organisation.memberships.all().delete()
    alone = city.post(address("desk", pilot, "dates"), NEW)
    assert alone.context["readers"] == [pilot.officer] and warning in words(alone)


def test_a_site_that_is_taken_is_said_before_anybody_is_asked_to_confirm(people: SimpleNamespace) -> None:
    site = factories.site(capacity=1)
    pilot, city = made("preparation", people, at=site, days=10), signed_in(people.officer)
    factories.approved_pilot(at=site, people=people.city, starts_on=clock.today() + timedelta(days=20), days=10)
    response = city.post(address("desk", pilot, "dates"), {"starts_on": day(25), "ends_on": day(35), "reason": "Neve."})
    assert (response.status_code, list(response.context["form"].errors)) == (409, ["starts_on"])


def test_a_pilot_without_a_site_changes_its_dates_too(people: SimpleNamespace) -> None:
    pilot = factories.approved_pilot(people.organisation, people=people.city, actor=people.owner)
    preparing.dates_change(pilot_id=pilot.pk, actor=people.officer, starts_on=clock.today() + timedelta(days=5), ends_on=clock.today() + timedelta(days=9), reason="Neve.")
    assert dates_of(Pilot.objects.get(pk=pilot.pk)) == (day(5), day(9))
    assert not Booking.objects.exists()
