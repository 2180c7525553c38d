"""Who may open an address: every view of ours says it, and one that says nothing stays closed."""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anyone may open this."""
    view.access = frozenset({"public"})  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Whoever has signed in may open this; what they see depends on object rules."""
    view.access = frozenset({"signed_in"})  # type: ignore[attr-defined]
    return view


def roles(*wanted: str) -> Callable[[View], View]:
    """People with one of these roles may open this."""

    def mark(view: View) -> View:
        view.access = frozenset(wanted)  # type: ignore[attr-defined]
        return view

    return mark
