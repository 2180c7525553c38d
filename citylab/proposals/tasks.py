"""What follows the facts of the casework: messages, reminders, and what the clock does by itself.

Consumers are called once for each outbox message, in the transaction that marks it done; they write rows, and mail goes out later.
"""

from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import Membership, User
from citylab.challenges.models import DeadlineExtension, Question
from citylab.challenges.selectors import Status, is_open, status
from citylab.core import clock
from citylab.core.clock import rome
from citylab.notifications.services import notify

from . import files, notifications, selectors
from .models import Assignment, Attachment, Communication, DraftReminder, Note, Proposal
from .services import clocks, drafting

# Days before the deadline on which a draft is remembered.
REMINDER_DAYS = (7, 2)


def people_of(proposal: Proposal) -> list[User]:
    """Who receives the mail of a case: the owners and editors of the organisation."""
    return list(
        User.objects.filter(
            is_active=True, memberships__organisation_id=proposal.organisation_id, memberships__role__in=[Membership.Role.OWNER, Membership.Role.EDITOR]
        )
    )


def case_address(proposal: Proposal, user: Any) -> str:
    """The path of the case page in the reader's language."""
    with override(user.language):
        return reverse("portal:case", args=[proposal.pk])


def _tell_applicant(kind: type, proposal: Proposal, occasion: str, **context: Any) -> None:
    for user in people_of(proposal):
        notify(
            kind=kind, user=user, case_kind="proposal", case_id=str(proposal.pk), dedupe=f"{kind.code}:{proposal.pk}:{occasion}:{user.pk}",  # type: ignore[attr-defined]
            context={"proposal": proposal, "address": case_address(proposal, user), **context},
        )  # fmt: skip


def _tell_officer(proposal: Proposal, what: str, occasion: str) -> None:
    officer = proposal.officer
    if officer is None:
        return
    with override(officer.language):
        address = reverse("desk:case", args=[proposal.pk])
    notify(
        kind=notifications.WorkForOfficer, user=officer, case_kind="proposal", case_id=str(proposal.pk), dedupe=f"desk:{what}:{proposal.pk}:{occasion}",
        context={"proposal": proposal, "what": what, "address": address},
    )  # fmt: skip


def _drafts_for(challenge_id: str) -> QuerySet[Proposal]:
    return Proposal.objects.filter(challenge_id=challenge_id, state="draft").select_related("challenge", "organisation")


def _case(key: str) -> Proposal:
    return Proposal.objects.select_related("organisation", "challenge", "officer").get(pk=key)


