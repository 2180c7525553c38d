"""Reads of the casework: the start-up's list, the officer's queue and the case page."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from citylab.accounts.models import Role
from citylab.core import clock

from . import scoring
from .models import Assignment, Attachment, ChangeRequest, Evaluation, Proposal, ProposalSite, RefusalNotice, Turn
from .workflow import PENDING, State

ROW = ("organisation", "challenge", "sector", "officer")


def proposals_of(organisations: Any) -> QuerySet[Proposal]:
    """All proposals of these organisations, newest change first, with what a list row shows."""
    return (
        Proposal.objects.filter(organisation__in=organisations)
        .select_related("organisation", "challenge", "sector", "pilot")
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


def queue(user: Any, wanted: QueueFilter) -> QuerySet[Proposal]:
    """The cases that the desk shows, late first, then by the day they are due."""
    cases = Proposal.objects.exclude(state=State.DRAFT).select_related(*ROW).defer("answers", "field_versions")
    cases = cases.filter(state=wanted.state) if wanted.state else cases.filter(state__in=PENDING)
    if wanted.turn:
        cases = cases.filter(turn=wanted.turn)
    if wanted.officer == "me":
        cases = cases.filter(officer=user)
    elif wanted.officer == "nobody":
        cases = cases.filter(officer__isnull=True)
    elif wanted.officer.isdigit():
        cases = cases.filter(officer_id=int(wanted.officer))
    if wanted.sector:
        cases = cases.filter(sector__code=wanted.sector)
    if wanted.challenge:
        cases = cases.filter(challenge__code=wanted.challenge)
    if wanted.late:
        cases = cases.filter(due_on__lt=clock.today(), turn=Turn.OFFICE)
    for word in wanted.text.split():
        cases = cases.filter(Q(number__icontains=word) | Q(title__icontains=word) | Q(organisation__legal_name__icontains=word))
    return cases.order_by("due_on", "submitted_at", "pk")


def queue_counts(user: Any) -> dict[str, int]:
    """The figures over the queue, in one query."""
    today = clock.today()
    office = Q(turn=Turn.OFFICE)
    return Proposal.objects.filter(state__in=PENDING).aggregate(
        pending=Count("pk"),
        mine=Count("pk", filter=Q(officer=user)),
        unassigned=Count("pk", filter=Q(officer__isnull=True)),
        late=Count("pk", filter=office & Q(due_on__lt=today)),
        today=Count("pk", filter=office & Q(due_on=today)),
        waiting=Count("pk", filter=Q(turn=Turn.APPLICANT)),
    )


def case(pk: Any) -> Proposal:
    """One case with everything its page shows, prefetched. Raises Proposal.DoesNotExist."""
    return (
        Proposal.objects.select_related("organisation", "challenge", "challenge__progress", "sector", "s3_area", "programme", "officer", "pilot", "created_by", "updated_by")
        .prefetch_related(
            Prefetch("wished_sites", ProposalSite.objects.select_related("site")),
            Prefetch("attachments", Attachment.objects.order_by("uploaded_at")),
            "versions__register_entry",
            "versions__signature",
            "versions__stamp_duty",
            Prefetch("change_requests", ChangeRequest.objects.prefetch_related("items").select_related("communication")),
            Prefetch("refusal_notices", RefusalNotice.objects.select_related("communication")),
            Prefetch("assignments", Assignment.objects.select_related("evaluator")),
            "communications__register_entry",
            "decisions",
        )
        .get(pk=pk)
    )


def sheets(proposal: Proposal) -> list[Evaluation]:
    """All score sheets on the latest version, with scores and evaluators."""
    versions = list(proposal.versions.all())
    if not versions:
        return []
    return list(Evaluation.objects.filter(version=versions[-1]).select_related("assignment__evaluator").prefetch_related("scores"))


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
    return (
        Assignment.objects.filter(evaluator=user)
        .select_related("proposal", "proposal__challenge", "proposal__sector")
        .annotate(confirmed=Count("evaluations", filter=Q(evaluations__confirmed_at__isnull=False)))
        .order_by("confirmed", "-assigned_at")
    )


def drafts_with_deadline() -> QuerySet[Proposal]:
    """Drafts for a challenge that closes: the ones to remind."""
    return Proposal.objects.filter(state=State.DRAFT, challenge__isnull=False).select_related("challenge", "challenge__progress", "organisation")
