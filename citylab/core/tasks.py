from celery import shared_task

from . import outbox


@shared_task
def drain() -> int:
    """Deliver what the outbox holds: nudged after each commit, swept every half minute."""
    return outbox.drain()
