"""Who is told what of a pilot's money: consumers of its facts, and the reminders of what is due."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from citylab.core import clock
from citylab.core.clock import rome
from citylab.notifications.classes import Notification
from citylab.notifications.services import notify
from citylab.pilots.models import Pilot
from citylab.pilots.selectors import readers_of

from .models import Charge, Checkout, DepositDecision, Receipt, Refund
from .notifications import MoneyAtTheDesk, MoneyNews, MoneyReminder, MoneyTerms
from .providers import DisputeStatus
from .workflow import ChargeState, RefundState

DESK = "desk:pilot"
# From which day to which, counted from the due date, each reminder goes out: on its first day, or on a later one where that was missed.
REMINDERS = ((-7, -1), (1, 6), (7, 20), (21, 34))


def _tell(kind: type[Notification], pilot: Pilot, occasion: str, sentence: Promise, *, page: tuple[str, Any] | None = None, **context: Any) -> None:
    """Tell the start-up's owners and editors, or for the desk the responsible officer. `page`: where it leads to, by default the pilot's money."""
    for user, room in readers_of(pilot):
        if (room == DESK) != (kind is MoneyAtTheDesk):
            continue
        with override(user.language):
            address = reverse(page[0], args=page[1]) if page else f"{reverse(room, args=[pilot.pk])}?tab=money"
        context |= {"pilot": pilot, "sentence": sentence, "address": address}
        notify(kind=kind, user=user, case_kind="pilot", case_id=str(pilot.pk), dedupe=f"money:{occasion}:{user.pk}", context=context)


def handle_charges_made(key: str, payload: dict[str, Any]) -> None:
    """New sums to pay; those that were replaced before anybody was told are not worth a message."""
    charges = list(Charge.objects.filter(pk__in=payload["charges"], state=ChargeState.DUE, amount_cents__gt=0).select_related("pilot"))
    if charges:
        _tell(MoneyTerms, charges[0].pilot, f"made:{min(payload['charges'])}", _("These sums are to be paid for your pilot."), charges=charges, show_due=True)


def handle_paid(key: str, payload: dict[str, Any]) -> None:
    """A payment arrived; one that found nothing to pay is told of as a sum that comes back."""
    checkout = Checkout.objects.select_related("pilot").get(pk=key)
    charges = list(Charge.objects.filter(allocation__payment__checkout=checkout))
    if not charges:
        return
    receipt = Receipt.objects.filter(payment__checkout=checkout).first()
    page = ("portal:receipt_page", [receipt.pk]) if receipt else None
    details = [(_("Receipt of payment"), receipt)] if receipt else []
    _tell(MoneyNews, checkout.pilot, f"paid:{key}", _("Your payment has arrived."), page=page, charges=charges, details=details)


def handle_payment_failed(key: str, payload: dict[str, Any]) -> None:
    """A payment that was on its way did not arrive. One that was never opened was told on the page."""
    checkout = Checkout.objects.select_related("pilot").get(pk=key)
    if checkout.external_id:
        charges = [line.charge for line in checkout.lines.select_related("charge")]
        _tell(MoneyNews, checkout.pilot, f"failed:{key}", _("A payment that was on its way has not arrived. Its sums are due again."), charges=charges)


def _refund(key: str) -> tuple[Refund, Pilot, dict[str, Any]]:
    refund = Refund.objects.select_related("payment__checkout__pilot").get(pk=key)
    return refund, refund.payment.checkout.pilot, {"amounts": [(_("Amount"), refund.amount_cents)], "details": [(_("Reason"), Refund.Reason(refund.reason).label)]}


def handle_refund_owed(key: str, payload: dict[str, Any]) -> None:
    """A sum comes back. The decision on a deposit says so itself, and so does the question for a bank account."""
    refund, pilot, context = _refund(key)
    if refund.reason != Refund.Reason.DEPOSIT and refund.state != RefundState.TRANSFER_OWED:
        _tell(MoneyNews, pilot, f"owed:{key}", _("A sum comes back to you, the way it was paid."), **context)


def handle_refund_arrived(key: str, payload: dict[str, Any]) -> None:
    """Sent back; what a lost dispute took instead of us is no news to whoever disputed."""
    refund, pilot, context = _refund(key)
    if refund.payment.disputed != DisputeStatus.LOST:
        _tell(MoneyNews, pilot, f"back:{key}:{refund.came_back}", _("A sum was sent back to you. Your bank may need some days to show it."), **context)


def handle_refund_refused(key: str, payload: dict[str, Any]) -> None:
    refund, pilot, context = _refund(key)
    sentence = _("A sum comes back to you by bank transfer: write which account it goes to.")
    _tell(MoneyNews, pilot, f"account:{key}:{refund.came_back}", sentence, page=("portal:refund_account", [pilot.pk, key]), **context)


def handle_refund_transferred(key: str, payload: dict[str, Any]) -> None:
    refund, pilot, context = _refund(key)
    context["details"].append((_("Reference of the transfer"), refund.transfer_reference))
    _tell(MoneyNews, pilot, f"transferred:{key}", _("A sum was sent to you by bank transfer."), **context)


def handle_account_given(key: str, payload: dict[str, Any]) -> None:
    _refund_owed, pilot, context = _refund(key)
    _tell(MoneyAtTheDesk, pilot, f"account_given:{key}", _("The start-up has written its bank account: a transfer is to be made."), **context)


def handle_deposit_decided(key: str, payload: dict[str, Any]) -> None:
    decision = DepositDecision.objects.select_related("charge__pilot").get(pk=payload["decision"])
    amounts = [(_("Comes back"), decision.released_cents), (_("Kept"), decision.kept_cents)]
    details = [(_("Reasons"), decision.reasons)] if decision.reasons else []
    sentence = _("A part of your deposit is kept: you can answer to it once.") if decision.kept_cents else _("Your deposit comes back.")
    _tell(MoneyTerms, decision.charge.pilot, f"decided:{decision.pk}", sentence, amounts=amounts, details=details)


def handle_deposit_answered(key: str, payload: dict[str, Any]) -> None:
    decision = DepositDecision.objects.select_related("charge__pilot").get(pk=payload["decision"])
    _tell(MoneyAtTheDesk, decision.charge.pilot, f"answered:{decision.pk}", _("The start-up has answered to a deposit that is kept."), details=[(_("Answer"), decision.answer)])


def handle_waived(key: str, payload: dict[str, Any]) -> None:
    """Waived by an act; what the rules themselves free from the start was never asked for."""
    charge = Charge.objects.select_related("pilot").get(pk=key)
    if charge.amount_cents:
        details = [(_("Act"), charge.waived_act), (_("Reason"), charge.ended_reason)]
        _tell(MoneyNews, charge.pilot, f"waived:{key}", _("The city has waived a sum of yours."), charges=[charge], details=details)


def handle_disputed(key: str, payload: dict[str, Any]) -> None:
    _dispute(key, "opened", _("A payment is disputed with the payer's bank: its sums count as unpaid until the bank has decided."))


def handle_dispute_won(key: str, payload: dict[str, Any]) -> None:
    _dispute(key, "won", _("A dispute has ended: the payment stands."))


def handle_dispute_lost(key: str, payload: dict[str, Any]) -> None:
    _dispute(key, "lost", _("A dispute is lost: the bank has taken the payment back."))


def _dispute(key: str, outcome: str, sentence: Promise) -> None:
    """One message for the payment, however many sums it paid."""
    charge = Charge.objects.select_related("pilot", "allocation__payment").get(pk=key)
    payment = charge.allocation.payment
    charges = [allocation.charge for allocation in payment.allocations.select_related("charge").order_by("pk")]
    _tell(MoneyAtTheDesk, charge.pilot, f"dispute:{payment.pk}:{outcome}", sentence, charges=charges)


def reminders_send() -> int:
    """Remind of what is due soon or late, once for each step; gives how many pilots' sums were looked at."""
    today = clock.today()
    first, last = today - timedelta(days=REMINDERS[-1][1]), today - timedelta(days=REMINDERS[0][0])
    unpaid = Charge.objects.filter(state__in=(ChargeState.DUE, ChargeState.CHECKOUT_OPEN), amount_cents__gt=0, due_on__gte=first, due_on__lte=last).select_related("pilot")
    groups = [list(charges) for _key, charges in groupby(unpaid.order_by("pilot", "due_on", "part"), key=lambda charge: (charge.pilot_id, charge.due_on))]
    for charges in groups:
        with transaction.atomic():
            _remind(charges, today)
    return len(groups)


def _remind(charges: list[Charge], today: date) -> None:
    """The sums of one pilot with one due date."""
    due_on = charges[0].due_on
    assert due_on
    step = next((first for first, last in REMINDERS if first <= (today - due_on).days <= last), None)
    if step is None:
        return
    wanted = list(_known_before(charges, due_on + timedelta(days=step)))
    if wanted:
        sentence = _("A sum is due soon.") if step < 0 else _("A sum is overdue.")
        _tell(MoneyReminder, wanted[0].pilot, f"reminder:{wanted[0].pilot_id}:{due_on}:{step}", sentence, charges=wanted, show_due=True)


def _known_before(charges: Iterable[Charge], day: date) -> Iterable[Charge]:
    """Whoever was asked for a sum within the last days needs no reminder of it yet."""
    return (charge for charge in charges if charge.made_at.astimezone(rome).date() < day)
