"""Background work of the core."""

from celery import shared_task

from . import outbox


@shared_task
def drain() -> int:
    """Deliver every due message of the outbox; called after each commit that published and by the sweeper."""
    return outbox.drain()
