"""The engines behind one small interface. The embedded one needs no server."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from itertools import islice
from json import dumps
from typing import Protocol, TypeVar

from django.conf import settings

LANGUAGES = ("it", "en")
KINDS = ("site", "challenge", "pilot", "proposal", "programme", "page")
# What anybody may find; the rest is for the city, and for matching.
PUBLIC_KINDS = ("site", "challenge", "pilot", "programme", "page")


@dataclass(frozen=True)
class Text:
    """A record's words in one language. `history` is what was accepted there before: it ranks, and no search of people's finds it."""

    title: str
    body: str
    history: str = ""


@dataclass(frozen=True)
class Facts:
    """What hard constraints ask of a site or a challenge. Empty or None: it sets no limit.

    `free` are the periods (first and last day) in which one and the same place is free, `date.min` or `date.max` where nothing bounds them; an always open challenge has neither moment.
    """

    capabilities: tuple[str, ...] = ()
    applicant_kinds: tuple[str, ...] = ()
    free: tuple[tuple[date, date], ...] | None = None
    area_m2: int | None = None
    trl_min: int | None = None
    trl_max: int | None = None
    budget_max_cents: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    point: tuple[float, float] | None = None
    maximum_metres: int | None = None


@dataclass(frozen=True)
class Constraints:
    """What a proposal asks, as far as it has said so; `now` is when the challenge must be open."""

    now: datetime
    capabilities: frozenset[str] = frozenset()
    applicant_kind: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    area_m2: int | None = None
    trl_now: int | None = None
    requested_cents: int | None = None
    point: tuple[float, float] | None = None
    maximum_metres: int | None = None


@dataclass(frozen=True)
class Document:
    """What is indexed of a record. `revision` is the id of the newest outbox message about it; `accepted` counts what was accepted there."""

    kind: str
    object_id: str
    revision: int
    texts: dict[str, Text]
    facts: Facts = field(default_factory=Facts)
    accepted: int = 0

    @cached_property
    def digest(self) -> str:
        """Of everything but the revision: what an index holds is stale where it differs."""
        return sha256(dumps(asdict(self) | {"revision": None}, default=str, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class TextQuery:
    """A title and a longer text whose nearest records are wanted."""

    title: str
    text: str
    language: str

    @property
    def whole(self) -> str:
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True)
class Hit:
    """`score` is the sum of the parts, each a BM25 times its weight; `accepted` is the document's; `words`, how many of a person's words it has."""

    kind: str
    object_id: str
    score: float
    accepted: int = 0
    words: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which records of a kind are asked for: with constraints, the best `limit` that satisfy them and the best `others` that do not.

    `chosen` are asked for by their ids instead: these and no others satisfy what is asked.
    """

    kind: str
    limit: int
    constraints: Constraints | None = None
    others: int = 0
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The best hits; with constraints only of what satisfies them, the best of the others apart, and how many there are of either."""

    hits: list[Hit]
    total: int
    others: list[Hit] = field(default_factory=list)
    others_total: int = 0


@dataclass(frozen=True)
class Entry:
    """What an index holds of a record, for the check."""

    object_id: str
    revision: int
    digest: str


# A record that is gone from an index: kind, id, revision.
Deletion = tuple[str, str, int]


class Unavailable(Exception):
    """The engine cannot be reached, or has no room: asked again later it may answer."""


class Refused(Exception):
    """The engine does not take a document as it is: asked again later it will not either."""


class Engine(Protocol):
    """What answers questions."""

    @property
    def name(self) -> str: ...

    @property
    def is_degraded(self) -> bool:
        """Whether a reserve answered, because the engine proper is away."""
        ...

    def match(self, query: TextQuery, questions: Sequence[Wanted]) -> list[Found]:
        """For each question the records whose text is nearest, best first; all of them are answered at once.

        With constraints, those that satisfy them, and apart the best texts of those that do not; records that share no word come last.
        """
        ...

    def search(self, query: str, language: str, kinds: Collection[str], *, limit: int, some: bool = False, only: Collection[str] = ()) -> list[Hit]:
        """What a person looks for among what is public: all words must occur, or `some`: the more, the better. The last one may be a beginning.

        With `only` among the records with these ids alone.
        """
        ...

    def corrected(self, query: str, language: str) -> str:
        """The query with each unknown word replaced by the nearest known one; the query itself where none is near."""
        ...

    def suggestions(self, beginning: str, language: str, kinds: Sequence[str], limit: int) -> list[str]:
        """Titles of public records with a word that begins so, for a search box."""
        ...

    def held(self, kind: str, keys: Collection[str]) -> list[Entry]:
        """What is held of these records."""
        ...


class Index(Engine, Protocol):
    """An engine with the index that it answers from."""

    def index(self, documents: Iterable[Document]) -> int:
        """Write documents; where the index holds a newer revision it stays. How many were written."""
        ...

    def delete(self, kind: str, object_id: str, revision: int) -> None:
        """Take a record out; an older revision that arrives later does not bring it back."""
        ...

    def entries(self, kind: str) -> Iterator[Entry]:
        """Everything held of a kind, by id in the order of its characters."""
        ...


Item = TypeVar("Item")


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`, never more than one of them in memory."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def get_engine() -> Engine:
    """The engine of this installation: Elasticsearch where its address is given, with the embedded one in reserve."""
    if settings.ELASTICSEARCH_URL:
        from .reserve import ReserveEngine

        return ReserveEngine()
    from .embedded import EmbeddedEngine

    return EmbeddedEngine()
