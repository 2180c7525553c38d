"""People's search over the public records: typos forgiven, filters with counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from . import analysis
from .engines import get_engine

LIMIT = 500


@dataclass(frozen=True)
class Option:
    """A value of a filter, with how many records it would leave."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Listing:
    """The records found, the filters with counts, the words that were searched instead of mistyped ones, and whether a reserve engine answered."""

    records: list[Any]
    facets: Mapping[str, list[Option]]
    corrected: str
    is_degraded: bool = False


@dataclass(frozen=True)
class Facet:
    """A filter: how to read its values (code → label) from a record."""

    name: str
    values: Callable[[Any], Mapping[str, str]]


@dataclass(frozen=True)
class LookUp:
    """(kind, id) of what a person's words found, best first; the words that were searched instead of mistyped ones; the language they were found in;
    whether a reserve engine answered."""

    found: list[tuple[str, str]]
    corrected: str
    language: str
    is_degraded: bool


def look_up(query: str, kinds: Sequence[str], *, as_typed: bool = False) -> LookUp:
    """Look for a person's words. Where they find nothing, mistyped ones are corrected, unless they are meant `as_typed`; then the other language is asked."""
    language = (get_language() or "it")[:2]
    engine = get_engine()
    corrected = ""
    hits = engine.search(query, language, kinds, limit=LIMIT)
    if not hits and not as_typed:
        better = engine.corrected(query, language)
        if better != query:
            hits, corrected = engine.search(better, language, kinds, limit=LIMIT), better
    if not hits:
        corrected, language = "", "en" if language == "it" else "it"
        hits = engine.search(query, language, kinds, limit=LIMIT)
    return LookUp([(hit.kind, hit.object_id) for hit in hits], corrected, language, engine.is_degraded)


def found_ids(query: str, kinds: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """(kind, id) of what a person's words find, best first, and the corrected words where the typed ones found nothing."""
    answer = look_up(query, kinds)
    return answer.found, answer.corrected


def suggested(beginning: str, kinds: Sequence[str], limit: int) -> list[str]:
    """Titles for what has been typed so far: those in which a word begins like the one being typed; where none does, those of records that speak of it."""
    language = (get_language() or "it")[:2]
    titles = get_engine().suggestions(beginning, language, kinds, 2 * limit)
    typed = analysis.words(beginning, language)
    telling = [title for title in titles if any(word.startswith(typed[-1]) for word in analysis.words(title, language))]
    return (telling or titles)[:limit]


def listing(records: Sequence[Any], kind: str, query: str, facets: Sequence[Facet], chosen: Mapping[str, Sequence[str]], *, as_typed: bool = False) -> Listing:
    """Narrow `records` (all that are public, in their usual order) by words and filters."""
    if not query.strip():
        return narrowed(records, facets, chosen)
    answer = look_up(query, [kind], as_typed=as_typed)
    rank = {pk: position for position, (_kind, pk) in enumerate(answer.found)}
    found = sorted((r for r in records if str(r.pk) in rank), key=lambda r: rank[str(r.pk)])
    return narrowed(found, facets, chosen, answer)


def narrowed(records: Sequence[Any], facets: Sequence[Facet], chosen: Mapping[str, Sequence[str]], answer: LookUp | None = None) -> Listing:
    """Those records, found by `answer`, that pass the filters.

    Values of one filter are alternatives, different filters all apply; a filter's counts are those that its other values would leave.
    """
    values = {facet.name: {r.pk: facet.values(r) for r in records} for facet in facets}

    def passes(record: Any, but: str = "") -> bool:
        return all(not chosen.get(f.name) or f.name == but or set(chosen[f.name]) & set(values[f.name][record.pk]) for f in facets)

    counted: dict[str, list[Option]] = {}
    for facet in facets:
        labels: dict[str, str] = {}
        counts: dict[str, int] = {}
        for record in records:
            for code, label in values[facet.name][record.pk].items():
                labels[code] = label
                counts[code] = counts.get(code, 0) + passes(record, but=facet.name)
        wanted = set(chosen.get(facet.name) or [])
        counted[facet.name] = [Option(code, labels[code], counts[code], code in wanted) for code in sorted(labels, key=lambda c: labels[c])]
    kept = [r for r in records if passes(r)]
    return Listing(kept, counted, answer.corrected, answer.is_degraded) if answer else Listing(kept, counted, "")
