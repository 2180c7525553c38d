"""Wagtail's admin writes scripts and styles into its pages; our own pages never do."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


class EditingPolicyMiddleware:
    """A wider Content Security Policy for the editors' room alone. Still nothing from outside but images."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("wagtailadmin_home")):
            inline = [SELF, UNSAFE_INLINE]
            response._csp_replace = {"script-src": inline, "style-src": inline, "img-src": [*settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"], "blob:"]}  # type: ignore[attr-defined]
        return response
