"""What the tests of the desk share: people of every kind around one applicant, and a browser of each."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from citylab.accounts.models import Membership, Role, User
from citylab.core import clock
from citylab.proposals.models import Proposal
from tests import factories
from tests.remembering import remembered


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    """Addresses and messages are English, so that a test says what a person reads."""
    with override("en"):
        yield


@pytest.fixture
def people(db: Any) -> SimpleNamespace:
    return everybody()


@remembered
def everybody() -> SimpleNamespace:
    """Everybody who may come to the desk. Demo accounts need no second factor."""
    made = {role: factories.person(role, is_demo=True, language="en") for role in Role.values}
    organisation = factories.organisation(legal_name="Nuvola Lenta S.r.l.", pec="nuvola@pec.example")
    colleague = factories.person(Role.OFFICER, is_demo=True, name="Second Officer")
    insider = factories.person(Role.OFFICER, is_demo=True)
    Membership.objects.create(user=insider, organisation=organisation, role=Membership.Role.READER, joined_at=clock.now())
    return SimpleNamespace(**made, organisation=organisation, owner=factories.owner_of(organisation), colleague=colleague, insider=insider, second_evaluator=factories.person(Role.EVALUATOR, is_demo=True))


@pytest.fixture
def officer(people: SimpleNamespace) -> Client:
    return signed_in(people.officer)


@pytest.fixture
def made(people: SimpleNamespace) -> Any:
    """Call it with a state: a proposal brought there by `people`."""

    def bring(state: str, **how: Any) -> Proposal:
        return factories.proposal_in(state, people.organisation, people=SimpleNamespace(officer=people.officer, evaluator=people.evaluator), actor=people.owner, **how)

    return bring


def text_of(response: Any) -> str:
    """The page as a person reads it, roughly: on one line, without entities of quotes."""
    return " ".join(response.content.decode().replace("&#x27;", "'").replace("&quot;", '"').split())
