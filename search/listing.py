"""People's search over the public records: typos forgiven, filters with counts."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from . import analysis
from .engines import Engine, Hit, batches, get_engine
from .engines.terms import people_words

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
    """The records found, the filters with counts, the words that were searched instead of mistyped ones, whether the records have only some of the
    words, whether more have them than the best that were taken, and whether a reserve engine answered."""

    records: list[Any]
    facets: Mapping[str, list[Option]]
    corrected: str
    is_partial: bool = False
    is_cut: bool = False
    is_degraded: bool = False


@dataclass(frozen=True)
class Facet:
    """A filter: how to read its values (code → label) from a record."""

    name: str
    values: Callable[[Any], Mapping[str, str]]


@dataclass(frozen=True)
class LookUp:
    """(kind, id) of what a person's words found, the best first and alone; the words that were searched instead of mistyped ones; the language they were
    found in; whether what was found has only some of the words; whether there is more than the best; whether a reserve engine answered."""

    found: list[tuple[str, str]]
    corrected: str
    language: str
    is_partial: bool
    is_cut: bool
    is_degraded: bool


@dataclass(frozen=True)
class _Try:
    """What the words found in a language; `corrected` where they are not those that were typed."""

    words: str
    language: str
    hits: list[Hit]
    corrected: str = ""

    @property
    def most(self) -> int:
        """How many words the best hit has."""
        return self.hits[0].words if self.hits else 0

    @property
    def is_whole(self) -> bool:
        return bool(self.hits) and self.most == self._asked

    @property
    def telling(self) -> list[Hit]:
        """Those with all the words; where there are none, those with at least half of them, or with as many as any has."""
        least = self.most if self.is_whole else min(self.most, (self._asked + 1) // 2)
        return [hit for hit in self.hits if hit.words >= least]

    @property
    def _asked(self) -> int:
        return len(people_words(self.words, self.language))


def look_up(query: str, kinds: Sequence[str], *, as_typed: bool = False) -> LookUp:
    """Look for a person's words. Where nothing has them all, mistyped ones are corrected, unless they are meant `as_typed`; then the other language is asked;
    then what has most of them is taken, of whichever of these."""
    engine, language = get_engine(), (get_language() or "it")[:2]
    tries: list[_Try] = []
    for attempt in _tries(query, kinds, language, engine, as_typed=as_typed):
        tries.append(attempt)
        if attempt.is_whole:
            break
    # Of those that find as many words: as typed before corrected, one's own language before the other.
    best = max(tries, key=lambda a: (a.is_whole, a.most, a.language == language, not a.corrected))
    found = [(hit.kind, hit.object_id) for hit in best.telling]
    return LookUp(found[:LIMIT], best.corrected, best.language, bool(best.hits) and not best.is_whole, len(found) > LIMIT, engine.is_degraded)


def _tries(query: str, kinds: Sequence[str], language: str, engine: Engine, *, as_typed: bool) -> Iterator[_Try]:
    """The ways of looking for these words, one after the other, until one finds what has them all. One hit too many says that there are more."""
    yield _Try(query, language, engine.search(query, language, kinds, limit=LIMIT + 1))
    better = query if as_typed else engine.corrected(query, language)
    if better != query:
        yield _Try(better, language, engine.search(better, language, kinds, limit=LIMIT + 1, some=True), better)
    other = "en" if language == "it" else "it"
    yield _Try(query, other, engine.search(query, other, kinds, limit=LIMIT + 1, some=True))
    if len(people_words(query, language)) > 1:
        yield _Try(query, language, engine.search(query, language, kinds, limit=LIMIT + 1, some=True))


def found_among(query: str, kind: str, keys: Collection[str]) -> set[str]:
    """Which of these records have all of a person's words, also where many more have them than a list shows."""
    answer = look_up(query, [kind])
    if answer.is_partial:
        return set()
    found = {key for _kind, key in answer.found} & set(keys)
    if not answer.is_cut:
        return found
    engine, words = get_engine(), answer.corrected or query
    for some in batches(sorted(set(keys) - found), LIMIT):
        found |= {hit.object_id for hit in engine.search(words, answer.language, [kind], limit=len(some), only=some)}
    return found


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
    return Listing(kept, counted, answer.corrected, answer.is_partial, answer.is_cut, answer.is_degraded) if answer else Listing(kept, counted, "")
