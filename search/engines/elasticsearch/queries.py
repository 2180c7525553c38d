"""What is asked of Elasticsearch: the score of a text, hard constraints as filters, and people's words."""

from dataclasses import replace
from typing import Any

from elasticsearch.dsl.query import Bool, ConstantScore, Exists, GeoDistance, Match, MoreLikeThis, Prefix, Query, Range, Script, Term, TermsSet

from ... import analysis, weights
from .. import PUBLIC_KINDS, Constraints, Document, Hit, TextQuery
from ..terms import most_frequent_pairs, people_words

# People's search: a word in the title counts more than one in the text.
TITLE_WEIGHT = 3.0
# More than any text scores for twelve words.
WORD = 1000.0
# Elasticsearch's BM25 is multiplied by k1 + 1. Without it a field weighs here what it weighs in the embedded engine, and scores are of one size.
BOOSTS = {field: weight / (weights.K1[field] + 1) for field, weight in weights.FIELDS.items()}


def nearness(query: TextQuery) -> list[Query]:
    """The parts of the text score: BM25 of each field times its weight, summed. The cluster chooses the most telling terms."""
    language = query.language
    text = query.whole[: analysis.MAXIMUM_TEXT]
    tokens = analysis.tokens(text, language)
    if not tokens:
        return []

    def telling(field: str, analyzer: str, weight: float, terms: int, like: str = text) -> Query:
        return MoreLikeThis(fields=[field], like=like, analyzer=analyzer, max_query_terms=terms, min_term_freq=1, min_doc_freq=1, minimum_should_match="1", boost=weight)

    found = [
        telling(f"title_{language}", f"query_{language}", BOOSTS["title"], weights.QUERY_TERMS),
        telling(f"whole_{language}", f"query_{language}", BOOSTS["whole"], weights.QUERY_TERMS),
        telling(f"whole_{language}.words", f"words_{language}", BOOSTS["words"], weights.QUERY_WORDS),
        telling(f"whole_{language}.grams", "grams", BOOSTS["grams"], weights.QUERY_GRAMS, text[: weights.GRAM_CHARACTERS]),
    ]
    if pairs := most_frequent_pairs(tokens):
        found.append(Match(**{f"pairs_{language}": {"query": " ".join(pairs), "analyzer": "whitespace", "boost": BOOSTS["pairs"]}}))
    return found


def _unless_missing(field: str, wanted: Query) -> Query:
    return Bool(should=[wanted, Bool(must_not=[Exists(field=field)])], minimum_should_match=1)


def fitting(constraints: Constraints, kind: str) -> list[Query]:
    """Filters of those that break no hard constraint; what is not said, on either side, limits nothing."""
    now = constraints.now.isoformat()
    found = [
        _unless_missing("opens_at", Range(opens_at={"lte": now})),
        _unless_missing("closes_at", Range(closes_at={"gte": constraints.now.replace(second=0, microsecond=0).isoformat()})),
    ]
    if constraints.area_m2:
        found.append(_unless_missing("area_m2", Range(area_m2={"gte": constraints.area_m2})))
    if constraints.trl_now is not None:
        found.append(_unless_missing("trl_min", Bool(filter=[Range(trl_min={"lte": constraints.trl_now}), Range(trl_max={"gte": constraints.trl_now})])))
    if constraints.requested_cents:
        found.append(_unless_missing("budget_max_cents", Range(budget_max_cents={"gte": constraints.requested_cents})))
    if constraints.applicant_kind:
        found.append(_unless_missing("applicant_kinds", Term(applicant_kinds=constraints.applicant_kind)))
    if constraints.capabilities and kind == "site":
        # Each of them: what a challenge asks for is no limit to what a proposal uses.
        all_of_them = {"source": "params.num_terms"}
        found.append(TermsSet(capabilities={"terms": sorted(constraints.capabilities), "minimum_should_match_script": all_of_them}))
    if constraints.starts_on and constraints.ends_on:
        period = Range(free={"gte": constraints.starts_on.isoformat(), "lte": constraints.ends_on.isoformat(), "relation": "contains"})
        found.append(Bool(should=[Term(has_calendar=False), period], minimum_should_match=1))
    if constraints.point:
        latitude, longitude = constraints.point
        source = "doc['point'].size() == 0 || doc['point'].arcDistance(params.lat, params.lon) <= doc['maximum_metres'].value"
        found.append(_unless_missing("maximum_metres", Script(script={"source": source, "params": {"lat": latitude, "lon": longitude}})))
        if constraints.maximum_metres is not None:
            found.append(GeoDistance(distance=f"{constraints.maximum_metres}m", point={"lat": latitude, "lon": longitude}))
    return found


