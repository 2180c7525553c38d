"""Reads of pilots: what is public, the lists of both rooms, and the case page."""

from typing import Any

from django.db.models import F, Q, QuerySet

from .models import Pilot
from .workflow import State

OVER = (State.CLOSED, State.WITHDRAWN)


def public_pilots() -> QuerySet[Pilot]:
    """What anyone may read: archive records, and pilots whose card both sides confirmed; running ones first."""
    confirmed = Q(public_confirmed_by_city_at__isnull=False, public_confirmed_by_startup_at__isnull=False)
    return (
        Pilot.objects.filter(Q(is_archive=True) | confirmed)
        .select_related("site", "sector", "challenge", "programme", "organisation")
        .order_by("is_archive", F("starts_on").desc(nulls_last=True), "-archive_years", "code")
    )


def public_pilot(slug: str) -> Pilot | None:
    """A public pilot by its address, with its public indicators."""
    return public_pilots().prefetch_related("indicators__readings").filter(slug=slug).first()


def by_code(code: str) -> Pilot | None:
    """The public pilot behind a short address or a QR code."""
    return public_pilots().filter(code=code).first()


def pilots_of(organisations: Any) -> QuerySet[Pilot]:
    """The pilots of these organisations, newest first."""
    return Pilot.objects.filter(organisation__in=organisations, is_archive=False).select_related("organisation", "site", "challenge").order_by("-created_at")


def desk_pilots(*, state: str = "", text: str = "", checks_only: bool = False) -> QuerySet[Pilot]:
    """The pilots that the desk follows, those due first; `checks_only` for a department, which looks at sites given back."""
    pilots = Pilot.objects.filter(is_archive=False).select_related("organisation", "site", "officer")
    if checks_only:
        pilots = pilots.filter(state=State.RESTORATION)
    pilots = pilots.filter(state=state) if state else pilots.exclude(state__in=OVER)
    for word in text.split():
        pilots = pilots.filter(Q(code__icontains=word) | Q(title__icontains=word) | Q(organisation__legal_name__icontains=word))
    return pilots.order_by(F("due_on").asc(nulls_last=True), "code")


def pilot(pk: Any) -> Pilot:
    """One pilot with everything its page shows. Raises Pilot.DoesNotExist."""
    return (
        Pilot.objects.filter(is_archive=False)
        .select_related("organisation", "site", "challenge", "proposal", "officer", "final_report")
        .prefetch_related(
            "gates", "milestones", "indicators__readings", "incidents", "suspensions", "extension_requests", "suspension_requests", "restoration_checks", "notes__author",
        )
        .get(pk=pk)
    )  # fmt: skip
