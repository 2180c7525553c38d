"""How much each signal weighs in a match. The text leads: the others together cannot outweigh it by more than their sum.

Set on 2026-11-23 by hand on the demo city; the matching issue measures and tunes them.
"""

TEXT = 0.55
SECTOR = 0.15
TECHNOLOGY = 0.12
CAPABILITY = 0.10
NEARNESS = 0.04
HISTORY = 0.04

# A share of the score in words: decisive from a third, helps from a tenth, little below.
DECISIVE = 1 / 3
HELPS = 0.1
