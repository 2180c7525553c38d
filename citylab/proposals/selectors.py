"""Reads of the casework: the start-up's list, the officer's queue and the case page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.utils.translation import get_language

from citylab.accounts.models import Role
from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.core.numbers import whole
from citylab.taxonomy.models import Capability, S3Area, Sector, Technology
from citylab.testbeds.models import Site

from . import scoring
from .models import Assignment, Attachment, ChangeRequest, Communication, Evaluation, Proposal, ProposalSite, ProposalVersion, RefusalNotice, Turn
from .models.proposal import QUEUE_ORDER
from .workflow import NOT_PENDING, PENDING, State

ROW = ("organisation", "challenge", "sector", "officer")


def proposals_of(organisations: Any) -> QuerySet[Proposal]:
    """All proposals of these organisations, newest change first, with what a list row shows."""
    return (
        Proposal.objects.filter(organisation__in=organisations)
        .select_related("organisation", "challenge__progress", "sector", "pilot")
        .defer("answers", "field_versions")
        .order_by("-updated_at")
    )


@dataclass(frozen=True)
class QueueFilter:
    """What an officer narrows the queue by; every value may be empty."""

    text: str = ""
    state: str = ""
    turn: str = ""
    officer: str = ""  # "me", "nobody" or a user id
    sector: str = ""
    challenge: str = ""
    late: bool = False
    today: bool = False


def _condition(user: Any, wanted: QueueFilter) -> Q:
    """The filter as a condition, for the list and for the figures alike."""
    # Said by what it is not: asked for five states, SQLite would collect and sort all of their cases instead of following the queue's index.
    found = Q(state=wanted.state) if wanted.state else ~Q(state__in=NOT_PENDING)
    if wanted.turn:
        found &= Q(turn=wanted.turn)
    if wanted.officer == "me":
        found &= Q(officer=user)
    elif wanted.officer == "nobody":
        found &= Q(officer__isnull=True)
    elif (officer := whole(wanted.officer)) is not None:
        found &= Q(officer_id=officer)
    if wanted.sector:
        found &= Q(sector__code=wanted.sector)
    if wanted.challenge:
        found &= Q(challenge__code=wanted.challenge)
    if wanted.late:
        found &= Q(due_on__lt=clock.today(), turn=Turn.OFFICE)
    if wanted.today:
        found &= Q(due_on=clock.today(), turn=Turn.OFFICE)
    for word in wanted.text.split():
        found &= Q(number__icontains=word) | Q(title__icontains=word) | Q(organisation__legal_name__icontains=word)
    return found


def queue(user: Any, wanted: QueueFilter) -> QuerySet[Proposal]:
    """The cases that the desk shows: what the city owes comes first, by the day it is due; what waits for the start-up after it."""
    cases = Proposal.objects.exclude(state=State.DRAFT).select_related(*ROW).defer("answers", "field_versions").filter(_condition(user, wanted))
    return cases.order_by(*QUEUE_ORDER)


def queue_counts(user: Any, others: Mapping[str, QueueFilter] | None = None) -> dict[str, int]:
    """The figures over the queue, and those of `others` under their own names, all in one query."""
    named = {
        "pending": QueueFilter(),
        "mine": QueueFilter(officer="me"),
        "unassigned": QueueFilter(officer="nobody"),
        "late": QueueFilter(late=True),
        "today": QueueFilter(today=True),
        "waiting": QueueFilter(turn=Turn.APPLICANT),
        **(others or {}),
    }
    states = {*PENDING, *(wanted.state for wanted in named.values() if wanted.state)} - {State.DRAFT}
    return Proposal.objects.filter(state__in=states).aggregate(**{name: Count("state", filter=_condition(user, wanted)) for name, wanted in named.items()})


def run_time_choices() -> dict[str, dict[str, Any]]:
    """The lists of the form that exist only in the database: list name → code → name in the reader's language (one query)."""
    name = f"name_{(get_language() or 'it')[:2]}"
    terms = {"sectors": Sector, "s3_areas": S3Area, "technologies": Technology, "capabilities": Capability}
    lists = [model.objects.order_by().values_list(Value(code), "position", "code", name) for code, model in terms.items()]
    sites = Site.objects.filter(live=True).order_by().values_list(Value("sites"), Value(0), "code", name)
    found: dict[str, dict[str, Any]] = {code: {} for code in (*terms, "sites")}
    rows = lists[0].union(*lists[1:], sites, all=True)
    for kind, _position, code, label in sorted(rows, key=lambda row: (row[0], row[1], row[3].lower() if row[0] == "sites" else row[2])):
        found[kind][code] = label
    return found


def case(pk: Any) -> Proposal:
    """One case with everything its page shows, prefetched. Raises Proposal.DoesNotExist."""
    return (
        Proposal.objects.select_related("organisation", "challenge", "challenge__progress", "sector", "s3_area", "programme", "officer", "pilot", "assigned_site", "created_by", "updated_by")
        .prefetch_related(
            Prefetch("wished_sites", ProposalSite.objects.select_related("site")),
            Prefetch("attachments", Attachment.objects.order_by("uploaded_at")),
            Prefetch("versions", ProposalVersion.objects.select_related("register_entry", "signature__document", "signature__identity_document", "stamp_duty")),
            Prefetch("change_requests", ChangeRequest.objects.prefetch_related("items").select_related("communication")),
            Prefetch("refusal_notices", RefusalNotice.objects.select_related("communication")),
            Prefetch("assignments", Assignment.objects.filter(taken_off_at__isnull=True).select_related("evaluator")),
            Prefetch("communications", Communication.objects.select_related("register_entry", "sent_by")),
            "decisions",
        )
        .get(pk=pk)
    )


