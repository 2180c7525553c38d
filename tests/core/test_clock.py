"""What time it is."""

from datetime import UTC, date, datetime
from threading import Thread

import pytest

from citylab.core import clock
from citylab.core.clock import holidays


def test_now_is_aware_and_in_rome():
    assert clock.now().tzinfo is clock.rome


def test_today_is_the_date_in_rome_not_in_utc():
    with clock.travelling_to(datetime(2027, 6, 30, 22, 30, tzinfo=UTC)):
        assert clock.today() == date(2027, 7, 1)


def test_travelling_nests_and_ends():
    outer, inner = datetime(2027, 1, 1, 12, tzinfo=clock.rome), datetime(2028, 2, 29, 12, tzinfo=clock.rome)
    with clock.travelling_to(outer):
        with clock.travelling_to(inner):
            assert clock.now() == inner
        assert clock.now() == outer
    assert clock.now().year < 2100 and clock.now() != outer


def test_travelling_needs_an_aware_moment():
    with pytest.raises(ValueError, match="aware"), clock.travelling_to(datetime(2027, 1, 1)):
        pass


def test_another_thread_does_not_travel():
    seen = []
    moment = datetime(2031, 1, 1, tzinfo=clock.rome)
    with clock.travelling_to(moment):
        thread = Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen[0] != moment


@pytest.mark.parametrize(
    ("day", "what"),
    [
        (date(2027, 1, 1), "New Year"),
        (date(2027, 1, 6), "Epiphany"),
        (date(2027, 3, 29), "Easter Monday"),
        (date(2026, 4, 6), "Easter Monday of another year"),
        (date(2028, 4, 25), "Liberation Day"),
        (date(2027, 6, 2), "Republic Day"),
        (date(2027, 6, 24), "San Giovanni, patron of Turin"),
        (date(2026, 12, 8), "Immaculate Conception"),
        (date(2027, 12, 25), "Christmas"),
    ],
)
def test_holidays(day, what):
    assert holidays.is_holiday(day), what
    assert not holidays.is_working_day(day)


def test_the_patron_day_is_a_setting(settings):
    settings.CITY = {**settings.CITY, "patron_day": (12, 7)}
    assert holidays.is_working_day(date(2027, 6, 24))
    assert not holidays.is_working_day(date(2027, 12, 7))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),  # a Monday stays
        (date(2026, 11, 28), date(2026, 11, 30)),  # Saturday and Sunday
        (date(2027, 3, 27), date(2027, 3, 30)),  # Saturday before Easter: past Easter Monday
        (date(2027, 6, 24), date(2027, 6, 25)),  # San Giovanni, a Thursday
        (date(2026, 12, 25), date(2026, 12, 28)),  # Christmas on a Friday, Saint Stephen's on a Saturday
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 1, 4)),  # New Year on a Friday
    ],
)
def test_next_working_day(day, working):
    assert holidays.next_working_day(day) == working
