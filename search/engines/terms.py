"""What is asked of an index for a longer text: the terms of each field of the score."""

from collections import Counter
from collections.abc import Mapping
from math import log

from .. import analysis, weights
from . import TextQuery


def asked(query: TextQuery) -> dict[str, Counter[str]]:
    """The terms of a text for each field of the score, with how often they occur; synonyms count among the stems."""
    stems = [token.stem for token in analysis.tokens(query.whole, query.language)]
    counted = Counter(stems)
    for stem in analysis.with_synonyms(counted, query.language):
        counted.setdefault(stem, 1)
    return {
        "title": counted,
        "whole": counted,
        "words": Counter(analysis.words(query.whole, query.language)),
        "pairs": Counter(dict(Counter(analysis.pairs(stems)).most_common(weights.QUERY_PAIRS))),
        "grams": Counter(analysis.grams(query.whole[: weights.GRAM_CHARACTERS])),
    }


def most_telling(terms: Mapping[str, int], known: Mapping[str, int], count: int) -> list[str]:
    """The terms that say most: by how often the text has them and in how few of `count` documents they stand (tf·idf), as more_like_this chooses."""
    found = sorted((term for term in terms if known.get(term)), key=lambda term: (-terms[term] * (1 + log((1 + count) / (1 + known[term]))), term))
    return found[: weights.QUERY_TERMS]
