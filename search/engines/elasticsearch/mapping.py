"""Analyzers and fields of our indices. They split and stem as `search.analysis` does, so that a word means the same to every engine."""

import json
from hashlib import sha256
from typing import Any

from elasticsearch.dsl import Mapping, analyzer, char_filter, token_filter, tokenizer
from elasticsearch.dsl import field as fields

from ... import analysis, weights
from .. import LANGUAGES

# Snowball's, as PyStemmer has them: what Elasticsearch calls “english” is Porter's older one, in which “campus” is “campu”.
STEMMERS = {"it": "italian", "en": "porter2"}

# Words that the newer Snowball of PyStemmer keeps apart (evening from even, university from universe), with their forms.
APART = {
    "it": (),
    "en": (
        "add", "added", "adding", "adds", "emergency", "emergencies", "evening", "evenings", "international", "internationally", "organic", "organics", "universities", "university",
    ),
}  # fmt: skip

# The same expressions as in search.analysis; (?U) gives Java Unicode's letters.
_joined = char_filter("joined", type="pattern_replace", pattern=r"(?U)\b(\p{L})-(?=[\p{L}\p{N}])", replacement="$1")
_elision = char_filter("elided", type="pattern_replace", pattern="(?iU)" + analysis.ELISION.pattern, replacement="")
_split = tokenizer("split", type="pattern", pattern=r"[^\p{L}\p{N}]+")
_length = token_filter("counting", type="length", min=2, max=60)
_grams = tokenizer("grams", type="ngram", min_gram=4, max_gram=4, token_chars=["letter", "digit"])


def _stop(language: str) -> Any:
    return token_filter(f"stop_{language}", type="stop", stopwords=sorted(analysis.stop_words(language)))


def _analyzers(language: str) -> dict[str, Any]:
    plain = ["lowercase", "asciifolding", _stop(language), _length]
    apart = token_filter(f"apart_{language}", type="stemmer_override", rules=[f"{word} => {analysis.stem(word, language)}" for word in APART[language]])
    stemmer = token_filter(f"stem_{language}", type="stemmer", language=STEMMERS[language])
    stemmed = [*plain, *([apart] if APART[language] else []), stemmer]
    synonyms = token_filter(f"synonyms_{language}", type="synonym", lenient=True, synonyms=[", ".join(group) for group in analysis.synonym_groups()])
    before = [_elision, _joined]
    return {
        "text": analyzer(f"text_{language}", tokenizer=_split, char_filter=before, filter=stemmed),
        "query": analyzer(f"query_{language}", tokenizer=_split, char_filter=before, filter=[*stemmed, synonyms]),
        "words": analyzer(f"words_{language}", tokenizer=_split, char_filter=before, filter=plain),
        # Longer texts come parted (search.analysis): these expressions took most of the time of indexing.
        "parted_text": analyzer(f"parted_text_{language}", tokenizer="whitespace", filter=stemmed),
        "parted_words": analyzer(f"parted_words_{language}", tokenizer="whitespace", filter=plain),
    }


def mapping() -> Mapping:
    """What a document has: texts by language, and the facts that hard constraints ask."""
    found = Mapping()
    found.meta("dynamic", "strict")
    found.meta("_source", includes=["title_*", "digest", "accepted"])
    grams = analyzer("grams", tokenizer=_grams, filter=["lowercase", "asciifolding"])
    counts = {"index_options": "freqs"}  # nobody asks for phrases: where a word stands need not be kept
    for language in LANGUAGES:
        named = _analyzers(language)
        beginnings = {**counts, "similarity": "words", "index_prefixes": {"min_chars": 1, "max_chars": 12}}
        title, body = (fields.Text(**beginnings, analyzer=named[name]) for name in ("words", "parted_words"))
        found.field(f"title_{language}", fields.Text(**counts, analyzer=named["text"], search_analyzer=named["query"], similarity="title", fields={"words": title}))
        found.field(f"body_{language}", fields.Text(**counts, analyzer=named["parted_text"], search_analyzer=named["query"], fields={"words": body}))
        found.field(f"spelling_{language}", fields.Text(**counts, analyzer=named["parted_words"]))
        whole = {"words": fields.Text(**counts, analyzer=named["parted_words"], similarity="words"), "grams": fields.Text(**counts, analyzer=grams, similarity="grams")}
        found.field(f"whole_{language}", fields.Text(**counts, analyzer=named["parted_text"], search_analyzer=named["query"], similarity="whole", fields=whole))
        found.field(f"pairs_{language}", fields.Text(**counts, analyzer="whitespace", similarity="pairs"))
    for name in ("object_id", "capabilities", "applicant_kinds"):
        found.field(name, fields.Keyword())
    for name in ("area_m2", "trl_min", "trl_max", "maximum_metres", "accepted"):
        found.field(name, fields.Integer())
    found.field("budget_max_cents", fields.Long())
    found.field("digest", fields.Keyword(index=False, doc_values=False))
    for name in ("opens_at", "closes_at"):
        found.field(name, fields.Date())
    found.field("has_calendar", fields.Boolean())
    found.field("free", fields.DateRange(format="yyyy-MM-dd"))
    found.field("point", fields.GeoPoint())
    return found


def body() -> dict[str, Any]:
    """Settings and mappings of a new index. Its digest stands in the mapping: an index of another form is found by it."""
    made = mapping()
    settings = {
        "number_of_shards": 1,  # how rare a word is counts within a shard
        "auto_expand_replicas": "0-1",
        "gc_deletes": "24h",  # an older write that arrives late does not bring back what was deleted
        "similarity": {name: {"type": "BM25", "k1": k1, "b": weights.B} for name, k1 in weights.K1.items()},
        "analysis": made._collect_analysis(),
    }
    mappings = made.to_dict()
    digest = sha256(json.dumps([settings, mappings], sort_keys=True).encode()).hexdigest()[:32]
    return {"settings": settings, "mappings": {**mappings, "_meta": {"form": digest}}}
