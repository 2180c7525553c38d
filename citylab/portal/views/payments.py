"""Paying as the start-up does: to the provider and back, the test provider's own pay page, and the notice."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.accounts.selectors import membership_role
from citylab.core.errors import DomainError, NotAllowed
from citylab.payments.models import Checkout, Notice, SandboxCheckout
from citylab.payments.money import deposit_files
from citylab.payments.providers import Refused, sandbox, signing
from citylab.payments.services.events import event_receive
from citylab.payments.services.paying import checkout_begin, checkout_cancel, checkout_enter
from citylab.payments.workflow import CheckoutState
from citylab.proposals import files

from .pilot import own_pilot


def _money_tab(pilot_id: Any) -> str:
    return f"{reverse('portal:pilot', args=[pilot_id])}?tab=money"


@signed_in
@require_POST
def pay(request: HttpRequest, pk: Any) -> HttpResponse:
    """To the provider's page with the chosen sums; the same click again leads to the same checkout."""
    found = own_pilot(request, pk)
    try:
        checkout = checkout_enter(checkout_begin(charge_ids=request.POST.getlist("charge"), actor=request.user, language=get_language() or "it"))
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_money_tab(found.pk))
    if checkout.state == CheckoutState.OPEN and checkout.url:
        return redirect(checkout.url)
    return redirect("portal:payment", checkout.pk)


def own_checkout(request: HttpRequest, pk: Any) -> Checkout:
    """A checkout, to the people of the organisation that pays; it does not exist for anyone else."""
    found = get_object_or_404(Checkout.objects.select_related("pilot", "payee"), pk=pk)
    if membership_role(request.user, found.pilot.organisation_id) is None:
        raise Http404
    return found


@signed_in
def deposit_file(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    """A document that says why a part of a deposit is kept."""
    found = get_object_or_404(deposit_files(own_pilot(request, pk)), pk=attachment)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)


@signed_in
def payment(request: HttpRequest, pk: Any) -> HttpResponse:
    """Where the provider sends the payer back to. It decides nothing: it shows how the payment stands, and looks again by itself."""
    checkout = own_checkout(request, pk)
    waits = checkout.state in (CheckoutState.CREATING, CheckoutState.OPEN, CheckoutState.CLOSING, CheckoutState.PROCESSING)
    template = "portal/_payment_state.html" if request.headers.get("HX-Request") else "portal/payment.html"
    return render(
        request, template, {"checkout": checkout, "waits": waits, "lines": checkout.lines.select_related("charge"), "money": _money_tab(checkout.pilot_id)}
    )


@signed_in
@require_POST
def cancel(request: HttpRequest, pk: Any) -> HttpResponse:
    checkout = own_checkout(request, pk)
    try:
        checkout_cancel(checkout_id=checkout.pk, actor=request.user)
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("portal:payment", checkout.pk)


@signed_in
def sandbox_page(request: HttpRequest, external_id: str) -> HttpResponse:
    """The pay page of the test provider: what somebody chooses here is told to us by an event, as by any other provider."""
    record = get_object_or_404(SandboxCheckout, external_id=external_id)
    own_checkout(request, record.reference)
    if request.method != "POST":
        return render(request, "portal/sandbox.html", {"record": record})
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
    """The page's own address without its host: the test provider lives on this site, whatever name it is reached by."""
    path = "/" + url.split("/", 3)[3]
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts={request.get_host()}) else "/"


@signed_in
def notice(request: HttpRequest, number: str) -> HttpResponse:
    record = get_object_or_404(Notice, number=number)
    checkout = own_checkout(request, record.reference)
    return render(request, "portal/notice.html", {"notice": record, "checkout": checkout, "money": _money_tab(checkout.pilot_id)})
