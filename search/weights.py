"""Every number of the ranking in one place, with the run that justified it.

Text (2026-11-25, `evaluate_matching` on the development sets `pnrr` and `sbir`; the figures stand in ARCHITECTURE.md): five fields, BM25 each, summed.
"""

# Weight of each field, and its BM25 (k1, b), in every engine without the factor k1 + 1, so that fields weigh the same and scores are of one size.
# “whole” is title, text and what was accepted there; “words” the same unstemmed; “pairs” stems side by side or with one between; “grams” runs of
# four letters.
FIELDS: dict[str, float] = {"title": 0.3, "whole": 1.0, "words": 0.2, "pairs": 0.25, "grams": 0.2}
K1: dict[str, float] = {"title": 1.2, "whole": 2.5, "words": 2.5, "pairs": 1.2, "grams": 2.5}
B = 0.75
# How much of a long text asks: its most telling stems and words (tf·idf), its most frequent pairs, the grams of the most telling words of its
# beginning. More of each only costs time: 60, 60, 200 and all grams rank no better.
QUERY_TERMS = 40
QUERY_WORDS = 30
QUERY_PAIRS = 60
QUERY_GRAMS = 40
GRAM_CHARACTERS = 200
# A place where n things were accepted before: its text score times 1 + 0.03 · ln(1 + n).
ACCEPTED = 0.03
# The other direction: of all that a proposal is near to, the share that falls on this one (softmax over its nearest, in points of the text score).
AFFINITY_TEMPERATURE = 2.0
AFFINITY_KEPT = 20

# The verdict (2026-11-23, by hand on the demo city): the text leads; the weights sum to one, and all others together weigh less than the text.
TEXT = 0.55
SECTOR = 0.15
TECHNOLOGY = 0.12
CAPABILITY = 0.10
NEARNESS = 0.04
HISTORY = 0.04
# What a text counts at least that has a word in common: engines differ in how many words they ask for, reasons must not (2026-11-25).
FAINT = 0.01

# A share of the score in words: decisive from a third, helps from a tenth, little below.
DECISIVE = 1 / 3
HELPS = 0.1
