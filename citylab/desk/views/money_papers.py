"""The office's papers about money: the receipts and notices of each case, to print and as PDF."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language

from citylab.payments import papers
from citylab.payments.models import Checkout, Notice, Receipt
from citylab.pilots.models import Pilot

from .common import staff


def _check(request: HttpRequest, pilot: Pilot) -> None:
    """An officer who belongs to the start-up stays out of its papers."""
    user: Any = request.user
    if not user.has_perm("payments.process", pilot):
        raise PermissionDenied


def _receipt(request: HttpRequest, pk: int) -> Receipt:
    found = get_object_or_404(Receipt.objects.select_related("payment__checkout__pilot"), pk=pk)
    _check(request, found.payment.checkout.pilot)
    return found


@staff
def receipt_page(request: HttpRequest, pk: int) -> HttpResponse:
    found = _receipt(request, pk)
    back = f"{reverse('desk:pilot', args=[found.payment.checkout.pilot_id])}?tab=money"
    return render(request, "payments/receipt.html", {**papers.receipt_context(found), "back": back, "pdf": reverse("desk:receipt_pdf", args=[pk])})


@staff
def receipt_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    return papers.receipt_download(_receipt(request, pk))


@staff
def notice_pdf(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(Notice, number=number)
    checkout = get_object_or_404(Checkout.objects.select_related("pilot"), pk=found.reference)
    _check(request, checkout.pilot)
    return papers.notice_download(found, checkout, get_language() or "it")
