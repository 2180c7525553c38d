"""Working days of the offices of Turin."""

from datetime import date, timedelta
from functools import lru_cache

import holidays as national
from django.conf import settings


@lru_cache
def holidays_of(year: int) -> frozenset[date]:
    """National holidays (law 260/1949) and the city's patron saint."""
    month, day = settings.CITY["patron_day"]
    return frozenset(national.country_holidays("IT", years=year)) | {date(year, month, day)}


def is_working_day(day: date) -> bool:
    """Neither a Saturday, nor a Sunday, nor a holiday (art. 155 c.p.c. treats Saturday as a holiday for terms)."""
    return day.weekday() < 5 and day not in holidays_of(day.year)


def next_working_day(day: date) -> date:
    """`day` itself, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
