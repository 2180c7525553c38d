"""The one door of every move: legal, allowed, written, audited and published in the caller's transaction."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django_fsm import can_proceed

from citylab.core import outbox
from citylab.core.errors import Conflict, NotAllowed

from . import services

# What a task passes instead of a person: the clock itself moves the case.
SYSTEM = object()


def check_allowed(actor: Any, permission: str, record: Any) -> None:
    """Raises NotAllowed unless `actor` has `permission` on `record`; SYSTEM has every permission."""
    if actor is SYSTEM:
        return
    if actor is None or not actor.has_perm(permission, record):
        raise NotAllowed("not_allowed", _("You are not allowed to do this here, or not at this point."))


def check_legal(record: Any, name: str) -> None:
    """Raises Conflict unless the transition `name` is legal in the record's state."""
    if not can_proceed(getattr(record, name)):
        raise illegal_move(record)


def illegal_move(record: Any) -> Conflict:
    """What to raise where the record's state does not admit what somebody wants to do."""
    return Conflict(
        "illegal_move",
        _("This can no longer be done: the case is now “%(state)s”. Somebody may have acted before you; reload the page.") % {"state": record.get_state_display()},
    )


def move(
    record: Any,
    name: str,
    *,
    actor: Any,
    permission: str,
    case_kind: str,
    topic: str,
    data: dict[str, Any] | None = None,
    payload: dict[str, Any] | None = None,
    asked_of: Any = None,
) -> None:
    """Carry `record`, locked by the caller in this transaction, through its transition `name` and save it.

    `asked_of` is what the permission is asked of where that is not the record itself: a sum belongs to its pilot. `data` goes into the audit trail
    (ids, codes and digests only), `payload` into the outbox message `topic`.
    Raises Conflict where the move is not legal now, NotAllowed where the actor may not make it.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a move needs the caller's transaction, in which the record was locked")
    check_legal(record, name)
    check_allowed(actor, permission, asked_of or record)
    before = record.state
    getattr(record, name)()
    record.save()
    services.append(
        case_kind=case_kind, case_id=record.pk, action=name, actor=None if actor is SYSTEM else actor, from_state=before, to_state=record.state, data=data or {}
    )
    outbox.publish(topic, record.pk, **(payload or {}))
