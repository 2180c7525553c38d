"""A worker as a process of its own, to be killed: it tells a publication in pages of two and never comes back from the fourth person.

Prints "inside" when it is there, within the transaction of the second page.
"""

import sys
from typing import Any

import django

django.setup()

from citylab.core import outbox
from citylab.notifications import services
from search import alerts

told: list[Any] = []
write = alerts.notify


def notify(**how: Any) -> Any:
    message = write(**how)
    told.append(how["user"])
    if len(told) == 4:
        print("inside", flush=True)
        sys.stdin.read()
    return message


alerts.PAGE = 2
alerts.notify = notify  # type: ignore[assignment]
outbox._nudge = services._nudge = lambda: None
while outbox.drain():
    pass