def handle_submitted(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    _tell_applicant(notifications.ProposalReceipt, proposal, "1", version=proposal.versions.select_related("register_entry").first())


def handle_additions(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    version = proposal.versions.select_related("register_entry").latest("number")
    _tell_applicant(notifications.AdditionsReceipt, proposal, str(version.number), version=version)
    _tell_officer(proposal, "additions", str(version.number))


def _handle_message(kind: type, key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    message = Communication.objects.select_related("register_entry").get(pk=payload["communication"])
    _tell_applicant(kind, proposal, str(message.pk), message=message)


def handle_changes_requested(key: str, payload: dict[str, Any]) -> None:
    _handle_message(notifications.ChangesRequested, key, payload)


def handle_refusal_notice(key: str, payload: dict[str, Any]) -> None:
    _handle_message(notifications.RefusalNoticeGiven, key, payload)


def handle_decided(key: str, payload: dict[str, Any]) -> None:
    _handle_message(notifications.DecisionTaken, key, payload)


def handle_reopened(key: str, payload: dict[str, Any]) -> None:
    _handle_message(notifications.CaseReopened, key, payload)


def handle_message_sent(key: str, payload: dict[str, Any]) -> None:
    _handle_message(notifications.FormalMessage, key, payload)


def handle_additions_run_out(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    request = str(payload["request"])
    _tell_applicant(notifications.CaseProgress, proposal, f"additions-run-out:{request}", what="additions_run_out")
    _tell_officer(proposal, "additions_run_out", request)


def handle_observations(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    _tell_officer(proposal, "observations", str(proposal.refusal_notices.count()))


def handle_withdrawn(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    _tell_applicant(notifications.ProposalWithdrawn, proposal, "1")
    _tell_officer(proposal, "withdrawn", "1")


def handle_progress(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    # A case may come to the same state again: with another version, after a refusal notice or a decision taken back.
    occasion = f"{proposal.state}:{proposal.versions.count()}:{proposal.refusal_notices.count()}:{proposal.decisions.count()}"
    _tell_applicant(notifications.CaseProgress, proposal, occasion, what=proposal.state)


def handle_assigned(key: str, payload: dict[str, Any]) -> None:
    proposal = _case(key)
    if proposal.officer_id == payload["officer"]:  # else it has gone on to somebody else before this was told
        _tell_officer(proposal, "assigned", str(payload["message"]))


def handle_evaluator_assigned(key: str, payload: dict[str, Any]) -> None:
    assignment = Assignment.objects.select_related("evaluator", "proposal").filter(pk=payload["assignment"], taken_off_at__isnull=True).first()
    if assignment is None:  # taken off the case again before this was told
        return
    with override(assignment.evaluator.language):
        address = reverse("desk:evaluation", args=[assignment.proposal_id])
    notify(
        kind=notifications.EvaluationAsked, user=assignment.evaluator, case_kind="proposal", case_id=str(assignment.proposal_id),
        dedupe=f"evaluation:{assignment.pk}:{assignment.assigned_at.isoformat()}",  # who was taken off may be asked again
        context={"proposal": assignment.proposal, "address": address},
    )  # fmt: skip


def handle_evaluator_taken_off(key: str, payload: dict[str, Any]) -> None:
    proposal, note = _case(key), Note.objects.get(pk=payload["note"])
    evaluator = User.objects.get(pk=payload["evaluator"])
    with override(evaluator.language):
        address = reverse("desk:evaluations")
    notify(
        kind=notifications.EvaluationTakenOff, user=evaluator, case_kind="proposal", case_id=key, dedupe=f"evaluation-taken-off:{note.pk}",
        context={"proposal": proposal, "reason": note.text.removeprefix(f"{evaluator}: "), "address": address},
    )  # fmt: skip


def handle_conflict_declared(key: str, payload: dict[str, Any]) -> None:
    """Whoever has no conflict goes on to score, of which nobody need know."""
    if Assignment.objects.filter(pk=payload["assignment"], has_conflict=True).exists():
        _tell_officer(_case(key), "conflict_declared", str(payload["assignment"]))


def handle_sheet_confirmed(key: str, payload: dict[str, Any]) -> None:
    _tell_officer(_case(key), "sheet_confirmed", str(payload["evaluation"]))


def handle_deadline_extended(key: str, payload: dict[str, Any]) -> None:
    """Everyone with a draft for the challenge hears of it, and received proposals get their new term."""
    extension = DeadlineExtension.objects.select_related("challenge").filter(challenge_id=key).latest("extended_at")
    clocks.deadline_moved(challenge_id=key)
    for proposal in _drafts_for(key):
        _tell_applicant(notifications.DeadlineExtended, proposal, str(extension.pk), extension=extension)


def handle_challenge_closed(key: str, payload: dict[str, Any]) -> None:
    """A call closed early: its terms are counted from now, and everyone with a draft for it hears of it."""
    clocks.deadline_moved(challenge_id=key)
    for proposal in _drafts_for(key):
        _tell_applicant(notifications.ChallengeClosed, proposal, str(payload["message"]))


def handle_challenge_unpublished(key: str, payload: dict[str, Any]) -> None:
    """A call taken off the site while it was open: everyone with a draft for it hears of it, unless it is back already."""
    for proposal in _drafts_for(key):
        if not proposal.challenge.live and status(proposal.challenge, clock.now()) != Status.CLOSED:
            _tell_applicant(notifications.ChallengeUnpublished, proposal, str(payload["message"]))


def handle_attachment_removed(key: str, payload: dict[str, Any]) -> None:
    """Forget a file that was taken off a draft, unless a version refers to it."""
    drafting.attachment_forget(attachment_id=key)


def handle_case_files_unused(key: str, payload: dict[str, Any]) -> None:
    """Delete stored files whose rows are gone."""
    for file in payload["files"]:
        if not Attachment.objects.filter(key=file).exists():
            files.forget(file)


@shared_task
def run_clocks() -> dict[str, int]:
    return clocks.run_clocks()


@shared_task
def send_draft_reminders() -> int:
    """Remind of drafts whose challenge is open and closes in seven or two days; once for each deadline."""
    sent = 0
    moment = clock.now()
    for proposal in selectors.drafts_with_deadline():
        challenge = proposal.challenge
        closes_at = challenge.effective_closes_at if challenge and is_open(challenge, moment) else None
        if closes_at is None or closes_at <= moment:
            continue
        days_left = (closes_at.astimezone(rome).date() - clock.today()).days
        due = [days for days in REMINDER_DAYS if days_left <= days]
        if not due:
            continue
        with transaction.atomic():
            _row, created = DraftReminder.objects.get_or_create(proposal=proposal, closes_at=closes_at, days_before=min(due), defaults={"sent_at": moment})
            if created:
                _tell_applicant(notifications.DraftReminderMessage, proposal, f"{closes_at.isoformat()}:{min(due)}", closes_at=closes_at, days_left=days_left)
                sent += 1
    return sent


def handle_question_answered(key: str, payload: dict[str, Any]) -> None:
    """Tell whoever asked that question and answer stand on the challenge's page."""
    question = Question.objects.select_related("challenge", "asked_by").get(pk=key)
    if question.asked_by is None:
        return
    with override(question.asked_by.language):
        address = reverse("public:challenge", args=[question.challenge.slug])
    notify(kind=notifications.QuestionAnswered, user=question.asked_by, dedupe=f"question:{question.pk}", context={"question": question, "address": address})
