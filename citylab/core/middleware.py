"""Refusals become pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .errors import Conflict, DomainError, NotAllowed


def status_of(error: DomainError) -> int:
    """403 for what a person may not do, 409 for a lost race, 422 for everything else that was refused."""
    if isinstance(error, NotAllowed):
        return 403
    return 409 if isinstance(error, Conflict) else 422


class DomainErrorMiddleware:
    """A DomainError that a view let through is shown to the person: JSON where JSON was asked for, otherwise a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        status = status_of(exception)
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            return JsonResponse({"code": exception.code, "message": str(exception.message)}, status=status)
        return render(request, "core/domain_error.html", {"error": exception, "message": exception.message, "status": status}, status=status)
