"""Evaluators: assigned, cleared of conflicts, blind to each other until they confirm their own sheet."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.accounts.models import Role
from citylab.accounts.selectors import membership_role
from citylab.audit import services as audit
from citylab.audit.moves import check_allowed, illegal_move
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked

from ..models import Assignment, Evaluation, Proposal, Score
from ..workflow import State
from .screening import latest_version, note_add

CASE = "proposal"


def _in_evaluation(proposal: Proposal) -> None:
    if proposal.state != State.EVALUATION:
        raise illegal_move(proposal)


def evaluator_assign(*, proposal_id: Any, actor: Any, evaluator: Any) -> Assignment:
    """Ask an evaluator to score. Raises DomainError("not_an_evaluator" | "belongs_to_applicant" | "already_assigned")."""
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, "proposals.process", proposal)
        _in_evaluation(proposal)
        if not evaluator.has_role(Role.EVALUATOR):
            raise DomainError("not_an_evaluator", _("This person is not an evaluator."))
        if membership_role(evaluator, proposal.organisation_id) is not None:
            raise DomainError("belongs_to_applicant", _("This person belongs to the applicant."))
        assignment = Assignment.objects.filter(proposal=proposal, evaluator=evaluator).first() or Assignment(proposal=proposal, evaluator=evaluator)
        if assignment.pk and assignment.taken_off_at is None:
            raise DomainError("already_assigned", _("This evaluator has already been asked."))
        # Whoever was taken off declares anew; the earlier declaration stands in the trail.
        assignment.taken_off_at = assignment.declared_at = assignment.has_conflict = None
        assignment.assigned_by, assignment.assigned_at, assignment.conflict_note = actor, clock.now(), ""
        assignment.save()
        audit.append(case_kind=CASE, case_id=proposal.pk, action="assign_evaluator", actor=actor, data={"evaluator": evaluator.pk})
        outbox.publish("proposal.evaluator_assigned", proposal.pk, assignment=assignment.pk)
    return assignment


def evaluator_take_off(*, proposal_id: Any, assignment_id: int, actor: Any, reason: str) -> None:
    """Ask somebody no longer: the unconfirmed sheet goes, the reason stays among the office's notes, and the evaluator is told it.

    What was confirmed about an earlier version stays on file. Raises DomainError("reason_missing"), NotAllowed, and Conflict where the sheet of
    this version is confirmed, the evaluator stepped back or is gone already.
    """
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, "proposals.process", proposal)
        _in_evaluation(proposal)
        assignment = proposal.assignments.select_related("evaluator").filter(pk=assignment_id, taken_off_at__isnull=True).first()
        if assignment is None:
            raise Conflict("already_taken_off", _("This evaluator no longer scores this proposal."))
        if assignment.has_conflict:
            raise Conflict("stepped_back", _("This evaluator stepped back; the declaration stays on file."))
        confirmed = assignment.evaluations.filter(confirmed_at__isnull=False)
        if confirmed.filter(version=latest_version(proposal)).exists():
            raise Conflict("sheet_confirmed", _("This evaluator has confirmed a score sheet, which counts."))
        if not reason.strip():
            raise DomainError("reason_missing", _("Give the reason."))
        evaluator = assignment.evaluator
        note = note_add(proposal_id=proposal.pk, actor=actor, text=f"{evaluator}: {reason.strip()}")
        assignment.evaluations.filter(confirmed_at__isnull=True).delete()
        if confirmed.exists():
            assignment.taken_off_at = clock.now()
            assignment.save(update_fields=["taken_off_at"])
        else:
            assignment.delete()
        audit.append(case_kind=CASE, case_id=proposal.pk, action="take_off_evaluator", actor=actor, data={"evaluator": evaluator.pk, "note": note.pk})
        outbox.publish("proposal.evaluator_taken_off", proposal.pk, evaluator=evaluator.pk, note=note.pk)


def conflict_declare(*, assignment_id: int, actor: Any, has_conflict: bool, note: str = "") -> Assignment:
    """The evaluator's declaration; the file opens only after a declaration of no conflict. Raises Conflict when already given."""
    with transaction.atomic():
        proposal = locked(Proposal, Assignment.objects.get(pk=assignment_id).proposal_id)
        assignment = locked(Assignment, assignment_id)
        check_allowed(actor if assignment.evaluator_id == actor.pk else None, "proposals.see_assignment", proposal)
        if assignment.declared_at is not None:
            raise Conflict("already_declared", _("This declaration has already been given."))
        _in_evaluation(proposal)
        assignment.has_conflict = has_conflict
        assignment.conflict_note = note.strip()
        assignment.declared_at = clock.now()
        assignment.save()
        audit.append(case_kind=CASE, case_id=proposal.pk, action="declare_conflict", actor=actor, data={"assignment": assignment.pk, "has_conflict": has_conflict})
        outbox.publish("proposal.conflict_declared", proposal.pk, assignment=assignment.pk)
    return assignment


def sheet_save(*, proposal_id: Any, actor: Any, scores: Mapping[str, tuple[int | None, str]], reasons: str, confirm: bool) -> Evaluation:
    """Save a score sheet: criterion code → (0–5 or None, reason). Confirmed, it is complete and final.

    Raises DomainError("sheet_incomplete" | "score_range"), Conflict when it was already confirmed, NotAllowed.
    """
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, "proposals.evaluate", proposal)
        _in_evaluation(proposal)
        version = latest_version(proposal)
        assignment = proposal.assignments.get(evaluator=actor)
        sheet, _created = Evaluation.objects.get_or_create(assignment=assignment, version=version, defaults={"saved_at": clock.now()})
        if sheet.confirmed_at:
            raise Conflict("sheet_confirmed", _("This score sheet is confirmed and can no longer change."))
        codes = [criterion["code"] for criterion in version.criteria]
        for code in codes:
            value, reason = scores.get(code, (None, ""))
            if value is not None and not 0 <= value <= 5:
                raise DomainError("score_range", _("A score goes from 0 to 5."))
            if value is None:
                sheet.scores.filter(criterion=code).delete()
            else:
                Score.objects.update_or_create(evaluation=sheet, criterion=code, defaults={"value": value, "reason": reason.strip()})
        sheet.reasons = reasons.strip()
        sheet.saved_at = clock.now()
        if confirm:
            if sheet.scores.count() < len(codes) or not sheet.reasons:
                raise DomainError("sheet_incomplete", _("Score every criterion and write the reasons before confirming."))
            sheet.confirmed_at = sheet.saved_at
        sheet.save()
        if confirm:
            audit.append(
                case_kind=CASE, case_id=proposal.pk, action="confirm_sheet", actor=actor,
                data={"evaluation": sheet.pk, "version": version.number, "scores": dict(sheet.scores.values_list("criterion", "value"))},
            )  # fmt: skip
            outbox.publish("proposal.sheet_confirmed", proposal.pk, evaluation=sheet.pk)
    return sheet
