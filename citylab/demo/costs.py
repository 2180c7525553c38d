"""What pilots would cost in the demo city: payees, fees, deposits and an exemption, kept through the service as editors do."""

from datetime import date
from decimal import Decimal
from typing import Any

from citylab.core import clock
from citylab.payments.models import DepositRule, Exemption, FeeRule, Payee, Rule
from citylab.payments.services.keeping_rules import payee_save, rule_save
from citylab.testbeds.models import Site

from .content import read

HOST = "citta-di-torino"
# Of a host whose own papers nobody has seen.
VAT = {
    "fee_vat_it": "Secondo il regime di chi gestisce il luogo, da confermare", "fee_vat_en": "As the host's own regime says, to be confirmed",
    "deposit_vat_it": "Fuori campo IVA: una cauzione non è un corrispettivo", "deposit_vat_en": "Outside VAT: a deposit pays for nothing",
}  # fmt: skip


def load(editor: Any) -> None:
    """Create what is missing: payees by code, rules by site, kind and first day; nothing that exists is changed."""
    payees = _payees(editor)
    sites = {site.code: site for site in Site.objects.all()}
    known = set(Rule.objects.values_list("kind", "site__code", "valid_from"))
    for row in read("costs")["fees"]:
        own = {"rate": Decimal(row["rate"]), "coefficient": Decimal(row["coefficient"])} if "rate" in row else {"flat_cents": row["flat"] * 100}
        kind = Rule.Kind.AREA_FEE if "rate" in row else Rule.Kind.FLAT_FEE
        shared = {name: row[name] for name in ("zone_it", "zone_en", "free_days") if name in row}
        _on_each_site(FeeRule, kind, row, {**own, **shared}, editor, sites, payees, known)
    for row in read("costs")["deposits"]:
        own = {"share_percent": Decimal(row["share"])} if "share" in row else {"fixed_cents": row["fixed"] * 100}
        shared = {name: row[name] for name in ("returned_within_days",) if name in row}
        _on_each_site(DepositRule, Rule.Kind.DEPOSIT, row, {**own, **shared}, editor, sites, payees, known)
    for row in read("costs")["exemptions"]:
        if (Rule.Kind.EXEMPTION, None, _dates(row)["valid_from"]) not in known:
            rule = Exemption(kind=Rule.Kind.EXEMPTION, subjects=row["subjects"], **_common(row))
            _save(rule, editor, sites=[sites[code] for code in row["sites"]])


def _payees(editor: Any) -> dict[str, Payee]:
    known = {payee.code: payee for payee in Payee.objects.all()}
    for row in read("costs")["payees"]:
        if row["code"] not in known:
            given = {name: row[name] for name in ("tax_code", "address", "provider", *VAT) if name in row}
            payee = Payee(code=row["code"], name_it=row["it"], name_en=row["en"], assumed="tax_code" not in row, **{**VAT, **given})
            payee.full_clean()
            known[payee.code] = payee_save(payee=payee, actor=editor)
    return known


def _on_each_site(model: Any, kind: str, row: dict[str, Any], own: dict[str, Any], editor: Any, sites: dict[str, Site], payees: dict[str, Payee], known: set[Any]) -> None:
    limits = {f"{name}_cents": row[name] * 100 for name in ("minimum", "maximum") if name in row}
    for code in row["sites"]:
        if (kind, code, _dates(row)["valid_from"]) not in known:
            rule = model(kind=kind, site=sites[code], payee=payees.get(code, payees[HOST]), due_days_before=row.get("due_days_before", 0), **own, **limits, **_common(row))
            _save(rule, editor)


def _dates(row: dict[str, Any]) -> dict[str, date | None]:
    year = clock.today().year
    return {"valid_from": date(year + row["from"], 1, 1), "valid_until": date(year + row["until"], 12, 31) if "until" in row else None}


def _common(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name_it": row["it"], "name_en": row["en"], "text_it": row["text_it"], "text_en": row["text_en"], "act": row["act"], "source": row["source"], "assumed": True, **_dates(row),
    }  # fmt: skip


def _save(rule: Any, editor: Any, **links: Any) -> None:
    rule.full_clean(exclude=["rule_ptr"])
    rule_save(rule=rule, actor=editor, seen_version=0, **links)
