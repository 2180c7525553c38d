"""What a pilot costs, in euro and cents, worked out by hand beside each case."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.it import iva

from citylab.payments import stamp_duty
from citylab.payments.arithmetic import DAY, Facts, SiteTerms, days_in, estimate, stamp_duty_lines, without

from .made import amounts, area_fee, day, deposit, exempt, facts, flat_fee, lines

YEAR = day("2027-01-01")


def english(line):
    return [step["en"] for step in line.steps]


# --- the fee by area and time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "area", "rule", "owed"),
    [
        ("2027-03-01", "2027-03-31", 10, {"rate": "2.00"}, 620_00),  # 10 × 31 × 2.00
        ("2027-03-01", "2027-03-01", 10, {"rate": "2.00"}, 20_00),  # one day: both ends count
        ("2028-02-28", "2028-03-01", 10, {"rate": "2.00"}, 60_00),  # a leap year: 28, 29 February, 1 March
        ("2027-02-28", "2027-03-01", 10, {"rate": "2.00"}, 40_00),  # no leap year
        ("2027-12-31", "2028-01-01", 1, {"rate": "2.00"}, 4_00),
        ("2027-03-01", "2027-03-10", 25, {"rate": "2.00", "coefficient": Decimal("1.5")}, 750_00),  # 25 × 10 × 2.00 × 1.5
        ("2027-03-01", "2027-03-10", 7, {"rate": "0.71", "coefficient": Decimal("1.25")}, 62_13),  # 62.125: half a cent up
        ("2027-03-01", "2027-03-01", 1, {"rate": "0.00499"}, 0),  # 0.499 cents: down
        ("2027-03-01", "2027-03-01", 1, {"rate": "0.005"}, 1),  # half a cent: up
        ("2027-03-01", "2027-03-10", 25, {"rate": "2.00", "free_days": 3}, 350_00),  # 25 × 7 × 2.00
        ("2027-03-01", "2027-03-03", 25, {"rate": "2.00", "free_days": 3}, 0),
        ("2027-03-01", "2027-03-02", 25, {"rate": "2.00", "free_days": 3}, 0),
        ("2027-03-01", "2027-03-02", 1, {"rate": "2.00", "minimum_cents": 50_00}, 50_00),
        ("2027-03-01", "2027-03-31", 1000, {"rate": "2.00", "maximum_cents": 6_000_00}, 6_000_00),
        ("2027-03-01", "2027-03-02", 0, {"rate": "2.00", "minimum_cents": 50_00}, 0),  # nothing occupied, nothing owed
        ("2027-03-01", "2027-03-02", 5, {"rate": "2.00", "free_days": 2, "minimum_cents": 50_00}, 0),  # only free days
        ("2027-03-01", "2027-03-10", 5, {"rate": "0"}, 0),
        ("2027-01-01", "2036-12-31", 1_000_000, {"rate": "9999.99999", "coefficient": Decimal("99.999")}, 365_296_346_634_703_653),
    ],
)
def test_a_fee_by_area_and_days_is_exact_to_the_cent(starts, ends, area, rule, owed):
    assert amounts(facts(starts, ends, area), area_fee(**rule)) == [owed]


def test_the_steps_say_how_the_sum_came_about_in_both_languages():
    fee = area_fee(coefficient=Decimal("1.5"), zone={"it": "zona centrale", "en": "central zone"}, free_days=1, minimum_cents=900_00)
    (line,) = lines(facts("2027-03-01", "2027-03-12", 25), fee)
    assert line.period["en"] == "01/03/2027 – 12/03/2027, 12 days"
    assert english(line) == ["Free days: 1 day", "25 m² × 11 days × €2.00 × 1.5 (central zone) = €825.00", "At least €900.00"]
    assert [step["it"] for step in line.steps][1].endswith("1,5 (zona centrale) = 825,00 €")
    assert (line.rule, line.version, line.act, line.text["en"], line.currency) == (1, 3, "DCC 1/2027", "It is paid.", "EUR")
    assert (line.payee.name["it"], line.payee.vat["en"], line.returns) == ("Comune", "Outside VAT", None)


def test_a_change_of_tariff_in_the_middle_makes_two_lines_each_with_its_days():
    old, new = area_fee("2.00", last=day("2027-12-31")), area_fee("2.50", rule=9, first=day("2028-01-01"))
    found = lines(facts("2027-12-20", "2028-01-10", 10), new, old)
    assert [(line.rule, line.amount_cents) for line in found] == [(1, 240_00), (9, 250_00)]  # 10 × 12 × 2.00, 10 × 10 × 2.50


def test_free_days_are_the_first_on_site_whichever_rule_they_fall_under():
    old, new = area_fee(last=day("2027-03-02"), free_days=4), area_fee(rule=9, first=day("2027-03-03"), free_days=4)
    assert amounts(facts("2027-03-01", "2027-03-06", 10), old, new) == [0, 40_00]  # days 5 and 6


def test_a_day_for_which_no_rule_is_set_is_said_and_not_counted_as_free():
    found = lines(facts("2027-12-20", "2028-01-10", 10), area_fee(last=day("2027-12-31")))
    assert [line.amount_cents for line in found] == [240_00, None]
    assert found[1].problem["en"] == "Cannot be worked out yet: no rule is set for these days. From 01/01/2028 to 10/01/2028."


def test_days_before_the_first_rule_and_between_two_are_both_missing():
    rules = (area_fee(first=day("2027-03-05"), last=day("2027-03-06")), area_fee(first=day("2027-03-09")))
    found = lines(facts("2027-03-01", "2027-03-10", 1), *rules)
    assert [line.amount_cents for line in found] == [4_00, 4_00, None, None]


@pytest.mark.parametrize(
    ("missing", "said"),
    [({"area": None}, "Cannot be worked out yet: the area is missing."), ({"starts": None, "ends": None}, "Cannot be worked out yet: the dates are missing."), ({"ends": None}, "Cannot be worked out yet: the dates are missing.")],
)  # fmt: skip
def test_a_missing_fact_is_said_and_is_no_zero(missing, said):
    (line,) = lines(facts(**missing), area_fee())
    assert (line.amount_cents, line.problem["en"]) == (None, said)


def test_without_dates_the_next_rule_is_shown_where_none_is_in_force_yet():
    (line,) = lines(facts(starts=None, ends=None, asked_on=day("2026-06-01")), area_fee(), area_fee(rule=9, first=day("2029-01-01")))
    assert line.rule == 1


def test_dates_reversed_and_less_than_nothing_are_refused():
    for wrong in ({"starts": "2027-03-02", "ends": "2027-03-01"}, {"area": -1}, {"dismantling": -1}):
        with pytest.raises(ValueError):
            facts(**wrong)


# --- flat fee, deposit, stamp duty --------------------------------------------------------------------------------------------


def test_a_flat_fee_is_owed_once_and_follows_the_rule_of_the_first_day():
    rules = (flat_fee(250_00, last=day("2027-03-01")), flat_fee(300_00, first=day("2027-03-02")))
    assert amounts(facts("2027-03-01", "2027-06-30"), *rules) == [250_00]
    assert amounts(facts("2027-03-02", "2027-06-30"), *rules) == [300_00]


def test_a_flat_fee_and_one_by_area_are_both_owed():
    assert amounts(facts("2027-03-01", "2027-03-10", 10), flat_fee(), area_fee()) == [250_00, 200_00]


@pytest.mark.parametrize(
    ("rule", "cost", "owed"),
    [
        ({"percent": "30"}, 4_000_00, 1_200_00),
        ({"percent": "12.5"}, 333_33, 41_67),  # 41.66625: up
        ({"percent": "30", "minimum_cents": 300_00}, 920_00, 300_00),
        ({"percent": "30", "minimum_cents": 300_00}, 0, 300_00),  # declaring nothing does not avoid the minimum
        ({"percent": "30", "maximum_cents": 15_000_00}, 10_000_000_00, 15_000_00),
        ({"fixed_cents": 500_00}, 0, 500_00),
        ({"fixed_cents": 500_00}, None, 500_00),
        ({"percent": "30"}, None, None),
    ],
)
def test_a_deposit_is_a_fixed_sum_or_a_share_of_dismantling(rule, cost, owed):
    assert amounts(facts(dismantling=cost), deposit(**rule), kind="deposit") == [owed]


def test_a_deposit_says_when_it_is_due_and_when_it_comes_back():
    (line,) = lines(facts("2027-03-11", "2027-03-31"), deposit("30", due_days_before=10, returned_within_days=15), kind="deposit")
    assert (line.due["en"], line.due_on) == ("By 01/03/2027", day("2027-03-01"))
    assert line.returns["en"] == "Within 15 days of the check of the place, after 31/03/2027"


def test_without_dates_the_term_is_said_in_days():
    (line,) = lines(facts(starts=None, ends=None), deposit("30", due_days_before=10), kind="deposit")
    assert (line.due["en"], line.due_on, line.returns["en"]) == ("10 days before the first day on site", None, "Within 30 days of the check of the place")


def test_a_term_that_has_passed_is_due_at_once():
    (line,) = lines(facts("2027-01-12", "2027-01-20"), flat_fee(due_days_before=10))
    assert line.due["en"] == "At once: the term, 02/01/2027, has passed"


def test_a_site_whose_deposit_is_not_set_for_these_days_says_so():
    (line,) = lines(facts("2027-03-01"), deposit("30", first=day("2028-01-01")), kind="deposit")
    assert (line.amount_cents, line.problem["en"].startswith("Cannot be worked out yet: no rule is set")) == (None, True)


@pytest.mark.parametrize(("applicant", "owed"), [("", 16_00), ("startup", 16_00), ("research", 16_00), ("nonprofit", 0), ("public", 0)])
def test_stamp_duty_is_sixteen_euro_twice_unless_the_law_exempts(applicant, owed):
    found = stamp_duty_lines(facts(applicant_kind=applicant))
    assert [line.amount_cents for line in found] == [owed, owed]
    assert [line.act for line in found] == [stamp_duty.REQUEST_ACT, stamp_duty.DECISION_ACT]
    if not owed:
        assert english(found[0]) == [f"Exempt by law: {stamp_duty.EXEMPT_BY[applicant]}"]


def test_the_payee_of_stamp_duty_has_a_valid_tax_code():
    assert iva.is_valid(stamp_duty.PAYEE_TAX_CODE)


# --- exemptions ---------------------------------------------------------------------------------------------------------------


def test_an_exemption_frees_its_days_only_and_names_its_act():
    (line,) = lines(facts("2027-03-01", "2027-03-10", 10), area_fee(), exemptions=[exempt(last=day("2027-03-04"), assumed=True)])
    assert line.amount_cents == 120_00  # 10 × 6 × 2.00
    assert english(line)[0] == "Exempt, 4 days: Tests (DGC 9/2027)"
    assert (line.exempt_by, line.assumed) == (((4, 3),), True)


def test_two_exemptions_that_overlap_free_each_day_once():
    exemptions = [exempt(last=day("2027-03-04")), exempt(rule=5, first=day("2027-03-03"), last=day("2027-03-06"))]
    (line,) = lines(facts("2027-03-01", "2027-03-10", 10), area_fee(), exemptions=exemptions)
    assert (line.amount_cents, line.exempt_by) == (80_00, ((4, 3), (5, 3)))


def test_a_whole_exemption_leaves_no_minimum():
    assert amounts(facts(), area_fee(minimum_cents=50_00), exemptions=[exempt()]) == [0]


@pytest.mark.parametrize(
    ("who", "rule", "owed"),
    [
        ({"applicant_kind": "startup"}, {"applicant_kinds": frozenset({"startup"})}, 0),
        ({"applicant_kind": "large"}, {"applicant_kinds": frozenset({"startup"})}, 620_00),
        ({}, {"applicant_kinds": frozenset({"startup"})}, 620_00),  # not said: not exempt
        ({"challenge": "pioggia"}, {"challenges": frozenset({"pioggia"})}, 0),
        ({"challenge": "luce"}, {"challenges": frozenset({"pioggia"})}, 620_00),
        ({}, {"sites": frozenset({"dora"})}, 0),
        ({}, {"sites": frozenset({"castello"})}, 620_00),
        ({}, {"subjects": frozenset({"deposit"})}, 620_00),
    ],
)
def test_an_exemption_reaches_only_whom_it_names(who, rule, owed):
    assert amounts(facts(**who), area_fee(), exemptions=[exempt(**rule) if "subjects" not in rule else exempt(*rule["subjects"])]) == [owed]


def test_sums_owed_once_are_exempt_if_the_first_day_is():
    until = exempt("fee", "deposit", last=day("2027-03-01"))
    for starts, owed in (("2027-03-01", 0), ("2027-03-02", 250_00)):
        assert amounts(facts(starts), flat_fee(), exemptions=[until]) == [owed]
    assert amounts(facts("2027-03-01"), deposit(fixed_cents=500_00), kind="deposit", exemptions=[until]) == [0]


# --- all of it ----------------------------------------------------------------------------------------------------------------


def test_an_estimate_tells_what_is_due_what_comes_back_and_what_remains():
    terms = SiteTerms("dora", (area_fee(),), (), (deposit("30", assumed=True),))
    whole = estimate(facts("2027-03-01", "2027-03-10", 10, 1_000_00), terms)
    assert (whole.due_before_start_cents, whole.comes_back_cents, whole.cost_cents) == (532_00, 300_00, 232_00)  # 16 + 16 + 200 + 300
    assert (whole.is_complete, whole.is_assumed, whole.has_rules) == (True, True, True)
    part = estimate(facts(area=None), terms)
    assert (part.is_complete, part.due_before_start_cents) == (False, 332_00)
    assert estimate(facts(), SiteTerms("dora")).has_rules is False


# --- what holds for all numbers -----------------------------------------------------------------------------------------------

areas = st.integers(0, 1_000_000)
rates = st.decimals(0, 100, places=5)
factors = st.decimals(0, 10, places=3)
lengths = st.integers(0, 1500)
limits = st.one_of(st.none(), st.integers(0, 10_000_00))


def cost(length, area, fee, starts=YEAR):
    (line,) = lines(Facts(YEAR, starts, starts + length * DAY, area), fee)
    return line.amount_cents


@given(lengths, areas, rates, factors, st.integers(0, 30), limits, limits)
def test_nothing_is_ever_negative_and_limits_hold(length, area, rate, factor, free, low, high):
    if low is not None and high is not None and high < low:
        low, high = high, low
    owed = cost(length, area, area_fee(rate, coefficient=factor, free_days=free, minimum_cents=low, maximum_cents=high))
    assert isinstance(owed, int) and owed >= 0
    assert high is None or owed <= high
    assert low is None or owed >= low or owed == 0


@given(lengths, areas, rates, factors, st.integers(0, 30), limits, st.integers(0, 100), st.integers(0, 1000))
def test_more_days_or_more_area_never_cost_less(length, area, rate, factor, free, high, more_days, more_area):
    fee = area_fee(rate, coefficient=factor, free_days=free, maximum_cents=high)
    assert cost(length, area, fee) <= cost(length + more_days, area, fee)
    assert cost(length, area, fee) <= cost(length, area + more_area, fee)


@given(st.integers(1, 1500), areas, rates, factors, st.data())
def test_a_period_in_two_parts_costs_the_whole_to_the_cent(length, area, rate, factor, data):
    """Without free days or limits: each of the three sums is rounded by at most half a cent, so the parts differ from the whole by at most one."""
    fee = area_fee(rate, coefficient=factor)
    cut = data.draw(st.integers(0, length - 1))
    parts = cost(cut, area, fee) + cost(length - cut - 1, area, fee, YEAR + (cut + 1) * DAY)
    assert abs(parts - cost(length, area, fee)) <= 1


@given(st.integers(1, 1500), areas, rates, st.integers(0, 30), st.data())
def test_a_rule_renewed_with_the_same_rate_changes_nothing_but_a_cent(length, area, rate, free, data):
    cut = YEAR + data.draw(st.integers(0, length - 1)) * DAY
    both = amounts(Facts(YEAR, YEAR, YEAR + length * DAY, area), area_fee(rate, free_days=free, last=cut), area_fee(rate, free_days=free, first=cut + DAY))
    assert len(both) == 2 and abs(sum(both) - cost(length, area, area_fee(rate, free_days=free))) <= 1


@given(st.integers(0, 10_000_000_00), st.integers(0, 1_000_00), st.decimals(0, 200, places=2))
def test_a_higher_declared_cost_never_lowers_the_deposit(declared, more, percent):
    rule = deposit(percent)
    low, high = (amounts(facts(dismantling=value), rule, kind="deposit")[0] for value in (declared, declared + more))
    assert 0 <= low <= high


spans = st.tuples(st.integers(0, 400), st.integers(0, 60)).map(lambda s: (YEAR + s[0] * DAY, YEAR + (s[0] + s[1]) * DAY))


@given(spans, spans, st.booleans())
def test_taking_days_out_leaves_exactly_the_others(period, gone, endless):
    def days(span):
        return {span[0] + timedelta(n) for n in range((span[1] - span[0]).days + 1)}

    left = without([period], gone[0], None if endless else gone[1])
    expected = {d for d in days(period) if d < gone[0] or (not endless and d > gone[1])}
    assert set().union(*(days(span) for span in left)) == expected
    assert days_in(left) == len(expected)


def test_the_last_day_that_a_date_can_be_is_no_trouble():
    (line,) = lines(Facts(YEAR, YEAR, date.max, 1), area_fee("0.01"))
    assert line.amount_cents == (date.max - YEAR).days + 1
