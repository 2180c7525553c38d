"""Writing about sites: publication and bookings. The record itself is Wagtail's to save."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked

from .calendar import DAY, Period
from .models import Booking, Site, SiteAddress
from .selectors import ACTIVE, calendars, day

CASE = "site"
# The name of the constraint on PostgreSQL, and what the triggers say on SQLite (migration 0002).
OVERLAP = "booking_no_overlap"


class SlotLost(Conflict):
    """No place for these dates any more; `next_free` is the next period of the same length, if there is one."""

    def __init__(self, site: Site, next_free: Period | None) -> None:
        if next_free:
            message = _("%(site)s has no free place on these dates any more. The next free dates are %(from)s – %(to)s.") % {
                "site": site.name, "from": day(next_free.starts_on), "to": day(next_free.ends_on),
            }  # fmt: skip
        else:
            message = _("%(site)s has no free place on these dates any more, nor in the next two years.") % {"site": site.name}
        super().__init__("slot_lost", message)
        self.next_free = next_free


def site_published(*, site_id: Any, actor: Any) -> None:
    """Follow a publication, in its transaction: remember the address, tell the index.

    Raises DomainError("address_taken") when the address once led to another site.
    """
    site = locked(Site, site_id)
    address, _created = SiteAddress.objects.get_or_create(slug=site.slug, defaults={"site": site})
    if address.site_id != site.pk:
        raise DomainError("address_taken", _("The address “%(slug)s” leads to another site. Choose a different one.") % {"slug": site.slug})
    audit.append(case_kind=CASE, case_id=site.pk, action="publish", actor=actor)
    outbox.publish("site.published", site.pk)


def site_unpublished(*, site_id: Any, actor: Any) -> None:
    """Follow a withdrawal from the public pages, in its transaction. Bookings stay."""
    locked(Site, site_id)
    audit.append(case_kind=CASE, case_id=site_id, action="unpublish", actor=actor)
    outbox.publish("site.unpublished", site_id)


@contextmanager
def overlaps_refused(site: Site, period: Period) -> Iterator[None]:
    """Turn the database's refusal of an overlap into SlotLost; the savepoint keeps the caller's transaction usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if OVERLAP not in str(error):
            raise
        raise SlotLost(site, calendars([site], period.starts_on)[site.pk].next_free(period.days, max(period.starts_on, clock.today()))) from error


def booking_hold(*, site_id: Any, case_id: Any, label: str, starts_on: date, ends_on: date, actor: Any) -> Booking:
    """Hold the lowest free place of a site for a case, dates inclusive. In the caller's transaction; the caller checked who may.

    Raises SlotLost, DomainError("dates_reversed"), DomainError("site_not_published"), Conflict("already_booked").
    """
    if ends_on < starts_on:
        raise DomainError("dates_reversed", _("The last day comes before the first."))
    site = locked(Site, site_id)
    if not site.live:
        raise DomainError("site_not_published", _("This site is not published at present."))
    if Booking.objects.filter(case_id=case_id, state__in=ACTIVE).exists():
        raise Conflict("already_booked", _("This case already has a booking."))
    period = Period(starts_on, ends_on)
    calendar = calendars([site], starts_on)[site.pk]
    places = calendar.free_places(period)
    if not places:
        raise SlotLost(site, calendar.next_free(period.days, max(starts_on, clock.today())))
    with overlaps_refused(site, period):
        booking = Booking.objects.create(
            site=site, case_id=case_id, label=label, place=places[0], starts_on=starts_on, ends_on=ends_on, created_at=clock.now()
        )
    _record(booking, "hold_booking", actor)
    return booking


def booking_confirm(*, case_id: Any, actor: Any) -> Booking | None:
    """The agreement is signed: what was held is confirmed. None when the case has no booking."""
    booking = _locked_booking(case_id)
    if booking is None:
        return None
    booking.state = Booking.State.CONFIRMED
    booking.save(update_fields=["state"])
    _record(booking, "confirm_booking", actor)
    return booking


def booking_free(*, case_id: Any, on: date, actor: Any) -> Booking | None:
    """Give the place back from `on`. None when the case has no booking."""
    booking = _locked_booking(case_id)
    if booking is None:
        return None
    booking.state = Booking.State.FREED
    booking.freed_on = on
    booking.save(update_fields=["state", "freed_on"])
    _record(booking, "free_booking", actor)
    return booking


def booking_move_dates(*, case_id: Any, new_end: date, new_start: date | None = None, actor: Any) -> Booking | None:
    """Give the booking of a case another last day, or both days: on its own place, or else on another that is free throughout.

    Raises SlotLost when there is none (with the next free period of the added days, or of all where the first day moves),
    DomainError("dates_reversed").
    """
    booking = _locked_booking(case_id)
    if booking is None:
        return None
    first = new_start or booking.starts_on
    if new_end < first:
        raise DomainError("dates_reversed", _("The last day comes before the first."))
    site = booking.site
    if first != booking.starts_on:
        wanted = Period(first, new_end)
        calendar = calendars([site], first, but_case=case_id)[site.pk]
        places = sorted(calendar.free_places(wanted), key=lambda place: (place != booking.place, place))
        if not places:
            raise SlotLost(site, calendar.next_free(wanted.days, max(first, clock.today())))
        booking.place = places[0]
    elif new_end > booking.ends_on:
        calendar = calendars([site], booking.starts_on, but_case=case_id)[site.pk]
        added = Period(booking.ends_on + DAY, new_end)
        # Only the added days are asked about closed periods: what was granted before stays granted.
        open_places = set(calendar.free_places(added))
        busy = {place for place, taken in calendar.taken if taken.meets(Period(booking.starts_on, booking.ends_on))}
        places = sorted(open_places - (busy - {booking.place}), key=lambda place: (place != booking.place, place))
        if not places:
            raise SlotLost(site, calendar.next_free(added.days, max(added.starts_on, clock.today())))
        booking.place = places[0]
    booking.starts_on, booking.ends_on = first, new_end
    with overlaps_refused(site, Period(first, new_end)):
        booking.save(update_fields=["place", "starts_on", "ends_on"])
    _record(booking, "move_booking", actor)
    return booking


def _locked_booking(case_id: Any) -> Booking | None:
    """The case's active booking, after locking its site: every writer of a site's bookings queues there."""
    found = Booking.objects.filter(case_id=case_id, state__in=ACTIVE).values_list("pk", "site_id").first()
    if found is None:
        return None
    locked(Site, found[1])
    return Booking.objects.select_related("site").filter(pk=found[0], state__in=ACTIVE).first()


def _record(booking: Booking, action: str, actor: Any) -> None:
    audit.append(
        case_kind=CASE, case_id=booking.site_id, action=action, actor=actor,
        data={"booking": booking.pk, "case": str(booking.case_id), "place": booking.place, "from": booking.starts_on.isoformat(), "to": booking.ends_on.isoformat()},
    )  # fmt: skip
    outbox.publish("booking.changed", booking.pk, site=booking.site_id)
