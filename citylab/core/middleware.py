"""A refusal of the domain that reaches the top becomes a page that says it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .errors import Conflict, DomainError, NotAllowed


def status_of(error: DomainError) -> int:
    """403 for a missing permission, 409 for a lost race, 422 for the rest."""
    return 403 if isinstance(error, NotAllowed) else 409 if isinstance(error, Conflict) else 422


class DomainErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        status = status_of(exception)
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"code": exception.code, "message": str(exception.message)}, status=status)
        return render(request, "core/domain_error.html", {"error": exception}, status=status)
