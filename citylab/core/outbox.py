"""Publish facts inside a transaction; deliver each to each of its consumers exactly once.

A consumer is called in the transaction that records its delivery, so a crash either keeps both or neither. A nudge without an id
follows the commit; a sweeper makes up for a nudge that was lost.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from kombu.exceptions import KombuError

from . import clock
from .models import OutboxDelivery, OutboxMessage

logger = logging.getLogger(__name__)
WIRING = "citylab.wiring.CONSUMERS"
MAXIMUM_ATTEMPTS = 10


def publish(topic: str, key: Any, **payload: Any) -> OutboxMessage:
    """Write a fact about the record `key`. Raises RuntimeError outside a transaction: the fact and its cause must commit together."""
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise RuntimeError("publish() needs the transaction of the fact itself")
    moment = clock.now()
    # Delivered by the real clock: in the demo city a fact may lie in the past, its delivery is always due.
    message = OutboxMessage.objects.create(topic=topic, key=str(key), payload=payload, created_at=moment, next_attempt_at=moment)
    transaction.on_commit(nudge)
    return message


def nudge() -> None:
    """Wake a worker. A broker that is away costs nothing but time: the sweeper comes by every half minute."""
    from .tasks import drain

    try:
        drain.delay()
    except (KombuError, OSError) as error:
        logger.warning("The broker is away, the sweeper will deliver: %s", error)


def consumers(topic: str) -> list[str]:
    """The dotted paths of the functions that follow `topic`."""
    wiring: Mapping[str, list[str]] = import_string(WIRING)
    return wiring.get(topic, [])


def due() -> QuerySet[OutboxMessage]:
    """Messages to deliver now, oldest first."""
    return OutboxMessage.objects.filter(done_at__isnull=True, failed_at__isnull=True, next_attempt_at__lte=clock.now()).order_by("id")


def failed() -> QuerySet[OutboxMessage]:
    """Messages given up after ten attempts: somebody must look at them."""
    return OutboxMessage.objects.filter(failed_at__isnull=False).order_by("id")


def drain(limit: int = 500) -> int:
    """Deliver what is due; how many messages were finished."""
    finished = 0
    for pk in list(due().values_list("pk", flat=True)[:limit]):
        finished += _deliver(pk)
    return finished


def _deliver(pk: int) -> bool:
    """Deliver one message to the consumers that have not had it yet; whether it is done now."""
    error = ""
    message = OutboxMessage.objects.filter(pk=pk, done_at__isnull=True).first()
    if message is None:
        return False
    for consumer in consumers(message.topic):
        try:
            with transaction.atomic():
                # Locked, so that two workers at once cannot both deliver; whoever waits finds the delivery made.
                row = OutboxMessage.objects.select_for_update(skip_locked=True).filter(pk=pk, done_at__isnull=True).first()
                if row is None:
                    return False
                if OutboxDelivery.objects.filter(message_id=pk, consumer=consumer).exists():
                    continue
                OutboxDelivery.objects.create(message_id=pk, consumer=consumer, done_at=clock.now())
                import_string(consumer)(message.key, message.payload)
        except Exception as problem:  # a consumer's fault must not keep the others from their work
            logger.exception("Outbox message %s: %s failed", pk, consumer)
            error = f"{consumer}: {problem!r}"
    with transaction.atomic():
        row = OutboxMessage.objects.select_for_update().filter(pk=pk, done_at__isnull=True).first()
        if row is None:
            return False
        moment = clock.now()
        if error:
            row.attempts += 1
            row.error = error[:2000]
            row.next_attempt_at = moment + timedelta(seconds=min(3600, 5 * 2**row.attempts))
            row.failed_at = moment if row.attempts >= MAXIMUM_ATTEMPTS else None
        else:
            row.done_at = moment
            row.error = ""
        row.save()
        return not error