def site_of(proposal: Proposal) -> Site | None:
    """Where the pilot would run as things stand: the site that the city assigned, or else the first one asked for."""
    wished = list(proposal.wished_sites.all())
    return proposal.assigned_site or (wished[0].site if wished else None)


def sheets(proposal: Proposal) -> list[Evaluation]:
    """All score sheets on the latest version, with scores and evaluators."""
    versions = list(proposal.versions.all())
    if not versions:
        return []
    return list(Evaluation.objects.filter(version=versions[-1]).select_related("assignment__evaluator").prefetch_related("scores"))


def earlier_sheets(proposal: Proposal) -> list[Evaluation]:
    """The confirmed sheets on versions before the latest: they count no longer, and stay on file."""
    versions = list(proposal.versions.all())
    if len(versions) < 2:
        return []
    found = Evaluation.objects.filter(version__in=versions[:-1], confirmed_at__isnull=False)
    return list(found.select_related("assignment__evaluator", "version").prefetch_related("scores").order_by("-version__number", "id"))


def evaluation_result(proposal: Proposal, found: list[Evaluation]) -> scoring.Result | None:
    """What the confirmed sheets come to."""
    confirmed = [sheet for sheet in found if sheet.confirmed_at]
    versions = list(proposal.versions.all())
    criteria = versions[-1].criteria if versions else []
    return scoring.result(criteria, [{score.criterion: score.value for score in sheet.scores.all()} for sheet in confirmed])


def visible_sheets(user: Any, found: list[Evaluation]) -> list[Evaluation]:
    """The sheets this person may see: officers the confirmed ones; an evaluator the own one and, once it is confirmed, the others
    (blind to each other until then, domain §4)."""
    if user.has_role(Role.OFFICER) or user.has_role(Role.ADMINISTRATOR):
        return [sheet for sheet in found if sheet.confirmed_at]
    own = [sheet for sheet in found if sheet.assignment.evaluator_id == user.pk]
    if any(sheet.confirmed_at for sheet in own):
        return [sheet for sheet in found if sheet.confirmed_at]
    return own


def assignments_of(user: Any) -> QuerySet[Assignment]:
    """What an evaluator has been asked to score, open ones first."""
    latest = ProposalVersion.objects.filter(proposal=OuterRef("assignment__proposal")).order_by("-number").values("pk")[:1]
    return (
        Assignment.objects.filter(evaluator=user, taken_off_at__isnull=True)
        .select_related("proposal__organisation", "proposal__challenge")
        .defer("proposal__answers", "proposal__field_versions")
        .annotate(confirmed=Exists(Evaluation.objects.filter(assignment=OuterRef("pk"), version=Subquery(latest), confirmed_at__isnull=False)))
        .order_by("confirmed", "-assigned_at")
    )


def competitive_challenges() -> QuerySet[Challenge]:
    """Challenges that are ranked, with how many proposals the city received for each."""
    received = Count("proposals", filter=~Q(proposals__state=State.DRAFT))
    return Challenge.objects.filter(mode=Challenge.Mode.COMPETITIVE).select_related("progress", "sector").annotate(received=received).order_by(F("closes_at").desc(nulls_last=True), "code")


@dataclass(frozen=True)
class RankedProposal:
    """A proposal in a ranking; `position` is None while no sheet about its latest version is confirmed."""

    position: int | None
    proposal: Proposal
    result: scoring.Result | None


def ranking(challenge: Challenge) -> list[RankedProposal]:
    """The proposals of a competitive challenge in order: points, then Impact, then the moment of receipt (domain §4). Those that were
    withdrawn or declared inadmissible take no part."""
    sheets = Evaluation.objects.filter(confirmed_at__isnull=False).prefetch_related("scores")
    versions = ProposalVersion.objects.only("proposal_id", "number", "criteria").prefetch_related(Prefetch("evaluations", sheets))
    proposals = (
        Proposal.objects.filter(challenge=challenge)
        .exclude(state__in=[State.DRAFT, State.WITHDRAWN, State.INADMISSIBLE])
        .select_related("organisation")
        .defer("answers", "field_versions")
        .prefetch_related(Prefetch("versions", versions))
    )
    entries = {proposal: _latest_result(proposal) for proposal in proposals}
    order = scoring.ranked([scoring.Entry(proposal, result, proposal.submitted_at) for proposal, result in entries.items()])
    return [RankedProposal(position if entry.result else None, entry.key, entry.result) for position, entry in enumerate(order, start=1)]


def _latest_result(proposal: Proposal) -> scoring.Result | None:
    latest = list(proposal.versions.all())[-1]
    return scoring.result(latest.criteria, [{score.criterion: score.value for score in sheet.scores.all()} for sheet in latest.evaluations.all()])


def drafts_with_deadline() -> QuerySet[Proposal]:
    """Drafts for a challenge that closes: the ones to remind."""
    return Proposal.objects.filter(state=State.DRAFT, challenge__isnull=False).select_related("challenge", "challenge__progress", "organisation")
