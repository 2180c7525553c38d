"""Bringing a checkout in step with what its provider says: the one place where money that arrived, went back or was disputed is written down.

It acts on what was fetched, never on what an event claims, so it may be called at any time, in any order and as often as one likes.
"""

from typing import Any

from django.db import transaction
from django_fsm import can_proceed

from citylab.audit.moves import SYSTEM
from citylab.core import clock
from citylab.pilots.models import Pilot

from .. import ledger
from ..models import Allocation, Checkout, LedgerEntry, Payment, Refund
from ..providers import CheckoutFound, CheckoutStatus, PaymentFound
from ..workflow import LIVE, CheckoutState
from .disputing import dispute_settle
from .opening import follow, move_charge, move_checkout, opened
from .receipts import receipt_issue
from .refunding import refund_owe, refund_settle

Account = LedgerEntry.Account


def settle(checkout_id: Any, found: CheckoutFound) -> Checkout:
    """Write what the provider says of this checkout; what is written already stays as it is. Raises Checkout.DoesNotExist."""
    with transaction.atomic():
        pilot = opened(Checkout.objects.values_list("pilot", flat=True).get(pk=checkout_id), SYSTEM, "payments.pay")
        checkout = Checkout.objects.select_related("payee").get(pk=checkout_id)
        checkout.pilot = pilot
        _remember(checkout, found)
        for payment in found.payments:
            _payment(checkout, payment, currency=found.currency)
        if checkout.external_id == found.external_id:
            _status(checkout, found.status)
        follow(pilot)
    return checkout


def _remember(checkout: Checkout, found: CheckoutFound) -> None:
    """The provider's first answer stays the one that counts: should it have opened a second checkout for us, only the money that came there does."""
    if not checkout.external_id:
        checkout.external_id, checkout.url = found.external_id, found.url
        checkout.save(update_fields=["external_id", "url"])


def _status(checkout: Checkout, status: CheckoutStatus) -> None:
    if status == CheckoutStatus.OPEN and checkout.state == CheckoutState.CREATING:
        move_checkout(checkout, "open")
    elif status == CheckoutStatus.PROCESSING and can_proceed(checkout.await_money):
        move_checkout(checkout, "await_money")
        for line in checkout.lines.filter(is_open=True).select_related("charge"):
            line.charge.pilot = checkout.pilot
            if can_proceed(line.charge.await_money):
                move_charge(line.charge, "await_money")
    elif status in (CheckoutStatus.EXPIRED, CheckoutStatus.FAILED) and checkout.state in LIVE:
        move_checkout(checkout, "expire" if status == CheckoutStatus.EXPIRED else "fail")
        release_lines(checkout)


def release_lines(checkout: Checkout) -> None:
    """The checkout will not pay its charges: they are due again."""
    for line in checkout.lines.filter(is_open=True).select_related("charge"):
        line.is_open = False
        line.save(update_fields=["is_open"])
        line.charge.pilot = checkout.pilot
        if can_proceed(line.charge.close_checkout):
            move_charge(line.charge, "close_checkout")


def _payment(checkout: Checkout, found: PaymentFound, *, currency: str) -> None:
    payment, is_new = Payment.objects.get_or_create(
        provider=checkout.provider, account=checkout.account, external_id=found.external_id,
        defaults={"checkout": checkout, "amount_cents": found.amount_cents, "received_at": found.received_at, "recorded_at": clock.now()},
    )  # fmt: skip
    payment.checkout = checkout
    if is_new:
        _arrived(checkout, payment, currency)
    if payment.fee_cents is None and found.fee_cents is not None:
        payment.fee_cents = found.fee_cents
        payment.save(update_fields=["fee_cents"])
        ledger.provider_fee(payment)
    for refund in found.refunds:
        refund_settle(payment, refund)
    dispute_settle(payment, found.disputed)


def _arrived(checkout: Checkout, payment: Payment, currency: str) -> None:
    """Allocate money to the charges that the checkout was opened for; what finds none is owed back, with the reason why."""
    expected = checkout.state in LIVE
    if not expected:
        reason = Refund.Reason.TWICE if checkout.state == CheckoutState.PAID else Refund.Reason.NOT_DUE
        refund_owe(payment, payment.amount_cents, charge=None, reason=reason, source=Account.PROVIDER)
    elif payment.amount_cents != checkout.amount_cents or currency != checkout.currency:
        release_lines(checkout)
        refund_owe(payment, payment.amount_cents, charge=None, reason=Refund.Reason.AMOUNT, source=Account.PROVIDER)
    else:
        surplus = sum(not _allocated(line, payment, checkout.pilot) and line.amount_cents for line in checkout.lines.select_related("charge"))
        if surplus:
            refund_owe(payment, surplus, charge=None, reason=Refund.Reason.NOT_DUE, source=Account.PROVIDER)
        if surplus < payment.amount_cents:
            receipt_issue(payment)
    if can_proceed(checkout.pay):
        move_checkout(checkout, "pay", data={"payment": payment.pk, "cents": payment.amount_cents})


def _allocated(line: Any, payment: Payment, pilot: Pilot) -> bool:
    """Whether this line's charge could still be paid, and now is."""
    charge, was_open = line.charge, line.is_open
    charge.pilot = pilot
    line.is_open = False
    line.save(update_fields=["is_open"])
    if not was_open or not can_proceed(charge.pay):
        return False
    Allocation.objects.create(payment=payment, charge=charge, amount_cents=line.amount_cents)
    charge.paid_at = payment.received_at
    move_charge(charge, "pay", data={"payment": payment.pk})
    ledger.charge_paid(charge, by=Account.PROVIDER)
    return True

