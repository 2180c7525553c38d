"""Reading sites: what the public sees, and what is free when."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import formats

from citylab.core import clock

from .calendar import Availability, Period, SiteCalendar, Window
from .models import Asset, Blackout, Booking, Site, SiteAddress

# The bookings that hold a place.
ACTIVE = (Booking.State.HELD, Booking.State.CONFIRMED)


def visible_sites() -> QuerySet[Site]:
    """Everything published, for the public list and the map."""
    return Site.objects.filter(live=True).prefetch_related("sectors", Prefetch("assets", Asset.objects.select_related("capability")))


def site_detail(slug: str) -> Site | None:
    """A published site by its present address, with everything its page shows, in five queries; None without one."""
    return visible_sites().prefetch_related("permits", "blackouts").filter(slug=slug).first()


def moved_to(slug: str) -> Site | None:
    """The published site that had the address `slug` before; its present address is where to send the reader."""
    address = SiteAddress.objects.filter(slug=slug, site__live=True).select_related("site").first()
    return address.site if address and address.site.slug != slug else None


def by_code(code: str) -> Site | None:
    """The published site behind a short address or a QR code."""
    return Site.objects.filter(code=code, live=True).first()


def taken(sites: Iterable[Any], not_before: date, *, but_case: Any = None) -> QuerySet[Booking]:
    """The bookings that hold a place at these sites from `not_before` on; without those of a case, what would be free if that case moved."""
    bookings = Booking.objects.filter(site__in=sites, state__in=ACTIVE, ends_on__gte=not_before)
    return bookings if but_case is None else bookings.exclude(case_id=but_case)


def closed(sites: Iterable[Any], not_before: date) -> QuerySet[Blackout]:
    """When these sites are closed from `not_before` on."""
    return Blackout.objects.filter(site__in=sites).filter(Q(yearly=True) | Q(ends_on__gte=not_before))


def calendars_of(sites: Iterable[Site], taken: Iterable[tuple[int, int, date, date]], closed: Iterable[tuple[int, bool, date, date]]) -> dict[int, SiteCalendar]:
    """The calendar of each site from rows that are read already: (site, place, first day, last day) and (site, every year?, first day, last day)."""
    places: dict[int, list[tuple[int, Period]]] = defaultdict(list)
    periods: dict[int, list[tuple[date, date, bool]]] = defaultdict(list)
    for site_id, place, starts_on, ends_on in taken:
        places[site_id].append((place, Period(starts_on, ends_on)))
    for site_id, every_year, starts_on, ends_on in closed:
        periods[site_id].append((starts_on, ends_on, every_year))
    return {s.pk: SiteCalendar(s.capacity, s.available_from, s.available_until, periods[s.pk], places[s.pk]) for s in sites}


def calendars(sites: Iterable[Site], not_before: date, *, but_case: Any = None) -> dict[int, SiteCalendar]:
    """The calendar of each site from `not_before` on, in two queries whatever their number; `but_case` as in `taken`."""
    sites = list(sites)
    ids = [site.pk for site in sites]
    bookings = taken(ids, not_before, but_case=but_case).values_list("site_id", "place", "starts_on", "ends_on")
    blackouts = closed(ids, not_before).values_list("site_id", "yearly", "starts_on", "ends_on")
    return calendars_of(sites, bookings, blackouts)


def free_windows(site: Site, starts_on: date, ends_on: date) -> list[Window]:
    """When the site has free places between two days, and how many."""
    return calendars([site], starts_on)[site.pk].windows(Period(starts_on, ends_on))


def availability(sites: Iterable[Site], starts_on: date, ends_on: date) -> dict[int, Availability]:
    """What the period finds at each site (by the site's id), in two queries whatever their number."""
    period = Period(starts_on, ends_on)
    today = clock.today()
    return {pk: calendar.availability(period, today) for pk, calendar in calendars(sites, min(starts_on, today)).items()}


def next_free(site: Site, days: int, not_before: date) -> Period | None:
    """The first period of `days` days from `not_before` on in which the site has a place throughout."""
    return calendars([site], not_before)[site.pk].next_free(days, not_before)


def site_bookings(site: Site, from_day: date) -> QuerySet[Booking]:
    """Who has the site from a day on, for its calendar."""
    return site.bookings.filter(state__in=ACTIVE, ends_on__gte=from_day).order_by("starts_on", "place")


def active_booking(case_id: Any) -> Booking | None:
    """The booking that a case holds now."""
    return Booking.objects.filter(case_id=case_id, state__in=ACTIVE).select_related("site").first()


def day(value: date) -> str:
    """A day as people write it, for messages."""
    return formats.date_format(value, "SHORT_DATE_FORMAT")
