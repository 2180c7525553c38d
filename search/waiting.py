"""What waits to be done for records by a worker: added in the transaction that makes it necessary, taken for a while, gone once it is done.

Nothing is locked while the work is done. A worker that is killed, or slower than the time for which it has a row, only lets another one do it too:
all of this work may be done twice.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from citylab.core import clock

from .models import WaitingRecord

Work = WaitingRecord.Work
SECONDS = 30


def add(work: Work, kind: str, keys: Iterable[str], revision: int) -> None:
    """Ask for work; where it waits already, it is asked for anew."""
    rows = [WaitingRecord(work=work, kind=kind, object_id=key, revision=revision) for key in sorted(set(keys))]
    WaitingRecord.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["work", "kind", "object_id"], update_fields=["revision", "taken_until"], batch_size=500
    )  # fmt: skip


def is_due(work: Work) -> bool:
    """Whether there is a row that nobody has."""
    return _free(work).exists()


def take(work: Work, limit: int) -> list[WaitingRecord]:
    """The oldest rows that nobody has, ours for half a minute."""
    with transaction.atomic():
        rows = list(_free(work).order_by("pk").select_for_update(skip_locked=True)[:limit])
        _of(rows).update(taken_until=clock.now() + timedelta(seconds=SECONDS))
    return rows


def _free(work: Work) -> QuerySet[WaitingRecord]:
    return WaitingRecord.objects.filter(Q(taken_until__isnull=True) | Q(taken_until__lt=clock.now()), work=work)


def done(rows: Collection[WaitingRecord]) -> list[WaitingRecord]:
    """Take away the rows whose work was done, as they are now; one that was asked for again meanwhile stays. In the caller's transaction."""
    taken = {row.pk: row.revision for row in rows}
    finished = [row for row in _of(rows).select_for_update().order_by("pk") if row.revision == taken[row.pk]]
    _of(finished).delete()
    return finished


def give_back(rows: Collection[WaitingRecord], seconds: int = 0) -> None:
    """Let others have the rows, at once or after a while."""
    _of(rows).update(taken_until=clock.now() + timedelta(seconds=seconds) if seconds else None)


def _of(rows: Collection[WaitingRecord]) -> QuerySet[WaitingRecord]:
    return WaitingRecord.objects.filter(pk__in=[row.pk for row in rows])


def tell_later(kind: str, key: str) -> bool:
    """Whether a record waits to be written to Elasticsearch: then people are told of it once it is."""
    if not settings.ELASTICSEARCH_URL:
        return False
    return bool(WaitingRecord.objects.filter(work=Work.WRITE, kind=kind, object_id=key).update(is_news=True))


def by_kind(rows: Iterable[WaitingRecord]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row.object_id)
    return found


def of_these(work: Work, kind: str, keys: Collection[str]) -> set[str]:
    """Those of these records that work waits for."""
    return set(WaitingRecord.objects.filter(work=work, kind=kind, object_id__in=keys).values_list("object_id", flat=True))
