"""Working days of the city's offices: weekends, the national holidays and the city's patron saint are not."""

from datetime import date, timedelta
from functools import lru_cache

from django.conf import settings
from holidays import country_holidays


@lru_cache(maxsize=200)
def _national(year: int) -> frozenset[date]:
    return frozenset(country_holidays("IT", years=year))


def is_holiday(day: date) -> bool:
    """National holidays (law 260/1949 and its changes, Easter Monday included) and the patron saint's day of this city."""
    return day in _national(day.year) or (day.month, day.day) == settings.CITY["patron_day"]


def is_working_day(day: date) -> bool:
    """Monday to Friday, holidays excluded: Saturdays count as holidays where a term ends (art. 155 c.p.c. c. 5)."""
    return day.weekday() < 5 and not is_holiday(day)


def next_working_day(day: date) -> date:
    """`day` itself when it is a working day, otherwise the first one after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
