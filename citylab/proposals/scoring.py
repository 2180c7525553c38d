"""How scores add up (CommuniCity, domain §4): pure, over plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

# Domain §4, default: at least sixty points of a hundred; a spread of two points or more is shown.
PASS_POINTS = 60
SPREAD_FLAG = 2
# The criterion that decides between equal points.
IMPACT = "impact"


@dataclass(frozen=True)
class CriterionResult:
    """One criterion over all confirmed sheets: mean 0–5, whether it reaches its minimum, and how far evaluators differ."""

    code: str
    weight: int
    mean: Fraction
    minimum: int
    passed: bool
    spread: int
    flagged: bool


@dataclass(frozen=True)
class Result:
    """The whole: points of a hundred and whether it passes."""

    criteria: tuple[CriterionResult, ...]
    points: Fraction
    sheets: int
    passed: bool


def result(criteria: Sequence[Mapping[str, Any]], sheets: Sequence[Mapping[str, int]]) -> Result | None:
    """Σ(weight × mean) / Σweight, as points of 100. `sheets` are confirmed ones, criterion code → 0–5. None without a sheet."""
    if not sheets or not criteria:
        return None
    lines = []
    for criterion in criteria:
        values = [sheet[criterion["code"]] for sheet in sheets]
        mean = Fraction(sum(values), len(values))
        spread = max(values) - min(values)
        lines.append(
            CriterionResult(criterion["code"], criterion["weight"], mean, criterion["minimum"], mean >= criterion["minimum"], spread, spread >= SPREAD_FLAG)
        )
    points = sum((line.weight * line.mean for line in lines), Fraction(0)) / sum(line.weight for line in lines) * 20
    return Result(tuple(lines), points, len(sheets), points >= PASS_POINTS and all(line.passed for line in lines))


@dataclass(frozen=True)
class Entry:
    """Something to rank: its result (None without a confirmed sheet) and the moment it was received."""

    key: Any
    result: Result | None
    received_at: datetime


def ranked(entries: Sequence[Entry]) -> list[Entry]:
    """Best first: points, then the mean of Impact, then whoever was received first (domain §4); those without a result last."""

    def order(entry: Entry) -> tuple[bool, Fraction, Fraction, datetime]:
        if entry.result is None:
            return (True, Fraction(0), Fraction(0), entry.received_at)
        impact = next((line.mean for line in entry.result.criteria if line.code == IMPACT), Fraction(0))
        return (False, -entry.result.points, -impact, entry.received_at)

    return sorted(entries, key=order)
