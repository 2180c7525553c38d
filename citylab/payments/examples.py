"""A rule worked out for invented pilots, while an editor writes it."""

from typing import Any

from citylab.core.clock import today

from .arithmetic import DAY, Estimate, Facts, SiteTerms, estimate
from .models import DepositRule, FeeRule, Payee, Rule
from .selectors import area_term, deposit_term, flat_term

# Square metres, days, cost of dismantling in cents: a stand for a week, a lab for a season.
PILOTS = ((10, 7, 1_000_00), (100, 90, 8_000_00))
ASKED_BEFORE = 365 * DAY  # early enough for every term


def worked_example(rule: Any) -> list[tuple[Facts, Estimate]]:
    """What the rule comes to for each example; [] while it does not say enough. It need not be saved, nor have a site or a payee yet."""
    terms = _alone(rule)
    if terms is None:
        return []
    first = rule.valid_from or today() + DAY
    found = []
    for area, days, dismantling in PILOTS:
        facts = Facts(asked_on=first - ASKED_BEFORE, starts_on=first, ends_on=first + (days - 1) * DAY, area_m2=area, dismantling_cost_cents=dismantling)
        whole = estimate(facts, terms)
        found.append((facts, Estimate("", tuple(line for line in whole.lines if line.kind != "stamp_duty"))))
    return found


def _alone(rule: Any) -> SiteTerms | None:
    """The rule as if it were the only one of its site."""
    rule.valid_from = rule.valid_from or today() + DAY
    rule.payee = rule.payee or Payee()
    if isinstance(rule, DepositRule):
        return SiteTerms("", deposits=(deposit_term(rule),)) if (rule.fixed_cents is None) != (rule.share_percent is None) else None
    assert isinstance(rule, FeeRule)
    if rule.kind == Rule.Kind.FLAT_FEE:
        return SiteTerms("", flat_fees=(flat_term(rule),)) if rule.flat_cents is not None else None
    return SiteTerms("", area_fees=(area_term(rule),)) if rule.rate is not None else None
