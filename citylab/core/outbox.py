"""Whatever leaves the database goes through here: a row in the transaction, a nudge after it, consumers that run once."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from . import clock
from .models import PENDING, OutboxDelivery, OutboxMessage

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 10
_PAGE = 200
# The one table above every room; imported when a message is delivered, since core knows nobody.
_WIRING = "citylab.wiring"
_quiet: ContextVar[bool] = ContextVar("citylab_outbox_quiet", default=False)
# While a page is delivered: who is to be woken after it.
_to_wake: ContextVar[dict[Callable[[], None], None] | None] = ContextVar("citylab_outbox_to_wake", default=None)


def publish(topic: str, key: Any, **payload: Any) -> OutboxMessage:
    """Record a fact for the consumers of `topic`, in the caller's transaction, and nudge the worker after it.

    `payload` holds ids, codes and dates (they arrive as JSON). Raises RuntimeError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{topic} was published outside a transaction: the fact and its message must be written together")
    message = OutboxMessage.objects.create(topic=topic, key=str(key), payload=payload, created_at=clock.now())
    nudge(_nudge)
    return message


def nudge(send: Callable[[], None]) -> None:
    """Call `send`, which wakes a worker, after the commit; from a consumer once for the whole page that is being delivered.

    A worker woken for each message of a burst would find nothing to do, and what comes next would stand in line behind all of that.
    """
    if not _quiet.get():
        # robust: a broker that is away is logged; the sweeper finds the row all the same.
        transaction.on_commit(lambda: _wake(send), robust=True)


def _wake(send: Callable[[], None]) -> None:
    to_wake = _to_wake.get()
    if to_wake is None:
        send()
    else:
        to_wake[send] = None


@contextmanager
def _waking_once() -> Iterator[None]:
    """Inside the block nobody is woken yet; after it everybody once."""
    token = _to_wake.set({})
    try:
        yield
    finally:
        to_wake = _to_wake.get() or {}
        _to_wake.reset(token)
        for send in to_wake:
            try:
                send()
            except Exception:  # as after a commit: a broker that is away is logged
                logger.exception("outbox: nobody could be woken")


@contextmanager
def without_nudges() -> Iterator[None]:
    """Inside the block nobody is woken: for a load of many records, which settles its messages itself."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def failed() -> QuerySet[OutboxMessage]:
    """Messages that were given up after ten attempts, newest first; each carries its last error."""
    return OutboxMessage.objects.filter(failed_at__isnull=False).order_by("-failed_at", "-id")


def retry_failed() -> list[OutboxMessage]:
    """Try what was given up once more, with ten attempts anew; gives those that failed again."""
    given_up = list(failed().values_list("pk", flat=True))
    OutboxMessage.objects.filter(pk__in=given_up).update(failed_at=None, next_attempt_at=None, attempts=0)
    drain()
    return list(OutboxMessage.objects.filter(pk__in=given_up, done_at__isnull=True))


def drain() -> int:
    """Deliver every due message, oldest first; gives the number of consumer calls that succeeded. Several may drain at once."""
    delivered, last = 0, 0
    while page := list(_due().filter(pk__gt=last).values_list("pk", "topic", "key")[:_PAGE]):
        with _waking_once():
            for pk, topic, key in page:
                delivered += _deliver(pk, topic, key)
        last = page[-1][0]
    return delivered


def _nudge() -> None:
    from .tasks import drain as task

    task.apply_async(retry=False)


def _consumers(topic: str) -> list[str]:
    consumers: dict[str, list[str]] = import_module(_WIRING).CONSUMERS
    return consumers.get(topic, [])


def _due() -> "QuerySet[OutboxMessage]":
    return OutboxMessage.objects.filter(PENDING).filter(Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=clock.now())).order_by("id")


def _deliver(pk: int, topic: str, key: str) -> int:
    """Call the consumers that have not had this message; one that fails does not stop the others."""
    consumers = _consumers(topic)
    if not consumers:
        OutboxMessage.objects.filter(pk=pk, done_at__isnull=True).update(done_at=clock.now())
        return 0
    waiting = _waiting_before(pk, topic, key)
    delivered, errors = 0, []
    for consumer in consumers:
        if consumer in waiting:
            continue
        try:
            delivered += _call(pk, consumer, consumers)
        except Exception as error:  # whatever a consumer raises is recorded and tried again
            logger.exception("outbox: %s failed on message %s (%s %s)", consumer, pk, topic, key)
            errors.append(f"{consumer}: {type(error).__name__}: {error}"[:1000])
    if errors:
        _postpone(pk, "\n".join(errors))
    return delivered


def _waiting_before(pk: int, topic: str, key: str) -> set[str]:
    """Consumers that still owe an earlier message of the same record: they get this one after it, so that facts keep their order."""
    record = topic.split(".")[0]
    earlier = OutboxMessage.objects.filter(PENDING, key=key, topic__startswith=f"{record}.", pk__lt=pk).prefetch_related("deliveries")
    return {consumer for message in earlier for consumer in set(_consumers(message.topic)) - {delivery.consumer for delivery in message.deliveries.all()}}


def _call(pk: int, consumer: str, consumers: list[str]) -> int:
    """One consumer, one transaction: its effects and the record that it ran stand or fall together. Gives 1 if it ran."""
    with transaction.atomic():
        message = _due().select_for_update(skip_locked=True).filter(pk=pk).first()
        if message is None:
            return 0  # another worker has it, or has finished it
        _delivery, created = OutboxDelivery.objects.get_or_create(message=message, consumer=consumer, defaults={"done_at": clock.now()})
        if created:
            import_string(consumer)(message.key, message.told)
        if set(consumers) <= set(message.deliveries.values_list("consumer", flat=True)):
            message.done_at = clock.now()
            message.save(update_fields=["done_at"])
    return int(created)


def _postpone(pk: int, error: str) -> None:
    """Try again later, each time twice as late (from 10 seconds to an hour); give up after ten attempts."""
    with transaction.atomic():
        message = OutboxMessage.objects.select_for_update().get(pk=pk)
        message.attempts += 1
        message.error = error
        message.next_attempt_at = clock.now() + timedelta(seconds=min(3600, 5 * 2**message.attempts))
        if message.attempts >= MOST_ATTEMPTS:
            message.failed_at = clock.now()
            logger.error("outbox: %s was given up after %s attempts; see manage.py outbox_failed", message, message.attempts)
        message.save(update_fields=["attempts", "error", "next_attempt_at", "failed_at"])
