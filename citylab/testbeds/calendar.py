"""When a site is free: pure computation over its places, bookings and closed periods. All dates are inclusive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

DAY = timedelta(days=1)
# How far ahead a free period is looked for, in days. Nobody books a place further than two years away.
HORIZON_DAYS = 730


@dataclass(frozen=True, order=True)
class Period:
    """Days from the first to the last, both included."""

    starts_on: date
    ends_on: date

    def meets(self, other: "Period") -> bool:
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


# The years for which a list of free periods has the yearly closed ones: every proposal's dates lie within.
LISTED = Period(date(2020, 1, 1), date(2059, 12, 31))


@dataclass(frozen=True)
class Window:
    """A period during which the same places stay free."""

    starts_on: date
    ends_on: date
    free_places: int


class Hindrance(models.TextChoices):
    """Why a site cannot be had in a period."""

    NONE = "", ""
    OUTSIDE = "outside", _("Outside the dates on which the site is available")
    CLOSED = "closed", _("The site is closed in this period")
    FULL = "full", _("All places are taken in this period")


@dataclass(frozen=True)
class Availability:
    """What a period finds at a site: how many places, or what stands in the way and the next period of that length."""

    free_places: int
    hindrance: Hindrance
    next_free: Period | None


def yearly(first: date, last: date, around: Period) -> list[Period]:
    """The repetitions of a yearly closed period that meet `around`; 29 February falls on the 28th in other years."""
    shift = last.year - first.year
    found = []
    for year in range(around.starts_on.year - shift - 1, around.ends_on.year + 1):
        period = Period(_in_year(first, year), _in_year(last, year + shift))
        if period.meets(around):
            found.append(period)
    return found


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


@dataclass(frozen=True)
class SiteCalendar:
    """The facts about one site: numbered places 1 … capacity, who has them, and when nobody can.

    `closed` holds (first day, last day, every year?) and `taken` (place, period) of the bookings that count.
    """

    capacity: int
    available_from: date | None = None
    available_until: date | None = None
    closed: Sequence[tuple[date, date, bool]] = ()
    taken: Sequence[tuple[int, Period]] = ()

    def closed_periods(self, around: Period) -> list[Period]:
        """The closed periods that meet `around`, in order."""
        found = []
        for first, last, every_year in self.closed:
            if every_year:
                found += yearly(first, last, around)
            elif Period(first, last).meets(around):
                found.append(Period(first, last))
        return sorted(found)

    def is_available(self, period: Period) -> bool:
        return not (
            (self.available_from and period.starts_on < self.available_from) or (self.available_until and period.ends_on > self.available_until)
        )

    def free_places(self, period: Period) -> list[int]:
        """The places that are free on every day of `period`, lowest first."""
        if not self.is_available(period) or self.closed_periods(period):
            return []
        busy = {place for place, taken in self.taken if taken.meets(period)}
        return [place for place in range(1, self.capacity + 1) if place not in busy]

    def hindrance(self, period: Period) -> Hindrance:
        """What stands in the way of `period`; NONE when a place is free."""
        if not self.is_available(period):
            return Hindrance.OUTSIDE
        if self.closed_periods(period):
            return Hindrance.CLOSED
        return Hindrance.NONE if self.free_places(period) else Hindrance.FULL

    def windows(self, around: Period) -> list[Window]:
        """The windows within `around` that have at least one place, cut wherever a place is taken or freed."""
        cuts = {around.starts_on, around.ends_on + DAY}
        for busy in [*self.closed_periods(around), *(taken for _place, taken in self.taken if taken.meets(around))]:
            cuts |= {busy.starts_on, busy.ends_on + DAY}
        for edge in (self.available_from, self.available_until + DAY if self.available_until else None):
            if edge:
                cuts.add(edge)
        days = sorted(day for day in cuts if around.starts_on <= day <= around.ends_on + DAY)
        found: list[tuple[Period, list[int]]] = []
        for first, following in zip(days, days[1:], strict=False):
            piece = Period(first, following - DAY)
            places = self.free_places(piece)
            if places and found and found[-1][1] == places and found[-1][0].ends_on + DAY == first:
                found[-1] = (Period(found[-1][0].starts_on, piece.ends_on), places)
            elif places:
                found.append((piece, places))
        return [Window(period.starts_on, period.ends_on, len(places)) for period, places in found]

    def free_periods(self) -> list[Period]:
        """The longest periods in which one and the same place is free, of every place: what fits into one of them can be had.

        They begin or end with the calendar itself where nothing else bounds them, so that the list is the same on every day. Closed periods count
        within `LISTED`.
        """
        around = Period(self.available_from or date.min, self.available_until or date.max)
        closed = self.closed_periods(LISTED)
        found = set()
        for place in range(1, self.capacity + 1):
            start = around.starts_on
            for busy in sorted([*closed, *(taken for number, taken in self.taken if number == place)]):
                if busy.starts_on > around.ends_on:
                    break
                if busy.starts_on > start:
                    found.add(Period(start, busy.starts_on - DAY))
                start = max(start, busy.ends_on + DAY)
            if start <= around.ends_on:
                found.add(Period(start, around.ends_on))
        return sorted(found)

    def next_free(self, days: int, not_before: date) -> Period | None:
        """The first period of `days` days, from `not_before` on, in which one place is free throughout; None within the horizon.

        A period can only begin on the first day asked, or the day after something ends: nothing else is tried.
        """
        last_day = not_before + timedelta(days=HORIZON_DAYS)
        around = Period(not_before, last_day + timedelta(days=days))
        starts = {not_before, self.available_from or not_before}
        starts |= {busy.ends_on + DAY for busy in self.closed_periods(around)} | {taken.ends_on + DAY for _place, taken in self.taken}
        for start in sorted(day for day in starts if not_before <= day <= last_day):
            period = Period(start, start + timedelta(days=days - 1))
            if self.free_places(period):
                return period
        return None

    def availability(self, period: Period, not_before: date) -> Availability:
        """What `period` finds here; the next free period starts neither before `not_before` nor before the period asked."""
        places = self.free_places(period)
        if places:
            return Availability(len(places), Hindrance.NONE, period)
        return Availability(0, self.hindrance(period), self.next_free(period.days, max(period.starts_on, not_before)))
