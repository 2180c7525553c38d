"""Every fact reaches every consumer once, whatever breaks."""

import logging
from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from citylab import wiring
from citylab.core import clock, outbox, tasks
from citylab.core.models import OutboxDelivery, OutboxMessage

from . import consumers

FIRST, SECOND = "tests.core.consumers.first", "tests.core.consumers.second"


@pytest.fixture(autouse=True)
def wired(monkeypatch):
    monkeypatch.setattr(wiring, "CONSUMERS", {"case.moved": [FIRST, SECOND], "case.closed": [FIRST]})
    monkeypatch.setattr(consumers, "called", [])
    monkeypatch.setattr(consumers, "failing", set())


@pytest.fixture
def asleep(monkeypatch):
    """No worker follows the commit: the test drains by itself."""
    monkeypatch.setattr(outbox, "_nudge", lambda: None)


def effects():
    return Counter(OutboxMessage.objects.filter(topic__startswith="effect.").values_list("topic", "key"))


@pytest.mark.django_db(transaction=True)
def test_a_fact_needs_its_transaction():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        outbox.publish("case.moved", 1)
    assert OutboxMessage.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_fact_was_never_published():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.publish("case.moved", 1)
        raise ZeroDivisionError
    assert consumers.called == [] and OutboxMessage.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_commit_brings_it_to_every_consumer():
    with transaction.atomic():
        message = outbox.publish("case.moved", 7, n=1, on=clock.today())
        assert consumers.called == []
    payload = {"n": 1, "on": clock.today().isoformat(), "topic": "case.moved", "message": message.pk}
    assert consumers.called == [("first", "7", payload), ("second", "7", payload)]
    message.refresh_from_db()
    assert message.done_at is not None and message.attempts == 0
    assert set(message.deliveries.values_list("consumer", flat=True)) == {FIRST, SECOND}
    assert outbox.drain() == 0
    assert effects() == {("effect.first", "7:1"): 1, ("effect.second", "7:1"): 1}


@pytest.mark.django_db
def test_a_topic_that_nobody_follows_is_done(asleep):
    message = outbox.publish("case.unheard", 1)
    assert outbox.drain() == 0
    message.refresh_from_db()
    assert message.done_at is not None


@pytest.mark.django_db
def test_a_consumer_that_fails_leaves_nothing_behind_and_stops_nobody(asleep, travel):
    travel("2027-03-01 09:00")
    consumers.failing = {"first:1"}
    broken, sound = outbox.publish("case.moved", 1), outbox.publish("case.moved", 2)
    assert outbox.drain() == 3
    assert effects() == {("effect.second", "1:"): 1, ("effect.first", "2:"): 1, ("effect.second", "2:"): 1}
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert sound.done_at is not None
    assert broken.done_at is None and broken.attempts == 1
    assert broken.error == f"{FIRST}: ConnectionError: first is down"
    assert broken.next_attempt_at == clock.now() + timedelta(seconds=10)
    assert outbox.drain() == 0  # not before its time

    consumers.failing = set()
    travel("2027-03-01 09:00:11")
    assert outbox.drain() == 1
    assert effects()[("effect.first", "1:")] == 1 and effects()[("effect.second", "1:")] == 1
    broken.refresh_from_db()
    assert broken.done_at is not None


@pytest.mark.django_db
def test_after_ten_attempts_it_is_given_up_and_shown(asleep, travel):
    consumers.failing = {"second"}
    message = outbox.publish("case.moved", 1)
    moment, waits = clock.now(), []
    for _attempt in range(12):
        travel(moment)
        outbox.drain()
        message.refresh_from_db()
        waits.append((message.next_attempt_at - moment).total_seconds())
        moment += timedelta(hours=2)
    assert waits[:10] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert message.attempts == 10 and message.failed_at is not None and message.done_at is None
    assert list(outbox.failed()) == [message]
    assert effects() == {("effect.first", "1:"): 1}


@pytest.mark.django_db
def test_what_was_given_up_is_named_and_tried_again_when_its_cause_is_gone(asleep, travel, caplog, capsys):
    consumers.failing = {"second"}
    message = outbox.publish("case.moved", 1)
    moment = clock.now()
    for attempt in range(10):
        assert "given up" not in caplog.text
        travel(moment + attempt * timedelta(hours=2))
        outbox.drain()
    assert f"outbox: case.moved 1 #{message.pk} was given up after 10 attempts" in caplog.text
    with pytest.raises(CommandError, match=r"^1 given up"):
        call_command("outbox_failed")
    named = capsys.readouterr().err
    assert f"case.moved 1 #{message.pk}" in named and f"{SECOND}: ConnectionError: second is down" in named
    with pytest.raises(CommandError, match=r"^1 failed again"):
        call_command("outbox_failed", "--retry")
    assert list(outbox.failed()) == []
    travel(clock.now() + timedelta(minutes=1))
    outbox.drain()
    consumers.failing = set()
    OutboxMessage.objects.filter(pk=message.pk).update(failed_at=clock.now())
    capsys.readouterr()
    call_command("outbox_failed", "--retry")
    assert capsys.readouterr().out == "Nothing is left that was given up.\n"
    message.refresh_from_db()
    assert message.done_at is not None
    assert effects() == {("effect.first", "1:"): 1, ("effect.second", "1:"): 1}


