"""What is asked of an index for a longer text: the terms of each field of the score."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log

from .. import analysis, weights
from . import TextQuery

# In how many documents each stem stands, and how many documents there are.
Frequencies = tuple[Mapping[str, int], int]


def asked(query: TextQuery, frequencies: Callable[[Sequence[str]], Frequencies]) -> dict[str, list[str]]:
    """The terms of a text for each field of the score: its most telling stems and words, its pairs, and the grams of its beginning."""
    tokens = analysis.tokens(query.whole, query.language)
    counted = Counter(token.stem for token in tokens)
    if not counted:
        return {"title": [], "whole": [], "words": [], "pairs": [], "grams": []}
    for stem in analysis.with_synonyms(counted, query.language):
        counted.setdefault(stem, 1)
    known, documents = frequencies(list(counted))

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
