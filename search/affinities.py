"""Which places each received proposal is near to, kept up to date: when it changes, when a place changes that concerns it, and every night."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from . import ranking, waiting
from .documents import documents, pages
from .engines import Document, Engine, TextQuery, Wanted, get_engine
from .models import Affinity, SearchRecord, WaitingRecord
from .waiting import Work

# Few at a time: each proposal asks twice, and a worker has a row only for a while.
LIMIT = 25
# How many of the proposals nearest to a place are ranked anew when it changes.
NEAREST = 200
# Seconds after which a place that Elasticsearch does not hold yet is looked at again.
LATER = 10


def refresh_waiting() -> int:
    """Do what waits; how many proposals were ranked anew."""
    ranked = 0
    engine = get_engine()
    while rows := waiting.take(Work.AFFINITIES, LIMIT):
        try:
            behind = [row for row in rows if row.kind in ranking.PLACES and _is_behind(row)]
            proposals = [row.object_id for row in rows if row.kind == "proposal"]
            for row in rows:
                if row.kind in ranking.PLACES and row not in behind:
                    waiting.add(Work.AFFINITIES, "proposal", _concerned(engine, row) - set(proposals), row.revision)
            ranked += _remember(engine, proposals)
        except BaseException:
            waiting.give_back(rows)
            raise
        with transaction.atomic():
            waiting.done([row for row in rows if row not in behind])
        waiting.give_back(behind, LATER)
    return ranked


def refresh_all() -> int:
    """Rank all received proposals anew, a page at a time, and forget those that are gone; how many there are."""
    engine, ranked = get_engine(), 0
    for page in pages("proposal"):
        ranking.remember(engine, page)
        ranked += len(page)
    there = SearchRecord.objects.filter(kind="proposal", is_deleted=False)
    Affinity.objects.exclude(proposal_id__in=there.values("object_id")).delete()
    return ranked


def _is_behind(row: WaitingRecord) -> bool:
    """Whether the engine does not hold a place yet as it is."""
    return bool(settings.ELASTICSEARCH_URL and waiting.of_these(Work.WRITE, row.kind, [row.object_id]))


def _remember(engine: Engine, keys: Sequence[str]) -> int:
    found = documents("proposal", keys)
    ranking.remember(engine, found)
    for key in set(keys) - {document.object_id for document in found}:
        ranking.forget(key)
    return len(found)


def _concerned(engine: Engine, row: WaitingRecord) -> set[str]:
    """The proposals that keep a place among their nearest, and those that may have to from now on."""
    kept = Affinity.objects.filter(kind=row.kind, object_id=row.object_id).values_list("proposal_id", flat=True)
    found: list[Document] = documents(row.kind, [row.object_id])
    queries = [TextQuery(text.title, text.body, language) for document in found for language, text in document.texts.items()]
    near = [hit.object_id for query in queries if query.whole for found in engine.match(query, [Wanted("proposal", NEAREST)]) for hit in found.hits]
    return {*kept, *near}
