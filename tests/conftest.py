"""Fixtures that every room shares."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import TransactionTestCase
from django.utils import translation
from xdist.scheduler import LoadScopeScheduling

from citylab.audit.triggers import TRAIL
from citylab.core import clock
from citylab.core.models import OutboxMessage
from citylab.payments.ledger import GROWS
from citylab.payments.providers import Provider, provider
from tests.browser import chromium, walkers
from tests.remembering import MEMORY
from tests.services import need, template
from tests.stripe_fake import StripeFake

# The tables whose rows `migrate` itself makes; no test adds any.
MADE_BY_MIGRATE = {"django_content_type", "auth_permission"}
# Tests that share one expensive preparation: a folder of them stays in one process.
TOGETHER = ("tests/demo/", "tests/search/test_faults.py", "tests/search/test_constraints.py", "tests/search/test_golden.py", "tests/search/test_some_words.py")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whichever process is free; only those that belong together go together, and first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--second-database", action="store_true", help="run only what another database could answer differently")


def differs(item: pytest.Item) -> bool:
    """Whether a test could say something new on a second database: one that opens none (or brings its own), that asks pages, or that asks
    Elasticsearch what it has also asked the database, could not."""
    opens = item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    engines = getattr(item, "callspec", None) and item.callspec.params.values()  # type: ignore[attr-defined]
    journey = "journeys" in item.path.parts and not item.get_closest_marker("sqlite_journey")
    return bool(opens) and not (journey or item.get_closest_marker("postgresql_only") or item.get_closest_marker("pages") or "elasticsearch" in (engines or ()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever walks in a browser is a journey. Journeys are long: of the tests that commit (pytest-django puts those last) they come first,
    so that at the end no process waits for another."""

    def place(item: pytest.Item) -> int:
        database = item.get_closest_marker("django_db")
        commits = database is not None and database.kwargs.get("transaction", False)
        return (1 if "journeys" in item.path.parts else 2) if commits else 0

    if config.getoption("--second-database"):
        config.hook.pytest_deselected(items=[item for item in items if not differs(item)])
        items[:] = [item for item in items if differs(item)]
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.journey)
    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """All that was loaded and collected stays until the end: Python need not look through it again and again, which takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    translation.deactivate()  # of the last page that the test before asked for
    MEMORY.begin(item)
    if item.get_closest_marker("postgresql_only") and connections["default"].vendor != "postgresql":
        need("PostgreSQL")


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, django_db_modify_db_settings: None) -> bool:
    """SQLite starts from a copy of the run's template where there is one (PostgreSQL copies its own: citylab/settings/test.py)."""
    database = connections["default"]
    return (database.vendor == "sqlite" and template.copy_sqlite(Path(database.settings_dict["TEST"]["NAME"]))) or django_db_keepdb


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """What `migrate` told of the first pages is no test's business: each starts with an empty outbox."""
    with django_db_blocker.unblock():
        OutboxMessage.objects.all().delete()


def empty_tables(case: TransactionTestCase) -> None:
    """What a test committed goes, from the tables that hold any of it: emptying all of them and making the permissions anew, as Django does, takes
    longer than most tests. The audit trail and the ledger refuse, so their triggers step aside just for that."""
    for name in case._databases_names(include_mirrors=False):
        connection = connections[name]
        tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - MADE_BY_MIGRATE
        with transaction.atomic(using=name), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in sorted(tables)))
            filled = {table for (table,) in cursor.fetchall()}
            growing = [kept for kept in (TRAIL, GROWS) if not filled.isdisjoint(kept.tables)]
            for kept in growing:
                kept.drop(connection)
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")
        for kept in growing:
            kept.install(connection)


@pytest.fixture(scope="session", autouse=True)
def _tests_that_commit_are_cleaned_up() -> Iterator[None]:
    teardown = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = empty_tables
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


@pytest.fixture
def stripe_fake(settings: Any) -> Iterator[StripeFake]:
    """A Stripe of our own that takes the payments of this test, through the real SDK. For its webhooks: `webhook_url`, then `automatic` or `deliver`."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    with StripeFake() as fake:
        settings.PAYMENT_PROVIDER = "stripe"
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = fake.secret_key, (fake.webhook_secret,)
        settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT = fake.base, 5.0
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**directives, "form-action": [*directives["form-action"], fake.base]}}
        yield fake


@pytest.fixture
def stripe(stripe_fake: StripeFake) -> Provider:
    """Our adapter, which talks to that Stripe."""
    return provider("stripe")
