"""Closed by default, and a second factor for everyone who acts for the city."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

OURS = ("citylab.", "cms.", "search.")
# allauth's own pages stay open to somebody who still has to set a second factor up.
WITHOUT_SECOND_FACTOR = ("mfa_", "account_")
# A form that somebody sent after the session had ended, to be sent again after signing in.
KEPT = "kept_form"
KEPT_CHARACTERS = 200_000


def access_of(view: Callable[..., Any]) -> frozenset[str] | None:
    """What a view says about who may open it; None for the views of libraries, which guard themselves."""
    access = getattr(view, "access", None)
    view_class = getattr(view, "view_class", None)
    if access is None and view_class is not None:
        access = getattr(view_class, "access", None)
    if access is not None:
        return access
    module = (view_class or view).__module__
    return frozenset() if module.startswith(OURS) else None


class ClosedByDefaultMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> HttpResponse | None:
        access = access_of(view)
        if access is None or "public" in access:
            return None
        user: Any = request.user
        if not user.is_authenticated:
            return _signed_out(request)
        if request.method == "GET" and KEPT in request.session and request.session[KEPT]["path"] == request.path:
            return render(request, "accounts/kept.html", {"kept": request.session.pop(KEPT)})
        if "signed_in" in access or access & user.roles:
            return None
        raise PermissionDenied


def _signed_out(request: HttpRequest) -> HttpResponse:
    """To the sign-in page. What was typed into a form waits in the session until then; a script gets 401 and tells on its own page."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401)
    if request.method == "POST":
        fields = [(name, value) for name in request.POST if name != "csrfmiddlewaretoken" for value in request.POST.getlist(name)]
        if sum(len(name) + len(value) for name, value in fields) <= KEPT_CHARACTERS:
            request.session[KEPT] = {"path": request.path, "fields": fields, "had_files": bool(request.FILES)}
    return redirect_to_login(request.get_full_path())


class SecondFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> HttpResponse | None:
        user: Any = request.user
        if not settings.SECOND_FACTOR_REQUIRED or not user.is_authenticated or not user.is_city:
            return None
        if settings.DEMO_ACCOUNTS and user.is_demo:
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        is_allauths = access_of(view) is None and (name or "").startswith(WITHOUT_SECOND_FACTOR)
        if is_allauths or is_mfa_enabled(user):
            return None
        return redirect("mfa_activate_totp")
