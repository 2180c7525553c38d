"""Consumers for the tests of the outbox: each leaves a message of its own, so that what it did can be counted."""

import os
import time
from pathlib import Path
from typing import Any

from citylab.core import clock, outbox
from citylab.core.models import OutboxMessage

called: list[tuple[str, str, dict[str, Any]]] = []
failing: set[str] = set()


def _effect(name: str, key: str, payload: dict[str, Any]) -> None:
    called.append((name, key, payload))
    OutboxMessage.objects.create(topic=f"effect.{name}", key=f"{key}:{payload.get('n', '')}", created_at=clock.now(), done_at=clock.now())
    if name in failing or f"{name}:{key}" in failing:
        raise ConnectionError(f"{name} is down")


def first(key: str, payload: dict[str, Any]) -> None:
    _effect("first", key, payload)


def second(key: str, payload: dict[str, Any]) -> None:
    _effect("second", key, payload)


def follow_up(key: str, payload: dict[str, Any]) -> None:
    """Publishes a fact of its own, and has somebody woken for it."""
    _effect("follow_up", key, payload)
    outbox.publish("case.closed", key)
    outbox.nudge(wake)


def wake() -> None:
    called.append(("wake", "", {}))
    if "wake" in failing:
        raise ConnectionError("no broker")


def slow(key: str, payload: dict[str, Any]) -> None:
    """Does its work, says so, and does not come back while the file "hold" is there."""
    _effect("slow", key, payload)
    folder = Path(os.environ["SLOW_CONSUMER_DIR"])
    (folder / f"reached-{key}-{os.getpid()}").touch()
    while (folder / "hold").exists():
        time.sleep(0.02)
