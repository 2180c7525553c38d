"""The canonical form of rows and its SHA-256: the same on every database, today and in twenty years."""

import hashlib
import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder

if TYPE_CHECKING:
    from .models import AuditEntry, AuditSeal

# What the first row of a chain is linked to.
BEGINNING = "0" * 64


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys and without spaces. Raises ValueError for NaN and infinity, TypeError for what JSON cannot hold."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """What a JSON column gives back for `value`. Whole floats become integers: databases disagree about them."""

    def number(text: str) -> int | float:
        read = float(text)
        return int(read) if read.is_integer() else read

    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False), parse_float=number)


def entry_hash(entry: "AuditEntry", *, sequence: int | None = None) -> str:
    """The hash that `entry` must carry, or would carry at another `sequence`."""
    return _sha256(
        {
            "case_kind": entry.case_kind,
            "case_id": entry.case_id,
            "sequence": entry.sequence if sequence is None else sequence,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor_id": entry.actor_id,
            "actor_role": entry.actor_role,
            "action": entry.action,
            "from_state": entry.from_state,
            "to_state": entry.to_state,
            "data": entry.data,
            "previous_hash": entry.previous_hash,
        }
    )


def seal_hash(seal: "AuditSeal") -> str:
    """The hash that `seal` must carry."""
    return _sha256({"day": seal.day.isoformat(), "heads": seal.heads, "entries": seal.entries, "last_entry": seal.last_entry, "previous_hash": seal.previous_hash})


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
