"""Disputes: the payer's bank takes the money back until it has decided, and may keep it."""

from copy import deepcopy

from django_fsm import can_proceed

from citylab.audit.moves import SYSTEM
from citylab.core import clock, outbox
from citylab.pilots.workflow import BEFORE_START, ON_SITE

from .. import ledger
from ..models import Charge, Payment
from ..providers import DisputeStatus
from ..selectors import net_cents
from ..workflow import ChargeState, RefundState
from .opening import move_charge, next_part, write_charge
from .refunding import refunds_take


def dispute_settle(payment: Payment, found: DisputeStatus) -> None:
    """Write how a dispute stands, inside the transaction that locked the pilot. Whoever never saw that it was open sees it pass here.

    What is decided stays: “open” after that is an answer from before. Only a second dispute, of which we hear when it is lost, changes what was won.
    """
    if not found or found == payment.disputed:
        return
    if not payment.disputed or (payment.disputed == DisputeStatus.WON and found == DisputeStatus.LOST):
        _open(payment)
    if payment.disputed != DisputeStatus.OPEN or found == DisputeStatus.OPEN:
        return
    payment.disputed = found
    payment.save(update_fields=["disputed"])
    if found == DisputeStatus.WON:
        ledger.dispute_won(payment, payment.disputed_cents)
        _move(payment, "win_dispute")
    else:
        ledger.dispute_lost(payment, payment.disputed_cents)
        _lose(payment)


def _open(payment: Payment) -> None:
    again = bool(payment.disputed)
    payment.disputed = DisputeStatus.OPEN
    gone = payment.refunds.filter(state__in=(RefundState.SENT, RefundState.DONE))  # a bank transfer is nothing to the payer's bank
    payment.disputed_cents = payment.amount_cents - sum(refund.amount_cents for refund in gone)
    payment.save(update_fields=["disputed", "disputed_cents"])
    ledger.dispute_opened(payment, payment.disputed_cents, again=again)
    _move(payment, "dispute")


def _lose(payment: Payment) -> None:
    """What was owed back has gone with the rest; the charges of which something was left are lost."""
    refunds_take(payment)
    for charge in _charges(payment):
        if not net_cents(charge) or not can_proceed(charge.lose_dispute):
            continue
        if charge.kind == Charge.Kind.DEPOSIT and charge.state == ChargeState.DISPUTED:
            ledger.deposit_lost(charge)
        move_charge(charge, "lose_dispute", data={"payment": payment.pk})
        if charge.pilot.state in (*BEFORE_START, *ON_SITE):
            _ask_again(charge)


def _ask_again(lost: Charge) -> None:
    """The pilot goes on, so what was taken back is due once more, as it stood."""
    part = lost.part.partition("+")[0]
    names = [name for name in Charge.objects.filter(pilot=lost.pilot).exclude(state=ChargeState.WITHDRAWN).values_list("part", flat=True) if name.partition("+")[0] == part]
    charge = Charge(
        pilot=lost.pilot, kind=lost.kind, payee=lost.payee, rule_version=lost.rule_version, line=deepcopy(lost.line), part=next_part(part, names), amount_cents=net_cents(lost),
        made_at=clock.now(), due_on=clock.today(),
    )  # fmt: skip
    write_charge(charge, SYSTEM)
    outbox.publish("charges.made", lost.pilot.pk, charges=[str(charge.pk)])


def _move(payment: Payment, name: str) -> None:
    for charge in _charges(payment):
        if can_proceed(getattr(charge, name)):
            move_charge(charge, name, data={"payment": payment.pk})


def _charges(payment: Payment) -> list[Charge]:
    charges = [allocation.charge for allocation in payment.allocations.select_related("charge__payee", "charge__rule_version").order_by("pk")]
    for charge in charges:
        charge.pilot = payment.checkout.pilot
    return charges
