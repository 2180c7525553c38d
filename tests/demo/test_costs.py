"""What pilots would cost in the demo city."""

import re
from collections import Counter

import pytest
from stdnum.it import iva

from citylab.accounts.models import User
from citylab.core import clock
from citylab.demo import costs
from citylab.payments.arithmetic import DAY, Facts
from citylab.payments.models import Payee, Rule, RuleVersion
from citylab.payments.selectors import estimates
from citylab.testbeds.models import Site

from .test_city import SOURCE

pytestmark = pytest.mark.django_db


def facts(**more):
    first = clock.today() + 60 * DAY
    return Facts(**{"asked_on": clock.today(), "starts_on": first, "ends_on": first + 29 * DAY, "area_m2": 10, "dismantling_cost_cents": 1_000_00, **more})


def test_on_every_site_a_pilot_can_be_worked_out() -> None:
    found = estimates(facts(), Site.objects.all())
    assert len(found) == 22
    assert [site.code for site, estimate in found if not (estimate.is_complete and estimate.has_rules)] == []
    assert all({line.kind for line in estimate.lines} == {"stamp_duty", "fee", "deposit"} for _site, estimate in found)


def test_a_pilot_over_new_years_eve_in_the_centre_meets_both_tariffs() -> None:
    year = clock.today().year
    over = facts(starts_on=clock.today().replace(year=year, month=12, day=31), ends_on=clock.today().replace(year=year + 1, month=1, day=2))
    ((_site, estimate),) = estimates(over, Site.objects.filter(code="castello"))
    assert [line.amount_cents for line in estimate.lines if line.kind == "fee"] == [0, 62_00]  # the free day; 10 × 2 × 2.00 × 1.55


def test_whoever_tests_outside_the_centre_is_exempt_by_the_act_that_says_so() -> None:
    ((_site, estimate),) = estimates(facts(), Site.objects.filter(code="aurora"))
    (fee,) = [line for line in estimate.lines if line.kind == "fee"]
    assert (fee.amount_cents, len(fee.exempt_by)) == (0, 1) and "Milano" in fee.steps[-1]["it"]


def test_every_rule_has_its_source_both_languages_and_is_marked_as_assumed() -> None:
    rules = list(Rule.objects.all())
    assert all(rule.assumed and re.fullmatch(SOURCE, rule.source) for rule in rules)
    assert all(getattr(rule, f"{name}_{language}") for rule in rules for name in ("name", "text") for language in ("it", "en"))
    assert Counter(rule.kind for rule in rules) == {"area_fee": 14, "flat_fee": 10, "deposit": 22, "exemption": 1}
    assert RuleVersion.objects.count() == len(rules)


def test_payees_have_a_valid_tax_code_or_are_assumed() -> None:
    assert [payee.code for payee in Payee.objects.all() if not (payee.assumed or iva.is_valid(payee.tax_code))] == []
    assert [payee.code for payee in Payee.objects.filter(assumed=False)] == ["citta-di-torino"]


def test_loading_again_changes_nothing() -> None:
    before = RuleVersion.objects.count(), Payee.objects.count()
    costs.load(User.objects.get(email="redattrice@example.org"))
    assert (RuleVersion.objects.count(), Payee.objects.count()) == before
