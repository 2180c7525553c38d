"""What the tests of the pilots' room share."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from citylab.accounts.models import Membership, Role, User
from citylab.core import clock
from tests import factories
from tests.remembering import remembered


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def people(db: Any) -> SimpleNamespace:
    return everybody()


@remembered
def everybody() -> SimpleNamespace:
    """Everybody who may have to do with a pilot of `organisation`, each in one person."""
    organisation = factories.organisation()
    # Demo accounts need no second factor.
    city = factories.city(officer=factories.person(Role.OFFICER, is_demo=True), evaluator=factories.person(Role.EVALUATOR, is_demo=True))
    insider = factories.person(Role.OFFICER, is_demo=True)
    Membership.objects.create(user=insider, organisation=organisation, role=Membership.Role.EDITOR, joined_at=clock.now())
    return SimpleNamespace(
        organisation=organisation,
        city=city,
        owner=factories.owner_of(organisation),
        editor=factories.member(organisation),
        reader=factories.member(organisation, Membership.Role.READER),
        stranger=factories.owner_of(factories.organisation()),
        officer=city.officer,
        insider=insider,
        evaluator=city.evaluator,
        department=factories.person(Role.DEPARTMENT, is_demo=True),
        writer=factories.person(Role.EDITOR, is_demo=True),
        administrator=factories.person(Role.ADMINISTRATOR, is_demo=True),
        visitor=factories.person(),
    )