@pytest.mark.django_db
def test_facts_of_one_record_keep_their_order_for_each_consumer(asleep, travel):
    travel("2027-03-01 09:00")
    consumers.failing = {"first:1"}
    outbox.publish("case.moved", 1, n=1)
    outbox.publish("case.closed", 1, n=2)
    outbox.publish("case.closed", 2, n=3)
    outbox.drain()
    assert effects() == {("effect.second", "1:1"): 1, ("effect.first", "2:3"): 1}
    consumers.failing = set()
    consumers.called.clear()
    travel("2027-03-01 09:01")
    outbox.drain()
    assert [(name, payload["n"]) for name, _key, payload in consumers.called] == [("first", 1), ("first", 2)]


@pytest.mark.django_db
def test_a_crash_between_consumers_loses_none_and_doubles_none(asleep, monkeypatch):
    """The worker dies (not an error of the consumer: the process ends) after the second consumer's writes, before their commit."""
    outbox.publish("case.moved", 1)

    def dies(key, payload):
        consumers.second(key, payload)
        raise SystemExit

    monkeypatch.setattr("tests.core.consumers.dying", dies, raising=False)
    monkeypatch.setitem(wiring.CONSUMERS, "case.moved", [FIRST, "tests.core.consumers.dying"])
    with pytest.raises(SystemExit):
        outbox.drain()
    assert effects() == {("effect.first", "1:"): 1}
    monkeypatch.setattr(consumers, "dying", consumers.second)
    assert outbox.drain() == 1
    assert effects() == {("effect.first", "1:"): 1, ("effect.second", "1:"): 1}
    assert OutboxMessage.objects.filter(topic="case.moved", done_at__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_deliver_once(asleep):
    with transaction.atomic():
        for n in range(12):
            outbox.publish("case.moved", n)
    barrier, errors = Barrier(4), []

    def work():
        try:
            barrier.wait(timeout=20)
            outbox.drain()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    outbox.drain()  # what a worker had in its hands, the others passed over
    expected = {(f"effect.{name}", f"{n}:"): 1 for n in range(12) for name in ("first", "second")}
    assert effects() == expected
    assert OutboxDelivery.objects.count() == 24
    assert not OutboxMessage.objects.filter(done_at__isnull=True).exists()


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_does_not_break_the_request(monkeypatch, caplog):
    def away(**options):
        raise ConnectionRefusedError("no broker")

    monkeypatch.setattr(tasks.drain, "apply_async", away)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        message = outbox.publish("case.moved", 1)
    assert "no broker" in caplog.text
    assert consumers.called == []
    tasks.drain()  # the sweeper
    message.refresh_from_db()
    assert message.done_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broker", ["there", "away"])
def test_a_burst_wakes_everybody_once_after_it(monkeypatch, caplog, broker):
    monkeypatch.setattr(wiring, "CONSUMERS", {"case.moved": ["tests.core.consumers.follow_up"], "case.closed": [FIRST]})
    drains = []
    monkeypatch.setattr(outbox, "_nudge", lambda: drains.append(len(consumers.called)))
    if broker == "away":
        consumers.failing.add("wake")
    with outbox.without_nudges():
        for n in range(5):
            with transaction.atomic():
                outbox.publish("case.moved", n)
    with caplog.at_level(logging.ERROR):
        assert outbox.drain() == 10  # the facts of the burst, and those that they led to
    names = [name for name, _key, _payload in consumers.called]
    assert names == ["follow_up"] * 5 + ["wake"] + ["first"] * 5
    assert len(drains) == 1
    assert ("no broker" in caplog.text) == (broker == "away")
    with transaction.atomic():
        outbox.nudge(consumers.wake)
    assert consumers.called[-1][0] == "wake"  # outside a page at once, as ever


@pytest.mark.django_db
def test_draining_costs_nothing_per_finished_message(asleep, django_assert_num_queries):
    for n in range(30):
        outbox.publish("case.unheard", n)
    outbox.drain()
    with django_assert_num_queries(1):
        outbox.drain()
