"""Receipts: numbered in the name of each payee, without gaps, frozen when the money arrives."""

from typing import Any

from citylab.core import clock
from citylab.core.locks import locked

from ..models import Payment, Receipt, ReceiptCounter

# DPR 642/1972, tariff, part I, art. 13: two euro on a receipt above 77.47 euro for what is outside VAT (domain §7, C17).
STAMPED_ABOVE_CENTS = 77_47
STAMP_CENTS = 2_00


def receipt_issue(payment: Payment) -> Receipt | None:
    """The receipt of a payment for what it paid, in the payer's language; none for the State's own tax. Inside the transaction of the payment."""
    checkout = payment.checkout
    if checkout.payee is None:
        return None
    lines = [allocation.charge for allocation in payment.allocations.select_related("charge").order_by("pk")]
    year = clock.today().year
    counter, _created = ReceiptCounter.objects.get_or_create(payee=checkout.payee, year=year)
    counter = locked(ReceiptCounter, counter.pk)
    counter.last += 1
    counter.save(update_fields=["last"])
    total = sum(charge.amount_cents for charge in lines)
    organisation = checkout.pilot.organisation
    data: dict[str, Any] = {
        "payer": {name: getattr(organisation, name, "") for name in ("legal_name", "tax_code", "vat_number", "address", "postcode", "town", "country")},
        "payee": {"name": {"it": checkout.payee.name_it, "en": checkout.payee.name_en}, "tax_code": checkout.payee.tax_code, "address": checkout.payee.address},
        "lines": [{"charge": str(charge.pk), "kind": charge.kind, "label": charge.line["label"], "vat": charge.line["payee"]["vat"], "amount_cents": charge.amount_cents} for charge in lines],
        "pilot": checkout.pilot.code, "provider": payment.provider, "payment": payment.external_id, "received_at": payment.received_at, "total_cents": total,
    }  # fmt: skip
    return Receipt.objects.create(
        payment=payment, payee=checkout.payee, year=year, number=counter.last, language=checkout.language, issued_at=clock.now(),
        stamp_cents=STAMP_CENTS if total > STAMPED_ABOVE_CENTS else 0, data=data,
    )  # fmt: skip
