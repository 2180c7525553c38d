"""What the start-up fills in about its money: a stamp, the account that a transfer goes to, the answer to a deposit that was kept; and the documents about it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.accounts.access import signed_in
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.payments.models import Charge, DepositDecision, Refund
from citylab.payments.money import deposit_files
from citylab.payments.services.deposits import deposit_answer
from citylab.payments.services.refunding import refund_iban_set
from citylab.payments.services.stamps import stamp_record
from citylab.payments.workflow import ChargeState, RefundState
from citylab.pilots.models import Pilot
from citylab.proposals import files

from ..money_forms import AccountForm, AnswerForm, StampForm
from .pilot import money_address, own_pilot


@signed_in
def deposit_file(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    """A document that says why a part of a deposit is kept."""
    found = get_object_or_404(deposit_files(own_pilot(request, pk)), pk=attachment)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)


@signed_in
def stamp(request: HttpRequest, pk: Any, charge: Any) -> HttpResponse:
    """Stamp duty on the decision, paid with a stamp."""
    pilot = own_pilot(request, pk)
    found = get_object_or_404(Charge, pk=charge, pilot=pilot, kind=Charge.Kind.STAMP_DUTY)
    if request.method != "POST" and found.state not in (ChargeState.DUE, ChargeState.CHECKOUT_OPEN):
        return redirect(money_address(pilot.pk))

    def save(data: dict[str, Any]) -> None:
        stamp_record(charge_id=found.pk, actor=request.user, **data)

    return _filled(request, pilot, StampForm(request.POST or None), save, "stamp", {"charge": found}, _("The stamp is recorded: the stamp duty is paid."))


@signed_in
def account(request: HttpRequest, pk: Any, refund: Any) -> HttpResponse:
    """The bank account that a transfer goes to."""
    pilot = own_pilot(request, pk)
    found = get_object_or_404(Refund, pk=refund, payment__checkout__pilot=pilot)
    if request.method != "POST" and found.state != RefundState.TRANSFER_OWED:
        return redirect(money_address(pilot.pk))
    initial = {"account_holder": found.account_holder or pilot.organisation.legal_name, "iban": found.iban}

    def save(data: dict[str, Any]) -> None:
        refund_iban_set(refund_id=found.pk, actor=request.user, **data)

    return _filled(
        request,
        pilot,
        AccountForm(request.POST or None, initial=initial),
        save,
        "account",
        {"refund": found},
        _("The account is saved. The office makes the transfer."),
    )


@signed_in
def answer(request: HttpRequest, pk: Any, decision: int) -> HttpResponse:
    """The answer, given once, to a deposit that is kept whole or in part."""
    pilot = own_pilot(request, pk)
    found = get_object_or_404(DepositDecision.objects.select_related("charge"), pk=decision, charge__pilot=pilot)

    def save(data: dict[str, Any]) -> None:
        deposit_answer(decision_id=found.pk, actor=request.user, **data)

    return _filled(
        request,
        pilot,
        AnswerForm(request.POST or None),
        save,
        "answer",
        {"decision": found, "document": "portal:deposit_file"},
        _("Your answer is on its way to the office."),
    )


def _filled(
    request: HttpRequest, pilot: Pilot, form: forms.Form, save: Callable[[dict[str, Any]], None], name: str, about: dict[str, Any], done: Promise
) -> HttpResponse:
    """Show the form, or save what was typed; what the service refuses stands beside its field, and what was typed stays."""
    user: Any = request.user
    if not user.has_perm("payments.pay", pilot):
        raise PermissionDenied
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            save(form.cleaned_data)
        except NotAllowed:
            raise
        except Conflict as error:
            conflict, status = error, 409
        except DomainError as error:
            field = error.code.removeprefix("stamp_").removesuffix("_missing")
            form.add_error({"used": "serial_number"}.get(field, field if field in form.fields else None), str(error))
        else:
            messages.success(request, done)
            return redirect(money_address(pilot.pk))
    context = {"pilot": pilot, "form": form, "conflict": conflict, "money_address": money_address(pilot.pk), **about}
    return render(request, f"portal/money_{name}.html", context, status=422 if form.errors else status)
