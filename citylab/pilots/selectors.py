"""Reads of pilots: what is public, the lists of both rooms, and the case page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from citylab.accounts.models import Membership, User
from citylab.accounts.selectors import memberships_of
from citylab.core import clock
from citylab.core.numbers import whole
from citylab.proposals.models import Attachment, Communication, Turn
from citylab.testbeds.models import Booking

from .models import Pilot
from .models.pilot import PUBLIC
from .workflow import State

OVER = (State.CLOSED, State.WITHDRAWN)
# The kind of the case files that came with a final report.
REPORT_FILE = "final_report"
# How the kinds of a pilot's formal messages begin, among those of its case.
FORMAL = "pilot_"
# A line of a list: what it names, what the next step depends on, and what of the proposal it does not need.
ROW, ASKED, HEAVY = ("organisation", "site", "officer", "proposal"), ("extension_requests", "suspension_requests"), ("proposal__answers", "proposal__field_versions")


def public_pilots() -> QuerySet[Pilot]:
    """What anyone may read: archive records, and pilots whose card both sides confirmed; running ones first."""
    return (
        Pilot.objects.filter(PUBLIC)
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
    return Pilot.objects.filter(organisation__in=organisations, is_archive=False).select_related(*ROW).prefetch_related(*ASKED).defer(*HEAVY).order_by("-created_at")


@dataclass(frozen=True)
class PilotFilter:
    """What the desk's list of pilots is narrowed to; everything empty: all that are not over."""

    text: str = ""
    state: str = ""
    turn: str = ""
    officer: str = ""  # "me", "nobody" or an id
    due: str = ""  # "late" or "week"


def desk_pilots(user: Any, wanted: PilotFilter) -> QuerySet[Pilot]:
    """The pilots that this person follows at the desk, those due first: an officer all but those of their own organisations, a department the sites to check."""
    pilots = _of_desk(user).select_related(*ROW).prefetch_related(*ASKED).defer(*HEAVY)
    pilots = pilots.filter(state=wanted.state) if wanted.state else pilots.exclude(state__in=OVER)
    if wanted.turn:
        pilots = pilots.filter(turn=wanted.turn)
    if wanted.officer == "me":
        pilots = pilots.filter(officer=user)
    elif wanted.officer == "nobody":
        pilots = pilots.filter(officer__isnull=True)
    elif (officer := whole(wanted.officer)) is not None:
        pilots = pilots.filter(officer_id=officer)
    if wanted.due:
        pilots = pilots.filter(_DUE[wanted.due](clock.today()))
    for word in wanted.text.split():
        pilots = pilots.filter(Q(code__icontains=word) | Q(title__icontains=word) | Q(organisation__legal_name__icontains=word) | Q(site__name_it__icontains=word))
    return pilots.order_by(F("due_on").asc(nulls_last=True), "code")


_DUE = {"late": lambda today: Q(due_on__lt=today), "week": lambda today: Q(due_on__gte=today, due_on__lte=today + timedelta(days=7))}


def _of_desk(user: Any) -> QuerySet[Pilot]:
    pilots = Pilot.objects.filter(is_archive=False).exclude(organisation__in=list(memberships_of(user)))
    return pilots if user.has_perm("pilots.use_desk") else pilots.filter(state=State.RESTORATION)


def desk_counts(user: Any) -> dict[str, int]:
    """The figures over the desk's list, in one query."""
    today = clock.today()
    return _of_desk(user).exclude(state__in=OVER).aggregate(
        all=Count("pk"), mine=Count("pk", filter=Q(officer=user)), city=Count("pk", filter=Q(turn=Turn.OFFICE)), late=Count("pk", filter=_DUE["late"](today)),
        week=Count("pk", filter=_DUE["week"](today)), restoration=Count("pk", filter=Q(state=State.RESTORATION)),
    )  # fmt: skip


def pilot(pk: Any) -> Pilot:
    """One pilot with everything its page shows. Raises Pilot.DoesNotExist."""
    return (
        Pilot.objects.filter(is_archive=False)
        .select_related("organisation", "site", "challenge", "sector", "proposal", "officer", "final_report")
        .defer(*HEAVY)
        .prefetch_related(
            "gates", "milestones", "indicators__readings", "incidents", "suspensions", "extension_requests", "suspension_requests", "restoration_checks", "notes__author", "gates__set_by",
        )
        .get(pk=pk)
    )  # fmt: skip


def report_files(pilot: Pilot) -> QuerySet[Attachment]:
    """The files of the final report: case files like the proposal's own, kept with it."""
    return Attachment.objects.filter(proposal_id=pilot.proposal_id, kind=REPORT_FILE, removed_at__isnull=True).order_by("uploaded_at", "name")


def formal_messages(pilot: Pilot) -> QuerySet[Communication]:
    """The registered messages about the pilot, newest first; those of the proposal's procedure stand with the proposal."""
    return Communication.objects.filter(proposal_id=pilot.proposal_id, kind__startswith=FORMAL).select_related("register_entry").order_by("-sent_at", "-pk")


def readers_of(pilot: Pilot) -> list[tuple[User, str]]:
    """Who is told what moves in a pilot, each with the page that they open: the start-up's owners and editors, and the responsible officer."""
    people = User.objects.filter(
        is_active=True, memberships__organisation_id=pilot.organisation_id, memberships__role__in=[Membership.Role.OWNER, Membership.Role.EDITOR]
    ).order_by("pk")
    officers = [(pilot.officer, "desk:pilot")] if pilot.officer else []
    return [*((person, "portal:pilot") for person in people), *officers]


def booking_of(pilot: Pilot) -> Booking | None:
    """The pilot's booking, also one that was given back."""
    return Booking.objects.select_related("site").filter(case_id=pilot.pk).order_by("-pk").first()
