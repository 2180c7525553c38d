"""What only one process may do at a time, across machines: a row says who does it, and that it lives."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex

from django.db import transaction

from citylab.core import clock

from .models import Lease

# Longer than the longest pause between two signs of life: a cluster without room is waited for.
SILENCE = timedelta(minutes=15)


class Busy(Exception):
    """Another process does it."""


@contextmanager
def held(name: str, *, take_over: bool = False) -> Iterator[Callable[[], None]]:
    """Hold a lease; call what it gives now and then, as a sign of life. Raises Busy where another process has it, or took it over.

    With `take_over` whoever has it loses it: one that lives ends at its next sign of life.
    """
    token = token_hex(8)
    with transaction.atomic():
        lease, _created = Lease.objects.select_for_update().get_or_create(name=name, defaults={"host": "", "process": 0, "token": "", "beat_at": clock.now()})
        if _lives(lease) and not take_over:
            raise Busy(f"A {name} is running already: process {lease.process} on {lease.host}.")
        lease.host, lease.process, lease.token, lease.beat_at = socket.gethostname(), os.getpid(), token, clock.now()
        lease.save()

    def beat() -> None:
        if not Lease.objects.filter(name=name, token=token).update(beat_at=clock.now()):
            raise Busy(f"Another process took this {name} over.")

    try:
        yield beat
    finally:
        Lease.objects.filter(name=name, token=token).delete()


def is_held(name: str) -> bool:
    lease = Lease.objects.filter(name=name).first()
    return lease is not None and _lives(lease)


def _lives(lease: Lease) -> bool:
    if not lease.token or lease.beat_at < clock.now() - SILENCE:
        return False
    if lease.host != socket.gethostname():
        return True
    try:
        os.kill(lease.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
