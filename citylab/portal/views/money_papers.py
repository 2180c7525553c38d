"""The start-up's papers about money: receipts and notices, to print and as PDF."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language

from citylab.accounts.access import signed_in
from citylab.accounts.selectors import membership_role
from citylab.payments import papers
from citylab.payments.models import Notice, Receipt

from .payments import own_checkout


def own_receipt(request: HttpRequest, pk: Any) -> Receipt:
    """A receipt, to the people of the organisation that paid; it does not exist for anyone else."""
    found = get_object_or_404(Receipt.objects.select_related("payment__checkout__pilot"), pk=pk)
    if membership_role(request.user, found.payment.checkout.pilot.organisation_id) is None:
        raise Http404
    return found


@signed_in
def receipt_page(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_receipt(request, pk)
    back = f"{reverse('portal:pilot', args=[found.payment.checkout.pilot_id])}?tab=money"
    return render(request, "payments/receipt.html", {**papers.receipt_context(found), "back": back, "pdf": reverse("portal:receipt_pdf", args=[pk])})


@signed_in
def receipt_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    return papers.receipt_download(own_receipt(request, pk))


@signed_in
def notice_pdf(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(Notice, number=number)
    return papers.notice_download(found, own_checkout(request, found.reference), get_language() or "it")
