"""Append to the trail, seal it, verify it."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from citylab.core import clock

from .models import AuditEntry, AuditSeal

BEGINNING = "0" * 64


def digest(salt: str, text: str) -> str:
    """What stands in the trail for a free text: useless without the case's salt, so erasing the case erases the link."""
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def _moment(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat(timespec="microseconds")


def entry_hash(entry: AuditEntry) -> str:
    """The hash of an entry over all it says and the hash before it."""
    content = [
        entry.previous_hash, entry.case_kind, entry.case_id, entry.sequence, _moment(entry.at), entry.actor_id, entry.actor_role, entry.action, entry.from_state,
        entry.to_state, entry.data,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def append(*, case_kind: str, case_id: Any, action: str, actor: Any = None, from_state: str = "", to_state: str = "", data: dict[str, Any] | None = None) -> AuditEntry:
    """Add an entry to the chain of a case, in the transaction of the move. The caller holds the case's lock, which orders the chain;
    two writers that do not are told apart by the unique sequence, and one of them fails. Raises RuntimeError outside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("append() needs the transaction of the move itself")
    head = AuditEntry.objects.filter(case_kind=case_kind, case_id=str(case_id)).order_by("-sequence").only("sequence", "hash").first()
    entry = AuditEntry(
        case_kind=case_kind,
        case_id=str(case_id),
        sequence=head.sequence + 1 if head else 1,
        at=clock.now(),
        actor_id=actor.pk if actor is not None else None,
        actor_role=",".join(sorted(actor.roles)) if actor is not None else "system",
        action=action,
        from_state=from_state,
        to_state=to_state,
        data=json.loads(json.dumps(data or {}, default=str)),
        previous_hash=head.hash if head else BEGINNING,
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    return entry


def trail(case_kind: str, case_id: Any) -> list[AuditEntry]:
    """The chain of one case, oldest first."""
    return list(AuditEntry.objects.filter(case_kind=case_kind, case_id=str(case_id)).order_by("sequence"))


def _heads(last_entry_id: int) -> tuple[int, str]:
    """How many entries there are up to `last_entry_id` and a digest over the head of each chain."""
    entries = AuditEntry.objects.filter(pk__lte=last_entry_id)
    last = entries.order_by().values("case_kind", "case_id").annotate(head=Max("pk"))
    summary = hashlib.sha256()
    rows = AuditEntry.objects.filter(pk__in=last.values("head")).order_by("pk").values_list("case_kind", "case_id", "sequence", "hash")
    for row in rows.iterator(chunk_size=2000):
        summary.update(json.dumps(row).encode())
    return entries.aggregate(total=Count("pk"))["total"], summary.hexdigest()


def _seal_hash(seal: AuditSeal) -> str:
    content = [seal.previous_hash, seal.day.isoformat(), _moment(seal.sealed_at), seal.last_entry_id, seal.entries, seal.heads_digest]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def seal_day(day: date | None = None) -> AuditSeal | None:
    """Seal all chains as they stand, once a day (today by default). None when already sealed."""
    day = day or clock.today()
    with transaction.atomic():
        if AuditSeal.objects.filter(day=day).exists():
            return None
        before = AuditSeal.objects.order_by("-day").first()
        last = AuditEntry.objects.aggregate(last=Max("pk"))["last"] or 0
        entries, heads = _heads(last)
        seal = AuditSeal(
            day=day, sealed_at=clock.now(), last_entry_id=last, entries=entries, heads_digest=heads, previous_hash=before.hash if before else BEGINNING
        )
        seal.hash = _seal_hash(seal)
        seal.save(force_insert=True)
    return seal


@dataclass(frozen=True)
class Finding:
    """Something wrong with the trail: `kind` is tampered, missing, reordered or seal."""

    kind: str
    where: str


def verify() -> Iterator[Finding]:
    """Walk every chain and every seal; yields what does not fit, naming the row."""
    chain: tuple[str, str] | None = None
    expected, previous = 1, BEGINNING
    for entry in AuditEntry.objects.order_by("case_kind", "case_id", "sequence").iterator(chunk_size=2000):
        name = f"{entry.case_kind} {entry.case_id} entry {entry.sequence} (row {entry.pk})"
        if (entry.case_kind, entry.case_id) != chain:
            chain, expected, previous = (entry.case_kind, entry.case_id), 1, BEGINNING
        if entry.sequence != expected:
            yield Finding("missing", f"{entry.case_kind} {entry.case_id} entry {expected}, before row {entry.pk}")
        elif entry_hash(entry) != entry.hash:
            yield Finding("tampered", name)
        elif entry.previous_hash != previous:
            yield Finding("reordered", name)
        expected, previous = entry.sequence + 1, entry.hash
    before = BEGINNING
    for seal in AuditSeal.objects.order_by("day"):
        if seal.previous_hash != before or _seal_hash(seal) != seal.hash or _heads(seal.last_entry_id) != (seal.entries, seal.heads_digest):
            yield Finding("seal", f"{seal.day.isoformat()}")
        before = seal.hash
