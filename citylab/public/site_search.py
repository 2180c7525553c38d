"""The search of the whole site, and what every search box suggests while somebody types."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from citylab.accounts.access import public
from search import site_wide
from search.engines import PUBLIC_KINDS
from search.listing import suggested
from search.marking import marked

from .filters import LONGEST, chosen_values, filters_and_chips, words

PAGE_SIZE = 20
SUMMARY = 240
SUGGESTIONS = 6
SUGGESTED_FROM = 2
# As long as a record that was withdrawn may still be found.
FIVE_SECONDS = 5


@public
def search(request: HttpRequest) -> HttpResponse:
    """One box, results of every kind ranked together; everything that is chosen stands in the address."""
    query, as_typed = words(request)
    chosen = chosen_values(request, site_wide.FACETS)
    answer = site_wide.search(query, chosen, as_typed=as_typed)
    found = answer.listing
    language = (get_language() or "it")[:2]
    page = Paginator(found.records, PAGE_SIZE).get_page(request.GET.get("page"))
    has_facets = any(found.facets.values())
    results = _results(page, found.corrected or query, language)
    context = {
        **filters_and_chips(request, found, {"kind": _("Kind"), "sector": _("Sector"), "status": _("State of the challenge")}),
        "page": page, "results": results, "total": page.paginator.count, "query": query, "search_query": query, "corrected": found.corrected if has_facets else "", "is_partial": found.is_partial and has_facets, "is_degraded": found.is_degraded, "is_cut": found.is_cut,
        "is_filtered": any(chosen.values()), "without_filters": _without_filters(request), "has_facets": has_facets, "in_other_language": answer.language != language and bool(found.records),
        "points": [
            {"lat": card.point[0], "lon": card.point[1], "name": str(card.title), "mark": result["mark"], "card": result["id"]}
            for result in results if (card := result["card"]).point
        ],
    }  # fmt: skip
    return render(request, "public/search.html", context)


def _without_filters(request: HttpRequest) -> str:
    """The same words without any filter."""
    kept = QueryDict(mutable=True)
    kept.update({name: request.GET[name] for name in ("q", "exact") if name in request.GET})
    return f"{request.path}?{kept.urlencode()}"


def _results(page: Any, sought: str, language: str) -> list[dict[str, Any]]:
    """The cards of a page with the words marked; those that have a place are numbered as on the map."""
    results: list[dict[str, Any]] = []
    mark = 0
    for number, card in enumerate(page, 1):
        mark += card.point is not None
        spoken = card.language or language
        results.append(
            {
                "id": f"result-{number}", "card": card, "mark": mark if card.point else None, "title": marked(card.title, sought, spoken),
                "summary": marked(Truncator(card.summary).chars(SUMMARY), sought, spoken), "lang": spoken if spoken != language else "",
            }
        )  # fmt: skip
    return results


@public
@require_GET
@cache_control(public=True, max_age=FIVE_SECONDS)
def suggestions(request: HttpRequest) -> HttpResponse:
    """Titles of public records for what has been typed so far: the same for everybody, so that caches may keep them."""
    beginning = request.GET.get("q", "")[:LONGEST].strip()
    kinds = [kind for kind in request.GET.getlist("kind") if kind in PUBLIC_KINDS] or PUBLIC_KINDS
    titles = suggested(beginning, kinds, SUGGESTIONS) if len(beginning) >= SUGGESTED_FROM else []
    return HttpResponse(render_to_string("public/suggestions.html", {"titles": titles}))
