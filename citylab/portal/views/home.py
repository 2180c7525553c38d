"""My area: proposals, organisations, members."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.accounts.models import Invitation, Membership, Organisation
from citylab.accounts.selectors import (
    access_requests_for,
    invitations_for,
    members_of,
    membership_role,
    memberships_of,
    organisations_of,
    pending_access_requests,
)
from citylab.accounts.services import organisations as services
from citylab.challenges.selectors import is_open
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.numbers import whole
from citylab.notifications.selectors import messages_of
from citylab.payments.money import to_pay
from citylab.proposals.selectors import proposals_of

from ..forms import InviteForm, OrganisationForm

PAGE_SIZE = 20
ASKED = gettext_lazy("Your request is on its way. You get a message when it is answered.")


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """All proposals of my organisations, what is owed first in sight."""
    user: Any = request.user
    organisations = list(organisations_of(user))
    roles = memberships_of(user)
    names = dict(Membership.Role.choices)
    for organisation in organisations:
        organisation.own_role = names[roles[organisation.pk]]  # type: ignore[attr-defined]
    chosen = next((organisation for organisation in organisations if str(organisation.pk) == request.GET.get("organisation")), None)
    page = Paginator(proposals_of([chosen] if chosen else organisations), PAGE_SIZE).get_page(request.GET.get("page"))
    today, moment = clock.today(), clock.now()
    for proposal in page.object_list:
        proposal.is_too_late = proposal.challenge is not None and not is_open(proposal.challenge, moment)  # type: ignore[attr-defined]
        proposal.days_left = (proposal.due_on - today).days if proposal.due_on else None  # type: ignore[attr-defined]
        proposal.days_late = -proposal.days_left if proposal.days_left is not None else None  # type: ignore[attr-defined]
    context = {
        "organisations": organisations, "chosen": chosen, "page": page, "can_write": any(role in (Membership.Role.OWNER, Membership.Role.EDITOR) for role in roles.values()),
        "to_pay": to_pay(pilot__organisation__in=[chosen] if chosen else organisations), "invitations": list(invitations_for(user)), "access_requests": list(access_requests_for(user)),
    }  # fmt: skip
    return render(request, "portal/home.html", context)


@signed_in
def organisation_create(request: HttpRequest) -> HttpResponse:
    """Register an organisation. An identifier that is here already leads to asking to be let in, and tells nothing of whose it is."""
    user: Any = request.user
    form = OrganisationForm(request.POST or None)
    registered = False
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("ask_access"):
                services.access_request_create(actor=user, data=form.cleaned_data, message=request.POST.get("message", ""))
                messages.success(request, ASKED)
                return redirect("portal:home")
            organisation = services.organisation_create(actor=user, data=form.cleaned_data)
        except services.IdentifierRegistered:
            registered = True
        except DomainError as error:
            form.add_error(error.code if error.code in form.fields else None, str(error))
        else:
            messages.success(request, _("%(organisation)s is registered. You are its owner.") % {"organisation": organisation})
            return redirect("portal:home")
    return render(request, "portal/organisation_form.html", {"form": form, "registered": registered, "is_new": True}, status=422 if form.errors or registered else 200)


def _organisation(request: HttpRequest, pk: Any) -> Organisation:
    """The organisation, to one of its members; it does not exist for anyone else."""
    if membership_role(request.user, pk) is None:
        raise Http404
    return get_object_or_404(Organisation, pk=pk)


@signed_in
def organisation(request: HttpRequest, pk: Any) -> HttpResponse:
    found = _organisation(request, pk)
    user: Any = request.user
    if request.method == "POST" and not user.has_perm("accounts.change_organisation_profile", found):
        raise PermissionDenied
    form = OrganisationForm(request.POST or None, instance=found)
    conflict, registered = None, False
    version = found.version if (given := whole(request.POST.get("version", ""))) is None else given
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("ask_access"):
                services.access_request_create(actor=user, data=form.cleaned_data, message=request.POST.get("message", ""))
                messages.success(request, ASKED)
                return redirect("portal:home")
            services.organisation_update(organisation_id=pk, actor=user, data=form.cleaned_data, version=version)
        except Conflict as error:
            conflict = error
            version = Organisation.objects.values_list("version", flat=True).get(pk=pk)
        except services.IdentifierRegistered:
            registered = True
        except DomainError as error:
            form.add_error(error.code if error.code in form.fields else None, str(error))
        else:
            messages.success(request, _("The profile is saved."))
            back = request.GET.get("next", "")  # the draft from which one came to fill in what was missing
            return redirect(back) if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()) else redirect("portal:organisation", pk=pk)
    theirs = _differences(form, Organisation.objects.get(pk=pk)) if conflict else []
    can_write = user.has_perm("accounts.change_organisation_profile", found)
    context = {
        "form": form,
        "organisation": found,
        "version": version,
        "conflict": conflict,
        "registered": registered,
        "theirs": theirs,
        "can_write": can_write,
    }
    return render(request, "portal/organisation_form.html", context, status=409 if conflict else 422 if form.errors or registered else 200)


def _differences(form: OrganisationForm, saved: Organisation) -> list[dict[str, Any]]:
    """What a colleague saved where it differs from what was typed."""
    return [{"label": form.fields[name].label, "mine": value, "theirs": getattr(saved, name)} for name, value in form.cleaned_data.items() if getattr(saved, name) != value]


@signed_in
def members(request: HttpRequest, pk: Any) -> HttpResponse:
    found = _organisation(request, pk)
    user: Any = request.user
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.member_invite(organisation_id=pk, actor=user, **form.cleaned_data)
        except DomainError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": form.cleaned_data["email"]})
            return redirect("portal:members", pk=pk)
    context = {
        "organisation": found, "members": list(members_of(found)), "form": form, "can_manage": user.has_perm("accounts.manage_members", found),
        "invitations": list(found.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=clock.now())),
        "requests": list(pending_access_requests(found)), "roles": Membership.Role.choices,
    }  # fmt: skip
    return render(request, "portal/members.html", context, status=422 if form.errors else 200)


@signed_in
def member_change(request: HttpRequest, pk: Any, membership: int) -> HttpResponse:
    """Another role for a member, or out, which is asked once. Whoever leaves lands at home."""
    organisation = _organisation(request, pk)
    user: Any = request.user
    found = get_object_or_404(Membership.objects.select_related("user"), pk=membership, organisation_id=pk)
    if request.method != "POST":
        return render(request, "portal/member_remove.html", {"organisation": organisation, "member": found, "is_own": found.user_id == user.pk})
    try:
        if request.POST.get("action") == "remove":
            services.member_remove(membership_id=membership, actor=user)
        else:
            services.member_role_change(membership_id=membership, actor=user, role=request.POST.get("role", ""))
        messages.success(request, _("Saved."))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("portal:members", pk=pk)
    return redirect("portal:home") if found.user_id == user.pk and request.POST.get("action") == "remove" else redirect("portal:members", pk=pk)


@signed_in
@require_POST
def invitation_revoke(request: HttpRequest, pk: Any, invitation: int) -> HttpResponse:
    _organisation(request, pk)
    get_object_or_404(Invitation, pk=invitation, organisation_id=pk)
    services.invitation_revoke(invitation_id=invitation, actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The invitation is taken back."))
    return redirect("portal:members", pk=pk)


@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """Every message that was sent to me, to read again."""
    page = Paginator(messages_of(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "portal/messages.html", {"page": page})
