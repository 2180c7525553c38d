"""Paying as the start-up does: to the provider and back, the test provider's own pay page, and the notice."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.accounts.selectors import membership_role
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.core.numbers import whole
from citylab.payments.models import Checkout, Notice, Receipt, Refund, SandboxCheckout
from citylab.payments.money import OpenCheckout
from citylab.payments.papers import notice_paper
from citylab.payments.providers import Refused, sandbox, signing
from citylab.payments.services.events import event_receive
from citylab.payments.services.paying import checkout_begin, checkout_cancel, checkout_enter
from citylab.payments.workflow import LIVE, CheckoutState

from .pilot import money_address, own_pilot, page_of

# Providers whose pages are on this site.
OURS = ("test", "notice")
# The page of a payment looks again after so many seconds: soon at first, then less and less often.
PATIENCE = ((15, 2), (45, 10))
AT_LAST = 60


@signed_in
@require_POST
def pay(request: HttpRequest, pk: Any) -> HttpResponse:
    """To the provider's page with the chosen sums; the same click again leads to the same checkout. What fails is said over the sums, which stay as they are."""
    found = own_pilot(request, pk)
    try:
        checkout = checkout_enter(checkout_begin(charge_ids=request.POST.getlist("charge"), actor=request.user, language=get_language() or "it"))
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        status = 409 if isinstance(error, Conflict) else 503 if error.code == "provider_unavailable" else 422
        return render(request, "portal/pilot.html", page_of(found, request.user, "money"), status=status)
    if checkout.state == CheckoutState.OPEN and checkout.url:
        return redirect(_inside(request, checkout.url) if checkout.provider in OURS else checkout.url)
    return redirect("portal:payment", checkout.pk)


def own_checkout(request: HttpRequest, pk: Any) -> Checkout:
    """A checkout, to the people of the organisation that pays; it does not exist for anyone else."""
    found = get_object_or_404(Checkout.objects.select_related("pilot", "payee", "opened_by"), pk=pk)
    if membership_role(request.user, found.pilot.organisation_id) is None:
        raise Http404
    return found


@signed_in
def payment(request: HttpRequest, pk: Any) -> HttpResponse:
    """Where the provider sends the payer back to. It decides nothing: it shows how the payment stands, and looks again by itself.

    To somebody who says to have paid (`returned`) it does not offer to pay while the confirmation is on its way.
    """
    checkout = own_checkout(request, pk)
    lines = list(checkout.lines.select_related("charge"))
    looked = whole(request.GET.get("looked", "")) or 0
    context = {
        "checkout": checkout, "lines": lines, "open": OpenCheckout(checkout, [], clock.now()), "money_address": money_address(checkout.pilot_id), "waits": checkout.state in LIVE,
        "looked": looked + 1, "pause": next((seconds for until, seconds in PATIENCE if looked < until), AT_LAST), "may_pay": request.user.has_perm("payments.pay", checkout.pilot),
        "is_test": checkout.provider == "test" and settings.PAYMENT_PROVIDER == "test", "is_news": request.GET.get("seen") != checkout.state,
        "is_confirmed_soon": checkout.state == CheckoutState.OPEN and request.GET.get("returned") == "done",
        "receipt": Receipt.objects.filter(payment__checkout=checkout).first(), "refunds": Refund.objects.filter(payment__checkout=checkout, charge__isnull=True),
    }  # fmt: skip
    return render(request, "portal/_payment_again.html" if request.headers.get("HX-Request") else "portal/payment.html", context)


@signed_in
@require_POST
def cancel(request: HttpRequest, pk: Any) -> HttpResponse:
    """Close a payment that was begun; its page shows what became of it."""
    checkout = own_checkout(request, pk)
    try:
        checkout_cancel(checkout_id=checkout.pk, actor=request.user)
    except NotAllowed:
        raise
    except Conflict:
        messages.error(request, _("This payment cannot be cancelled any more. Here is how it stands now."))
    return redirect("portal:payment", checkout.pk)


@signed_in
def sandbox_page(request: HttpRequest, external_id: str) -> HttpResponse:
    """The pay page of the test provider: what somebody chooses here is told to us by an event, as by any other provider."""
    if settings.PAYMENT_PROVIDER != "test":
        raise Http404
    record = get_object_or_404(SandboxCheckout, external_id=external_id)
    checkout = own_checkout(request, record.reference)
    if request.method != "POST":
        has_ended = record.expires_at is not None and record.expires_at <= clock.now()
        return render(
            request,
            "portal/sandbox.html",
            {"record": record, "has_ended": record.status == "open" and has_ended, "may_pay": request.user.has_perm("payments.pay", checkout.pilot)},
        )
    if not request.user.has_perm("payments.pay", checkout.pilot):
        raise NotAllowed("not_allowed", _("You may look at this payment, but not pay it."))
    outcome = request.POST.get("outcome", "")
    if outcome == "cancel":
        return redirect(_inside(request, record.cancel_url))
    if outcome not in sandbox.OUTCOMES:
        raise Http404
    try:
        event = sandbox.choose(external_id, outcome)
    except Refused as error:
        raise Http404 from error
    if event is not None:
        event_receive("test", *signing.signed(event))
    return redirect(_inside(request, record.success_url))


def _inside(request: HttpRequest, url: str) -> str:
    """The page's own address without its host: our own providers live on this site, whatever name it is reached by."""
    path = "/" + url.split("/", 3)[3]
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts={request.get_host()}) else "/"


@signed_in
def notice(request: HttpRequest, number: str) -> HttpResponse:
    """A payment notice, to read and to print."""
    record = get_object_or_404(Notice, number=number)
    checkout = own_checkout(request, record.reference)
    paper = notice_paper(record, checkout, get_language() or "it")
    context = {"notice": record, "checkout": checkout, "paper": paper, "money_address": money_address(checkout.pilot_id)}
    return render(request, "portal/notice.html", context)
