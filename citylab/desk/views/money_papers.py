"""The office's papers about money: receipts and notices of each case, tables for the accounts office, and the comparison with the providers."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import get_language

from citylab.core.errors import DomainError
from citylab.payments import exports, papers, reconciling
from citylab.payments.models import Checkout, Notice, Receipt
from citylab.pilots.models import Pilot

from ..paper_forms import ExportForm, ReconcileForm
from .common import staff

PAGE_SIZE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


@staff
def money_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse | FileResponse:
    """A form, and once it is filled in well, the file."""
    form = ExportForm(request.GET or None)
    if form.is_valid():
        try:
            return _exported(**form.cleaned_data)
        except DomainError as error:
            form.add_error("last", error.message)
    return render(request, "desk/money_export.html", {"form": form}, status=422 if form.errors else 200)


def _exported(*, what: str, first: date, last: date, format: str) -> StreamingHttpResponse | FileResponse:
    table, language = exports.TABLES[what], get_language() or "it"
    rows = exports.rows_of(table, first, last)
    name = f"{slugify(str(table.label))}-{first}-{last}.{format}"
    if format == "xlsx":
        return FileResponse(exports.as_xlsx(table, rows, language), as_attachment=True, filename=name, content_type=XLSX)
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return StreamingHttpResponse(exports.as_csv(table, rows, language), content_type="text/csv; charset=utf-8", headers=headers)


@staff
def reconcile(request: HttpRequest) -> HttpResponse:
    """What the last comparison found; another one on demand, with or without repair."""
    form = ReconcileForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reconciling.reconcile(**form.cleaned_data, repair="repair" in request.POST, started_by=request.user)
        return redirect("desk:reconcile")
    run = reconciling.last_run()
    page = Paginator(run.differences.select_related("run"), PAGE_SIZE).get_page(request.GET.get("page")) if run else None
    left = run.differences.filter(is_repaired=False) if run else None
    context = {
        "form": form, "run": run, "page": page, "rows": reconciling.rows(page.object_list) if page else [], "left": left.count() if left is not None else 0,
        "can_repair": left.filter(is_repairable=True).exists() if left is not None else False,
    }  # fmt: skip
    return render(request, "desk/reconcile.html", context, status=422 if form.errors else 200)
