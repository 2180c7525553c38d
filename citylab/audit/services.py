"""Writing the trail: one hash chain for each case, and a daily seal over the heads of all chains."""

import hashlib
import hmac
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from citylab.core import clock

from . import hashing
from .hashing import BEGINNING
from .models import AuditEntry, AuditSeal


def append(
    *, case_kind: str, case_id: Any, action: str, actor: Any = None, from_state: str = "", to_state: str = "", data: dict[str, Any] | None = None
) -> AuditEntry:
    """Add a row to the chain of a case, in the caller's transaction. `actor` is a user, or None for the system.

    `data` holds ids, codes and digests, never personal text. Raises RuntimeError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"audit of {action} outside a transaction: the move and its trace must be written together")
    _lock_chain(case_kind, str(case_id))
    head = AuditEntry.objects.filter(case_kind=case_kind, case_id=str(case_id)).order_by("-sequence").first()
    entry = AuditEntry(
        case_kind=case_kind,
        case_id=str(case_id),
        sequence=head.sequence + 1 if head else 1,
        at=clock.now(),
        actor_id=getattr(actor, "pk", None),
        actor_role=actor_role(actor),
        action=action,
        from_state=from_state,
        to_state=to_state,
        data=hashing.plain(data or {}),
        previous_hash=head.hash if head else BEGINNING,
    )
    entry.hash = hashing.entry_hash(entry)
    entry.save(force_insert=True)
    return entry


def trail(case_kind: str, case_id: Any) -> list[AuditEntry]:
    """The chain of one case, oldest first."""
    return list(AuditEntry.objects.filter(case_kind=case_kind, case_id=str(case_id)).order_by("sequence"))


def digest(salt: str, text: str) -> str:
    """What stands in the trail for a free text: useless without the case's salt, so erasing the case erases the link."""
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def actor_role(actor: Any) -> str:
    """The codes of the roles that the actor has at this moment, as the accounts room names them; "system" where nobody acts."""
    if getattr(actor, "pk", None) is None:
        return "system"
    return ",".join(sorted(getattr(actor, "roles", ())))


def seal_day(day: date) -> AuditSeal:
    """Seal the trail as it stands, in the name of `day`; the seal that exists if that day or a later one is already sealed."""
    with transaction.atomic():
        _stop_writers()
        previous = AuditSeal.objects.order_by("-day").first()
        if previous is not None and previous.day >= day:
            return previous
        since = previous.last_entry if previous else 0
        heads: dict[str, dict[str, list[Any]]] = {}
        grown = AuditEntry.objects.filter(pk__gt=since).order_by("case_kind", "case_id", "sequence")
        for kind, case, sequence, row_hash in grown.values_list("case_kind", "case_id", "sequence", "hash").iterator():
            heads.setdefault(kind, {})[case] = [sequence, row_hash]
        seal = AuditSeal(
            day=day,
            heads=heads,
            entries=AuditEntry.objects.count(),
            last_entry=AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0,
            previous_hash=previous.hash if previous else BEGINNING,
        )
        seal.hash = hashing.seal_hash(seal)
        seal.save(force_insert=True)
        return seal


def _lock_chain(case_kind: str, case_id: str) -> None:
    """One writer for each chain. A row lock on the head would not do: whoever waits for it would still read the old head.
    SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit:{case_kind}:{case_id}"])


def _stop_writers() -> None:
    """Wait for rows being written, so that none with a smaller id appears after the seal."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE audit_auditentry IN SHARE MODE")
