"""Paying: a checkout is written, then the provider is asked to open it, then its answer is written. Nothing is asked inside a transaction.

Whatever breaks in between leaves a row that says how far it got: the next click, or the sweeper, asks the provider for our identifier and goes on.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.audit.moves import SYSTEM, check_legal
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked
from citylab.pilots.models import Pilot

from .. import providers
from ..arithmetic import in_language
from ..models import Charge, Checkout, CheckoutLine, Payee
from ..workflow import CheckoutState
from .opening import follow, move_charge, move_checkout, opened
from .settling import release_lines, settle

logger = logging.getLogger(__name__)
# How long a checkout stays open at an online provider (Stripe allows 30 minutes to 24 hours). A notice stays open until it is closed.
OPEN_FOR = timedelta(hours=2)
# After this long without the provider's answer the sweeper asks what became of it. No call lasts as long: what has not arrived by then never will.
ANSWER_WITHIN = timedelta(minutes=3)


def checkout_begin(*, charge_ids: Iterable[Any], actor: Any, language: str) -> Checkout:
    """Write the checkout that is to pay these charges; the same charges again give the checkout that is open for them already.

    One whose time is over is closed first, so not inside a transaction.
    Raises Conflict("illegal_move" | "being_paid"), NotAllowed, DomainError("nothing_chosen" | "charge_unknown" | "payees_mixed" | "provider_unavailable").
    """
    wanted = {str(pk) for pk in charge_ids}
    if not wanted:
        raise DomainError("nothing_chosen", _("Choose at least one sum."))
    if not all(map(providers.is_reference, wanted)):
        raise DomainError("charge_unknown", _("These sums do not belong together: open the page of the pilot and choose again."))
    _close_over(wanted)
    with transaction.atomic():
        pilots = set(Charge.objects.filter(pk__in=wanted).values_list("pilot", flat=True))
        if len(pilots) != 1:
            raise DomainError("charge_unknown", _("These sums do not belong together: open the page of the pilot and choose again."))
        pilot = opened(pilots.pop(), actor, "payments.pay")
        charges = list(Charge.objects.filter(pk__in=wanted, pilot=pilot).select_related("payee").order_by("due_on", "part"))
        if len(charges) != len(wanted):
            raise DomainError("charge_unknown", _("These sums do not belong together: open the page of the pilot and choose again."))
        payees = {charge.payee for charge in charges}
        if len(payees) != 1:
            raise DomainError("payees_mixed", _("These sums are owed to different payees: pay them one payee at a time."))
        present = _present(charges)
        if present:
            return present
        return _write(pilot, payees.pop(), charges, actor, language)


def _close_over(charge_ids: set[str]) -> None:
    over = Checkout.objects.filter(lines__charge__in=charge_ids, lines__is_open=True, state=CheckoutState.OPEN, expires_at__lte=clock.now()).distinct()
    try:
        for checkout in over:
            _tidy(checkout)
    except providers.Unavailable as error:
        raise _away() from error


def _present(charges: list[Charge]) -> Checkout | None:
    """The checkout that is open for exactly these charges. Raises Conflict where one is open for some of them."""
    lines = list(CheckoutLine.objects.filter(charge__in=charges, is_open=True).select_related("checkout"))
    if not lines:
        return None
    checkouts = {line.checkout for line in lines}
    if len(checkouts) == 1 and len(lines) == len(charges):
        checkout = checkouts.pop()
        if checkout.state in (CheckoutState.CREATING, CheckoutState.OPEN) and checkout.lines.filter(is_open=True).count() == len(charges):
            return checkout
    raise Conflict("being_paid", _("Some of these sums are being paid already. Go on with that payment, or cancel it and choose again."))


def _write(pilot: Pilot, payee: Payee | None, charges: list[Charge], actor: Any, language: str) -> Checkout:
    code = "notice" if payee is None or payee.provider == Payee.Provider.NOTICE else providers.online()
    moment = clock.now()
    checkout = Checkout(
        pilot=pilot, payee=payee, provider=code, account=payee.account if payee and code != "notice" else "", amount_cents=sum(charge.amount_cents for charge in charges), language=language,
        opened_by=actor, opened_at=moment, expires_at=None if code == "notice" else moment + OPEN_FOR,
    )  # fmt: skip
    checkout.save(force_insert=True)
    for charge in charges:
        charge.pilot = pilot
        move_charge(charge, "open_checkout", actor=actor, permission="payments.pay", data={"checkout": str(checkout.pk)})
        CheckoutLine.objects.create(checkout=checkout, charge=charge, amount_cents=charge.amount_cents)
    return checkout


def checkout_enter(checkout: Checkout) -> Checkout:
    """Have the provider open the checkout, unless it has; its `url` is where the payer goes. Not inside a transaction.

    Raises DomainError("provider_unavailable"), after which the same click goes on, and DomainError("provider_refused"), after which the charges are due again.
    """
    checkout, asked_before = _claimed(checkout.pk)
    if checkout.state != CheckoutState.CREATING:
        return checkout
    provider = providers.provider(checkout.provider)
    try:
        # An idempotency key lives about a day: whoever asked before looks for the first answer.
        found = provider.find(str(checkout.pk), checkout.account, since=checkout.opened_at) if asked_before else None
        if found is None:
            found = provider.create(_request(checkout))
    except providers.Unavailable as error:
        current = Checkout.objects.get(pk=checkout.pk)
        if current.state != CheckoutState.CREATING:
            return current  # a second click at the same moment has the answer
        raise _away() from error
    except providers.Refused as error:
        _fail(checkout, str(error))
        raise DomainError("provider_refused", _("The payment service has refused to open this payment. Nothing has been paid; the office has been told why.")) from error
    return settle(checkout.pk, found)


def _claimed(pk: Any) -> tuple[Checkout, bool]:
    """The checkout as it is now, and whether the provider was asked to open it before; if it is still to be opened, that it is being asked now."""
    with transaction.atomic():
        locked(Pilot, Checkout.objects.values_list("pilot", flat=True).get(pk=pk))
        checkout = Checkout.objects.select_related("opened_by").get(pk=pk)
        asked_before = checkout.asked_at is not None
        if checkout.state == CheckoutState.CREATING:
            checkout.asked_at = clock.now()
            checkout.save(update_fields=["asked_at"])
    return checkout, asked_before


def _away() -> DomainError:
    return DomainError("provider_unavailable", _("The payment service does not answer. Nothing has been paid, and nothing is lost: try again in a minute."))


def _request(checkout: Checkout) -> providers.CheckoutRequest:
    lines = list(checkout.lines.select_related("charge"))
    with override(checkout.language):
        back = settings.SITE_URL.rstrip("/") + reverse("portal:payment", args=[checkout.pk])
        items = tuple(providers.Item(in_language(line.charge.line["label"], checkout.language), line.amount_cents) for line in lines)
    payee = lines[0].charge.line["payee"]
    return providers.CheckoutRequest(
        reference=str(checkout.pk), account=checkout.account, items=items, language=checkout.language, email=checkout.opened_by.email if checkout.opened_by else "",
        success_url=f"{back}?returned=done", cancel_url=back, created_at=checkout.opened_at, expires_at=checkout.expires_at, payee_name=in_language(payee["name"], checkout.language), payee_tax_code=payee["tax_code"],
    )  # fmt: skip


def _fail(checkout: Checkout, trouble: str) -> None:
    """The provider refused, or does not know it: the charges are due again, unless somebody got further meanwhile."""
    with transaction.atomic():
        pilot = opened(checkout.pilot_id, SYSTEM, "payments.pay")
        current = Checkout.objects.get(pk=checkout.pk)
        current.pilot = pilot
        if (current.state, current.asked_at) != (checkout.state, checkout.asked_at):
            return
        current.trouble = trouble[:300]
        move_checkout(current, "fail")
        release_lines(current)
        follow(pilot)


def checkout_cancel(*, checkout_id: Any, actor: Any) -> Checkout:
    """Close a checkout that nobody has paid, so that its charges can be paid in another way. Raises Conflict, NotAllowed."""
    with transaction.atomic():
        pilot = opened(Checkout.objects.values_list("pilot", flat=True).get(pk=checkout_id), actor, "payments.pay")
        checkout = Checkout.objects.get(pk=checkout_id)
        checkout.pilot = pilot
        if checkout.state != CheckoutState.CLOSING:
            check_legal(checkout, "begin_closing")
            move_checkout(checkout, "begin_closing", actor=actor)
        outbox.nudge(_nudge)
    return checkout


def checkouts_give_up(charge: Charge) -> None:
    """No checkout is to pay this charge of a locked pilot any more: whoever made it pointless has it closed at the provider, in the same transaction."""
    for line in charge.checkout_lines.filter(is_open=True).select_related("checkout__pilot"):
        line.is_open = False
        line.save(update_fields=["is_open"])
        _close(line.checkout)


def _close(checkout: Checkout) -> None:
    if checkout.state in (CheckoutState.CREATING, CheckoutState.OPEN):
        move_checkout(checkout, "begin_closing")
        outbox.nudge(_nudge)


def checkouts_tidy() -> int:
    """Close what is to be closed, and ask what became of checkouts without an answer or past their end; gives how many were looked at.

    A provider that is away is asked again at the next sweep. One that was asked to open a checkout has time to answer: till then it may not know it yet.
    """
    late = clock.now() - ANSWER_WITHIN
    answered = Q(asked_at__lt=late) | Q(asked_at__isnull=True)
    waiting = list(Checkout.objects.filter(~Q(external_id="") | answered, state=CheckoutState.CLOSING))
    waiting += Checkout.objects.filter(answered, state=CheckoutState.CREATING, opened_at__lt=late)
    waiting += Checkout.objects.filter(state=CheckoutState.OPEN, expires_at__lt=late)
    for checkout in waiting:
        try:
            _tidy(checkout)
        except providers.Unavailable:
            continue
        except Exception:  # whatever it was, it holds up no other checkout, and is tried again
            logger.exception("checkout %s", checkout.pk)
    return len(waiting)


def _tidy(checkout: Checkout) -> None:
    provider = providers.provider(checkout.provider)
    try:
        external_id = checkout.external_id
        if not external_id:
            found = provider.find(str(checkout.pk), checkout.account, since=checkout.opened_at) if checkout.asked_at else None
            if found is None:
                _fail(checkout, "")
                return
            external_id = found.external_id
        expired = provider.expire(external_id, checkout.account)
    except providers.Refused as error:
        _fail(checkout, str(error))
        return
    settle(checkout.pk, expired)


def _nudge() -> None:
    from ..tasks import tidy_checkouts

    tidy_checkouts.apply_async(retry=False)
