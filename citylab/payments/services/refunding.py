"""Money that goes back: owed once, sent once, and where the provider will not or cannot, by bank transfer."""

import logging
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _
from django_fsm import can_proceed
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError as NumberError

from citylab.audit.moves import SYSTEM
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked
from citylab.pilots.models import Pilot

from .. import ledger, providers
from ..models import Charge, LedgerEntry, Payment, Refund
from ..providers import DisputeStatus, RefundFound, RefundStatus
from ..workflow import OPEN_REFUNDS, ChargeState, RefundState
from .opening import follow, move_charge, move_refund, opened

logger = logging.getLogger(__name__)
Account = LedgerEntry.Account
# Whoever sends a refund has this long for it; after that another one asks the provider what became of it.
LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=6)


def refund_owe(payment: Payment, cents: int, *, charge: Charge | None, reason: str, actor: Any = SYSTEM, note: str = "", source: str = "") -> Refund:
    """Owe back a part of a payment, in the transaction of its cause, whose pilot is locked. `source` is the account that held it, by default the charge's income.

    Raises DomainError("refund_exceeds") for more than what is left of the payment, or of what it paid for the charge; nothing is left where a dispute took it.
    """
    left = 0 if payment.disputed == DisputeStatus.LOST else payment.amount_cents - (payment.refunds.aggregate(total=Sum("amount_cents"))["total"] or 0)
    if charge is not None:
        left = min(left, charge.amount_cents - (charge.refunds.aggregate(total=Sum("amount_cents"))["total"] or 0))
    if not 0 < cents <= left:
        raise DomainError("refund_exceeds", _("Write a sum above zero that is not more than what is left of the payment."))
    moment = clock.now()
    by = None if actor is SYSTEM else actor
    refund = Refund(payment=payment, charge=charge, amount_cents=cents, reason=reason, note=note[:600], owed_at=moment, owed_by=by, next_attempt_at=moment)
    refund.save(force_insert=True)
    ledger.refund_owed(refund, source=source or (ledger.INCOME[Charge.Kind(charge.kind)] if charge else Account.PROVIDER))
    outbox.publish("refund.owed", refund.pk)
    if charge is not None and charge.state != ChargeState.REFUND_OWED:
        move_charge(charge, "owe_refund", actor=actor, data={"refund": str(refund.pk), "back": cents})
    if providers.provider(payment.provider).refunds:
        outbox.nudge(_nudge)
    else:
        move_refund(refund, "refuse")
    return refund


def refund_settle(payment: Payment, found: RefundFound) -> None:
    """Write what the provider says of a refund, inside the transaction that locked the pilot. One that is not ours is left to the reconcile.

    A refund goes from pending to done, and may fail even then, but never comes back from that: whoever says so asked before it failed.
    """
    refund = payment.refunds.filter(pk=found.reference).first() if providers.is_reference(found.reference) else None
    if refund is None:
        return
    refund.payment = payment
    has_failed = refund.state == RefundState.TRANSFER_OWED and refund.external_id == found.external_id
    if found.external_id and refund.external_id != found.external_id:
        refund.external_id = found.external_id
        refund.save(update_fields=["external_id"])
    if found.status == RefundStatus.DONE and refund.state in OPEN_REFUNDS and not has_failed:
        refund.done_at = clock.now()
        move_refund(refund, "arrive")
        ledger.refund_done(refund, times=refund.came_back)
        _charge_refunded(refund)
    elif found.status == RefundStatus.PENDING and refund.state == RefundState.OWED:
        move_refund(refund, "send")
    elif found.status == RefundStatus.REFUSED and refund.state in (RefundState.OWED, RefundState.SENT, RefundState.DONE):
        _refused(refund, found.reason)


def _refused(refund: Refund, why: str) -> None:
    refund.trouble = why[:300]
    if refund.state == RefundState.DONE:
        if ledger.was_taken(refund):
            return
        refund.done_at = None
        ledger.refund_came_back(refund, times=refund.came_back)
        refund.came_back += 1
        move_refund(refund, "refuse", data={"why": why[:80]})
        if refund.charge and can_proceed(refund.charge.owe_refund):
            refund.charge.pilot = refund.payment.checkout.pilot
            move_charge(refund.charge, "owe_refund", data={"refund": str(refund.pk)})
        return
    move_refund(refund, "refuse", data={"why": why[:80]})


def refunds_take(payment: Payment) -> None:
    """The payer's bank took the whole payment back: what was still owed of it has gone that way, and must not go a second time."""
    for refund in payment.refunds.filter(state__in=(RefundState.OWED, RefundState.TRANSFER_OWED)):
        refund.payment, refund.done_at = payment, clock.now()
        move_refund(refund, "arrive", data={"dispute": payment.pk})
        ledger.refund_taken(refund)
        _charge_refunded(refund)


def _charge_refunded(refund: Refund) -> None:
    charge = refund.charge
    if charge and charge.state == ChargeState.REFUND_OWED and not charge.refunds.filter(state__in=OPEN_REFUNDS).exists():
        charge.pilot = refund.payment.checkout.pilot
        move_charge(charge, "refund", data={"refund": str(refund.pk)})


