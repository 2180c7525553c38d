"""Legal terms: pure functions from stored facts to days. Nothing here reads a clock, a row or a setting other than the holidays."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from .holidays import next_working_day

PROCEEDING_DAYS = 30
ADDITIONS_DAYS = 30
OBSERVATIONS_DAYS = 10

ART_2 = "L. 241/1990, art. 2"
ART_2_C_7 = "L. 241/1990, art. 2 c. 7"
ART_10_BIS = "L. 241/1990, art. 10-bis"
ART_2963 = "art. 2963 c.c."

Mode = Literal["open", "competitive"]
Kind = Literal["additions", "refusal_notice"]
Reason = Literal["not_started", "running", "additions", "refusal_notice", "late", "decided"]


@dataclass(frozen=True)
class Suspension:
    """The clock stood still from `starts_on` (the day of the request, still counted).

    `ends_on`: the day from which days are counted again, itself not counted; None while nobody answered.
    `limit_on`: the last day that the law lets it stand still; past it the clock goes on by itself.
    """

    kind: Kind
    starts_on: date
    ends_on: date | None
    limit_on: date


@dataclass(frozen=True)
class ClockFacts:
    """What is on record of a proceeding. `closes_on`: the day on which a competitive call closes."""

    mode: Mode
    received_on: date
    closes_on: date | None = None
    term_days: int = PROCEEDING_DAYS
    suspensions: tuple[Suspension, ...] = ()
    decided_on: date | None = None


@dataclass(frozen=True)
class ProceedingClock:
    """Where the proceeding stands on a day (on the day of the decision, once there is one).

    `days_used`: days counted so far; `days_left`: until `due_on`, frozen while suspended, 0 when late; `late_by`: days past `due_on`.
    `resumes_on`: the day from which days are counted again, with or without an answer. `articles`: the rules that made `due_on`.
    """

    starts_on: date
    due_on: date
    days_left: int
    days_used: int
    late_by: int
    suspended: bool
    suspended_since: date | None
    resumes_on: date | None
    reason_code: Reason
    articles: tuple[str, ...]


@dataclass(frozen=True)
class _Pause:
    kind: Kind
    starts_on: date
    resumes_on: date
    includes_last: bool  # on `resumes_on` itself the other side may still act


def end_of_term(received_on: date, days: int) -> date:
    """The last day of a term of `days` days: the day of receipt is not counted, an end on a holiday moves to the next working day
    (art. 2963 c.c.; art. 155 c.p.c.)."""
    return next_working_day(received_on + timedelta(days=days))


def deadline_passed(deadline: datetime, moment: datetime) -> bool:
    """Whether `moment` comes after `deadline`, which includes its whole last minute: at 12:00:59 a deadline at 12:00 still stands
    (art. 2963 c.c.: a term ends with the end of its last instant)."""
    return moment >= deadline.replace(second=0, microsecond=0) + timedelta(minutes=1)


def additions_limit(legally_received_on: date) -> date:
    """The last day for the additions asked for: thirty days from the legal receipt of the request (law 241/1990 art. 2 c. 7)."""
    return end_of_term(legally_received_on, ADDITIONS_DAYS)


def observations_limit(legally_received_on: date) -> date:
    """The last day for observations: ten days from the legal receipt of the refusal notice (law 241/1990 art. 10-bis)."""
    return end_of_term(legally_received_on, OBSERVATIONS_DAYS)


def refusal_clock_resumes_on(observations_due_on: date, observations_received_on: date | None) -> date:
    """The day from which days are counted again after a refusal notice: ten days after the observations arrived or, without any in
    time, the end of the term for them (law 241/1990 art. 10-bis)."""
    if observations_received_on is None or observations_received_on > observations_due_on:
        return observations_due_on
    return observations_received_on + timedelta(days=OBSERVATIONS_DAYS)


def rejection_allowed_from(observations_due_on: date, observations_received_on: date | None) -> date:
    """The first day on which a proposal may be rejected after a refusal notice: the day after the clock resumes, since the last day of
    the term belongs to the applicant (law 241/1990 art. 10-bis)."""
    return refusal_clock_resumes_on(observations_due_on, observations_received_on) + timedelta(days=1)


def proceeding_clock(facts: ClockFacts, today: date) -> ProceedingClock:
    """The clock of a proceeding on `today`.

    It runs for `term_days` (thirty by default, law 241/1990 art. 2 c. 2) from receipt (open) or from the closing day (competitive).
    Additions suspend it once and for at most thirty days (art. 2 c. 7); a refusal notice suspends it in open procedures alone
    (art. 10-bis: not in competitive ones). A term that has ended cannot be suspended any more.
    """
    starts_on = _starts_on(facts)
    last_day = starts_on + timedelta(days=facts.term_days)
    counted: list[_Pause] = []
    for pause in _pauses(facts, starts_on):
        if pause.starts_on > next_working_day(last_day):
            break
        # Asked on a day that only the move past a holiday added: nothing was left but the end itself.
        last_day = max(last_day, pause.starts_on) + (pause.resumes_on - pause.starts_on)
        counted.append(pause)
    due_on = next_working_day(last_day)

    day = min(today, facts.decided_on) if facts.decided_on else today
    current = next((pause for pause in counted if pause.starts_on <= day and (day < pause.resumes_on or (day == pause.resumes_on and pause.includes_last))), None)
    stood_still = sum((min(day, pause.resumes_on) - pause.starts_on).days for pause in counted if pause.starts_on < day)
    late_by = max(0, (day - due_on).days)
    return ProceedingClock(
        starts_on=starts_on,
        due_on=due_on,
        days_left=max(0, (due_on - max(day, starts_on, current.resumes_on if current else day)).days),
        days_used=max(0, (day - starts_on).days - stood_still),
        late_by=late_by,
        suspended=current is not None,
        suspended_since=current.starts_on if current else None,
        resumes_on=current.resumes_on if current else None,
        reason_code=_reason(facts, today, starts_on, current, late_by),
        articles=_articles(counted, moved=due_on != last_day),
    )


def additions_used(facts: ClockFacts) -> bool:
    """Whether this proceeding has already been suspended for additions, which the law allows once (law 241/1990 art. 2 c. 7)."""
    return any(pause.kind == "additions" for pause in _pauses(facts, _starts_on(facts)))


def _starts_on(facts: ClockFacts) -> date:
    if facts.mode == "competitive" and facts.closes_on is not None:
        # A case reopened after the closing day starts anew on the day it was reopened.
        return max(facts.closes_on, facts.received_on)
    return facts.received_on


def _pauses(facts: ClockFacts, starts_on: date) -> list[_Pause]:
    """The suspensions that the law admits, in order, cut where they would overlap or come before the start."""
    pauses: list[_Pause] = []
    asked_additions = False
    free_from = starts_on
    for suspension in sorted(facts.suspensions, key=lambda s: s.starts_on):
        limit = suspension.limit_on
        if suspension.kind == "additions":
            if asked_additions or (suspension.ends_on or limit) <= starts_on:
                continue
            asked_additions = True
            limit = min(limit, additions_limit(suspension.starts_on))
        elif facts.mode == "competitive":
            continue
        resumes_on = min(suspension.ends_on, limit) if suspension.ends_on else limit
        ran_out = suspension.ends_on is None or suspension.ends_on > limit or suspension.kind == "refusal_notice"
        begins_on = max(suspension.starts_on, free_from)
        if resumes_on > begins_on or (ran_out and resumes_on == begins_on):
            pauses.append(_Pause(suspension.kind, begins_on, resumes_on, ran_out))
            free_from = resumes_on
    return pauses


def _reason(facts: ClockFacts, today: date, starts_on: date, current: _Pause | None, late_by: int) -> Reason:
    if facts.decided_on and facts.decided_on <= today:
        return "decided"
    if today < starts_on:
        return "not_started"
    if current:
        return current.kind
    return "late" if late_by else "running"


def _articles(counted: list[_Pause], moved: bool) -> tuple[str, ...]:
    kinds = {pause.kind for pause in counted}
    found = [ART_2, *([ART_2_C_7] if "additions" in kinds else []), *([ART_10_BIS] if "refusal_notice" in kinds else []), *([ART_2963] if moved else [])]
    return tuple(found)
