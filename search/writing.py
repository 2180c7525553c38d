"""The worker's side of Elasticsearch: what waits is read as it is now and written in bulk.

No lock and no transaction is held meanwhile: a record is read after its revision, so that older content never carries a newer revision, and
the index refuses older revisions.
"""

import logging
import time
from collections.abc import Sequence

from django.db import transaction

from citylab.core import outbox

from . import leases, rebuilding, waiting
from .documents import BUILDERS, states
from .engines import Deletion, Document, Refused, Unavailable
from .engines.elasticsearch import ElasticsearchEngine
from .engines.elasticsearch.client import HURRIED, or_unavailable
from .engines.reserve import breaker
from .models import WaitingRecord
from .waiting import Work

logger = logging.getLogger(__name__)
LIMIT = 500
# Seconds after which what the cluster refused is offered again: a rebuild may have given the index another form.
LATER = 300
# When a kind whose index could not be made is tried again: until then it would only hold up what waits.
_tried_again_at: dict[str, float] = {}


def write() -> int:
    """Write all that waits, until nothing does or the cluster is away; then it waits on, and the sweeper comes again. How many records were written."""
    was_away = breaker.is_open
    if not breaker.lets_pass():
        return 0
    written = 0
    try:
        engine = ElasticsearchEngine(tries=HURRIED)
        _make_missing(engine)
        while rows := waiting.take(Work.WRITE, LIMIT):
            try:
                written += _write(engine, rows)
            except BaseException:
                waiting.give_back(rows)
                raise
    except Unavailable as error:
        if not was_away:
            logger.warning("What changed waits to be written: %s", error)
        breaker.failed()
        return written
    breaker.succeeded()
    return written


def _make_missing(engine: ElasticsearchEngine) -> None:
    """A cluster that is new, or lost its indices, is filled by itself."""
    with or_unavailable():
        missing = engine.indices.unserved(BUILDERS)
    for kind in missing:
        if _tried_again_at.get(kind, 0.0) > time.monotonic():
            continue
        try:
            rebuilding.rebuild_elasticsearch([kind])
        except leases.Busy as error:
            logger.info("%s", error)
        except (rebuilding.Failed, Refused) as error:
            _tried_again_at[kind] = time.monotonic() + LATER
            logger.error("The index of %s was not made, the others are written: %s", kind, error)


def _write(engine: ElasticsearchEngine, rows: Sequence[WaitingRecord]) -> int:
    documents: list[Document] = []
    deletions: list[Deletion] = []
    for kind, keys in waiting.by_kind(rows).items():
        found, gone = states(kind, keys)
        documents += found
        deletions += gone
    refused = engine.write(documents, deletions)
    taken = [row for row in rows if (row.kind, row.object_id) not in refused]
    with transaction.atomic():
        for row in waiting.done(taken):
            if row.is_news:
                outbox.publish("alerts.due", f"{row.kind}:{row.object_id}")
    for (kind, object_id), why in refused.items():
        logger.error("Elasticsearch refuses %s %s: %s", kind, object_id, why)
    if refused:
        waiting.give_back([row for row in rows if (row.kind, row.object_id) in refused], LATER)
    return len(taken)
