"""Working out a small line chart: where its points, its lines and its words stand. Pure; drawn by components/chart.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# The canvas: 340 wide, so that its words are still readable on a phone; the line lives in the frame within.
LEFT, RIGHT, TOP, BOTTOM = 24.0, 316.0, 28.0, 156.0
# More values than these would overlap: then only the first, the last, the highest and the lowest are written.
MOST_LABELS = 6


@dataclass(frozen=True)
class Point:
    day: date
    value: Decimal
    x: float
    y: float
    is_labelled: bool

    @property
    def label_y(self) -> float:
        return round(self.y - 9, 1)


@dataclass(frozen=True)
class Chart:
    points: list[Point]
    zero: float
    baseline: float | None
    target: float | None

    @property
    def line(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def line(readings: Sequence[tuple[date, Decimal]], *, baseline: Decimal | None = None, target: Decimal | None = None) -> Chart:
    """The chart of `readings`, oldest first: days at their distance in time, values from zero (below it where some are negative)."""
    known = [Decimal(0), *(value for _day, value in readings), *(limit for limit in (baseline, target) if limit is not None)]
    low, high = min(known), max(known)
    span = high - low or Decimal(1)
    first, last = (readings[0][0], readings[-1][0]) if readings else (date.min, date.min)
    days = (last - first).days

    def height(value: Decimal) -> float:
        return round(BOTTOM - float((value - low) / span) * (BOTTOM - TOP), 1)

    def across(day: date) -> float:
        return round(LEFT + (day - first).days / days * (RIGHT - LEFT), 1) if days else (LEFT + RIGHT) / 2

    values = [value for _day, value in readings]
    told = set(range(len(values)))
    if len(values) > MOST_LABELS:
        told = {0, len(values) - 1, values.index(max(values)), values.index(min(values))}
    points = [Point(day, value, across(day), height(value), index in told) for index, (day, value) in enumerate(readings)]
    return Chart(points, height(Decimal(0)), None if baseline is None else height(baseline), None if target is None else height(target))
