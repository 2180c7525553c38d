"""The start-up's side of a pilot: the list, the page, and one page for everything it can do."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from citylab.accounts.access import signed_in
from citylab.accounts.selectors import membership_role, organisations_of
from citylab.payments.money import money_view, to_pay
from citylab.pilots import pages, selectors
from citylab.pilots.actions import PORTAL, attempt
from citylab.pilots.models import Pilot
from citylab.pilots.services.preparing import Side
from citylab.proposals import files

PAGE_SIZE = 20
ROOM = pages.Room("portal", Side.STARTUP, PORTAL, ("overview", "requirements", "money", "progress", "events", "ending", "messages", "card"))


def own_pilot(request: HttpRequest, pk: Any) -> Pilot:
    """The pilot, to the organisation's people; it does not exist for anyone else."""
    try:
        found = selectors.pilot(pk)
    except Pilot.DoesNotExist as error:
        raise Http404 from error
    if membership_role(request.user, found.organisation_id) is None:
        raise Http404
    return found


@signed_in
def pilots(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.pilots_of(organisations_of(request.user)), PAGE_SIZE).get_page(request.GET.get("page"))
    owed = {one.pilot_id: one for one in to_pay(pilot__in=[pilot.pk for pilot in page.object_list])}
    rows = [{**pages.row(ROOM, pilot), "to_pay": owed.get(pilot.pk)} for pilot in page.object_list]
    return render(request, "portal/pilots.html", {"page": page, "rows": rows, "room": "portal", "names": ROOM.addresses})


@signed_in
def pilot(request: HttpRequest, pk: Any) -> HttpResponse:
    found = own_pilot(request, pk)
    return render(request, "portal/pilot.html", page_of(found, request.user, request.GET.get("tab", "")))


def page_of(found: Pilot, user: Any, tab: str) -> dict[str, Any]:
    """The context of the pilot's page with one of its tabs; the one about money is filled here."""
    context = pages.page(ROOM, found, user, tab)
    context["to_pay"] = sum(owed.count for owed in to_pay(pilot=found))
    if context["tab"] == "money":
        context |= {
            "tab_template": "payments/_money.html", "money": money_view(found), "may_pay": user.has_perm("payments.pay", found), "document": "portal:deposit_file",
            "receipt_page": "portal:receipt_page", "receipt_pdf": "portal:receipt_pdf", "group_actions": "portal/_money_pay.html", "sum_actions": "portal/_money_sum_actions.html",
            "other_actions": "portal/_money_transfers.html",
        }  # fmt: skip
    return context


def money_address(pilot_id: Any) -> str:
    """The tab about a pilot's money."""
    return f"{reverse('portal:pilot', args=[pilot_id])}?tab=money"


@signed_in
def report_file(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    found = get_object_or_404(selectors.report_files(own_pilot(request, pk)), pk=attachment)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)


@signed_in
def act(request: HttpRequest, pk: Any, code: str, item: str = "") -> HttpResponse:
    """One action: fill in, perhaps see what happens and confirm, done."""
    found = own_pilot(request, pk)
    action, about = pages.wanted_action(ROOM, found, code, item)
    user: Any = request.user
    if not user.has_perm(action.permission, found):
        raise PermissionDenied
    tried = attempt(action, pilot=found, actor=user, item=about, data=request.POST if request.method == "POST" else None, files=request.FILES)
    if tried.step == "done":
        messages.success(request, action.done)
        return redirect(f"{reverse('portal:pilot', args=[pk])}?tab={action.tab}")
    return render(request, "portal/pilot_action.html", pages.action_page(ROOM, found, action, about, tried), status=tried.status)
