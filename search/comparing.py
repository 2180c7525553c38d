"""Whether an index holds what the records say: two streams in the order of their keys, so that memory does not grow with them; and mending it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from citylab.core.models import PENDING, OutboxMessage

from .documents import followed, pages, states
from .engines import Deletion, Document, Entry, batches
from .waiting import Work, of_these

BATCH = 500
# A difference counts once it is seen so many times: records change while they are compared.
LOOKS = 3
# A repair is tried so many times, for the same reason.
ROUNDS = 3

MISSING, STALE, ORPHANED = "missing", "stale", "orphaned"


class Store(Protocol):
    """What holds documents and can be mended."""

    def entries(self, kind: str) -> Iterator[Entry]: ...

    def held(self, kind: str, keys: Collection[str]) -> list[Entry]: ...

    def write(self, documents: Sequence[Document], deletions: Sequence[Deletion]) -> object: ...

    def lost(self, documents: Sequence[Document]) -> Collection[str]:
        """The ids of those whose words are not all there, although the store has an entry of them."""
        ...


@dataclass(frozen=True)
class Look:
    """What differs of some records, id → how, and what the index must be given."""

    different: Mapping[str, str]
    documents: Sequence[Document]
    deletions: Sequence[Deletion]


def differences(store: Store, kind: str) -> Iterator[dict[str, str]]:
    """What an index holds wrongly of a kind, id → how, a batch at a time."""
    for batch in batches(_candidates(store, kind), BATCH):
        keys: Collection[str] = batch
        for _look in range(LOOKS):
            if not keys:
                break
            found = look(store, kind, keys).different
            keys = list(found)
        if keys:
            yield dict(sorted(found.items()))


def _candidates(store: Store, kind: str) -> Iterator[str]:
    entries = store.entries(kind)
    entry = next(entries, None)
    for page in pages(kind):
        lost = store.lost(page)
        for document in page:
            while entry and entry.object_id < document.object_id:
                yield entry.object_id
                entry = next(entries, None)
            if entry and entry.object_id == document.object_id:
                if (entry.revision, entry.digest) != (document.revision, document.digest) or document.object_id in lost:
                    yield document.object_id
                entry = next(entries, None)
            else:
                yield document.object_id
    while entry:
        yield entry.object_id
        entry = next(entries, None)


def look(store: Store, kind: str, keys: Collection[str]) -> Look:
    """Compare some records now. What waits to be written is no difference: the index is known to be behind."""
    held = {entry.object_id: entry for entry in store.held(kind, keys)}
    documents, deletions = states(kind, keys)
    behind, lost = _behind(kind, keys), store.lost(documents)
    different = {}
    for document in documents:
        entry = held.get(document.object_id)
        if entry is None:
            different[document.object_id] = MISSING
        elif (entry.revision, entry.digest) != (document.revision, document.digest) or document.object_id in lost:
            different[document.object_id] = STALE
    different |= {key: ORPHANED for _kind, key, _revision in deletions if key in held}
    different = {key: how for key, how in different.items() if key not in behind}
    # A deletion must win over whatever the index believes to know.
    gone = [(kind, key, max(revision, held[key].revision)) for _kind, key, revision in deletions if key in different]
    return Look(different, [document for document in documents if document.object_id in different], gone)


def _behind(kind: str, keys: Collection[str]) -> set[str]:
    told = OutboxMessage.objects.filter(PENDING, key__in=keys, topic__in=followed(kind)).order_by().values_list("key", flat=True)
    return of_these(Work.WRITE, kind, keys) | set(told)


def mend(store: Store, kind: str, keys: Collection[str]) -> Collection[str]:
    """Give an index what it must hold of these records; those that differ even so."""
    for _round in range(ROUNDS):
        found = look(store, kind, keys)
        if not found.different:
            return []
        store.write(found.documents, found.deletions)
        keys = list(found.different)
    return list(look(store, kind, keys).different)
