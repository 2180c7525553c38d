"""The clock of the law: pure functions over stored facts. Each names the article it comes from."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from .holidays import next_working_day

TERM_DAYS = 30  # law 241/1990 art. 2 c. 2
ADDITIONS_DAYS = 30  # law 241/1990 art. 2 c. 7
OBSERVATIONS_DAYS = 10  # law 241/1990 art. 10-bis


def end_of_term(received_on: date, days: int) -> date:
    """Last day of a term of `days`: the first day is not counted, an end on a holiday moves on (art. 2963 c.c., art. 155 c.p.c.)."""
    return next_working_day(received_on + timedelta(days=days))


def deadline_passed(deadline: datetime, moment: datetime) -> bool:
    """Whether `moment` is past a deadline, which includes its last minute."""
    return moment >= deadline.replace(second=0, microsecond=0) + timedelta(minutes=1)


def additions_limit(legally_received_on: date) -> date:
    """Last day to answer a request for additions (law 241/1990 art. 2 c. 7)."""
    return end_of_term(legally_received_on, ADDITIONS_DAYS)


def observations_limit(legally_received_on: date) -> date:
    """Last day for observations on a refusal notice (law 241/1990 art. 10-bis)."""
    return end_of_term(legally_received_on, OBSERVATIONS_DAYS)


def refusal_clock_resumes_on(observations_due_on: date, observations_received_on: date | None) -> date:
    """The day the clock runs again after a refusal notice: ten days after the observations, or after their ten days without any
    (law 241/1990 art. 10-bis)."""
    return (observations_received_on or observations_due_on) + timedelta(days=OBSERVATIONS_DAYS)


def rejection_allowed_from(observations_due_on: date, observations_received_on: date | None) -> date:
    """First day on which a rejection may follow a refusal notice: once observed, or once the ten days are over (art. 10-bis)."""
    return observations_received_on or observations_due_on + timedelta(days=1)


@dataclass(frozen=True)
class Suspension:
    """A stop of the clock. `ends_on` is the day it runs again, None while open; `limit_on` its latest possible end."""

    kind: str  # "additions" or "refusal_notice"
    starts_on: date
    ends_on: date | None
    limit_on: date


@dataclass(frozen=True)
class ClockFacts:
    """What is stored about a proceeding."""

    mode: str  # "open" or "competitive"
    received_on: date
    closes_on: date | None = None
    term_days: int = TERM_DAYS
    suspensions: tuple[Suspension, ...] = ()
    decided_on: date | None = None


@dataclass(frozen=True)
class ProceedingClock:
    """The clock as everybody sees it, on one day."""

    starts_on: date
    due_on: date
    days_left: int
    days_used: int
    late_by: int
    suspended: bool
    suspended_since: date | None
    resumes_on: date | None
    reason_code: str
    articles: tuple[str, ...] = field(default=())


def _stopped_until(suspension: Suspension, day: date) -> date:
    """The day up to which this stop counts, seen from `day`: a stop never outlasts its limit."""
    end = suspension.ends_on if suspension.ends_on is not None else max(day, suspension.starts_on)
    return min(end, suspension.limit_on)


def proceeding_clock(facts: ClockFacts, day: date) -> ProceedingClock:
    """How the proceeding stands on `day`.

    Thirty days by default (law 241/1990 art. 2), from receipt in open mode, from the closing time in competitive mode; suspended by
    additions (art. 2 c. 7) and, in open mode, by a refusal notice (art. 10-bis). After the decision it stands still on that day.
    """
    start = max(facts.received_on, facts.closes_on) if facts.mode == "competitive" and facts.closes_on else facts.received_on
    seen_from = min(day, facts.decided_on) if facts.decided_on else day
    articles = ["law 241/1990 art. 2"]
    stopped = 0
    current: Suspension | None = None
    for suspension in facts.suspensions:
        if suspension.starts_on > seen_from:
            continue
        articles.append("law 241/1990 art. 2 c. 7" if suspension.kind == "additions" else "law 241/1990 art. 10-bis")
        # Planned ends count in full for the due date; days already used count only what has passed.
        planned = suspension.ends_on if suspension.ends_on is not None else suspension.limit_on
        stopped += max(0, (min(planned, suspension.limit_on) - suspension.starts_on).days)
        if suspension.starts_on <= seen_from < min(planned, suspension.limit_on):
            current = suspension
    due_on = next_working_day(start + timedelta(days=facts.term_days + stopped))
    passed = sum(max(0, (min(_stopped_until(s, seen_from), seen_from) - s.starts_on).days) for s in facts.suspensions if s.starts_on <= seen_from)
    used = max(0, (seen_from - start).days - passed)
    left = (due_on - seen_from).days
    if current is not None:
        resumes = current.ends_on if current.ends_on is not None else current.limit_on
        left = (due_on - min(resumes, current.limit_on)).days
    return ProceedingClock(
        starts_on=start,
        due_on=due_on,
        days_left=max(0, left),
        days_used=used,
        late_by=max(0, (seen_from - due_on).days) if current is None else 0,
        suspended=current is not None and facts.decided_on is None,
        suspended_since=current.starts_on if current else None,
        resumes_on=min(current.ends_on or current.limit_on, current.limit_on) if current else None,
        reason_code=current.kind if current else ("decided" if facts.decided_on else "running"),
        articles=tuple(dict.fromkeys(articles)),
    )
