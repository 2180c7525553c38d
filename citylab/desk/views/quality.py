"""What people say about the matches that they are shown."""

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from citylab.core import clock
from citylab.core.numbers import whole
from search.quality import report

from .common import staff

PAGE_SIZE = 25
PERIODS = (30, 90, 365)


@staff
def quality(request: HttpRequest) -> HttpResponse:
    """The records that people marked “not relevant” or asked “why not?” about, in the last days."""
    given = whole(request.GET.get("days", ""))
    days = given if given in PERIODS else PERIODS[1]
    since = clock.today() - timedelta(days=days)
    found = report(since)
    page = Paginator(found.records, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "desk/quality.html", {"report": found, "page": page, "days": days, "periods": PERIODS, "since": since})
