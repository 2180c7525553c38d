"""The decision and what leads to it: refusal notice and observations, approval, rejection, withdrawal, reopening."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed, check_legal, move
from citylab.core import clock, outbox
from citylab.core.clock import deadlines
from citylab.core.errors import DomainError
from citylab.core.locks import locked

from .. import wording
from ..models import Decision, Proposal, RefusalNotice, Turn
from ..workflow import State
from .clocks import clock_refresh, term_over
from .communicating import communication_create, communication_receive
from .screening import latest_version

CASE = "proposal"
PROCESS = "proposals.process"
APPROVALS = (Decision.Outcome.APPROVED, Decision.Outcome.APPROVED_WITH_CONDITIONS, Decision.Outcome.APPROVED_SUBJECT_TO_THIRD_PARTY)


def _act_check(reasons: str, act_number: str, act_date: date | None, signed_by: str) -> None:
    """A decision needs its reasons (law 241/1990 art. 3) and the act that was adopted outside."""
    if not reasons.strip():
        raise DomainError("reasons_missing", _("Write the reasons of the decision."))
    if not act_number.strip() or act_date is None or not signed_by.strip():
        raise DomainError("act_missing", _("Write the number and date of the act and who signed it."))
    if act_date > clock.today():
        raise DomainError("act_date", _("The date of the act is in the future."))


def decision_write(
    proposal: Proposal, *, actor: Any, outcome: str, reasons: str, act_number: str, act_date: date, signed_by: str, channel: str,
    conditions: str = "", third_party: str = "",
) -> Decision:  # fmt: skip
    """The decision's row and its formal message; the clock stops. `proposal` is locked; the caller makes the move."""
    _act_check(reasons, act_number, act_date, signed_by)
    if outcome == Decision.Outcome.APPROVED_WITH_CONDITIONS and not conditions.strip():
        raise DomainError("conditions_missing", _("Write the conditions."))
    if outcome == Decision.Outcome.APPROVED_SUBJECT_TO_THIRD_PARTY and not third_party.strip():
        raise DomainError("third_party_missing", _("Name the third party."))
    words = wording.decision(
        proposal, outcome=outcome, reasons=reasons, act_number=act_number, act_date=act_date, signed_by=signed_by, conditions=conditions, third_party=third_party
    )
    message = communication_create(proposal, kind="decision", channel=channel, subject=words.subject, body=words.body, actor=actor)
    proposal.decided_on = clock.today()
    proposal.turn = Turn.NOBODY
    clock_refresh(proposal)
    return Decision.objects.create(
        proposal=proposal, version=latest_version(proposal), outcome=outcome, reasons=reasons.strip(), conditions=conditions.strip(), third_party=third_party.strip(),
        act_number=act_number.strip(), act_date=act_date, signed_by=signed_by.strip(), decided_by=actor, decided_at=clock.now(), communication=message,
    )  # fmt: skip


def _decide(proposal: Proposal, name: str, decision: Decision, actor: Any) -> None:
    move(
        proposal, name, actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.decided",
        data={"decision": decision.pk, "outcome": decision.outcome, "version": decision.version.number, "act": decision.act_number,
              "digest": audit.digest(proposal.audit_salt, decision.reasons)},
        payload={"communication": decision.communication_id},
    )  # fmt: skip


def decision_record_approval(
    *, proposal: Proposal, actor: Any, outcome: str, reasons: str, conditions: str = "", third_party: str = "", act_number: str, act_date: date, signed_by: str, channel: str
) -> Decision:
    """Approve, inside the transaction of pilots' `proposal_approve`, which creates the pilot and takes the booking.

    `proposal` must be locked there. Raises DomainError("evaluation_missing") without a confirmed score sheet.
    """
    check_allowed(actor, PROCESS, proposal)
    check_legal(proposal, "approve")
    if outcome not in APPROVALS:
        raise DomainError("outcome", _("Choose the outcome."))
    _evaluated(proposal)
    decision = decision_write(
        proposal, actor=actor, outcome=outcome, reasons=reasons, conditions=conditions, third_party=third_party, act_number=act_number, act_date=act_date,
        signed_by=signed_by, channel=channel,
    )  # fmt: skip
    _decide(proposal, "approve", decision, actor)
    return decision


def _evaluated(proposal: Proposal) -> None:
    if not latest_version(proposal).evaluations.filter(confirmed_at__isnull=False).exists():
        raise DomainError("evaluation_missing", _("No evaluator has confirmed a score sheet on this version yet."))


def refusal_notice_give(*, proposal_id: Any, actor: Any, reasons: str, channel: str) -> RefusalNotice:
    """Tell the applicant the reasons against, before refusing (law 241/1990 art. 10-bis; open mode only): ten days to observe.

    Raises DomainError("reasons_missing"), Conflict in competitive mode or out of evaluation.
    """
    if not reasons.strip():
        raise DomainError("reasons_missing", _("Write the reasons that stand in the way."))
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "give_refusal_notice")
        _evaluated(proposal)
        words = wording.refusal_notice(proposal, reasons)
        message = communication_create(proposal, kind="refusal_notice", channel=channel, subject=words.subject, body=words.body, actor=actor)
        today = clock.today()
        notice = RefusalNotice.objects.create(
            proposal=proposal, communication=message, reasons=reasons.strip(), suspended_on=today, observations_due_on=deadlines.observations_limit(message.legally_received_on or today)
        )
        proposal.turn = Turn.APPLICANT
        clock_refresh(proposal)
        move(
            proposal, "give_refusal_notice", actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.refusal_notice_given",
            data={"notice": notice.pk, "digest": audit.digest(proposal.audit_salt, reasons)}, payload={"communication": message.pk},
        )  # fmt: skip
    return notice


