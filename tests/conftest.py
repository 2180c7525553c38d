"""Fixtures that every room shares."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import TransactionTestCase
from xdist.scheduler import LoadScopeScheduling

from citylab.audit import triggers
from citylab.core import clock
from tests.browser import chromium, walkers
from tests.services import need, template

# Tests that share one expensive preparation: a folder of them stays in one process.
TOGETHER = ("tests/demo/",)


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whichever process is free; only those that belong together go together, and first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever walks in a browser is a journey. Journeys are long: of the tests that commit (pytest-django puts those last) they come first,
    so that at the end no process waits for another."""

    def place(item: pytest.Item) -> int:
        database = item.get_closest_marker("django_db")
        commits = database is not None and database.kwargs.get("transaction", False)
        return (1 if "journeys" in item.path.parts else 2) if commits else 0

    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.journey)
    items.sort(key=place)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("postgresql_only") and connections["default"].vendor != "postgresql":
        need("PostgreSQL")


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, django_db_modify_db_settings: None) -> bool:
    """SQLite starts from a copy of the run's template where there is one (PostgreSQL copies its own: citylab/settings/test.py)."""
    database = connections["default"]
    return (database.vendor == "sqlite" and template.copy_sqlite(Path(database.settings_dict["TEST"]["NAME"]))) or django_db_keepdb


@pytest.fixture(scope="session", autouse=True)
def _trail_can_be_flushed() -> Iterator[None]:
    """Tests that commit are cleaned up by emptying every table, which the audit trail refuses: its triggers step aside just for that."""
    teardown = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        names = [name for name in case._databases_names(include_mirrors=False)]
        for name in names:
            triggers.drop(connections[name])
        teardown(case)
        for name in names:
            triggers.install(connections[name])

    TransactionTestCase._fixture_teardown = without_triggers
    yield
    TransactionTestCase._fixture_teardown = teardown


@pytest.fixture
def travel() -> Iterator[Callable[[Any], datetime]]:
    """Call it with a moment ("2027-03-01 09:00" in Rome, or an aware datetime): from there on, that is the time."""
    with ExitStack() as stack:

        def to(moment: Any) -> datetime:
            if isinstance(moment, str):
                moment = datetime.fromisoformat(moment).replace(tzinfo=clock.rome)
            stack.enter_context(clock.travelling_to(moment))
            return moment

        yield to


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The one browser of a test process: Playwright can be started only once in it."""
    need("Chromium")
    # Playwright's synchronous interface leaves a loop running in this thread; the tests still read the database from it.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as found:
        yield found


@pytest.fixture
def walker(browser: Any, live_server: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Call it with a language and a viewport: somebody who starts walking."""
    yield from walkers(browser, live_server.url, request.node.originalname)