def containing(query: str, language: str, *, some: bool = False) -> Query | None:
    """Documents that have all of a person's words, or some; the last one may be a beginning. None where there is no word.

    What a document scores for each word is `WORD` and its text's score: those that have most come first, and `words_had` tells how many.
    """
    words = people_words(query, language)
    if not words:
        return None
    groups, beginning = [analysis.with_synonyms([token.stem], language) for token in words], analysis.folded(words[-1].word)
    parts: list[Query] = []
    for position, group in enumerate(groups):
        either: list[Query] = []
        for stem in group:
            either += [Term(**{f"title_{language}": {"value": stem, "boost": TITLE_WEIGHT}}), Term(**{f"body_{language}": stem})]
        if position == len(groups) - 1:
            either += [Prefix(**{f"title_{language}.words": {"value": beginning, "boost": TITLE_WEIGHT}}), Prefix(**{f"body_{language}.words": beginning})]
        has = Bool(should=either, minimum_should_match=1)
        parts.append(Bool(must=[has], should=[ConstantScore(filter=has, boost=WORD)]))
    return Bool(should=parts, minimum_should_match=1 if some else len(parts))


def words_had(hit: Hit) -> Hit:
    """A hit of `containing` with the score of its text alone, and how many of the words it has."""
    words, score = divmod(hit.score, WORD)
    return replace(hit, score=score, words=int(words))


def stands(stem: str, language: str) -> Query:
    """Documents that have a stem."""
    return Bool(should=[Term(**{f"title_{language}": stem}), Term(**{f"body_{language}": stem})], minimum_should_match=1)


def source(document: Document) -> dict[str, Any]:
    """A document as it is indexed; what is not public has no text that people's search reads."""
    facts = document.facts
    found: dict[str, Any] = {
        "object_id": document.object_id, "digest": document.digest, "accepted": document.accepted, "has_calendar": facts.free is not None,
        "capabilities": list(facts.capabilities), "applicant_kinds": list(facts.applicant_kinds),
        "free": [{"gte": first.isoformat(), "lte": last.isoformat()} for first, last in facts.free or ()],
    }  # fmt: skip
    for name in ("area_m2", "trl_min", "trl_max", "budget_max_cents", "maximum_metres"):
        if getattr(facts, name) is not None:
            found[name] = getattr(facts, name)
    for name in ("opens_at", "closes_at"):
        if getattr(facts, name) is not None:
            found[name] = getattr(facts, name).isoformat()
    if facts.point:
        found["point"] = {"lat": facts.point[0], "lon": facts.point[1]}
    for language, text in document.texts.items():
        whole = f"{text.title} {text.body} {text.history}"[: analysis.MAXIMUM_TEXT]
        found[f"title_{language}"] = text.title
        found[f"whole_{language}"] = analysis.parted(whole)
        found[f"pairs_{language}"] = " ".join(analysis.pairs(analysis.stems(whole, language)))
        if document.kind in PUBLIC_KINDS:
            found[f"body_{language}"] = body = analysis.parted(text.body)
            found[f"spelling_{language}"] = f"{analysis.parted(text.title)} {body}"
    return found
