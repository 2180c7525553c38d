"""Where the points of a small chart stand."""

from datetime import date
from decimal import Decimal

from citylab.core import charts

D = Decimal


def test_days_stand_at_their_distance_in_time_and_values_from_zero() -> None:
    chart = charts.line([(date(2027, 3, 1), D(0)), (date(2027, 3, 3), D(50)), (date(2027, 3, 11), D(100))], target=D(100))
    assert [(point.x, point.y) for point in chart.points] == [(24.0, 156.0), (82.4, 92.0), (316.0, 28.0)]
    assert (chart.zero, chart.target, chart.baseline) == (156.0, 28.0, None)


def test_negative_values_go_below_the_axis() -> None:
    chart = charts.line([(date(2027, 3, 1), D(-10)), (date(2027, 3, 2), D(10))], baseline=D(-10))
    assert (chart.points[0].y, chart.zero, chart.points[1].y, chart.baseline) == (156.0, 92.0, 28.0, 156.0)


def test_a_single_reading_stands_in_the_middle() -> None:
    assert [(point.x, point.y) for point in charts.line([(date(2027, 3, 1), D(5))], target=D(10)).points] == [(170.0, 92.0)]


def test_no_reading_and_nothing_but_zeros_are_drawn_too() -> None:
    assert charts.line([], target=D(3)).points == []
    assert charts.line([(date(2027, 3, 1), D(0))]).points[0].y == 156.0


def test_of_many_values_only_the_telling_ones_are_written() -> None:
    values = [5, 9, 3, 4, 5, 6, 7, 8]
    chart = charts.line([(date(2027, 3, day + 1), D(value)) for day, value in enumerate(values)])
    assert [index for index, point in enumerate(chart.points) if point.is_labelled] == [0, 1, 2, 7]
