"""Two editors at the rules of one site at the same moment: no day ever has two tariffs, and no change is lost unseen."""

from datetime import date
from decimal import Decimal

import pytest

from citylab.accounts.models import Role
from citylab.payments.models import FeeRule, Rule, RuleVersion
from citylab.payments.services.keeping_rules import rule_save
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def fee(site, payee, first):
    words = {"name_it": "Canone", "name_en": "Fee", "text_it": "Si paga.", "text_en": "It is paid.", "act": "DCC 1/2027"}
    return FeeRule(kind=Rule.Kind.AREA_FEE, site=site, payee=payee, rate=Decimal(2), valid_from=first, **words)


@pytest.mark.parametrize("_turn", range(5))
def test_of_two_tariffs_for_the_same_days_one_is_refused(together, _turn):
    site, payee, editors = factories.site(), factories.payee(), [factories.person(Role.EDITOR) for _ in range(2)]
    rules = [fee(site, payee, first) for first in (date(2027, 1, 1), date(2027, 6, 1))]
    found = together(*(lambda rule=rule, actor=actor: rule_save(rule=rule, actor=actor, seen_version=0) for rule, actor in zip(rules, editors, strict=True)))
    assert sorted(getattr(result, "code", "saved") for result in found) == ["rules_overlap", "saved"]
    assert Rule.objects.count() == RuleVersion.objects.count() == 1


@pytest.mark.parametrize("_turn", range(5))
def test_of_two_changes_to_one_rule_the_second_is_told(together, _turn):
    made, editors = factories.area_fee(factories.site()), [factories.person(Role.EDITOR) for _ in range(2)]

    def change(actor, rate):
        rule = FeeRule.objects.get(pk=made.pk)
        rule.rate = Decimal(rate)
        return rule_save(rule=rule, actor=actor, seen_version=1)

    found = together(*(lambda actor=actor, rate=rate: change(actor, rate) for actor, rate in zip(editors, ("3", "4"), strict=True)))
    assert sorted(getattr(result, "code", "saved") for result in found) == ["rule_changed", "saved"]
    winner = next(result for result in found if not hasattr(result, "code"))
    assert FeeRule.objects.get(pk=made.pk).rate == winner.rate
    assert [version.number for version in made.versions.all()] == [1, 2]
