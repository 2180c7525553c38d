"""The law's clock, with dates worked out by hand."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citylab.core.clock import deadlines, holidays, rome
from citylab.core.clock.deadlines import ClockFacts, Suspension, proceeding_clock

D = date
MONDAY = D(2027, 2, 1)


def additions(starts_on, ends_on=None, limit_on=None):
    return Suspension("additions", starts_on, ends_on, limit_on or deadlines.additions_limit(starts_on))


def notice(starts_on, observations_on=None):
    due = deadlines.observations_limit(starts_on)
    ends = deadlines.refusal_clock_resumes_on(due, observations_on)
    return Suspension("refusal_notice", starts_on, ends, ends)


def case(*suspensions, mode="open", received_on=MONDAY, **facts):
    return ClockFacts(mode=mode, received_on=received_on, suspensions=suspensions, **facts)


@pytest.mark.parametrize(
    ("received_on", "days", "ends_on"),
    [
        (D(2027, 2, 1), 30, D(2027, 3, 3)),  # the day of receipt is not counted
        (D(2027, 2, 1), 1, D(2027, 2, 2)),
        (D(2026, 12, 15), 30, D(2027, 1, 14)),  # over the year's end
        (D(2028, 2, 1), 30, D(2028, 3, 2)),  # leap year
        (D(2028, 1, 30), 30, D(2028, 2, 29)),  # ends on the 29th of February
        (D(2027, 2, 25), 30, D(2027, 3, 30)),  # ends on Saturday before Easter, then Easter and Easter Monday
        (D(2027, 5, 25), 30, D(2027, 6, 25)),  # ends on San Giovanni
        (D(2026, 12, 15), 10, D(2026, 12, 28)),  # Christmas, Saint Stephen's, Sunday
        (D(2026, 11, 26), 10, D(2026, 12, 7)),  # a Sunday; the 7th of December is a working day
        (D(2026, 11, 28), 10, D(2026, 12, 9)),  # the 8th of December
    ],
)
def test_end_of_term(received_on, days, ends_on):
    assert deadlines.end_of_term(received_on, days) == ends_on


@given(received_on=st.dates(D(2024, 1, 1), D(2060, 1, 1)), days=st.integers(1, 120))
def test_a_term_ends_on_a_working_day_never_early_and_at_most_a_week_late(received_on, days):
    end = deadlines.end_of_term(received_on, days)
    assert holidays.is_working_day(end)
    assert timedelta(days) <= end - received_on <= timedelta(days + 7)
    assert not any(holidays.is_working_day(received_on + timedelta(n)) for n in range(days, (end - received_on).days))


@pytest.mark.parametrize(("second", "passed"), [("12:00:00", False), ("12:00:59.999999", False), ("12:01:00", True), ("11:59:59", False)])
def test_a_deadline_includes_its_last_minute(second, passed):
    deadline = datetime(2027, 3, 1, 12, 0, tzinfo=rome)
    assert deadlines.deadline_passed(deadline, datetime.fromisoformat(f"2027-03-01T{second}").replace(tzinfo=rome)) is passed


def test_a_deadline_is_compared_across_time_zones_and_the_end_of_summer_time():
    deadline = datetime(2027, 10, 31, 23, 59, tzinfo=rome)
    assert not deadlines.deadline_passed(deadline, datetime.fromisoformat("2027-10-31T22:59:30+00:00"))
    assert deadlines.deadline_passed(deadline, datetime.fromisoformat("2027-10-31T23:00:00+00:00"))


def test_limits_for_answers():
    assert deadlines.additions_limit(D(2027, 2, 1)) == D(2027, 3, 3)
    assert deadlines.observations_limit(D(2027, 2, 1)) == D(2027, 2, 11)
    assert deadlines.observations_limit(D(2027, 2, 3)) == D(2027, 2, 15)  # the 13th is a Saturday


@pytest.mark.parametrize(
    ("observations_on", "resumes_on"),
    [
        (None, D(2027, 2, 11)),  # nothing arrived: the end of the ten days
        (D(2027, 2, 5), D(2027, 2, 15)),  # ten days after they arrived
        (D(2027, 2, 11), D(2027, 2, 21)),
        (D(2027, 2, 12), D(2027, 2, 11)),  # too late counts as none
    ],
)
def test_after_a_refusal_notice_the_clock_resumes_and_only_then_a_rejection_is_allowed(observations_on, resumes_on):
    assert deadlines.refusal_clock_resumes_on(D(2027, 2, 11), observations_on) == resumes_on
    assert deadlines.rejection_allowed_from(D(2027, 2, 11), observations_on) == resumes_on + timedelta(days=1)


def test_an_open_case_on_the_day_it_arrives():
    clock = proceeding_clock(case(), MONDAY)
    assert clock.starts_on == MONDAY and clock.due_on == D(2027, 3, 3)
    assert (clock.days_used, clock.days_left, clock.late_by) == (0, 30, 0)
    assert clock.reason_code == "running" and not clock.suspended and clock.resumes_on is None
    assert clock.articles == ("L. 241/1990, art. 2",)


def test_an_end_on_a_holiday_names_its_article():
    clock = proceeding_clock(case(received_on=D(2027, 5, 25)), D(2027, 6, 24))
    assert clock.due_on == D(2027, 6, 25) and clock.days_left == 1 and clock.late_by == 0
    assert clock.articles == ("L. 241/1990, art. 2", "art. 2963 c.c.")


def test_the_last_day_is_in_time_and_the_next_is_late():
    last, after = proceeding_clock(case(), D(2027, 3, 3)), proceeding_clock(case(), D(2027, 3, 5))
    assert (last.days_left, last.late_by, last.reason_code) == (0, 0, "running")
    assert (after.days_left, after.late_by, after.reason_code) == (0, 2, "late")


def test_a_competitive_case_counts_from_the_closing_day():
    facts = case(mode="competitive", received_on=D(2027, 1, 11), closes_on=MONDAY)
    before, after = proceeding_clock(facts, D(2027, 1, 20)), proceeding_clock(facts, D(2027, 2, 11))
    assert before.reason_code == "not_started" and before.days_used == 0 and before.days_left == 30
    assert after.starts_on == MONDAY and after.due_on == D(2027, 3, 3) and after.days_used == 10 and after.days_left == 20


def test_a_case_reopened_after_the_closing_day_starts_anew():
    clock = proceeding_clock(case(mode="competitive", received_on=D(2027, 3, 1), closes_on=MONDAY), D(2027, 3, 1))
    assert clock.starts_on == D(2027, 3, 1) and clock.due_on == D(2027, 3, 31)


def test_a_term_of_its_own():
    assert proceeding_clock(case(term_days=60), MONDAY).due_on == D(2027, 4, 2)


def test_additions_stop_the_clock_until_the_answer():
    # Asked on day 10, answered eight days later: thirty days and eight.
    facts = case(additions(D(2027, 2, 11), D(2027, 2, 19)))
    waiting = proceeding_clock(case(additions(D(2027, 2, 11))), D(2027, 2, 15))
    assert waiting.suspended and waiting.reason_code == "additions"
    assert waiting.suspended_since == D(2027, 2, 11) and waiting.resumes_on == D(2027, 3, 15)  # the 13th of March is a Saturday
    assert (waiting.days_used, waiting.days_left) == (10, 21)  # twenty, and a Sunday: 4 April
    answered = proceeding_clock(facts, D(2027, 2, 19))
    assert not answered.suspended and (answered.days_used, answered.days_left) == (10, 20)
    assert answered.due_on == D(2027, 3, 11)
    assert answered.articles == ("L. 241/1990, art. 2", "L. 241/1990, art. 2 c. 7")


def test_days_left_stand_still_while_suspended():
    facts = case(additions(D(2027, 2, 11)))
    assert {proceeding_clock(facts, D(2027, 2, 11) + timedelta(n)).days_left for n in range(33)} == {21}


def test_without_an_answer_the_clock_resumes_by_itself():
    facts = case(additions(D(2027, 2, 11)))
    limit = deadlines.additions_limit(D(2027, 2, 11))
    assert proceeding_clock(facts, limit).suspended  # the last day still belongs to the start-up
    after = proceeding_clock(facts, limit + timedelta(days=1))
    assert not after.suspended and after.reason_code == "running" and after.days_used == 11
    # Whenever it is recorded that nothing came, the clock has gone on from the limit.
    recorded_late = case(additions(D(2027, 2, 11), limit + timedelta(days=9), limit))
    assert proceeding_clock(recorded_late, limit + timedelta(days=9)).due_on == after.due_on


def test_additions_stop_the_clock_once():
    twice = case(additions(D(2027, 2, 3), D(2027, 2, 5)), additions(D(2027, 2, 11), D(2027, 2, 19)))
    assert proceeding_clock(twice, D(2027, 2, 15)).due_on == D(2027, 3, 5)
    assert not proceeding_clock(twice, D(2027, 2, 15)).suspended


def test_additions_suspend_for_no_more_than_thirty_days_whatever_is_on_record():
    facts = case(additions(D(2027, 2, 11), None, D(2027, 6, 1)))
    assert proceeding_clock(facts, D(2027, 2, 12)).resumes_on == D(2027, 3, 15)


def test_a_refusal_notice_without_observations():
    facts = case(notice(D(2027, 2, 11)))  # observations until Sunday the 21st, so Monday the 22nd
    during = proceeding_clock(facts, D(2027, 2, 22))
    assert during.suspended and during.reason_code == "refusal_notice" and during.resumes_on == D(2027, 2, 22)
    after = proceeding_clock(facts, D(2027, 2, 23))
    assert not after.suspended and after.due_on == D(2027, 3, 15)  # 3 March and 11 days: the 14th is a Sunday
    assert "L. 241/1990, art. 10-bis" in after.articles


def test_a_refusal_notice_with_observations_suspends_ten_days_more():
    facts = case(notice(D(2027, 2, 11), observations_on=D(2027, 2, 15)))
    clock = proceeding_clock(facts, D(2027, 2, 20))
    assert clock.suspended and clock.resumes_on == D(2027, 2, 25)
    assert clock.due_on == D(2027, 3, 17)


def test_a_refusal_notice_does_not_exist_in_competitive_procedures():
    facts = case(notice(D(2027, 2, 11)), mode="competitive", closes_on=MONDAY)
    clock = proceeding_clock(facts, D(2027, 2, 15))
    assert not clock.suspended and clock.due_on == D(2027, 3, 3)


def test_several_suspensions_add_up():
    facts = case(additions(D(2027, 2, 3), D(2027, 2, 8)), notice(D(2027, 2, 22), observations_on=D(2027, 2, 25)), notice(D(2027, 3, 10)))
    # 5 days, then 22 February to 7 March (13 days), then 10 to 22 March (12 days, the 20th is a Saturday): 3 March and 30 days.
    clock = proceeding_clock(facts, D(2027, 3, 25))
    assert clock.due_on == D(2027, 4, 2)
    assert clock.days_used == 52 - 30 and clock.days_left == 8
    assert clock.articles == ("L. 241/1990, art. 2", "L. 241/1990, art. 2 c. 7", "L. 241/1990, art. 10-bis")


def test_suspensions_that_overlap_are_counted_once():
    facts = case(additions(D(2027, 2, 3), D(2027, 2, 15)), notice(D(2027, 2, 10), observations_on=None))
    assert proceeding_clock(facts, D(2027, 3, 1)).due_on == deadlines.end_of_term(MONDAY, 30 + 19)


def test_a_term_that_has_ended_is_not_suspended_any_more():
    facts = case(additions(D(2027, 3, 4), D(2027, 3, 10)))
    clock = proceeding_clock(facts, D(2027, 3, 8))
    assert clock.due_on == D(2027, 3, 3) and clock.late_by == 5 and not clock.suspended


def test_a_request_on_the_day_that_a_holiday_added_still_suspends():
    facts = case(additions(D(2027, 6, 25), D(2027, 7, 1)), received_on=D(2027, 5, 25))
    assert proceeding_clock(facts, D(2027, 7, 1)).due_on == D(2027, 7, 1)


def test_a_decision_stops_everything():
    late = proceeding_clock(case(decided_on=D(2027, 3, 8)), D(2027, 12, 1))
    early = proceeding_clock(case(decided_on=D(2027, 2, 21)), D(2027, 12, 1))
    assert (late.reason_code, late.late_by, late.days_left) == ("decided", 5, 0)
    assert (early.reason_code, early.late_by, early.days_left, early.days_used) == ("decided", 0, 10, 20)


days = st.integers(0, 45)


@given(
    received_on=st.dates(D(2025, 1, 1), D(2040, 1, 1)),
    asked=days,
    answered=st.none() | days,
    noticed=st.none() | days,
    observed=st.none() | days,
    mode=st.sampled_from(["open", "competitive"]),
)
def test_whatever_happens_the_days_add_up(received_on, asked, answered, noticed, observed, mode):
    start = received_on + timedelta(asked)
    suspensions = [additions(start, start + timedelta(answered) if answered is not None else None)]
    if noticed is not None:
        given_on = start + timedelta(noticed)
        suspensions.append(notice(given_on, given_on + timedelta(observed) if observed is not None else None))
    facts = ClockFacts(mode, received_on, received_on, suspensions=tuple(suspensions))
    plain = proceeding_clock(ClockFacts(mode, received_on, received_on), received_on)
    used, left = -1, 10**6
    for n in range(150):
        clock = proceeding_clock(facts, received_on + timedelta(n))
        assert clock.due_on >= plain.due_on and holidays.is_working_day(clock.due_on)
        assert used <= clock.days_used <= used + 1  # never back, never more than a day at a time
        assert clock.days_left <= left and (clock.days_left == 0 or clock.late_by == 0)
        assert clock.suspended == (clock.suspended_since is not None) == (clock.resumes_on is not None)
        if n == 0:
            assert clock.days_used == 0
        used, left = clock.days_used, clock.days_left
    # Additions never cost the city more than the law allows: thirty days, moved past a holiday.
    if noticed is None:
        assert (clock.due_on - plain.due_on).days <= 30 + 7 + 7
