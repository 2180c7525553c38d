"""Saved searches and alerts: kept, renamed, paused, deleted."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.core.errors import DomainError
from citylab.notifications.services import wants
from search import saved_searches as services
from search.alerts import running_subscriptions_of
from search.models import SavedSearch
from search.notifications import NewMatch


@signed_in
def searches(request: HttpRequest) -> HttpResponse:
    """Everything that this person is told of."""
    return _page(request)


def _page(request: HttpRequest, *, error: DomainError | None = None, wrong: Any = None, typed: str = "") -> HttpResponse:
    found = list(services.saved_searches_of(request.user))
    labels = services.filter_labels(found)
    for search in found:
        search.address, search.chosen = services.address_of(search), labels.get(search.pk, [])  # type: ignore[attr-defined]
    context = {
        "searches": found, "most": services.MOST_FOR_ONE_PERSON, "subscriptions": list(running_subscriptions_of(request.user)), "gets_mail": wants(request.user, NewMatch),
        "error": error, "wrong": wrong, "typed": typed,
    }  # fmt: skip
    return render(request, "portal/searches.html", context, status=422 if error else 200)


@signed_in
@require_POST
def search_save(request: HttpRequest) -> HttpResponse:
    """Keep the words and filters of a list."""
    user: Any = request.user
    kind, words, name = (request.POST.get(key, "") for key in ("list", "q", "name"))
    filters = {key: request.POST.getlist(key) for key in request.POST if key not in ("list", "q", "name", "csrfmiddlewaretoken")}
    try:
        services.search_save(user=user, name=name, kind=kind, words=words, filters=filters, language=(get_language() or "it")[:2])
    except DomainError as error:
        context = {"error": error, "name": name, "list": kind, "words": words, "filters": filters}
        return render(request, "portal/search_save.html", context, status=422)
    messages.success(request, _("The search is saved. You get a message when something new answers it."))
    return redirect("portal:searches")


@signed_in
@require_POST
def search_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, pause, resume or delete one."""
    user: Any = request.user
    action = request.POST.get("action", "")
    try:
        if action == "rename":
            services.search_rename(search_id=pk, user=user, name=request.POST.get("name", ""))
        elif action in ("pause", "resume"):
            services.search_pause(search_id=pk, user=user, paused=action == "pause")
        elif action == "delete":
            services.search_delete(search_id=pk, user=user)
    except SavedSearch.DoesNotExist as error:
        raise Http404 from error
    except DomainError as error:
        return _page(request, error=error, wrong=pk, typed=request.POST.get("name", ""))
    done = {"rename": _("The new name is saved."), "pause": _("Paused: you get no messages until you resume it."), "resume": _("Resumed."), "delete": _("The search is deleted.")}
    if action in done:
        messages.success(request, done[action])
    return redirect("portal:searches")
