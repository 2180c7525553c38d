"""Whose text is nearest: the one way in for everything that ranks, whichever engine answers."""

from collections.abc import Collection

from .engines import Hit, get_engine


def nearest(title: str, text: str, language: str, kinds: Collection[str], limit: int) -> list[Hit]:
    """The records of these kinds whose texts are nearest to a title and a text in that language, best first; nothing for an empty one."""
    return get_engine().match(f"{title} {title} {text}", language, kinds, limit)
