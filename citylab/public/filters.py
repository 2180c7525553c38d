"""The words and filters of the public lists and of the search, as the address says them and as the page shows them."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from search.listing import Facet, Listing

# More words than that are never looked for.
LONGEST = 300


def words(request: HttpRequest) -> tuple[str, bool]:
    """What was typed, and whether it is meant exactly so: “exact” holds the words, so that others, typed later, are corrected again."""
    query = request.GET.get("q", "")[:LONGEST].strip()
    return query, bool(query) and request.GET.get("exact", "")[:LONGEST].strip() == query


def chosen_values(request: HttpRequest, facets: Iterable[Facet]) -> dict[str, list[str]]:
    return {facet.name: request.GET.getlist(facet.name) for facet in facets}


def filters_and_chips(request: HttpRequest, found: Listing, labels: dict[str, Any]) -> dict[str, Any]:
    """Each filter with its values and counts, and what is chosen, each with the address without it; whether nothing is chosen at all."""
    filters = [{"name": name, "label": label, "options": found.facets[name]} for name, label in labels.items()]
    chips = [{"label": option.label, "without": _without(request, name, option.value)} for name in labels for option in found.facets[name] if option.chosen]
    return {"filters": filters, "chips": chips, "is_bare": not set(request.GET) - {"page"}}


def _without(request: HttpRequest, name: str, value: str) -> str:
    """This list with one filter value less."""
    query = request.GET.copy()
    query.setlist(name, [kept for kept in query.getlist(name) if kept != value])
    query.pop("page", None)
    return f"{request.path}?{query.urlencode()}"
