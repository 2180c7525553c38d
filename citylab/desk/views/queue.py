"""The queue: what needs doing today, late first."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from citylab.accounts.access import roles
from citylab.accounts.models import DESK_ROLES, Role
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.middleware import status_of
from citylab.proposals import selectors
from citylab.proposals.models import Turn
from citylab.proposals.services import screening

from ..forms import AssignForm, QueueForm, SavedFilterForm
from ..models import SavedFilter
from ..selectors import filter_of, filters_for
from ..services import KEPT, filter_delete, filter_save
from .common import allowed_case, staff

PAGE_SIZE = 25
# The figures over the queue: which filter each of them opens.
FIGURES = (
    ("pending", gettext_lazy("All pending"), ""),
    ("late", gettext_lazy("Late"), "late=on"),
    ("today", gettext_lazy("Due today"), "today=on"),
    ("mine", gettext_lazy("Mine"), "officer=me"),
    ("unassigned", gettext_lazy("Nobody's"), "officer=nobody"),
    ("waiting", gettext_lazy("Waiting for the start-up"), "turn=applicant"),
)


@roles(*DESK_ROLES)
def home(request: HttpRequest) -> HttpResponse:
    """Each person of the city lands where their work is."""
    user: Any = request.user
    if user.has_role(Role.OFFICER) or user.has_role(Role.ADMINISTRATOR):
        return _queue_page(request, request.GET)
    if user.has_role(Role.EVALUATOR):
        return redirect("desk:evaluations")
    return redirect("desk:pilots")


@staff
def queue(request: HttpRequest) -> HttpResponse:
    return _queue_page(request, request.GET)


def _queue_page(request: HttpRequest, given: QueryDict, filter_form: forms.Form | None = None, status: int = 200) -> HttpResponse:
    """The queue under the filters of `given`; `filter_form` is a filter that could not be saved, as it was typed."""
    form = QueueForm(given)
    form.is_valid()
    wanted = selectors.QueueFilter(**{name: value for name, value in form.cleaned_data.items() if value})
    saved = list(filters_for(request.user))
    counts = selectors.queue_counts(request.user, {"shown": wanted, **{f"saved_{found.pk}": filter_of(found.query) for found in saved}})
    paginator = Paginator(selectors.queue(request.user, wanted), PAGE_SIZE)
    paginator.count = counts["shown"]  # known already: it need not count again
    page = paginator.get_page(given.get("page"))
    today = clock.today()
    for case in page.object_list:
        case.is_late = case.turn == Turn.OFFICE and case.due_on is not None and case.due_on < today  # type: ignore[attr-defined]
    query = urlencode({name: given[name] for name in KEPT if given.get(name)})
    context = {
        "form": form, "page": page, "query": query, "total": page.paginator.count,
        "figures": [{"code": code, "label": label, "query": target, "count": counts[code], "is_current": query == target} for code, label, target in FIGURES],
        "saved": [{"filter": found, "count": counts[f"saved_{found.pk}"], "is_current": query == found.query, "is_own": found.owner_id == request.user.pk} for found in saved],
        "filter_form": filter_form or SavedFilterForm(initial={"query": query}),
    }  # fmt: skip
    if request.headers.get("HX-Target") == "queue-results":
        response = render(request, "desk/_queue_rows.html", context)
        response["Cache-Control"] = "no-store"  # or "back" would show the rows without their page
        return response
    return render(request, "desk/queue.html", context, status=status)


@staff
@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    form = SavedFilterForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            filter_save(owner=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error("name", error.message)
            status = status_of(error)
        else:
            messages.success(request, _("The filter “%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return _to_queue(form.cleaned_data["query"])
    return _queue_page(request, QueryDict(request.POST.get("query", "")), form, status)


def _to_queue(query: str) -> HttpResponse:
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
    """Take a case that nobody has, right in its row; the answer leads back to where it was asked."""
    allowed_case(request, pk)
    try:
        case = screening.officer_assign(proposal_id=pk, actor=request.user, officer=request.user, only_if_free=True)
    except Conflict as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, _("You are now responsible for %(number)s.") % {"number": case.number})
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return redirect(f"{target}#case-{pk}")
    return redirect("desk:case", pk=pk)


@staff
def assign(request: HttpRequest, pk: Any) -> HttpResponse:
    """Name the responsible officer of one case."""
    case = allowed_case(request, pk)
    form = AssignForm(request.POST or None, initial={"officer": case.officer_id})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                screening.officer_assign(proposal_id=pk, actor=request.user, officer=form.cleaned_data["officer"])
            except DomainError as error:
                form.add_error("officer", error.message)
            else:
                messages.success(request, _("The case is with %(officer)s now.") % {"officer": form.cleaned_data["officer"]})
                return redirect("desk:case", pk=pk)
    context = {"form": form, "case": case, "title": _("Responsible officer"), "lead": _("The person is told by e-mail."), "submit": _("Assign")}
    return render(request, "desk/form_page.html", context, status=status)
