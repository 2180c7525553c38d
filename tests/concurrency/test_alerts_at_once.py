"""Two workers tell the same news at the same moment: each person gets it once."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction

from citylab.accounts.models import Role
from citylab.challenges.services import challenge_published
from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.notifications.models import OutgoingMessage
from search import alerts, saved_searches
from search.models import Alert, SavedSearch
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def drain():
    while outbox.drain():
        pass


@pytest.fixture
def people():
    """Five who wait for any new challenge."""
    found = [factories.person(Role.STARTUP) for _number in range(5)]
    for person in found:
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        save(person, "Tutte")
    return found


def save(person, name):
    return saved_searches.search_save(user=person, name=name, kind="challenge", words="", filters={}, language="it")


def told():
    return sorted(OutgoingMessage.objects.filter(kind="new_match").values_list("user_id", flat=True))


def test_two_workers_and_two_publications_tell_each_person_once(together, people, monkeypatch):
    monkeypatch.setattr(alerts, "PAGE", 2)
    challenge = factories.challenge()
    with transaction.atomic():
        challenge_published(challenge_id=challenge.pk, actor=None)
    together(drain, drain)
    with clock.travelling_to(clock.now() + timedelta(minutes=2)):
        drain()
    assert told() == [person.pk for person in people]
    assert Alert.objects.count() == 5


def test_the_same_page_in_two_threads_tells_each_person_once(together, people):
    challenge = factories.challenge()

    def page():
        with transaction.atomic():
            alerts.handle_page(f"challenge:{challenge.pk}", {"after": 0})

    together(page, page)
    assert told() == [person.pk for person in people]


def test_two_pages_at_once_cannot_pass_the_limit_of_searches(together):
    person = factories.person(Role.STARTUP)
    for number in range(19):
        save(person, f"Ricerca {number}")
    results = together(lambda: save(person, "Una"), lambda: save(person, "Altra"))
    assert [result.code for result in results if isinstance(result, DomainError)] == ["too_many"]
    assert SavedSearch.objects.filter(user=person).count() == 20
