"""Fixtures that every room shares."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from django.db import connections
from django.test import TransactionTestCase

from citylab.audit import triggers
from citylab.core import clock


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
