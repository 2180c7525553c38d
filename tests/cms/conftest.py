"""The editors' room with two editors in it."""

import itertools

import pytest
from django.test import Client

from citylab.accounts.models import Role
from cms.setup import prepare
from tests import factories
from tests.remembering import remembered

_clients = itertools.count(1)


@pytest.fixture(autouse=True)
def room(db, settings):
    """Groups, moderation and first pages; nothing cached from another test."""
    from django.core.cache import cache

    cache.clear()
    settings.SECOND_FACTOR_REQUIRED = False
    remembered(prepare)()


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.user = user
    return client


@pytest.fixture
def anna():
    """An editor."""
    return signed_in(factories.person(Role.EDITOR, name="Anna", language="en"))


@pytest.fixture
def bruno():
    """Another editor."""
    return signed_in(factories.person(Role.EDITOR, name="Bruno", language="en"))


@pytest.fixture
def admin():
    return signed_in(factories.person(Role.ADMINISTRATOR, name="Ada", language="en"))
