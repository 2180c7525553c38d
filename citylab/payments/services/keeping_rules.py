"""Writing rules: each saved change is checked, becomes a version of its own, and leaves a trace."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed
from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked
from citylab.testbeds.models import Site
from citylab.testbeds.selectors import day

from ..models import Exemption, Payee, Rule, RuleVersion
from ..selectors import overlapping

CASE = "cost_rule"
OVERLAP = "rule_no_overlap"  # the constraint's name on PostgreSQL, and what the triggers say on SQLite (migration 0002)


def rule_save(*, rule: Rule, actor: Any, seen_version: int, sites: Iterable[Site] = (), challenges: Iterable[Challenge] = ()) -> Rule:
    """Save a fee, a deposit or an exemption, checked by its form; a change becomes the next version. `sites` and `challenges` are an exemption's.

    `seen_version` is the one that the actor had on the screen. Raises NotAllowed, Conflict("rule_changed"), DomainError("rules_overlap").
    """
    with transaction.atomic():
        check_allowed(actor, "payments.keep_rules", rule)
        if rule.site_id:
            locked(Site, rule.site_id)  # two editors of one site's rules wait for each other
        present = locked(Rule, rule.pk).version if rule.pk else 0
        if present != seen_version:
            raise Conflict("rule_changed", _("Somebody else has saved this rule meanwhile. Open it again: what you typed is not saved."))
        if rule.kind != Rule.Kind.EXEMPTION:
            _refuse_overlap(rule)
        rule.version = present + 1
        _write(rule)
        if isinstance(rule, Exemption):
            rule.sites.set(sites)
            rule.challenges.set(challenges)
        RuleVersion.objects.create(rule=rule, number=rule.version, data=snapshot(rule), saved_by=getattr(actor, "pk", None), saved_at=clock.now())
        audit.append(case_kind=CASE, case_id=rule.pk, action="save", actor=actor, data={"version": rule.version, "kind": rule.kind})
    return rule


def payee_save(*, payee: Payee, actor: Any) -> Payee:
    """Save a payee, checked by its form."""
    with transaction.atomic():
        check_allowed(actor, "payments.keep_rules", payee)
        payee.save()
        audit.append(case_kind="payee", case_id=payee.pk, action="save", actor=actor)
    return payee


def _refuse_overlap(rule: Rule) -> None:
    other = overlapping(rule)
    if other is not None:
        raise _overlap(other)


def _overlap(other: Rule) -> DomainError:
    last = _("until %(day)s") % {"day": day(other.valid_until)} if other.valid_until else _("without end")
    return DomainError(
        "rules_overlap",
        _("“%(other)s” is of the same kind and in force on some of these days: from %(first)s, %(last)s. End it the day before this one begins, or choose other days.")
        % {"other": other, "first": day(other.valid_from), "last": last},
    )


def _write(rule: Rule) -> None:
    """The database refuses an overlap too; the savepoint keeps the transaction usable for saying so."""
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        if OVERLAP not in str(error):
            raise
        raise DomainError("rules_overlap", _("Another rule of the same kind is in force on this site on some of these days.")) from error


def snapshot(rule: Any) -> dict[str, Any]:
    """A rule in full, as its version keeps it: every field, the site and the payee by code."""
    skipped = {"id", "rule_ptr", "version", "site", "payee"}
    data = {field.name: field.value_from_object(rule) for field in rule._meta.concrete_fields if field.name not in skipped}
    data["site"] = rule.site.code if rule.site else None
    data["payee"] = rule.payee.code if rule.payee else None
    if isinstance(rule, Exemption):
        data["sites"] = sorted(site.code for site in rule.sites.all())
        data["challenges"] = sorted(challenge.code for challenge in rule.challenges.all())
    return data
