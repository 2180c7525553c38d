"""One load for all tests of the demo: it takes half a minute, so they stay in one process (tests/conftest.py), and every test leaves it as it was."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from citylab.demo.loading import load


@pytest.fixture(scope="package", autouse=True)
def city(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        assert load() is True
        yield
        transaction.set_rollback(True)
