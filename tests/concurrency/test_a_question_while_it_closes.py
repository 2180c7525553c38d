"""A question on a challenge that somebody is closing at that moment."""

from threading import Event

import pytest
from django.db import connection, transaction

from citylab.challenges.models import Question
from citylab.challenges.services import challenge_close, question_ask
from citylab.core.errors import DomainError
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def until_somebody_waits() -> None:
    """Comes back once another connection waits for what this one holds. SQLite cannot say; there the one writer keeps others out."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for _turn in range(100_000):
            cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))")
            if cursor.fetchone() == (True,):
                return
    raise AssertionError("nobody came to wait")


def test_a_question_that_waited_while_the_challenge_was_closed_is_refused(together):
    challenge, editor, asker = factories.challenge(), factories.person("editor"), factories.person("startup")
    closed = Event()

    def close():
        with transaction.atomic():
            challenge_close(challenge_id=challenge.pk, actor=editor)
            closed.set()
            until_somebody_waits()

    def ask():
        assert closed.wait(timeout=30)
        return question_ask(challenge_id=challenge.pk, text="Ancora aperta?", language="it", actor=asker)

    _done, told = together(close, ask)
    assert isinstance(told, DomainError) and told.code == "challenge_closed"
    assert not Question.objects.exists()
