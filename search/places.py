"""The nearest of many places, without looking at all of them."""

from bisect import bisect_left
from collections.abc import Iterable
from math import radians

from .policy import EARTH_RADIUS_METRES, metres_between


class Places:
    """Places by their latitude: one that is farther north or south than the nearest yet found, cannot be nearer."""

    def __init__(self, places: Iterable[tuple[str, tuple[float, float]]]) -> None:
        self._places = sorted((point, code) for code, point in places)

    def nearest(self, point: tuple[float, float], but: str) -> tuple[str, int] | None:
        """The code of the nearest place, with metres; never `but`. Of two equally near ones the first by code; None where there is no other."""
        found: tuple[int, str] | None = None
        start = bisect_left(self._places, (point, ""))
        for way in (range(start - 1, -1, -1), range(start, len(self._places))):
            for index in way:
                there, code = self._places[index]
                if found and radians(abs(there[0] - point[0])) * EARTH_RADIUS_METRES > found[0] + 1:
                    break
                if code != but:
                    found = min(found or (10**9, ""), (metres_between(point, there), code))
        return (found[1], found[0]) if found else None
