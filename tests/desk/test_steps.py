"""The one thing owed in a case, and what keeps a move from being made: over plain facts."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from citylab.desk.steps import Facts, blocked, next_step

TODAY = date(2027, 3, 10)
LATER, EARLIER = date(2027, 3, 11), date(2027, 3, 9)

STEPS = [
    (Facts("submitted"), True, "start-screening"),
    (Facts("screening", lines_open=9), True, "tab:screening"),
    (Facts("screening", lines_open=9, replies_open=2), True, "tab:screening"),
    (Facts("screening"), True, "start-evaluation"),
    (Facts("changes_requested"), False, ""),
    (Facts("changes_requested", undelivered=True), True, "tab:messages"),
    (Facts("evaluation"), True, "assign_evaluator"),
    (Facts("evaluation", evaluators=2, waiting=1, confirmed=1), True, "tab:evaluation"),
    (Facts("evaluation", evaluators=2, confirmed=2), True, "tab:evaluation"),
    (Facts("refusal_notice", rejection_from=LATER), False, ""),
    (Facts("refusal_notice", rejection_from=TODAY), True, "reject"),
    (Facts("refusal_notice", rejection_from=LATER, observations=True), True, "tab:evaluation"),
    (Facts("approved"), False, "pilot"),
    (Facts("rejected"), False, ""),
    (Facts("rejected", undelivered=True), True, "tab:messages"),
    (Facts("inadmissible"), False, ""),
    (Facts("withdrawn", undelivered=True), False, ""),
]


@pytest.mark.parametrize(("facts", "is_ours", "target"), STEPS)
def test_the_turn_box_says_whose_turn_it_is_and_what_is_owed(facts: Facts, is_ours: bool, target: str) -> None:
    step = next_step(facts, TODAY)
    assert (step.is_ours, step.target) == (is_ours, target)
    assert step.text and bool(step.label) == bool(target)


READY: dict[str, tuple[Facts, dict[str, Any]]] = {
    # move: the facts that allow it, and each fact that alone keeps it from being made
    "start-evaluation": (Facts("screening"), {"lines_open": 1}),
    "approve": (Facts("evaluation", confirmed=1), {"confirmed": 0}),
    "refusal-notice": (Facts("evaluation", confirmed=1), {"confirmed": 0}),
    "reject": (Facts("refusal_notice", notice_received=True, rejection_from=EARLIER), {"notice_received": False, "rejection_from": LATER}),
    "resume-evaluation": (Facts("refusal_notice"), {}),
    "inadmissible": (Facts("screening", lines_open=9), {}),
}


@pytest.mark.parametrize("code", READY)
def test_what_keeps_a_move_from_being_made(code: str) -> None:
    facts, missing = READY[code]
    assert blocked(code, facts, TODAY) == ""
    for name, value in missing.items():
        assert blocked(code, replace(facts, **{name: value}), TODAY) != ""


def test_a_competitive_rejection_needs_a_confirmed_sheet_and_no_notice() -> None:
    assert blocked("reject", Facts("evaluation", confirmed=1), TODAY) == ""
    assert blocked("reject", Facts("evaluation"), TODAY) == "No score sheet is confirmed yet."
