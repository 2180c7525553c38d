"""What both databases answer, read alike."""

from collections.abc import Iterable

from .. import Found, Hit


def as_found(kind: str, rows: Iterable[tuple[str, float, int, bool, int]], others: int) -> Found:
    """From rows (id, score, accepted, does it fit?, how many of its sort there are), best first."""
    found = {True: Found([], 0), False: Found([], 0)}
    for object_id, score, accepted, fits, total in rows:
        sort = found[bool(fits)]
        found[bool(fits)] = Found([*sort.hits, Hit(kind, object_id, float(score), accepted)], total)
    return Found(found[True].hits, found[True].total, found[False].hits[:others], found[False].total)
