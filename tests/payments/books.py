"""What must be true of the money room's books at any moment, worked out a second time from the charges, payments and refunds."""

from collections import defaultdict
from typing import Any

from django.db import connection
from django.db.models import Sum

from citylab.payments import ledger
from citylab.payments.models import Allocation, Charge, Checkout, CheckoutLine, LedgerTransaction, Payment, Refund


def expected_balances() -> dict[str, int]:
    """What each account must hold."""
    total: dict[str, int] = defaultdict(int)
    for charge in Charge.objects.prefetch_related("refunds", "decisions"):
        income = {"fee": "fees", "deposit": "deposits", "stamp_duty": "stamp_duty"}[charge.kind]
        if charge.state in ("due", "checkout_open", "processing"):
            total["receivable"] += charge.amount_cents
            total["charged"] -= charge.amount_cents
        elif charge.state not in ("waived", "withdrawn"):
            decisions = list(charge.decisions.all())
            if charge.kind != "deposit":
                total[income] -= charge.amount_cents - sum(refund.amount_cents for refund in charge.refunds.all())
            elif decisions:
                total["retained"] -= decisions[-1].kept_cents
            elif charge.state == "lost":
                total["losses"] -= charge.amount_cents
            else:
                total["deposits"] -= charge.amount_cents
        if charge.stamp_id:
            total["stamps"] += charge.amount_cents
    for payment in Payment.objects.prefetch_related("refunds"):
        fee = payment.fee_cents or 0
        total["provider"] += payment.amount_cents - fee
        total["provider_fees"] += fee
        if payment.disputed in ("open", "lost"):
            total["provider"] -= payment.disputed_cents
            total["disputed" if payment.disputed == "open" else "losses"] += payment.disputed_cents
        for refund in payment.refunds.all():
            if refund.state in ("owed", "sent", "transfer_owed"):
                total["refunds"] -= refund.amount_cents
            elif refund.state == "transferred":
                total["bank"] -= refund.amount_cents
            else:
                total["losses" if ledger.was_taken(refund) else "provider"] -= refund.amount_cents
    return {account: cents for account, cents in total.items() if cents}


def sound() -> None:
    """Nothing lost, nothing doubled, and the ledger says what the charges say."""
    connection.check_constraints()  # PostgreSQL looks at deferred ones only at the end
    assert ledger.unbalanced() == []
    empty = LedgerTransaction.objects.filter(entries__isnull=True)
    assert list(empty.values_list("key", flat=True)) == []
    assert {account: cents for account, cents in ledger.balances().items() if cents} == expected_balances()
    for payment in Payment.objects.all():
        assert (payment.refunds.aggregate(total=Sum("amount_cents"))["total"] or 0) <= payment.amount_cents
        allocated = payment.allocations.aggregate(total=Sum("amount_cents"))["total"] or 0
        surplus = payment.refunds.filter(charge__isnull=True).aggregate(total=Sum("amount_cents"))["total"] or 0
        assert allocated + surplus == payment.amount_cents, "every cent paid a charge or is owed back"
    paid = Charge.objects.filter(state__in=("paid", "refund_owed", "refunded", "retained", "disputed", "lost"), stamp__isnull=True)
    assert set(paid.values_list("pk", flat=True)) == set(Allocation.objects.values_list("charge", flat=True))
    for charge in Charge.objects.prefetch_related("refunds"):
        assert sum(refund.amount_cents for refund in charge.refunds.all()) <= charge.amount_cents
        is_open = CheckoutLine.objects.filter(charge=charge, is_open=True).count()
        assert is_open == (charge.state in ("checkout_open", "processing"))
        owed = charge.refunds.filter(state__in=("owed", "sent", "transfer_owed")).exists()
        assert not owed or charge.state in ("refund_owed", "lost")
        assert charge.state != "refund_owed" or owed


def standing() -> list[Any]:
    """How everything stands, without numbers and times that another order would give otherwise."""
    return [
        sorted(Charge.objects.values_list("kind", "part", "amount_cents", "state")),
        sorted(Checkout.objects.values_list("amount_cents", "state")),
        sorted(Refund.objects.values_list("amount_cents", "reason", "state")),
        sorted(Payment.objects.values_list("external_id", "amount_cents", "fee_cents", "disputed", "disputed_cents")),
        sorted(ledger.balances().items()),
    ]
