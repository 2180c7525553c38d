"""Whose turn it is and by when, as a table."""

from datetime import date
from typing import Any

import pytest

from citylab.pilots.duties import Duty, PilotFacts, duty

CREATED = date(2027, 3, 1)
STARTS, ENDS = date(2027, 5, 1), date(2027, 6, 30)

TABLE: list[tuple[str, str, dict[str, Any], str, date | None]] = [
    ("nobody has signed: thirty days from the approval", "agreement", {}, "applicant", date(2027, 3, 31)),
    ("the start-up has signed: the city signs", "agreement", {"signed_by_startup": True}, "office", date(2027, 3, 31)),
    ("a first day within the thirty comes before them", "agreement", {"starts_on": date(2027, 3, 10)}, "applicant", date(2027, 3, 10)),
    ("a first day after the thirty changes nothing", "agreement", {"starts_on": STARTS}, "applicant", date(2027, 3, 31)),
    ("requirements are in order by the first day", "preparation", {"starts_on": STARTS}, "office", STARTS),
    ("without dates there is no day", "preparation", {}, "office", None),
    ("a ready pilot starts on its first day", "ready", {"starts_on": STARTS}, "office", STARTS),
    ("the next milestone", "running", {"ends_on": ENDS, "next_milestone_on": date(2027, 5, 20)}, "applicant", date(2027, 5, 20)),
    ("the last day, where no milestone comes before it", "running", {"ends_on": ENDS}, "applicant", ENDS),
    ("a milestone after the last day does not move it", "running", {"ends_on": ENDS, "next_milestone_on": date(2027, 8, 1)}, "applicant", ENDS),
    ("neither milestone nor last day", "running", {}, "applicant", None),
    ("a request is answered within ten days", "running", {"ends_on": ENDS, "request_pending_since": date(2027, 5, 3)}, "office", date(2027, 5, 13)),
    ("a request during a suspension too", "suspended", {"ends_on": ENDS, "request_pending_since": date(2027, 5, 3)}, "office", date(2027, 5, 13)),
    ("the restart is the city's, before the last day", "suspended", {"ends_on": ENDS}, "office", ENDS),
    ("after an early end the city opens the restoration", "terminated", {"removal_due_on": date(2027, 5, 15)}, "office", date(2027, 5, 15)),
    ("after a revocation too", "revoked", {"removal_due_on": date(2027, 5, 15)}, "office", date(2027, 5, 15)),
    ("the city checks by the day of removal", "restoration", {"ends_on": ENDS, "removal_due_on": date(2027, 5, 15)}, "office", date(2027, 5, 15)),
    ("after a regular end, by the last day", "restoration", {"ends_on": ENDS}, "office", ENDS),
    ("after a failed check the start-up mends", "restoration", {"ends_on": ENDS, "last_check_failed": True}, "applicant", ENDS),
    ("the report, thirty days from the restored site", "reporting", {"restored_on": date(2027, 7, 5)}, "applicant", date(2027, 8, 4)),
    ("the closure, thirty days from the report", "reporting", {"restored_on": date(2027, 7, 5), "reported_on": date(2027, 7, 20)}, "office", date(2027, 8, 19)),
    ("closed", "closed", {"ends_on": ENDS}, "nobody", None),
    ("withdrawn", "withdrawn", {"starts_on": STARTS}, "nobody", None),
]


@pytest.mark.parametrize(("facts", "state", "turn", "due_on"), [pytest.param(facts, state, turn, due_on, id=name) for name, state, facts, turn, due_on in TABLE])
def test_turn_and_day(facts: dict[str, Any], state: str, turn: str, due_on: date | None) -> None:
    assert duty(PilotFacts(state=state, created_on=CREATED, **facts)) == Duty(turn, due_on)


def test_every_state_has_a_line() -> None:
    from .table import STATES

    assert {state for _name, state, *_rest in TABLE} == set(STATES)
