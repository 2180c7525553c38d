"""The only clock of the product: what time it is, in Rome, also for demo data and tests that travel."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

rome = ZoneInfo("Europe/Rome")
_travelled: ContextVar[datetime | None] = ContextVar("citylab_clock", default=None)


def now() -> datetime:
    """This moment, aware, in Rome."""
    travelled = _travelled.get()
    return travelled if travelled is not None else datetime.now(rome)


def today() -> date:
    """Today's date in Rome."""
    return now().date()


def days_until(moment: datetime) -> int:
    """Whole days on the calendar of Rome from today to the day of `moment`."""
    return (moment.astimezone(rome).date() - today()).days


@contextmanager
def travelling_to(moment: datetime) -> Iterator[datetime]:
    """Inside the block it is `moment` (aware), for this thread or task alone; blocks may be nested. Raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("travelling_to needs an aware moment")
    token = _travelled.set(moment.astimezone(rome))
    try:
        yield moment
    finally:
        _travelled.reset(token)
