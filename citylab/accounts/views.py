"""Where each person goes after signing in; invitations; requests to join; the demo's accounts."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.core.errors import DomainError
from citylab.core.middleware import status_of

from .access import public, signed_in
from .models import AccessRequest, Invitation, Role, User
from .services.organisations import access_request_answer, invitation_accept, invitation_fault


@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """The room of this person."""
    user: Any = request.user
    if user.works_at_desk:
        return redirect("desk:home")
    if user.has_role(Role.EDITOR):
        return redirect("wagtailadmin_home")
    return redirect("portal:home")


@public
@require_POST
def demo_login(request: HttpRequest) -> HttpResponse:
    """Sign in as a demo account; it does not exist where the settings have no demo accounts."""
    if not settings.DEMO_ACCOUNTS:
        raise Http404
    user = get_object_or_404(User, email=request.POST.get("email", ""), is_demo=True, is_active=True)
    login(request, user, backend="citylab.accounts.backends.Accounts")
    return redirect("start")


@signed_in
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = Invitation.objects.select_related("organisation", "invited_by").filter(token=token).first()
    if found is None:
        raise Http404
    error = invitation_fault(found, request.user)  # type: ignore[arg-type]
    if request.method == "POST":
        try:
            invitation_accept(token=token, actor=request.user)  # type: ignore[arg-type]
        except DomainError as refusal:
            error = refusal
        else:
            messages.success(request, _("You now belong to %(organisation)s.") % {"organisation": found.organisation})
            return redirect("portal:home")
    status = 200 if error is None else status_of(error) if request.method == "POST" else 410 if error.code != "invitation_address" else 403
    return render(request, "accounts/invitation.html", {"invitation": found, "error": error}, status=status)


@signed_in
def access_request(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(AccessRequest.objects.select_related("organisation", "user"), pk=pk)
    user: Any = request.user
    if not user.has_perm("accounts.answer_access_request", found):
        raise Http404
    if request.method == "POST":
        try:
            access_request_answer(request_id=pk, actor=user, accept=request.POST.get("answer") == "yes")
            messages.success(request, _("The answer is on its way."))
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("start")
    return render(request, "accounts/access_request.html", {"access_request": found})


@signed_in
def account_settings(request: HttpRequest) -> HttpResponse:
    """Name, language, messages, password and second factor in one place."""
    from citylab.notifications.classes import CATEGORIES
    from citylab.notifications.selectors import preferences_of
    from citylab.notifications.services import preferences_save

    from .forms import AccountForm

    user: Any = request.user
    form = AccountForm(request.POST or None, instance=user)
    wanted = preferences_of(user)
    # Whoever does not act for the city is not asked about the desk; what was chosen stays for the day they do.
    unasked = set() if user.is_city else {"desk"}
    if request.method == "POST" and form.is_valid():
        form.save()
        preferences_save(user=user, wanted=set(request.POST.getlist("categories")) | {code for code in unasked if wanted[code]})
        messages.success(request, _("Saved."))
        return redirect("account_settings")
    categories = [{"code": code, "label": label, "wanted": wanted[code], "fixed": code == "formal"} for code, label in CATEGORIES.items() if code not in unasked]
    return render(request, "accounts/settings.html", {"form": form, "categories": categories}, status=422 if form.errors else 200)
