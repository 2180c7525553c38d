"""Making the indices anew while they serve: killed at any moment, the old ones serve on, and the next run cleans up."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from . import comparing, leases
from .documents import BUILDERS, RECORDS, pages
from .engines import Deletion, Document, Entry
from .engines.elasticsearch import ElasticsearchEngine
from .engines.elasticsearch.client import or_unavailable
from .engines.embedded import EmbeddedEngine, public_words

LEASE = "rebuild"
# What is told of the progress: engine, kind, documents written, records that there are.
Progress = Callable[[str, str, int, int], None]


class Failed(Exception):
    """What was made does not hold what the records say: it does not serve."""


@dataclass(frozen=True)
class _New:
    """An index that does not serve yet."""

    engine: ElasticsearchEngine
    kind: str
    name: str

    def entries(self, kind: str) -> Iterator[Entry]:
        return self.engine.entries(kind, self.name)

    def held(self, kind: str, keys: Collection[str]) -> list[Entry]:
        return self.engine.held(kind, keys, self.name)

    def lost(self, documents: Sequence[Document]) -> Collection[str]:
        return self.engine.lost(documents)

    def write(self, documents: Sequence[Document], deletions: Sequence[Deletion]) -> None:
        self.engine.fill(self.kind, self.name, documents, deletions)


def _silent(engine: str, kind: str, done: int, total: int) -> None:
    return


def rebuild_elasticsearch(kinds: Collection[str], progress: Progress = _silent, *, take_over: bool = False) -> int:
    """Fill a new index of each kind while writes go to both, compare it with the records, and let it serve; how many documents.

    Raises Busy while another one runs, unless told to `take_over`, Failed or Unavailable where it did not come to the end: then the old index serves on.
    """
    engine, count = ElasticsearchEngine(), 0
    with leases.held(LEASE, take_over=take_over) as beat:
        for kind in kinds:
            with or_unavailable():
                engine.indices.throw_away(engine.indices.abandoned(kind))
                new = _New(engine, kind, engine.indices.make(kind))
            count += _filled(new, kind, progress, beat)
            beat()
            with or_unavailable():
                engine.indices.serve(kind, new.name)
    return count


def _filled(new: _New, kind: str, progress: Progress, beat: Callable[[], None]) -> int:
    count = 0
    for page in _counted(ElasticsearchEngine.name, kind, progress):
        new.write(page, [])
        count += len(page)
        beat()
    for batch in comparing.differences(new, kind):
        beat()
        left = comparing.mend(new, kind, list(batch))
        if left:
            raise Failed(f"The new index of {kind} differs from the records: {', '.join(sorted(left)[:20])}")
    return count


def rebuild_embedded(kinds: Collection[str] = (), progress: Progress = _silent) -> int:
    """Index everything, or some kinds, anew in the application's database, each record in one step, and forget what is no longer there; how many documents."""
    engine, count = EmbeddedEngine(), 0
    newest, words = engine.newest_word(), set()
    for kind in kinds or BUILDERS:
        for page in _counted(EmbeddedEngine.name, kind, progress):
            count += engine.index(page)
            words.update(public_words(page))
        for batch in comparing.differences(engine, kind):
            for key in comparing.mend(engine, kind, list(batch)):
                found = comparing.look(engine, kind, [key])
                engine.put_right(found.documents, found.deletions)
    if not kinds:
        # They grow with the vocabulary, not with the number of records.
        engine.forget_words(newest, words)
    return count


def _counted(engine: str, kind: str, progress: Progress) -> Iterator[list[Document]]:
    total, done = RECORDS[kind].objects.count(), 0
    for page in pages(kind):
        yield page
        done += len(page)
        if done < total:
            progress(engine, kind, done, total)
    progress(engine, kind, done, done)  # drafts and the like have no document
