"""Whether the indices hold what the records say, and mending them."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from django.conf import settings

from . import leases, rebuilding, writing
from .comparing import differences, look, mend
from .documents import BUILDERS
from .engines.elasticsearch import ElasticsearchEngine
from .engines.elasticsearch.client import or_unavailable
from .engines.elasticsearch.mapping import body
from .engines.embedded import EmbeddedEngine
from .models import WaitingRecord
from .waiting import Work

# How many ids a finding names, unless all are wanted.
NAMED = 20
# An index that must be made anew, and why.
UNSERVED, WRONG_MAPPING = "not served by any index", "with another mapping"
ABANDONED, WAITING = "abandoned indices", "waiting to be written"
# Of no kind: tables of the embedded index.
TABLES, DAMAGED = "tables", "not as the documents are"


@dataclass
class Finding:
    """Something wrong with what an engine holds of a kind: how often, the ids, and how many of them were mended."""

    engine: str
    kind: str
    what: str
    total: int = 0
    ids: list[str] = field(default_factory=list)
    mended: int = 0

    def add(self, key: str, mended: bool) -> None:
        self.total += 1
        self.mended += mended
        self.ids.append(key)

    def __str__(self) -> str:
        return self.told(NAMED)

    def told(self, most: int | None) -> str:
        """In a line that names so many ids; all of them for None."""
        named = self.ids[:most]
        more = f" … and {self.total - len(named):,} more" if self.total > len(named) else ""
        mended = f", {self.mended:,} mended" if self.mended else ""
        return f"{self.engine} · {self.kind} · {self.what}: {self.total:,}{mended} ({', '.join(named)}{more})"


def check(*, repair: bool, kinds: Collection[str] = ()) -> Iterator[Finding]:
    """What is wrong, and mended where `repair`. The embedded index first; raises Unavailable where Elasticsearch cannot be asked."""
    for kind in kinds or BUILDERS:
        yield from _embedded(kind, repair)
    yield from _tables(repair)
    if settings.ELASTICSEARCH_URL:
        yield from _waiting(kinds or list(BUILDERS), repair)
        engine = ElasticsearchEngine()
        for kind in kinds or BUILDERS:
            with or_unavailable():
                yield from _elasticsearch(engine, kind, repair)


def _embedded(kind: str, repair: bool) -> Iterator[Finding]:
    engine = EmbeddedEngine()

    def mending(keys: Collection[str]) -> Collection[str]:
        left = mend(engine, kind, keys)
        found = look(engine, kind, left)
        engine.put_right(found.documents, found.deletions)
        return list(look(engine, kind, left).different)

    yield from _different(engine, kind, mending if repair else None)


def _tables(repair: bool) -> Iterator[Finding]:
    """The full-text tables beside the documents, which are compared with them once those are right."""
    engine = EmbeddedEngine()
    if damaged := engine.damaged():
        if repair:
            for name in damaged:
                engine.fill_anew(name)
        yield Finding(engine.name, TABLES, DAMAGED, len(damaged), damaged, len(set(damaged) - set(engine.damaged())) if repair else 0)


def _waiting(kinds: Collection[str], repair: bool) -> Iterator[Finding]:
    """What Elasticsearch has still to be given: little, for a moment, unless it is away or refuses something."""
    rows = WaitingRecord.objects.filter(work=Work.WRITE, kind__in=kinds).order_by("pk")
    waiting = {kind: list(rows.filter(kind=kind).values_list("object_id", flat=True)) for kind in kinds}
    if repair and any(waiting.values()):
        writing.write()
    for kind, keys in waiting.items():
        if keys:
            left = rows.filter(kind=kind).count()
            yield Finding(ElasticsearchEngine.name, kind, WAITING, len(keys), keys, max(0, len(keys) - left) if repair else 0)


def _elasticsearch(engine: ElasticsearchEngine, kind: str, repair: bool) -> Iterator[Finding]:
    serving = engine.indices.serving(kind)
    wrong = [index for index in serving if engine.indices.form(index) != body()["mappings"]["_meta"]["form"]]
    abandoned = [] if leases.is_held(rebuilding.LEASE) else engine.indices.abandoned(kind)
    if repair and abandoned:
        engine.indices.throw_away(abandoned)
    if repair and (wrong or not serving):
        rebuilding.rebuild_elasticsearch([kind])
    for what, names in ((ABANDONED, abandoned), (WRONG_MAPPING, wrong), (UNSERVED, [] if serving else [engine.indices.read(kind)])):
        if names:
            yield Finding(engine.name, kind, what, len(names), names, len(names) if repair else 0)
    if wrong or not serving:
        return
    findings = list(_different(engine, kind, (lambda keys: mend(engine, kind, keys)) if repair else None))
    if repair and any(finding.mended < finding.total for finding in findings):
        # It claims to be newer than the database, which was restored from a copy: only another index forgets that.
        rebuilding.rebuild_elasticsearch([kind])
        for finding in findings:
            finding.mended = finding.total
    yield from findings


def _different(engine: EmbeddedEngine | ElasticsearchEngine, kind: str, mending: Callable[[list[str]], Collection[str]] | None) -> Iterator[Finding]:
    findings: dict[str, Finding] = {}
    for batch in differences(engine, kind):
        left = mending(list(batch)) if mending else batch
        for key, how in batch.items():
            findings.setdefault(how, Finding(engine.name, kind, how)).add(key, key not in left)
    yield from findings.values()
