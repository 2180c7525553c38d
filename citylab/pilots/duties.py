"""Whose turn it is in a pilot and by when: one pure function over stored facts. Terms in days are the office's own custom."""

from dataclasses import dataclass
from datetime import date, timedelta

from citylab.proposals.models import Turn

from .workflow import State

AGREEMENT_DAYS = 30  # to sign, from the approval; the pilot's first day comes before it
ANSWER_DAYS = 10  # to answer a request of the start-up
REPORT_DAYS = 30  # for the final report, from the restored site
CLOSING_DAYS = 30  # to close, from the final report


@dataclass(frozen=True)
class PilotFacts:
    """What is stored about a pilot, as far as its next step depends on it."""

    state: str
    created_on: date
    starts_on: date | None = None
    ends_on: date | None = None
    signed_by_startup: bool = False
    request_pending_since: date | None = None
    next_milestone_on: date | None = None
    removal_due_on: date | None = None
    last_check_failed: bool = False
    restored_on: date | None = None
    reported_on: date | None = None


@dataclass(frozen=True)
class Duty:
    turn: Turn
    due_on: date | None


def duty(facts: PilotFacts) -> Duty:
    """Who owes the next step, and the last day for it (None: no day)."""
    match facts.state:
        case State.AGREEMENT:
            limit = facts.created_on + timedelta(days=AGREEMENT_DAYS)
            return Duty(Turn.OFFICE if facts.signed_by_startup else Turn.APPLICANT, min(limit, facts.starts_on) if facts.starts_on else limit)
        case State.PREPARATION | State.READY:
            return Duty(Turn.OFFICE, facts.starts_on)
        case State.RUNNING | State.SUSPENDED if facts.request_pending_since:
            return Duty(Turn.OFFICE, facts.request_pending_since + timedelta(days=ANSWER_DAYS))
        case State.RUNNING:
            return Duty(Turn.APPLICANT, min((day for day in (facts.next_milestone_on, facts.ends_on) if day), default=None))
        case State.SUSPENDED:
            return Duty(Turn.OFFICE, facts.ends_on)
        case State.TERMINATED | State.REVOKED:
            return Duty(Turn.OFFICE, facts.removal_due_on)
        case State.RESTORATION:
            return Duty(Turn.APPLICANT if facts.last_check_failed else Turn.OFFICE, facts.removal_due_on or facts.ends_on)
        case State.REPORTING if facts.reported_on:
            return Duty(Turn.OFFICE, facts.reported_on + timedelta(days=CLOSING_DAYS))
        case State.REPORTING:
            return Duty(Turn.APPLICANT, facts.restored_on + timedelta(days=REPORT_DAYS) if facts.restored_on else None)
    return Duty(Turn.NOBODY, None)
