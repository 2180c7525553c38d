"""Reading the rules: those of some sites as plain values, what they come to, and the rule that another would overlap."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from citylab.core.clock import rome, today
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal
from citylab.testbeds.models import Site

from . import stamp_duty
from .arithmetic import AreaFee, Deposit, Estimate, Exempt, Facts, FlatFee, Line, Owed, SiteTerms, Text, estimate, stamp_duty_lines
from .models import Charge, DepositRule, Exemption, FeeRule, Payee, Rule, RuleVersion


def terms_of(sites: Iterable[Site]) -> dict[int, SiteTerms]:
    """What the rules say about each site (by its id), in one query: whom an exemption names stands in its newest version."""
    sites = list(sites)
    newest = RuleVersion.objects.filter(rule=OuterRef("pk"), number=OuterRef("version"), rule__kind=Rule.Kind.EXEMPTION)
    rules = list(
        Rule.objects.filter(Q(site__in=[site.pk for site in sites]) | Q(kind=Rule.Kind.EXEMPTION))
        .select_related("payee", "feerule", "depositrule", "exemption")
        .annotate(kept=Subquery(newest.values("data")[:1]))
        .order_by("valid_from", "pk")
    )
    exemptions = tuple(exempt_term(rule.exemption, rule.kept) for rule in rules if rule.kind == Rule.Kind.EXEMPTION)
    found = {}
    for site in sites:
        here = [rule for rule in rules if rule.site_id == site.pk]
        found[site.pk] = SiteTerms(
            site.code,
            tuple(area_term(rule.feerule) for rule in here if rule.kind == Rule.Kind.AREA_FEE),
            tuple(flat_term(rule.feerule) for rule in here if rule.kind == Rule.Kind.FLAT_FEE),
            tuple(deposit_term(rule.depositrule) for rule in here if rule.kind == Rule.Kind.DEPOSIT),
            exemptions,
        )
    return found


def estimates(facts: Facts, sites: Iterable[Site]) -> list[tuple[Site, Estimate]]:
    """What a pilot of these facts would cost on each of the sites, in their order."""
    sites = list(sites)
    terms = terms_of(sites)
    return [(site, estimate(facts, terms[site.pk])) for site in sites]


def proposal_facts(proposal: Proposal) -> Facts:
    """What a proposal says so far. Where nothing is installed there is nothing to dismantle."""
    cost = proposal.dismantling_cost_cents
    reversed_dates = proposal.starts_on and proposal.ends_on and proposal.ends_on < proposal.starts_on
    return Facts(
        asked_on=today(), starts_on=proposal.starts_on, ends_on=None if reversed_dates else proposal.ends_on, area_m2=proposal.area_m2,
        dismantling_cost_cents=0 if cost is None and proposal.answers.get("has_installation") is False else cost,
        applicant_kind=proposal.organisation.kind, challenge=proposal.challenge.code if proposal.challenge else "",
    )  # fmt: skip


def proposal_estimates(proposal: Proposal) -> list[tuple[Site, Estimate]]:
    """What the pilot would cost on each published site that the proposal asks for, the best first."""
    wished = [wish.site for wish in proposal.wished_sites.select_related("site") if wish.site.live]
    return estimates(proposal_facts(proposal), wished)


@dataclass(frozen=True)
class PilotOwes:
    """What the rules give for a pilot as it stands. `is_complete`: nothing that may be owed is missing, so gates may follow the charges alone."""

    lines: tuple[Line, ...]
    is_complete: bool


def pilot_facts(pilot: Pilot) -> Facts:
    """The pilot's own dates, and what its proposal said of area and dismantling."""
    if pilot.proposal is None:
        return Facts(asked_on=pilot.created_at.astimezone(rome).date(), starts_on=pilot.starts_on, ends_on=pilot.ends_on)
    said_before = proposal_facts(pilot.proposal)
    return replace(said_before, asked_on=pilot.created_at.astimezone(rome).date(), starts_on=pilot.starts_on, ends_on=pilot.ends_on)


def owed_by(pilot: Pilot) -> PilotOwes:
    """Every sum that the rules give for this pilot; the stamp duty on the request went with the proposal and is not asked for again."""
    facts = pilot_facts(pilot)
    if pilot.site is None:
        lines, known = tuple(stamp_duty_lines(facts)), True
    else:
        found = estimates(facts, [pilot.site])[0][1]
        lines, known = found.lines, found.has_rules
    lines = tuple(line for line in lines if line.act != stamp_duty.REQUEST_ACT)
    return PilotOwes(lines, known and all(line.amount_cents is not None for line in lines))


def part_of(line: Line) -> str:
    """Which part of what a pilot owes a line is: each is charged once, and a difference after it has a “+” and a number behind it."""
    return f"{line.kind}:{line.rule or 'decision'}"


def net_cents(charge: Charge) -> int:
    """What stays of a charge once everything owed back of it has gone. Costs no query where the refunds were prefetched."""
    return charge.amount_cents - sum(refund.amount_cents for refund in charge.refunds.all())


def overlapping(rule: Rule) -> Rule | None:
    """Another rule of the same kind that is in force on the same site on one of the same days."""
    others = Rule.objects.filter(site_id=rule.site_id, kind=rule.kind).exclude(pk=rule.pk).filter(Q(valid_until__isnull=True) | Q(valid_until__gte=rule.valid_from))
    if rule.valid_until:
        others = others.filter(valid_from__lte=rule.valid_until)
    return others.order_by("valid_from").first()


# --- records as plain values --------------------------------------------------------------------------------------------------


def _text(record: Any, field: str) -> Text:
    return {"it": getattr(record, f"{field}_it"), "en": getattr(record, f"{field}_en")}


def _common(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.pk or 0, "version": rule.version, "name": _text(rule, "name"), "text": _text(rule, "text"), "act": rule.act, "first": rule.valid_from, "last": rule.valid_until,
        "assumed": rule.assumed or (rule.payee is not None and rule.payee.assumed),
    }  # fmt: skip


def _owed(payee: Payee, of: str) -> Owed:
    return Owed(_text(payee, "name"), payee.tax_code, _text(payee, f"{of}_vat"))


def area_term(rule: FeeRule) -> AreaFee:
    assert rule.payee and rule.rate is not None
    return AreaFee(
        **_common(rule), payee=_owed(rule.payee, "fee"), rate=rule.rate, coefficient=rule.coefficient, zone=_text(rule, "zone") if rule.zone_it else None, free_days=rule.free_days,
        minimum_cents=rule.minimum_cents, maximum_cents=rule.maximum_cents, due_days_before=rule.due_days_before,
    )  # fmt: skip


def flat_term(rule: FeeRule) -> FlatFee:
    assert rule.payee and rule.flat_cents is not None
    return FlatFee(**_common(rule), payee=_owed(rule.payee, "fee"), amount_cents=rule.flat_cents, due_days_before=rule.due_days_before)


def deposit_term(rule: DepositRule) -> Deposit:
    assert rule.payee
    return Deposit(
        **_common(rule), payee=_owed(rule.payee, "deposit"), fixed_cents=rule.fixed_cents, share_percent=rule.share_percent, minimum_cents=rule.minimum_cents,
        maximum_cents=rule.maximum_cents, due_days_before=rule.due_days_before, returned_within_days=rule.returned_within_days,
    )  # fmt: skip


def exempt_term(rule: Exemption, kept: dict[str, Any]) -> Exempt:
    """`kept` is what its version says, sites and challenges by code."""
    named = {name: frozenset(kept[name]) for name in ("subjects", "applicant_kinds", "challenges", "sites")}
    return Exempt(**_common(rule), **named)