def observations_submit(*, proposal_id: Any, actor: Any, text: str) -> RefusalNotice:
    """The applicant's observations on a refusal notice, within its ten days. Raises DomainError("observations_empty" | "observations_late" | "observations_given")."""
    if not text.strip():
        raise DomainError("observations_empty", _("Write your observations."))
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, "proposals.write", proposal)
        check_legal(proposal, "resume_evaluation")
        notice = proposal.refusal_notices.filter(closed_on__isnull=True).latest("id")
        if notice.observations_received_on:
            raise DomainError("observations_given", _("Your observations have already been received."))
        if term_over(notice.observations_due_on, notice.communication):
            raise DomainError("observations_late", _("The ten days for observations are over."))
        notice.observations = text.strip()
        notice.observations_received_on = clock.today()
        notice.save()
        with override(proposal.language):
            subject = _("Observations on the refusal notice")
        message = communication_receive(proposal, kind="observations", subject=subject, body=notice.observations, actor=actor)
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        proposal.save(update_fields=["turn", "due_on"])
        audit.append(
            case_kind=CASE, case_id=proposal.pk, action="observe", actor=actor,
            data={"notice": notice.pk, "register": str(message.register_entry), "digest": audit.digest(proposal.audit_salt, text)},
        )  # fmt: skip
        outbox.publish("proposal.observations_submitted", proposal.pk)
    return notice


def evaluation_resume(*, proposal_id: Any, actor: Any) -> Proposal:
    """After a refusal notice, go back to evaluation: the observations, or a second look, deserve it."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "resume_evaluation")
        _notice_close(proposal)
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        move(proposal, "resume_evaluation", actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.evaluation_resumed")
    return proposal


def _notice_close(proposal: Proposal) -> None:
    notice = proposal.refusal_notices.filter(closed_on__isnull=True).latest("id")
    notice.closed_on = clock.today()
    notice.save(update_fields=["closed_on"])


def proposal_reject(*, proposal_id: Any, actor: Any, reasons: str, act_number: str, act_date: date, signed_by: str, channel: str) -> Decision:
    """Reject: straight from evaluation in competitive mode; in open mode only after a refusal notice whose ten days are over or
    answered (law 241/1990 art. 10-bis). Raises DomainError("notice_running" | "reasons_missing" | "act_missing")."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        after_notice = proposal.state == State.REFUSAL_NOTICE
        name = "reject_after_notice" if after_notice else "reject"
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, name)
        if after_notice:
            notice = proposal.refusal_notices.filter(closed_on__isnull=True).latest("id")
            allowed_from = deadlines.rejection_allowed_from(notice.observations_due_on, notice.observations_received_on)
            if clock.today() < allowed_from or notice.communication.legally_received_on is None:
                raise DomainError("notice_running", _("The ten days for observations are still running: no rejection before %(day)s.") % {"day": allowed_from.strftime("%d/%m/%Y")})
            _notice_close(proposal)
        else:
            _evaluated(proposal)
        decision = decision_write(
            proposal, actor=actor, outcome=Decision.Outcome.REJECTED, reasons=reasons, act_number=act_number, act_date=act_date, signed_by=signed_by, channel=channel
        )
        _decide(proposal, name, decision, actor)
    return decision


def proposal_withdraw(*, proposal_id: Any, actor: Any, note: str = "") -> Proposal:
    """The applicant withdraws before the decision; the note is kept and registered."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, "proposals.write", proposal)
        check_legal(proposal, "withdraw")
        with override(proposal.language):
            subject = _("Withdrawal of the proposal")
        message = communication_receive(proposal, kind="withdrawal", subject=subject, body=note.strip(), actor=actor)
        proposal.turn = Turn.NOBODY
        proposal.due_on = None
        move(
            proposal, "withdraw", actor=actor, permission="proposals.withdraw", case_kind=CASE, topic="proposal.withdrawn",
            data={"register": str(message.register_entry), "digest": audit.digest(proposal.audit_salt, note)},
        )  # fmt: skip
    return proposal


def proposal_reopen(*, proposal_id: Any, actor: Any, to: str, reasons: str, act_number: str, act_date: date, signed_by: str, channel: str) -> Decision:
    """Reopen a rejected or inadmissible case by an act (self-review, appeal). `to` is "screening" or "evaluation". Raises DomainError("reopen_to" | "reasons_missing" | "act_missing")."""
    name = {"screening": "reopen_screening", "evaluation": "reopen_evaluation"}.get(to)
    if name is None:
        raise DomainError("reopen_to", _("Choose where the case goes on."))
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, name)
        decision = decision_write(
            proposal, actor=actor, outcome=Decision.Outcome.REOPENED, reasons=reasons, act_number=act_number, act_date=act_date, signed_by=signed_by, channel=channel
        )
        proposal.decided_on = None
        proposal.turn = Turn.OFFICE
        # The act starts the term anew: the old one ended with the decision that it takes back.
        proposal.received_on = clock.today()
        clock_refresh(proposal)
        move(
            proposal, name, actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.reopened",
            data={"decision": decision.pk, "act": decision.act_number, "digest": audit.digest(proposal.audit_salt, reasons)}, payload={"communication": decision.communication_id},
        )  # fmt: skip
    return decision
