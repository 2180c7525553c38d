"""The queue: what needs doing today, late first."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.proposals import selectors
from citylab.proposals.services import screening

from ..forms import AssignForm, HandOverForm, QueueForm, SavedFilterForm
from ..models import SavedFilter
from ..selectors import filters_for
from ..services import filter_delete, filter_save

PAGE_SIZE = 25
staff = roles(Role.OFFICER, Role.ADMINISTRATOR)


@roles(Role.OFFICER, Role.ADMINISTRATOR, Role.EVALUATOR, Role.DEPARTMENT)
def home(request: HttpRequest) -> HttpResponse:
    """Each person of the city lands where their work is."""
    user: Any = request.user
    if user.has_role(Role.OFFICER) or user.has_role(Role.ADMINISTRATOR):
        return queue(request)
    if user.has_role(Role.EVALUATOR):
        return redirect("desk:evaluations")
    return redirect("desk:pilots")


@staff
def queue(request: HttpRequest) -> HttpResponse:
    form = QueueForm(request.GET or None)
    wanted = selectors.QueueFilter(**{name: form.cleaned_data.get(name) or default for name, default in _EMPTY.items()}) if form.is_valid() else selectors.QueueFilter()
    page = Paginator(selectors.queue(request.user, wanted), PAGE_SIZE).get_page(request.GET.get("page"))
    today = clock.today()
    for case in page.object_list:
        case.days_left = (case.due_on - today).days if case.due_on else None  # type: ignore[attr-defined]
    query = {name: value for name, value in request.GET.items() if value and name != "page"}
    context = {
        "form": form, "page": page, "counts": selectors.queue_counts(request.user), "filters": filters_for(request.user), "query": urlencode(query),
        "is_filtered": bool(query), "filter_form": SavedFilterForm(),
    }  # fmt: skip
    template = "desk/_queue_rows.html" if request.headers.get("HX-Target") == "queue-results" else "desk/queue.html"
    return render(request, template, context)


_EMPTY: dict[str, Any] = {"text": "", "state": "", "turn": "", "officer": "", "sector": "", "challenge": "", "late": False}


@staff
@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    form = SavedFilterForm(request.POST)
    query = request.POST.get("query", "")
    if form.is_valid():
        try:
            filter_save(owner=request.user, name=form.cleaned_data["name"], query=query, is_shared=form.cleaned_data["is_shared"])
            messages.success(request, _("The filter “%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
        except DomainError as error:
            messages.error(request, error.message)
    else:
        messages.error(request, _("Give the filter a name."))
    response = redirect("desk:queue")
    response["Location"] += f"?{query}" if query else ""
    return response


@staff
@require_POST
def delete_filter(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SavedFilter, pk=pk, owner=request.user)
    filter_delete(saved_filter=found)
    messages.success(request, _("The filter “%(name)s” is gone.") % {"name": found.name})
    return redirect("desk:queue")


@staff
@require_POST
def assign_to_me(request: HttpRequest, pk: Any) -> HttpResponse:
    case = screening.officer_assign(proposal_id=pk, actor=request.user, officer=request.user)
    messages.success(request, _("You are now responsible for %(number)s.") % {"number": case.number})
    return redirect(request.POST.get("next") or "desk:queue") if (request.POST.get("next") or "").startswith("/") else redirect("desk:case", pk=pk)


@staff
def assign(request: HttpRequest, pk: Any) -> HttpResponse:
    form = AssignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            screening.officer_assign(proposal_id=pk, actor=request.user, officer=form.cleaned_data["officer"])
        except DomainError as error:
            form.add_error("officer", error.message)
        else:
            messages.success(request, _("The case is with %(officer)s now.") % {"officer": form.cleaned_data["officer"]})
            return redirect("desk:case", pk=pk)
    case = selectors.case(pk)
    return render(request, "desk/form_page.html", {"form": form, "case": case, "title": _("Responsible officer"), "submit": _("Assign")}, status=422 if form.errors else 200)


@staff
def hand_over(request: HttpRequest) -> HttpResponse:
    """Give all cases of a colleague to another."""
    form = HandOverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        people = {"from_officer": form.cleaned_data["from_officer"], "to_officer": form.cleaned_data["to_officer"]}
        try:
            moved = screening.cases_hand_over(actor=request.user, **people)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("%(count)s cases went to %(officer)s.") % {"count": moved, "officer": people["to_officer"]})
            return redirect("desk:queue")
    context = {"form": form, "title": _("Hand over all cases"), "lead": _("Every undecided case of one colleague goes to another. Both are told."), "submit": _("Hand over")}
    return render(request, "desk/form_page.html", context, status=422 if form.errors else 200)
