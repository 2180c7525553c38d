"""The city's side of pilots: the list with what is due, the page, and one page for everything that can be done."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.payments.money import deposit_files
from citylab.pilots import pages, selectors
from citylab.pilots.actions import DESK, attempt
from citylab.pilots.forms import PilotFilterForm
from citylab.pilots.models import Pilot
from citylab.pilots.services.preparing import Side
from citylab.proposals import files

from .. import money
from .common import staff

PAGE_SIZE = 25
ROOM = pages.Room("desk", Side.CITY, {**DESK, **money.ACTIONS}, tuple(pages.TABS))
# The figures over the list: which filter each of them opens.
FIGURES = (
    ("all", gettext_lazy("All"), ""),
    ("late", gettext_lazy("Late"), "due=late"),
    ("week", gettext_lazy("In the next seven days"), "due=week"),
    ("city", gettext_lazy("The city's turn"), "turn=office"),
    ("mine", gettext_lazy("Mine"), "officer=me"),
    ("restoration", gettext_lazy("Sites to check"), "state=restoration"),
)
followers = roles(Role.OFFICER, Role.ADMINISTRATOR, Role.DEPARTMENT)


def followed_pilot(request: HttpRequest, pk: Any) -> Pilot:
    """The pilot, to whom works on it for the city; 403 for those who may not, also for an officer who belongs to the start-up."""
    try:
        found = selectors.pilot(pk)
    except Pilot.DoesNotExist as error:
        raise Http404 from error
    user: Any = request.user
    if not (user.has_perm("pilots.process", found) or user.has_perm("pilots.check_restoration", found)):
        raise PermissionDenied
    return found


@followers
def pilots(request: HttpRequest) -> HttpResponse:
    form = PilotFilterForm(request.GET)
    form.is_valid()
    # A filter that does not exist is left out; the others count.
    wanted = selectors.PilotFilter(**{name: value for name, value in form.cleaned_data.items() if value})
    page = Paginator(selectors.desk_pilots(request.user, wanted), PAGE_SIZE).get_page(request.GET.get("page"))
    user: Any = request.user
    query = urlencode({name: value for name, value in form.cleaned_data.items() if value})
    counts = selectors.desk_counts(user)
    context = {
        "form": form, "page": page, "rows": [pages.row(ROOM, pilot) for pilot in page.object_list], "query": query, "works_on_cases": user.has_perm("pilots.use_desk"), "room": "desk",
        "figures": [{"code": code, "label": label, "query": target, "count": counts[code], "is_current": query == target} for code, label, target in FIGURES], "names": ROOM.addresses,
    }  # fmt: skip
    return render(request, "desk/pilots.html", context)


@followers
def pilot(request: HttpRequest, pk: Any) -> HttpResponse:
    found = followed_pilot(request, pk)
    context = pages.page(ROOM, found, request.user, request.GET.get("tab", ""))
    if context["tab"] == money.TAB:
        context |= money.tab_context(found)
    return render(request, "desk/pilot.html", context)


@followers
def report_file(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    found = get_object_or_404(selectors.report_files(followed_pilot(request, pk)), pk=attachment)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)


@staff
def deposit_file(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    """A document that stands by a decision on the deposit."""
    pilot = followed_pilot(request, pk)
    user: Any = request.user
    if not user.has_perm(money.PERMISSION, pilot):
        raise PermissionDenied
    found = get_object_or_404(deposit_files(pilot), pk=attachment)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)


@followers
def act(request: HttpRequest, pk: Any, code: str, item: str = "") -> HttpResponse:
    """One action: fill in, perhaps see what happens and is sent and confirm, done."""
    found = followed_pilot(request, pk)
    action, about = pages.wanted_action(ROOM, found, code, item)
    user: Any = request.user
    if not user.has_perm(action.permission, found):
        raise PermissionDenied
    tried = attempt(action, pilot=found, actor=user, item=about, data=request.POST if request.method == "POST" else None, files=request.FILES or None)
    if tried.step != "done":
        context = pages.action_page(ROOM, found, action, about, tried)
        if code in money.ACTIONS:
            context |= money.action_context(found, action, about, tried, user)
        return render(request, "desk/pilot_action.html", context, status=tried.status)
    messages.success(request, action.done)
    if not user.has_perm("pilots.use_desk"):
        return redirect("desk:pilots")  # a department's part ends with the check
    return redirect(f"{reverse('desk:pilot', args=[pk])}?tab={action.tab}")
