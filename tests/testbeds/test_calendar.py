"""The calendar of a site against a day-by-day model that is too simple to be wrong."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citylab.testbeds.calendar import HORIZON_DAYS, Hindrance, Period, SiteCalendar, Window, yearly

DAY = timedelta(days=1)
FIRST = date(2027, 1, 1)


def d(text):
    return date.fromisoformat(text)


def p(first, last):
    return Period(d(first), d(last))


def days(period):
    return [period.starts_on + n * DAY for n in range(period.days)]


def is_closed(calendar, day):
    """Whether a day lies in a closed period: looked at day by day, every year by itself."""
    for first, last, every_year in calendar.closed:
        if not every_year:
            if first <= day <= last:
                return True
            continue
        for year in range(day.year - 2, day.year + 2):
            moved = []
            for edge in (first, last):
                shift = year + edge.year - first.year
                try:
                    moved.append(edge.replace(year=shift))
                except ValueError:  # 29 February
                    moved.append(date(shift, 2, 28))
            if moved[0] <= day <= moved[1]:
                return True
    return False


def free_on(calendar, day):
    """The places free on one day."""
    if (calendar.available_from and day < calendar.available_from) or (calendar.available_until and day > calendar.available_until) or is_closed(calendar, day):
        return set()
    return {place for place in range(1, calendar.capacity + 1) if not any(p == place and taken.starts_on <= day <= taken.ends_on for p, taken in calendar.taken)}


def free_throughout(calendar, period):
    return set.intersection(*(free_on(calendar, day) for day in days(period)))


day_numbers = st.integers(0, 800).map(lambda n: FIRST + n * DAY)
periods = st.builds(lambda first, length: Period(first, first + length * DAY), day_numbers, st.integers(0, 60))
closed = st.builds(lambda period, every: (period.starts_on, period.ends_on, every), periods, st.booleans())
bounds = st.one_of(st.none(), day_numbers)
calendars = st.builds(
    SiteCalendar, st.integers(1, 3), available_from=bounds, available_until=bounds, closed=st.lists(closed, max_size=3), taken=st.lists(st.tuples(st.integers(1, 3), periods), max_size=6)
)
quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@quick
@given(calendar=calendars, period=periods)
def test_free_places_are_free_on_every_day(calendar, period):
    assert calendar.free_places(period) == sorted(free_throughout(calendar, period))


@quick
@given(calendar=calendars, period=periods)
def test_what_stands_in_the_way(calendar, period):
    found = calendar.hindrance(period)
    outside = any((calendar.available_from and day < calendar.available_from) or (calendar.available_until and day > calendar.available_until) for day in days(period))
    expected = (
        Hindrance.OUTSIDE if outside
        else Hindrance.CLOSED if any(is_closed(calendar, day) for day in days(period))
        else Hindrance.NONE if free_throughout(calendar, period)
        else Hindrance.FULL
    )  # fmt: skip
    assert found == expected


@quick
@given(calendar=calendars, around=periods)
def test_windows_tell_for_each_day_how_many_places_are_free(calendar, around):
    windows = calendar.windows(around)
    told = {day: window.free_places for window in windows for day in days(Period(window.starts_on, window.ends_on))}
    assert {day: told.get(day, 0) for day in days(around)} == {day: len(free_on(calendar, day)) for day in days(around)}
    assert all(earlier.ends_on < later.starts_on for earlier, later in zip(windows, windows[1:]))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(calendar=calendars, length=st.integers(1, 40), not_before=day_numbers)
def test_the_next_free_period_is_the_first(calendar, length, not_before):
    found = calendar.next_free(length, not_before)
    free = [free_on(calendar, not_before + n * DAY) for n in range(HORIZON_DAYS + length + 1)]
    expected = next((not_before + n * DAY for n in range(HORIZON_DAYS + 1) if set.intersection(*free[n : n + length])), None)
    assert found == (Period(expected, expected + (length - 1) * DAY) if expected else None)


def test_a_yearly_closure_over_the_end_of_the_year():
    closed = yearly(d("2020-12-20"), d("2021-01-06"), p("2027-01-01", "2027-12-31"))
    assert closed == [p("2026-12-20", "2027-01-06"), p("2027-12-20", "2028-01-06")]


@pytest.mark.parametrize(("year", "first"), [(2027, "2027-02-28"), (2028, "2028-02-29")])
def test_the_29th_of_february_falls_on_the_28th_in_other_years(year, first):
    assert yearly(d("2024-02-29"), d("2024-03-02"), Period(date(year, 1, 1), date(year, 12, 31))) == [Period(d(first), date(year, 3, 2))]


def test_windows_of_a_site_with_two_places():
    calendar = SiteCalendar(2, closed=[(d("2027-03-20"), d("2027-03-22"), False)], taken=[(1, p("2027-03-05", "2027-03-10")), (2, p("2027-03-08", "2027-03-09"))])
    assert calendar.windows(p("2027-03-01", "2027-03-31")) == [
        Window(d("2027-03-01"), d("2027-03-04"), 2), Window(d("2027-03-05"), d("2027-03-07"), 1), Window(d("2027-03-10"), d("2027-03-10"), 1),
        Window(d("2027-03-11"), d("2027-03-19"), 2), Window(d("2027-03-23"), d("2027-03-31"), 2),
    ]  # fmt: skip


def test_free_periods_are_those_of_each_place_and_have_no_bounds_but_what_is_kept():
    assert SiteCalendar(1).free_periods() == [Period(date.min, date.max)]
    bounded = SiteCalendar(1, date(2027, 1, 1), date(2027, 12, 31), taken=[(1, Period(date(2027, 3, 1), date(2027, 3, 31))), (1, Period(date(2028, 1, 1), date(2028, 1, 2)))])
    assert bounded.free_periods() == [Period(date(2027, 1, 1), date(2027, 2, 28)), Period(date(2027, 4, 1), date(2027, 12, 31))]
    two_places = SiteCalendar(2, taken=[(1, Period(date(2027, 3, 1), date(2027, 3, 31)))])
    assert two_places.free_periods() == [Period(date.min, date(2027, 2, 28)), Period(date.min, date.max), Period(date(2027, 4, 1), date.max)]


def test_free_periods_leave_out_yearly_closed_ones_in_the_years_that_matter():
    found = SiteCalendar(1, closed=[(date(2026, 8, 1), date(2026, 8, 31), True)]).free_periods()
    assert (found[0], found[-1]) == (Period(date.min, date(2020, 7, 31)), Period(date(2059, 9, 1), date.max))
    assert Period(date(2027, 9, 1), date(2028, 7, 31)) in found and len(found) == 41


@given(
    closed=st.lists(st.tuples(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 40), st.booleans()), max_size=3),
    taken=st.lists(st.tuples(st.integers(1, 2), st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(0, 40)), max_size=4),
    edges=st.tuples(st.none() | st.dates(date(2026, 1, 1), date(2027, 6, 30)), st.none() | st.dates(date(2027, 7, 1), date(2028, 12, 31))),
    asked=st.tuples(st.dates(date(2025, 6, 1), date(2029, 6, 30)), st.integers(0, 90)),
)
def test_a_period_has_a_place_where_it_fits_into_a_free_one(closed, taken, edges, asked):
    def of(first, length):
        return Period(first, first + timedelta(days=length))

    calendar = SiteCalendar(2, *edges, [(first, of(first, days).ends_on, yearly) for first, days, yearly in closed], [(place, of(*when)) for place, *when in taken])
    period = of(*asked)
    inside = any(free.starts_on <= period.starts_on and period.ends_on <= free.ends_on for free in calendar.free_periods())
    assert inside == bool(calendar.free_places(period))
