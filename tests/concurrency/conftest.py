"""Real threads on the real database: everything commits, nothing is undone between two people."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from citylab.core.errors import DomainError


@pytest.fixture(autouse=True)
def asleep(monkeypatch):
    """No worker follows the commits: only the people of the test act."""
    monkeypatch.setattr("citylab.core.outbox._nudge", lambda: None)
    monkeypatch.setattr("citylab.notifications.services._nudge", lambda: None)


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Runs calls at the same moment, each in a thread with a connection of its own; gives what each returned or the DomainError it was told.

    Anything else that goes wrong in a thread fails the test.
    """

    def run(*calls: Callable[[], Any]) -> list[Any]:
        results: list[Any] = [None] * len(calls)
        start = Barrier(len(calls))

        def work(index: int, call: Callable[[], Any]) -> None:
            try:
                start.wait(timeout=30)
                results[index] = call()
            except DomainError as error:
                results[index] = error
            except BaseException as error:  # told to the test below
                results[index] = AssertionError(f"{type(error).__name__}: {error}")
            finally:
                connections.close_all()

        threads = [Thread(target=work, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
        for result in results:
            if isinstance(result, AssertionError):
                raise result
        return results

    return run
