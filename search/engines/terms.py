"""What is asked of an index for a longer text: the terms of each field of the score."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from .. import analysis, weights
from . import TextQuery

# Of what is typed into a search box no more is looked for.
PEOPLE_CHARACTERS, PEOPLE_WORDS = 300, 12


def possible(query: TextQuery) -> list[str]:
    """The stems of a text and what means the same: how rare each is decides which are asked."""
    return list(_counted(analysis.tokens(query.whole, query.language), query.language))


def people_words(query: str, language: str) -> list[analysis.Token]:
    """The words of a person's search that are looked for."""
    return analysis.tokens(query[:PEOPLE_CHARACTERS], language)[:PEOPLE_WORDS]


def _counted(tokens: Sequence[analysis.Token], language: str) -> Counter[str]:
    counted = Counter(token.stem for token in tokens)
    for stem in analysis.with_synonyms(counted, language):
        counted.setdefault(stem, 1)
    return counted


def asked(query: TextQuery, known: Mapping[str, int], documents: int) -> dict[str, list[str]]:
    """The terms of a text for each field of the score: its most telling stems and words, its pairs, and the grams of its beginning.

    `known` says in how many of the documents each stem stands.
    """
    tokens = analysis.tokens(query.whole, query.language)
    counted = _counted(tokens, query.language)

    def rarity(stem: str) -> float:
        return 1 + log((1 + documents) / (1 + known.get(stem, 0)))

    stems = sorted((stem for stem in counted if known.get(stem)), key=lambda stem: (-counted[stem] * rarity(stem), stem))[: weights.QUERY_TERMS]
    words = {analysis.folded(token.word): token.stem for token in tokens if known.get(token.stem)}
    beginning = {analysis.folded(token.word): token.stem for token in analysis.tokens(query.whole[: weights.GRAM_CHARACTERS], query.language)}
    grams = dict.fromkeys(gram for word in sorted(beginning, key=lambda word: (-rarity(beginning[word]), word)) for gram in analysis.grams(word))
    return {
        "title": stems,
        "whole": stems,
        "words": sorted(words, key=lambda word: (-counted[words[word]] * rarity(words[word]), word))[: weights.QUERY_WORDS],
        "pairs": most_frequent_pairs(tokens),
        "grams": list(grams)[: weights.QUERY_GRAMS],
    }


def most_frequent_pairs(tokens: Sequence[analysis.Token]) -> list[str]:
    """The pairs that a text has most often, the first ones first."""
    return [pair for pair, _count in Counter(analysis.pairs([token.stem for token in tokens])).most_common(weights.QUERY_PAIRS)]
