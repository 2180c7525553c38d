"""Publishes, changes and withdraws challenges as it is told: a command on each line of standard input, its answer on one of standard output."""

import json
import os
import random
import sys
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings")

import django

django.setup()

from django.db import connections, transaction
from django.utils.translation import override

from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import outbox
from citylab.core.models import PENDING, OutboxMessage
from search import checking
from search.engines import get_engine, reserve
from search.models import WaitingRecord
from tests import factories

reserve.PAUSE = 1.0
WORDS = "pioggia sensori lampioni biciclette droni scuole mercati fontane alberi tram"
stopping = threading.Event()
made = 0


def publish(title):
    return str(factories.challenge(f"sfida-{Challenge.objects.count()}", title_it=title).pk)


def withdraw(pk):
    with transaction.atomic():
        Challenge.objects.filter(pk=pk).update(live=False)
        challenge_unpublished(challenge_id=int(pk), actor=None)


def change(pk, title):
    with transaction.atomic():
        Challenge.objects.filter(pk=pk).update(live=True, title_it=title)
        challenge_published(challenge_id=int(pk), actor=None)


def load(number):
    with outbox.without_nudges():
        for place in range(number):
            publish(f"Sfida {place} {' '.join(random.choices(WORDS.split(), k=5))}")


def churn(seed):
    """Until it is told to stop: changes, withdrawals and publications in the order of the seed."""
    chosen = random.Random(seed)
    keys = sorted(Challenge.objects.values_list("pk", flat=True))

    def work():
        global made
        while not stopping.is_set():
            key = chosen.choice(keys)
            if chosen.random() < 0.3:
                withdraw(key)
            else:
                change(key, f"Sfida {made} {' '.join(chosen.choices(WORDS.split(), k=5))}")
            made += 1
            stopping.wait(0.05)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def found(query):
    engine = get_engine()
    with override("it"):
        return [hit.object_id for hit in engine.search(query, "it", ["challenge"], limit=500)], engine.is_degraded


def unsettled():
    return OutboxMessage.objects.filter(PENDING).count() + WaitingRecord.objects.filter(work="write").count()


def main():
    thread = None
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        answer = None
        if command == "churn":
            thread = churn(*arguments)
        elif command == "stop":
            stopping.set()
            thread.join()
            answer = made
        elif command == "check":
            answer = [str(finding) for finding in checking.check(repair=False)]
        else:
            answer = globals()[command](*arguments)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
