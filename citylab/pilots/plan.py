"""What an approved proposal brings along: gates, milestones and indicators, read from its answers. Pure; takes what it understands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from .models import Gate

RED, NOT_NEEDED = Gate.State.RED, Gate.State.NOT_NEEDED


@dataclass(frozen=True)
class PlannedMilestone:
    title: str
    due_on: date


@dataclass(frozen=True)
class PlannedIndicator:
    name: str
    unit: str
    baseline: Decimal
    target: Decimal
    method: str


def gates(answers: Mapping[str, Any], *, has_site: bool) -> dict[str, str]:
    """The gates of a new pilot and how they stand (kind → state): red until somebody says otherwise, unless plainly not needed."""
    return {
        Gate.Kind.SIGNATURES: RED,
        Gate.Kind.PERMITS: RED,
        Gate.Kind.INSURANCE: RED,
        Gate.Kind.FEES: RED,
        Gate.Kind.DEPOSIT: RED if has_site else NOT_NEEDED,
        Gate.Kind.DPIA: RED if answers.get("has_personal_data") else NOT_NEEDED,
        Gate.Kind.SLOT: RED if has_site else NOT_NEEDED,
    }


def milestones(answers: Mapping[str, Any]) -> list[PlannedMilestone]:
    """One for the end of each phase of the plan that has a name and a last day."""
    found = []
    for row in _rows(answers, "phases"):
        due_on = _day(row.get("ends_on"))
        if due_on and row.get("name"):
            found.append(PlannedMilestone(str(row["name"])[:200], due_on))
    return found


def indicators(answers: Mapping[str, Any]) -> list[PlannedIndicator]:
    """The indicators that have a name, a baseline and a target in numbers; the others can be added in the pilot."""
    found = []
    for row in _rows(answers, "indicators"):
        baseline, target = _number(row.get("baseline")), _number(row.get("target"))
        if row.get("name") and baseline is not None and target is not None:
            found.append(PlannedIndicator(str(row["name"])[:160], str(row.get("unit") or "")[:20], baseline, target, str(row.get("method") or "")[:300]))
    return found


def _rows(answers: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = answers.get(name)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _number(value: Any) -> Decimal | None:
    """A number written with a comma or a point; None for anything else, or too large for its column."""
    try:
        number = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.0001")) if number.is_finite() and abs(number) < 10**10 else None
