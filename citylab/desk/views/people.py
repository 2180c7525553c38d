"""Who works here: hand over a colleague's cases, and, for administrators, everybody's roles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from citylab.accounts.access import roles
from citylab.accounts.models import Role, User
from citylab.accounts.selectors import people_list, waiting_access_requests
from citylab.accounts.services.people import account_switch, second_factor_reset
from citylab.accounts.services.roles import roles_set
from citylab.core import outbox
from citylab.core.errors import DomainError
from citylab.core.middleware import status_of
from citylab.notifications.selectors import failed_messages
from citylab.pilots.services.assigning import pilots_hand_over
from citylab.proposals.services import screening

from ..forms import ConfirmForm, HandedWorkForm, HandOverForm, PeopleForm, RolesForm
from .common import staff

PAGE_SIZE = 25
administrator = roles(Role.ADMINISTRATOR)


@staff
def hand_over(request: HttpRequest) -> HttpResponse:
    """Give undecided cases and pilots of a colleague to another: choose the two, then untick what stays, which confirms."""
    form = HandOverForm(request.POST or None)
    lead = _("Undecided cases and pilots of one colleague go to another, who is told by e-mail. You choose which on the next page.")
    context: dict[str, Any] = {"form": form, "title": _("Hand over cases"), "lead": lead, "submit": _("See which cases")}
    if request.method != "POST" or "edit" in request.POST:
        return render(request, "desk/form_page.html", context)
    if not form.is_valid():
        return render(request, "desk/form_page.html", context, status=422)
    giver, taker = form.cleaned_data["from_officer"], form.cleaned_data["to_officer"]
    confirmed = "confirmed" in request.POST
    work = HandedWorkForm(request.POST if confirmed else None, giver=giver)
    if not confirmed or not work.is_valid():
        effect = _("%(work)s: from %(giver)s to %(taker)s.") % {"work": _work(giver.cases, giver.pilots), "giver": giver, "taker": taker}
        return render(request, "desk/hand_over.html", {**context, "people": form, "form": work, "effect": effect}, status=422 if confirmed else 200)
    both = {"actor": request.user, "from_officer": giver, "to_officer": taker}
    try:
        cases = screening.cases_hand_over(**both, chosen=work.cleaned_data.get("cases", ()))
        pilots = pilots_hand_over(**both, chosen=work.cleaned_data.get("pilots", ()))
    except DomainError as error:
        form.add_error("to_officer", error.message)
        return render(request, "desk/form_page.html", context, status=status_of(error))
    messages.success(request, _("%(work)s: now with %(officer)s.") % {"work": _work(cases.moved, pilots.moved), "officer": taker})
    if cases.kept or pilots.kept:
        messages.warning(request, _("These stayed because of a conflict of interest: %(numbers)s.") % {"numbers": ", ".join((*cases.kept, *pilots.kept))})
    return redirect("desk:queue")


def _work(cases: int, pilots: int) -> str:
    """How many cases and pilots, in words."""
    words = [ngettext("%(count)s case", "%(count)s cases", cases) % {"count": cases}, ngettext("%(count)s pilot", "%(count)s pilots", pilots) % {"count": pilots}]
    return ", ".join(words)


@roles(Role.OFFICER)
def access_requests(request: HttpRequest) -> HttpResponse:
    """Requests to join an organisation that nobody has answered yet: an officer may, where its owners do not."""
    page = Paginator(waiting_access_requests(), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "desk/access_requests.html", {"page": page})


@administrator
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with an account, and their roles."""
    form = PeopleForm(request.GET)
    form.is_valid()
    found = people_list(text=form.cleaned_data.get("text", ""), role=form.cleaned_data.get("role", ""))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    given_up = {"work_given_up": outbox.failed().count(), "mail_given_up": failed_messages().count()}
    return render(request, "desk/people.html", {"form": form, "page": page, "labels": dict(Role.choices), **given_up})


@dataclass(frozen=True)
class AccountAct:
    """What an administrator does for an account besides its roles: whether it can be done now, its words, and its service."""

    code: str
    possible: Callable[[User], bool]
    title: Promise
    effects: tuple[Promise, ...]
    act: Callable[..., Any]
    danger: bool = True


ACTS = {
    act.code: act
    for act in (
        AccountAct(
            "second-factor", is_mfa_enabled, gettext_lazy("Remove the second factor"),
            (
                gettext_lazy("Make sure first that it is really this person who asks: speak with them."),
                gettext_lazy("The app and the recovery codes no longer work; whoever acts for the city sets up another factor at the next sign-in."),
                gettext_lazy("The person is told by e-mail."),
            ), lambda user, actor: second_factor_reset(user_id=user.pk, actor=actor),
        ),
        AccountAct(
            "deactivate", lambda user: user.is_active, gettext_lazy("Switch the account off"),
            (gettext_lazy("The person is signed out and cannot sign in; what they did stays."), gettext_lazy("Cases and pilots stay with them until you hand them over.")),
            lambda user, actor: account_switch(user_id=user.pk, active=False, actor=actor),
        ),
        AccountAct(
            "reactivate", lambda user: not user.is_active, gettext_lazy("Switch the account on"),
            (gettext_lazy("The person can sign in again, with the same roles and organisations."),),
            lambda user, actor: account_switch(user_id=user.pk, active=True, actor=actor), danger=False,
        ),
    )
}  # fmt: skip


@administrator
def person_act(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """A lost second factor, or an account switched off or on: what happens, and one confirmation."""
    act = ACTS.get(code)
    if act is None:
        raise Http404
    found = get_object_or_404(User, pk=pk)
    context = {"person": found, "title": act.title, "lead": f"{found}, {found.email}", "submit": act.title, "effects": act.effects, "danger": act.danger, "form": ConfirmForm()}
    if "confirmed" not in request.POST:
        return render(request, "desk/confirm.html", context)
    try:
        act.act(found, request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Done: %(title)s, %(person)s.") % {"title": act.title, "person": found})
    return redirect("desk:person", pk=pk)


@administrator
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's roles: tick, see what changes, confirm once."""
    found = get_object_or_404(User, pk=pk)
    form = RolesForm(request.POST if request.method == "POST" else None, initial={"roles": sorted(found.roles)})
    context: dict[str, Any] = {"form": form, "person": found, "title": str(found), "lead": found.email, "submit": _("See what changes")}
    context["acts"] = [act for act in ACTS.values() if act.possible(found)]
    if request.method != "POST" or "edit" in request.POST:
        return render(request, "desk/form_page.html", context)
    if not form.is_valid():
        return render(request, "desk/form_page.html", context, status=422)
    wanted = set(form.cleaned_data["roles"])
    effects = [_("Gets the role: %(role)s") % {"role": Role(code).label} for code in sorted(wanted - found.roles)]
    effects += [_("Loses the role: %(role)s") % {"role": Role(code).label} for code in sorted(found.roles - wanted)]
    if not effects:
        form.add_error("roles", _("Nothing would change."))
        return render(request, "desk/form_page.html", context, status=422)
    if "confirmed" not in request.POST:
        return render(request, "desk/confirm.html", {**context, "submit": _("Change the roles"), "effects": effects})
    try:
        roles_set(user=found, wanted=wanted, actor=request.user)
    except DomainError as error:
        form.add_error("roles", error.message)
        return render(request, "desk/form_page.html", context, status=status_of(error))
    messages.success(request, _("The roles of %(person)s are changed.") % {"person": found})
    return redirect("desk:people")
