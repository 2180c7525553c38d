"""The only place that knows what time it is. Services ask here, so that tests and the demo city can be at another moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

rome = ZoneInfo("Europe/Rome")
_travelled: ContextVar[datetime | None] = ContextVar("travelled", default=None)


def now() -> datetime:
    """This moment, aware, in Turin's time zone."""
    return _travelled.get() or timezone.now().astimezone(rome)


def today() -> date:
    """Today's date in Turin."""
    return now().date()


@contextmanager
def travelling_to(moment: datetime) -> Iterator[None]:
    """Be at another moment inside the block. A naive moment is meant in Turin's time zone."""
    aware = moment.replace(tzinfo=rome) if moment.tzinfo is None else moment.astimezone(rome)
    token = _travelled.set(aware)
    try:
        yield
    finally:
        _travelled.reset(token)
