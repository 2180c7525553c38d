"""Receipts: numbered in the name of each payee, without gaps, frozen when the money arrives."""

from typing import Any

from citylab.accounts.models import Organisation
from citylab.core import clock
from citylab.core.locks import locked

from .. import stamp_duty
from ..models import Charge, Checkout, Payee, Payment, Receipt, ReceiptCounter
from ..papers import payer_data


def receipt_issue(payment: Payment) -> Receipt | None:
    """The receipt of a payment for what it paid, in the payer's language; none for the State's own tax. Inside the transaction of the payment."""
    checkout = payment.checkout
    if checkout.payee is None:
        return None
    charges = [allocation.charge for allocation in payment.allocations.select_related("charge").order_by("pk")]
    stamp = _stamp(checkout.payee, checkout.pilot.organisation, charges)
    year = clock.today().year
    return Receipt.objects.create(
        payment=payment, payee=checkout.payee, year=year, number=_next_number(checkout.payee, year), language=checkout.language, issued_at=clock.now(), stamp_cents=stamp["cents"],
        data={**_data(checkout.payee, checkout, payment, charges), "stamp": stamp},
    )  # fmt: skip


def _next_number(payee: Payee, year: int) -> int:
    counter, _created = ReceiptCounter.objects.get_or_create(payee=payee, year=year)
    counter = locked(ReceiptCounter, counter.pk)
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last


def _data(payee: Payee, checkout: Checkout, payment: Payment, charges: list[Charge]) -> dict[str, Any]:
    pilot = checkout.pilot
    return {
        "payer": payer_data(checkout), "payee": {"name": {"it": payee.name_it, "en": payee.name_en}, "tax_code": payee.tax_code, "address": payee.address},
        "pilot": pilot.code, "title": pilot.title, "site": {"it": pilot.site.name_it, "en": pilot.site.name_en} if pilot.site else None,
        "lines": [
            {
                "charge": str(charge.pk), "kind": charge.kind, "label": charge.line["label"], "period": charge.line["period"], "act": charge.line["act"], "vat": charge.line["payee"]["vat"],
                "with_vat": _is_with_vat(charge, payee), "amount_cents": charge.amount_cents,
            }
            for charge in charges
        ],
        "provider": payment.provider, "payment": payment.external_id, "total_cents": sum(charge.amount_cents for charge in charges),
    }  # fmt: skip


def _is_with_vat(charge: Charge, payee: Payee) -> bool:
    """A deposit pays for nothing, so it never is."""
    return payee.fees_with_vat and charge.kind == Charge.Kind.FEE


def _stamp(payee: Payee, payer: Any, charges: list[Charge]) -> dict[str, Any]:
    """The stamp duty on the receipt itself: what it is reckoned from, what it comes to, or the law that frees it."""
    outside = sum(charge.amount_cents for charge in charges if not _is_with_vat(charge, payee))
    exempt_by = _exempt_by(payee, payer)
    is_due = outside > stamp_duty.RECEIPT_ABOVE_CENTS and not exempt_by
    return {"base_cents": outside, "above_cents": stamp_duty.RECEIPT_ABOVE_CENTS, "exempt_by": exempt_by, "cents": stamp_duty.RECEIPT_CENTS if is_due else 0}


def _exempt_by(payee: Payee, payer: Any) -> str:
    """Third-sector bodies are exempt on either side; public bodies among themselves, and one that is paid by pagoPA notice is one."""
    if payee.stamp_exempt_by:
        return payee.stamp_exempt_by
    if payer.kind == Organisation.Kind.PUBLIC and payee.provider != Payee.Provider.NOTICE:
        return ""
    return stamp_duty.EXEMPT_BY.get(payer.kind, "")
