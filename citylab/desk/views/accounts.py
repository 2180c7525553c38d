"""Every case's money on one page, and the receipts of notices that come in a file."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from citylab.core.errors import DomainError
from citylab.payments import accounts, notice_file, reconciling
from citylab.payments.models import Payee

from ..money_forms import AccountsForm, ReceiptFileForm
from .common import staff

PAGE_SIZE = 25
BOOKS = "books"


@staff
def money(request: HttpRequest) -> HttpResponse:
    """One section at a time, with the figures of all; a filter that does not exist is left out."""
    language = "en" if (get_language() or "it").startswith("en") else "it"
    payees = list(Payee.objects.values_list("code", f"name_{language}").order_by(f"name_{language}"))
    form = AccountsForm(request.GET, payees=payees)
    form.is_valid()
    wanted = accounts.Wanted(form.cleaned_data.get("payee", ""), form.cleaned_data.get("words", ""))
    given = {"payee": wanted.payee, "words": wanted.words}
    query = {name: value for name, value in given.items() if value}
    code = request.GET.get("section", "")
    code = code if code in accounts.SECTIONS or code == BOOKS else next(iter(accounts.SECTIONS))
    figures = []
    for section in accounts.SECTIONS.values():
        count, cents = accounts.totals(section, wanted)
        figures.append({"section": section, "count": count, "cents": cents, "query": urlencode({"section": section.code, **query}), "is_current": section.code == code})
    context: dict[str, Any] = {
        "form": form, "code": code, "figures": figures, "current": next((figure for figure in figures if figure["is_current"]), None), "is_filtered": bool(query),
        "books_query": urlencode({"section": BOOKS, **query}),
    }  # fmt: skip
    if code == BOOKS:
        balances = accounts.balances(wanted.payee)
        context |= {"balances": balances, "debit_cents": sum(row.debit_cents for row in balances), "credit_cents": sum(row.credit_cents for row in balances)}
    else:
        paginator = Paginator(accounts.SECTIONS[code].rows(wanted), PAGE_SIZE)
        paginator.count = context["current"]["count"]
        context["page"] = paginator.get_page(request.GET.get("page"))
        if code == "differences":
            context["rows"] = reconciling.rows(context["page"].object_list)
    return render(request, "desk/money.html", context)


@staff
def receipts(request: HttpRequest) -> HttpResponse:
    """A file of receipts: shown line by line with what each would do, and recorded once that is confirmed."""
    if "text" in request.POST:
        form, text = ReceiptFileForm(), request.POST["text"]
    else:
        form = ReceiptFileForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return render(request, "desk/money_receipts.html", {"form": form}, status=422 if form.errors else 200)
        text = notice_file.decoded(form.cleaned_data["file"].read())
    try:
        lines = notice_file.lines_of(text, actor=request.user)
    except DomainError as error:
        form = ReceiptFileForm({}, {})
        form.errors["file"] = form.error_class([error.message])
        return render(request, "desk/money_receipts.html", {"form": form}, status=422)
    wanted = [line for line in lines if line.will_record]
    recorded = notice_file.lines_record(lines, actor=request.user) if "confirmed" in request.POST else None
    context = {
        "form": form, "lines": lines, "text": text, "recorded": recorded, "to_record": len(wanted), "bad": sum(line.is_bad for line in lines),
        "cents": sum(line.given.amount_cents for line in wanted if line.given),
    }  # fmt: skip
    return render(request, "desk/money_receipts.html", context)
