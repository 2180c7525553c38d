"""Many stories told at once: whatever happens first is played first, so that register and case numbers follow the calendar.

A story is a generator that gives the moment of its next step and, resumed at that moment, takes the step.
"""

from collections.abc import Generator, Iterable
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count

from django.db.models import F
from django.utils.module_loading import import_string

from citylab.core import clock
from citylab.core.models import OutboxMessage
from citylab.notifications.models import OutgoingMessage
from citylab.wiring import CONSUMERS, INDEX

Story = Generator[datetime, None, None]
STEP = timedelta(minutes=4)


def play(stories: Iterable[Story]) -> None:
    """Play all stories in the order of their moments; nothing happens later than now."""
    now = clock.now()
    order = count()
    waiting = [(min(next(story), now), next(order), story) for story in stories]
    heapify(waiting)
    last = _newest()
    while waiting:
        moment, _order, story = heappop(waiting)
        with clock.travelling_to(moment):
            following = next(story, None)
            last = _tell(last)
        if following is not None:
            heappush(waiting, (min(max(following, moment + STEP), now), next(order), story))


def _newest() -> int:
    return OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _tell(last: int) -> int:
    """Write the mails that follow what was just published. The index is built anew at the end of the load."""
    for message in OutboxMessage.objects.filter(pk__gt=last).order_by("pk"):
        for consumer in CONSUMERS.get(message.topic, []):
            if not consumer.startswith(INDEX):
                import_string(consumer)(message.key, message.told)
        message.done_at = clock.now()
        message.save(update_fields=["done_at"])
        last = message.pk
    return last


def settle() -> None:
    """Nothing of the past is left to do: messages are done, and mails count as sent when they were written."""
    OutboxMessage.objects.filter(done_at__isnull=True).update(done_at=F("created_at"))
    OutgoingMessage.objects.filter(delivery=OutgoingMessage.State.QUEUED).update(delivery=OutgoingMessage.State.SENT, sent_at=F("created_at"), attempts=1)
