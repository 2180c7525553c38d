"""Who has a site when: the services, and the database that refuses what they might overlook."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from citylab.audit import services as audit
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.testbeds import selectors
from citylab.testbeds.calendar import Hindrance, Period
from citylab.testbeds.models import Blackout, Booking
from citylab.testbeds.services import SlotLost, booking_confirm, booking_free, booking_hold, booking_move_dates
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = "2027-03-01 09:00"


@pytest.fixture(autouse=True)
def _spring(travel):
    travel(TODAY)


def d(month, day):
    return date(2027, month, day)


def hold(site, starts_on, ends_on, case=None):
    return booking_hold(site_id=site.pk, case_id=case or uuid4(), label="", starts_on=starts_on, ends_on=ends_on, actor=None)


def row(site, place, starts_on, ends_on, state="held"):
    """Written past the services."""
    return Booking.objects.create(site=site, case_id=uuid4(), place=place, starts_on=starts_on, ends_on=ends_on, state=state, created_at=clock.now())


def test_the_lowest_free_place_is_taken():
    site = factories.site(capacity=3)
    assert [hold(site, d(4, 1), d(4, 10)).place for _turn in range(3)] == [1, 2, 3]
    assert hold(site, d(4, 11), d(4, 11)).place == 1


@pytest.mark.parametrize(("starts_on", "ends_on"), [(d(4, 10), d(4, 20)), (d(3, 20), d(4, 1)), (d(4, 3), d(4, 4)), (d(3, 1), d(5, 1))])
def test_dates_are_inclusive_and_a_lost_slot_offers_the_next_free_dates(starts_on, ends_on):
    site = factories.site()
    hold(site, d(4, 1), d(4, 10))
    with pytest.raises(SlotLost) as lost:
        hold(site, starts_on, ends_on)
    length = ends_on - starts_on
    assert lost.value.next_free == Period(d(4, 11), d(4, 11) + length)
    assert "11/04/2027" in str(lost.value.message)
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("state", ["held", "confirmed"])
def test_the_database_itself_refuses_an_overlap(state):
    site = factories.site(capacity=2)
    row(site, 1, d(4, 1), d(4, 10), state)
    with pytest.raises(IntegrityError, match="booking_no_overlap"), transaction.atomic():
        row(site, 1, d(4, 10), d(4, 12))
    row(site, 1, d(4, 11), d(4, 12))
    row(site, 2, d(4, 1), d(4, 10))
    row(site, 1, d(4, 1), d(4, 10), "freed")
    row(factories.site(), 1, d(4, 1), d(4, 10))


def test_the_database_refuses_to_revive_or_stretch_a_booking_over_another():
    site = factories.site()
    freed, other = row(site, 1, d(4, 1), d(4, 10), "freed"), row(site, 1, d(4, 5), d(4, 20))
    with pytest.raises(IntegrityError, match="booking_no_overlap"), transaction.atomic():
        Booking.objects.filter(pk=freed.pk).update(state="held")
    later = row(site, 1, d(4, 21), d(4, 30))
    with pytest.raises(IntegrityError, match="booking_no_overlap"), transaction.atomic():
        Booking.objects.filter(pk=other.pk).update(ends_on=d(4, 21))
    Booking.objects.filter(pk=later.pk).update(ends_on=d(5, 3))  # its own days are no obstacle


@pytest.mark.parametrize(("values", "name"), [({"ends_on": d(3, 31)}, "booking_ends_after_start"), ({"place": 0}, "booking_place_from_one")])
def test_the_database_refuses_nonsense(values, name):
    given = {"place": 1, "starts_on": d(4, 1), "ends_on": d(4, 2), **values}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row(factories.site(), **given)


def test_a_case_has_one_active_booking():
    site, case = factories.site(capacity=2), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    with pytest.raises(Conflict) as twice:
        hold(site, d(6, 1), d(6, 10), case)
    assert twice.value.code == "already_booked"
    booking_free(case_id=case, on=d(3, 1), actor=None)
    assert hold(site, d(6, 1), d(6, 10), case).state == "held"


def test_what_is_freed_can_be_had_again():
    site, case = factories.site(), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    booking_confirm(case_id=case, actor=None)
    freed = booking_free(case_id=case, on=d(3, 2), actor=None)
    assert (freed.state, freed.freed_on) == ("freed", d(3, 2))
    assert hold(site, d(4, 1), d(4, 10)).place == 1
    assert [entry.action for entry in audit.trail("site", site.pk)][-4:] == ["hold_booking", "confirm_booking", "free_booking", "hold_booking"]


def test_a_case_without_booking_has_nothing_to_confirm_free_or_move():
    case = uuid4()
    assert booking_confirm(case_id=case, actor=None) is booking_free(case_id=case, on=d(3, 1), actor=None) is booking_move_dates(case_id=case, new_end=d(5, 1), actor=None) is None


@pytest.mark.parametrize(
    ("fields", "closed", "hindrance", "next_free"),
    [
        ({"available_from": d(5, 1)}, None, Hindrance.OUTSIDE, Period(d(5, 1), d(5, 10))),
        ({"available_until": d(4, 5)}, None, Hindrance.OUTSIDE, None),
        ({}, (d(4, 10), d(4, 12), False), Hindrance.CLOSED, Period(d(4, 13), d(4, 22))),
        ({}, (date(2020, 4, 1), date(2020, 4, 30), True), Hindrance.CLOSED, Period(d(5, 1), d(5, 10))),
    ],
)
def test_closed_days_and_dates_out_of_reach(fields, closed, hindrance, next_free):
    site = factories.site(**fields)
    if closed:
        Blackout.objects.create(site=site, starts_on=closed[0], ends_on=closed[1], yearly=closed[2])
    found = selectors.availability([site], d(4, 1), d(4, 10))[site.pk]
    assert (found.free_places, found.hindrance, found.next_free) == (0, hindrance, next_free)
    with pytest.raises(SlotLost):
        hold(site, d(4, 1), d(4, 10))


def test_next_free_dates_never_lie_in_the_past():
    site = factories.site()
    found = selectors.next_free(site, 10, d(3, 1))
    assert found == Period(d(3, 1), d(3, 10))
    row(site, 1, d(2, 1), d(3, 15))
    with pytest.raises(SlotLost) as lost:
        hold(site, d(2, 10), d(2, 12))
    assert lost.value.next_free == Period(d(3, 16), d(3, 18))


def test_reversed_dates_and_unpublished_sites_are_refused():
    with pytest.raises(DomainError) as reversed_dates:
        hold(factories.site(), d(4, 2), d(4, 1))
    with pytest.raises(DomainError) as unpublished:
        hold(factories.site(publish=False), d(4, 1), d(4, 2))
    assert (reversed_dates.value.code, unpublished.value.code) == ("dates_reversed", "site_not_published")


def test_an_extension_keeps_its_place_where_that_is_free():
    site, case = factories.site(capacity=2), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    row(site, 2, d(4, 11), d(4, 30))
    moved = booking_move_dates(case_id=case, new_end=d(4, 20), actor=None)
    assert (moved.place, moved.ends_on) == (1, d(4, 20))


def test_an_extension_moves_to_a_place_that_is_free_throughout():
    site, case = factories.site(capacity=3), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    row(site, 1, d(4, 11), d(4, 30))
    row(site, 2, d(4, 5), d(4, 6))  # busy in the days the case already has
    moved = booking_move_dates(case_id=case, new_end=d(4, 20), actor=None)
    assert (moved.place, moved.ends_on) == (3, d(4, 20))


def test_an_extension_without_a_place_changes_nothing_and_says_when():
    site, case = factories.site(), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    row(site, 1, d(4, 15), d(4, 20))
    with pytest.raises(SlotLost) as lost:
        booking_move_dates(case_id=case, new_end=d(4, 16), actor=None)
    assert lost.value.next_free == Period(d(4, 21), d(4, 26))
    assert Booking.objects.get(case_id=case).ends_on == d(4, 10)


def test_an_extension_into_closed_days_is_refused_but_what_was_granted_stays():
    site, case = factories.site(), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    Blackout.objects.create(site=site, starts_on=d(4, 5), ends_on=d(4, 6))  # closed after the grant
    assert booking_move_dates(case_id=case, new_end=d(4, 12), actor=None).ends_on == d(4, 12)
    Blackout.objects.create(site=site, starts_on=d(4, 14), ends_on=d(4, 15))
    with pytest.raises(SlotLost):
        booking_move_dates(case_id=case, new_end=d(4, 14), actor=None)


def test_both_days_move_to_a_place_that_is_free_throughout():
    site, case = factories.site(capacity=2), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    row(site, 1, d(5, 5), d(5, 6))
    moved = booking_move_dates(case_id=case, new_start=d(5, 1), new_end=d(5, 10), actor=None)
    assert (moved.place, moved.starts_on, moved.ends_on) == (2, d(5, 1), d(5, 10))
    # The days it had before are free again, and its own days do not stand in its way.
    assert hold(site, d(4, 1), d(4, 10)).place == 1
    assert booking_move_dates(case_id=case, new_start=d(5, 2), new_end=d(5, 11), actor=None).place == 2


def test_both_days_without_a_place_change_nothing_and_say_when():
    site, case = factories.site(), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    row(site, 1, d(5, 5), d(5, 8))
    with pytest.raises(SlotLost) as lost:
        booking_move_dates(case_id=case, new_start=d(5, 1), new_end=d(5, 10), actor=None)
    assert lost.value.next_free == Period(d(5, 9), d(5, 18))
    assert (Booking.objects.get(case_id=case).starts_on, Booking.objects.get(case_id=case).ends_on) == (d(4, 1), d(4, 10))


def test_a_booking_is_shortened_but_not_before_its_first_day():
    site, case = factories.site(), uuid4()
    hold(site, d(4, 1), d(4, 10), case)
    assert booking_move_dates(case_id=case, new_end=d(4, 5), actor=None).ends_on == d(4, 5)
    assert hold(site, d(4, 6), d(4, 10)).place == 1
    with pytest.raises(DomainError):
        booking_move_dates(case_id=case, new_end=d(3, 31), actor=None)


def test_a_smaller_capacity_leaves_bookings_and_takes_no_new_ones():
    site = factories.site(capacity=2)
    hold(site, d(4, 1), d(4, 10)), hold(site, d(4, 1), d(4, 10))
    site.capacity = 1
    site.save()
    assert Booking.objects.count() == 2
    with pytest.raises(SlotLost):
        hold(site, d(4, 5), d(4, 6))


def test_availability_takes_two_queries_whatever_the_number_of_sites(django_assert_num_queries):
    few = [factories.site() for _turn in range(3)]
    many = [*few, *(factories.site() for _turn in range(9))]
    for sites in (few, many):
        with django_assert_num_queries(2):
            assert len(selectors.availability(sites, d(4, 1), d(4, 1) + timedelta(days=9))) == len(sites)
