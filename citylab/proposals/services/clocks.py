"""The clock of the proceeding: stored facts in, `due_on` for the queue out; and what the clock does by itself."""

from datetime import date
from typing import Any

from django.db import transaction

from citylab.audit.moves import SYSTEM, check_legal, move
from citylab.challenges.selectors import closing_moment
from citylab.core import clock
from citylab.core.clock import deadlines
from citylab.core.locks import locked

from ..models import ChangeRequest, Communication, Proposal, RefusalNotice, Turn
from ..workflow import PENDING, State

CASE = "proposal"


def clock_facts(proposal: Proposal) -> deadlines.ClockFacts | None:
    """The facts of this proceeding as the law's clock needs them; None before the proposal was received and once it was withdrawn."""
    if proposal.received_on is None or proposal.state == State.WITHDRAWN:
        return None
    suspensions = [
        deadlines.Suspension("additions", request.clock_stopped_on, request.resumed_on, request.answer_due_on)
        for request in proposal.change_requests.all()
        if request.clock_stopped_on
    ]
    for notice in proposal.refusal_notices.all():
        ends_on = deadlines.refusal_clock_resumes_on(notice.observations_due_on, notice.observations_received_on)
        suspensions.append(deadlines.Suspension("refusal_notice", notice.suspended_on, ends_on, ends_on))
    closes = closing_moment(proposal.challenge) if proposal.challenge and proposal.mode == "competitive" else None
    return deadlines.ClockFacts(
        mode=proposal.mode,
        received_on=proposal.received_on,
        closes_on=closes.astimezone(clock.rome).date() if closes else None,
        term_days=proposal.term_days,
        suspensions=tuple(sorted(suspensions, key=lambda s: s.starts_on)),
        decided_on=proposal.decided_on,
    )


def proceeding_clock(proposal: Proposal) -> "deadlines.ProceedingClock | None":
    """Whose days are running and how many are left, today. None for a draft and for a withdrawn case."""
    facts = clock_facts(proposal)
    return deadlines.proceeding_clock(facts, clock.today()) if facts else None


def additions_would_suspend(proposal: Proposal) -> bool:
    """Whether a request for additions made now stops the clock: only the first of a proceeding does."""
    facts = clock_facts(proposal)
    return facts is not None and not deadlines.additions_used(facts)


def term_over(last_day: date, message: Communication) -> bool:
    """Whether a term that began with the legal receipt of `message` has ended; before the receipt it has not begun."""
    return message.legally_received_on is not None and clock.today() > last_day


def clock_refresh(proposal: Proposal) -> None:
    """Set `due_on`: the day the next step is owed, by whoever owes it. The caller saves."""
    if proposal.turn == Turn.APPLICANT and proposal.pk:
        request = proposal.change_requests.filter(resumed_on__isnull=True).last()
        notice = proposal.refusal_notices.filter(closed_on__isnull=True, observations_received_on__isnull=True).last()
        proposal.due_on = request.answer_due_on if request else notice.observations_due_on if notice else None
    elif proposal.turn == Turn.OFFICE:
        running = proceeding_clock(proposal)
        proposal.due_on = running.due_on if running else None
    else:
        proposal.due_on = None


def additions_run_out(*, proposal_id: Any) -> bool:
    """Bring a case back to screening when the days for additions ended without an answer (law 241/1990 art. 2 c. 7)."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        request = proposal.change_requests.filter(resumed_on__isnull=True).select_related("communication").last()
        if proposal.state != State.CHANGES_REQUESTED or request is None or not term_over(request.answer_due_on, request.communication):
            return False
        check_legal(proposal, "resume_screening")
        request.resumed_on = clock.today()
        request.save(update_fields=["resumed_on"])
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        move(proposal, "resume_screening", actor=SYSTEM, permission="", case_kind=CASE, topic="proposal.additions_run_out", data={"request": request.pk}, payload={"request": request.pk})
    return True


def observations_run_out(*, proposal_id: Any) -> bool:
    """After ten days without observations it is the office's turn again (law 241/1990 art. 10-bis); the state stays."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        notice = proposal.refusal_notices.filter(closed_on__isnull=True).select_related("communication").last()
        if proposal.state != State.REFUSAL_NOTICE or proposal.turn != Turn.APPLICANT or notice is None or not term_over(notice.observations_due_on, notice.communication):
            return False
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        proposal.save(update_fields=["turn", "due_on"])
    return True


def run_clocks() -> dict[str, int]:
    """Everything that the passing of days does by itself; counts what was moved."""
    today = clock.today()
    late_additions = ChangeRequest.objects.filter(resumed_on__isnull=True, answer_due_on__lt=today, communication__legally_received_on__isnull=False, proposal__state=State.CHANGES_REQUESTED)
    late_observations = RefusalNotice.objects.filter(
        closed_on__isnull=True, observations_due_on__lt=today, communication__legally_received_on__isnull=False, proposal__state=State.REFUSAL_NOTICE, proposal__turn=Turn.APPLICANT
    )
    return {
        "additions": sum(additions_run_out(proposal_id=pk) for pk in late_additions.values_list("proposal_id", flat=True)),
        "observations": sum(observations_run_out(proposal_id=pk) for pk in late_observations.values_list("proposal_id", flat=True)),
    }


def deadline_moved(*, challenge_id: Any) -> int:
    """After an extension or an early closing: the clock of competitive proposals already received starts at the new closing time."""
    moved = 0
    for pk in Proposal.objects.filter(challenge_id=challenge_id, mode="competitive", state__in=PENDING).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            proposal = locked(Proposal.objects.select_related("challenge"), pk)
            clock_refresh(proposal)
            proposal.save(update_fields=["due_on"])
            moved += 1
    return moved
