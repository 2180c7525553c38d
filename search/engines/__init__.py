"""The engines behind one small interface. The embedded one needs no server."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Document:
    """What is indexed of a record in one language."""

    kind: str
    object_id: str
    language: str
    title: str
    body: str
    is_public: bool = True


@dataclass(frozen=True)
class Hit:
    kind: str
    object_id: str
    language: str
    score: float


class Engine(Protocol):
    def index(self, documents: Sequence[Document], revision: int) -> int:
        """Write documents; those with a newer revision stay. How many were written."""
        ...

    def delete(self, kind: str, object_id: str) -> None: ...

    def indexed(self, kind: str) -> set[str]:
        """The ids of all records of a kind that the index holds."""
        ...

    def forget_words(self) -> None:
        """Before everything is indexed anew: the words with which mistyped ones are compared come from what is there then."""
        ...

    def match(self, text: str, language: str, kinds: Collection[str], limit: int) -> list[Hit]:
        """The records whose text is nearest to a longer text, best first."""
        ...

    def search(self, query: str, language: str, kinds: Collection[str], *, public_only: bool, limit: int) -> list[Hit]:
        """What a person looks for: all words must occur, the last one may be a beginning."""
        ...


def get_engine() -> Engine:
    """The engine of this installation."""
    from .embedded import EmbeddedEngine

    return EmbeddedEngine()