def refunds_send() -> int:
    """Send every refund that is owed and due to be tried; gives how many. While a payment is disputed nothing of it is sent."""
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=clock.now())
    waiting = list(Refund.objects.filter(due, state=RefundState.OWED).exclude(payment__disputed=DisputeStatus.OPEN).order_by("next_attempt_at").values_list("pk", flat=True))
    for pk in waiting:
        try:
            refund_send(pk)
        except Exception:  # whatever it was, it holds up no other refund, and is tried again
            logger.exception("refund %s", pk)
    return len(waiting)


def refund_send(pk: Any) -> None:
    """Ask the provider to give the money back. Killed at any point, the next one finds what this one did by our identifier."""
    refund, asked_before = _claimed(pk)
    if refund is None:
        return
    provider = providers.provider(refund.payment.provider)
    payment = refund.payment
    try:
        known = provider.find_refund(payment_id=payment.external_id, reference=str(pk), account=payment.account) if asked_before else None
        found = known or provider.refund(payment_id=payment.external_id, amount_cents=refund.amount_cents, reference=str(pk), account=payment.account)
    except providers.Unavailable as error:
        Refund.objects.filter(pk=pk).update(trouble=str(error)[:300])
        return
    except providers.Refused as error:
        if error.code == "amount_too_large":
            # Somebody gave it back by hand: a bank transfer would give it a second time. The reconcile says so, and people decide.
            Refund.objects.filter(pk=pk).update(trouble=str(error)[:300])
            return
        found = RefundFound(external_id="", reference=str(pk), amount_cents=refund.amount_cents, status=RefundStatus.REFUSED, reason=str(error))
    with transaction.atomic():
        pilot = opened(payment.checkout.pilot_id, SYSTEM, "payments.process")
        current = Payment.objects.select_related("checkout").get(pk=payment.pk)
        current.checkout.pilot = pilot
        refund_settle(current, found)
        follow(pilot)


def _claimed(pk: Any) -> tuple[Refund | None, bool]:
    """The refund, if it is still to be sent and nobody else is sending it; and whether the provider was asked before."""
    with transaction.atomic():
        pilot_id = Refund.objects.values_list("payment__checkout__pilot", flat=True).get(pk=pk)
        locked(Pilot, pilot_id)
        refund = Refund.objects.select_related("payment__checkout").get(pk=pk)
        if refund.state != RefundState.OWED or refund.payment.disputed == DisputeStatus.OPEN or (refund.next_attempt_at and refund.next_attempt_at > clock.now()):
            return None, False
        asked_before = refund.attempts > 0
        wait = min(LEASE * 2 ** min(refund.attempts, 8), LONGEST_WAIT)
        Refund.objects.filter(pk=pk).update(attempts=F("attempts") + 1, next_attempt_at=clock.now() + wait)
    return refund, asked_before


def refund_iban_set(*, refund_id: Any, actor: Any, account_holder: str, iban: str) -> Refund:
    """Where a bank transfer goes, as the start-up says. Raises DomainError("iban" | "account_holder" | "no_transfer"), NotAllowed."""
    with transaction.atomic():
        refund = _opened(refund_id, actor, "payments.pay")
        refund.iban = checked_iban(iban)
        refund.account_holder = account_holder.strip()[:160]
        if not refund.account_holder:
            raise DomainError("account_holder", _("Write whose account it is."))
        refund.save(update_fields=["iban", "account_holder"])
        outbox.publish("refund.iban_set", refund.pk, pilot=str(refund.payment.checkout.pilot_id))
    return refund


def refund_transfer_record(*, refund_id: Any, actor: Any, transferred_on: date, reference: str) -> Refund:
    """The bank transfer was made. Raises Conflict("disputed"), DomainError("iban_missing" | "date_future" | "reference_missing" | "no_transfer"), NotAllowed."""
    with transaction.atomic():
        refund = _opened(refund_id, actor, "payments.process")
        if refund.payment.disputed == DisputeStatus.OPEN:
            raise Conflict("disputed", _("The payer's bank is deciding on this payment: wait for it, or the sum may go back twice."))
        if not refund.iban:
            raise DomainError("iban_missing", _("The start-up has not written its bank account yet."))
        if transferred_on > clock.today():
            raise DomainError("date_future", _("This date is in the future."))
        if not reference.strip():
            raise DomainError("reference_missing", _("Write the reference of the transfer."))
        refund.transferred_on, refund.transfer_reference, refund.done_at = transferred_on, reference.strip()[:60], clock.now()
        move_refund(refund, "transfer", actor=actor)
        ledger.transferred(refund)
        _charge_refunded(refund)
        follow(refund.payment.checkout.pilot)
    return refund


def _opened(refund_id: Any, actor: Any, permission: str) -> Refund:
    pilot = opened(Refund.objects.values_list("payment__checkout__pilot", flat=True).get(pk=refund_id), actor, permission)
    refund = Refund.objects.select_related("payment__checkout", "charge").get(pk=refund_id)
    refund.payment.checkout.pilot = pilot
    if refund.state != RefundState.TRANSFER_OWED:
        raise DomainError("no_transfer", _("No bank transfer is owed for this sum any more."))
    return refund


def checked_iban(text: str) -> str:
    """The IBAN without blanks. Raises DomainError("iban") for one whose country, length or check digits are wrong (ISO 13616)."""
    try:
        return str(iban_number.validate(text))
    except NumberError as error:
        raise DomainError("iban", _("This IBAN is not valid: check its country, length and digits.")) from error


def _nudge() -> None:
    from ..tasks import send_refunds

    send_refunds.apply_async(retry=False)
