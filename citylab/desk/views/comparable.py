"""What a case can be compared with, on its own address (it costs a matching), and the change of its site."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats
from django.utils.translation import gettext as _

from citylab.core.errors import Conflict, DomainError
from citylab.core.middleware import status_of
from citylab.proposals import selectors
from citylab.proposals.models import Proposal, ProposalSite
from citylab.proposals.services.siting import site_change
from citylab.proposals.workflow import SITE_CHANGEABLE
from citylab.testbeds.models import Site
from citylab.testbeds.selectors import availability
from search.comparable import other_sites, similar_cases

from ..forms import SiteChangeForm
from ..preview import rehearse
from .common import PROCESS, allowed_case, staff
from .moves import too_late


@staff
def comparable(request: HttpRequest, pk: Any) -> HttpResponse:
    """The part of the case page that is fetched after it, or a page of its own for a browser without scripts."""
    wished = Prefetch("wished_sites", ProposalSite.objects.select_related("site"))
    case = get_object_or_404(Proposal.objects.select_related("organisation", "sector", "assigned_site").prefetch_related(wished), pk=pk)
    user: Any = request.user
    if not user.has_perm(PROCESS, case):
        raise PermissionDenied
    context = {"case": case, "sites": other_sites(case), "similar": similar_cases(case, user), "can_change": case.state in SITE_CHANGEABLE}
    response = render(request, "desk/_comparable.html" if request.headers.get("HX-Request") else "desk/comparable.html", context)
    response["Vary"] = "HX-Request"
    return response


@staff
def change_site(request: HttpRequest, pk: Any, site: str) -> HttpResponse:
    """Another site for the case: what will be sent, with a reason if the officer gives one, and one confirmation."""
    case = allowed_case(request, pk)
    chosen = get_object_or_404(Site, code=site)
    current = selectors.site_of(case)
    title = _("Change the site")
    form = SiteChangeForm(request.POST) if request.method == "POST" else SiteChangeForm(initial={"seen": current.pk if current else None})
    if case.state not in SITE_CHANGEABLE:
        return too_late(request, case, title, form)
    context: dict[str, Any] = {"case": case, "form": form, "title": title, "current": current, "chosen": chosen}
    if form.is_bound and not form.is_valid():
        return render(request, "desk/change_site.html", context, status=422)
    given = form.cleaned_data if form.is_bound else {"seen": current.pk if current else None, "reason": ""}

    def act() -> None:
        site_change(proposal_id=pk, actor=request.user, site_id=chosen.pk, **given)

    try:
        if "confirmed" not in request.POST:
            return render(request, "desk/change_site.html", {**context, "preview": rehearse(case, act), "effects": _effects(case, current, chosen)})
        act()
    except Conflict as error:
        return too_late(request, allowed_case(request, pk), title, form, error)
    except DomainError as error:
        return render(request, "desk/refused.html", {**context, "error": error}, status=status_of(error))
    messages.success(request, _("The site of %(number)s is now %(site)s; the start-up is told.") % {"number": case.number, "site": chosen.name})
    return redirect("desk:case", pk=pk)


def _effects(case: Proposal, current: Site | None, chosen: Site) -> list[str]:
    """What the change does besides sending a message, in words."""
    names = {"before": current.name if current else "", "after": chosen.name}
    found = [_("The site of the case is %(after)s instead of %(before)s.") % names if current else _("The site of the case is %(after)s.") % names]
    if case.starts_on and case.ends_on:
        free = availability([chosen], case.starts_on, case.ends_on)[chosen.pk]
        if free.free_places:
            found.append(_("It is free on the dates asked for."))
        elif free.next_free:
            found.append(_("It is not free on the dates asked for; it is from %(day)s.") % {"day": formats.date_format(free.next_free.starts_on, "j F Y")})
        else:
            found.append(_("It is not free on the dates asked for, nor in the next two years."))
    return [*found, _("The proposal stays as it was submitted. Nothing is booked: only approval holds a place.")]
