"""Journeys walk through the running product in a real browser."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium, walkers
from tests.services import need

# Playwright's synchronous interface runs a loop in this thread; the tests still read the database from it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    need("Chromium")
    with chromium() as found:
        yield found


@pytest.fixture
def walker(browser: Any, live_server: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Call it with a language and a viewport: somebody who starts walking."""
    yield from walkers(browser, live_server.url, request.node.originalname)
