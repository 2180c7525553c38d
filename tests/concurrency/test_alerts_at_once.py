"""Two workers tell the same news at the same moment, or one is killed while telling: each person gets it once."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from citylab.accounts.models import Role
from citylab.challenges.services import challenge_published
from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.notifications.models import OutgoingMessage
from search import alerts, saved_searches
from search.models import Alert, SavedSearch
from tests import factories

from .test_killed_in_the_middle import ROOT, address

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


def test_a_worker_killed_while_it_tells_leaves_nobody_out_and_tells_nobody_twice(people):
    factories.challenge()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "citylab.settings.test", "DATABASE_URL": address(), "TEST_VAR_DIR": str(Path(settings.MEDIA_ROOT).parent)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.telling"], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout.readline() == "inside\n"
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close(), process.stdin.close()
        process.wait(timeout=60)
    assert told() == [person.pk for person in people[:2]]  # the first page was kept; of the second nothing was
    assert Alert.objects.count() == 2
    drain()
    assert told() == [person.pk for person in people]


def test_two_pages_at_once_cannot_pass_the_limit_of_searches(together):
    person = factories.person(Role.STARTUP)
    for number in range(19):
        save(person, f"Ricerca {number}")
    results = together(lambda: save(person, "Una"), lambda: save(person, "Altra"))
    assert [result.code for result in results if isinstance(result, DomainError)] == ["too_many"]
    assert SavedSearch.objects.filter(user=person).count() == 20
