"""How many webhooks a second are taken in on PostgreSQL, as a ratio to the bare insert of the same row.

    DATABASE_URL=postgres://… python -m tests.benchmarks.webhooks

Eight senders, each a thread with a connection of its own, send signed events of Stripe's through the whole WSGI application in this process: middleware,
signature, parsing, the row, the commit. The floor inserts the same rows with the same commits and nothing else. Both are taken in turns, so that a slow
moment of the machine falls on both alike; the figure is the median of the rounds. Ratios travel between machines, webhooks a second do not.
"""

import argparse
import hashlib
import hmac
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from threading import Barrier, Thread

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings.test")
os.environ.setdefault("TEST_VAR_DIR", tempfile.mkdtemp(prefix="citylab-benchmark-"))

import django

django.setup()

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.urls import reverse

from citylab.core import clock
from citylab.payments.models import ProviderEvent
from citylab.payments.services import events

SECRET = "whsec_benchmark"
serial = count(1)


def event() -> bytes:
    """As Stripe says that a checkout was completed; its object is as large as a real one."""
    number = next(serial)
    session = {
        "id": f"cs_test_{number:058d}", "object": "checkout.session", "payment_intent": f"pi_{number:024d}", "metadata": {"citylab_checkout": "6b8f0f9e-7a8e-4a53-9d3e-0d6c1b6e5f10"},
        "amount_total": 125000, "currency": "eur", "customer_details": {"address": dict.fromkeys(("city", "country", "line1", "postal_code"), "x" * 20)}, "filler": ["x" * 60] * 30,
    }  # fmt: skip
    body = {"id": f"evt_{number:024d}", "object": "event", "type": "checkout.session.completed", "livemode": False, "created": int(time.time()), "data": {"object": session}}
    return json.dumps(body, indent=2).encode()


def taken_in(application: WSGIHandler, address: str, body: bytes) -> None:
    moment = int(time.time())
    signature = hmac.new(SECRET.encode(), f"{moment}.{body.decode()}".encode(), hashlib.sha256).hexdigest()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": address, "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "HTTP_HOST": "localhost", "HTTP_STRIPE_SIGNATURE": f"t={moment},v1={signature}",
    }  # fmt: skip
    status: list[str] = []
    response = application(environ, lambda line, headers: status.append(line))  # type: ignore[arg-type]
    response.close()
    if not status[0].startswith("200"):
        raise SystemExit(f"The webhook answers {status[0]}: there is nothing to measure.")


def inserted(body: bytes) -> None:
    number = next(serial)
    moment = clock.now()
    ProviderEvent.objects.bulk_create([
        ProviderEvent(
            provider="stripe", external_id=f"evt_{number:024d}", kind="checkout.session.completed", object_kind="checkout", object_id=f"cs_test_{number:058d}",
            reference="6b8f0f9e-7a8e-4a53-9d3e-0d6c1b6e5f10", payment_id=f"pi_{number:024d}", live=False, created_at=moment, received_at=moment,
        )
    ])  # fmt: skip


def a_second(act: Callable[[bytes], None], senders: int, each: int) -> float:
    """How many are done in a second."""
    begin = Barrier(senders + 1)

    def send(mine: list[bytes]) -> None:
        try:
            act(mine.pop())  # connected before the clock starts
            begin.wait()
            for body in mine:
                act(body)
        finally:
            connections.close_all()

    threads = [Thread(target=send, args=[[event() for _turn in range(each + 1)]]) for _sender in range(senders)]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return senders * each / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.webhooks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    settings.PAYMENT_PROVIDER, settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "stripe", "sk_test_benchmark", (SECRET,)
    events._nudge = lambda: None  # a worker is another process
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    settings.DATABASES["default"]["CONN_MAX_AGE"] = connection.settings_dict["CONN_MAX_AGE"] = None
    try:
        application, address = WSGIHandler(), reverse("webhook", args=["stripe"])
        intake, floor = [], []
        for _round in range(options.rounds):
            floor.append(a_second(inserted, options.senders, options.each))
            intake.append(a_second(lambda body: taken_in(application, address, body), options.senders, options.each))
        sent = options.rounds * options.senders * (options.each + 1)
        if ProviderEvent.objects.count() != 2 * sent:
            raise SystemExit(f"{2 * sent - ProviderEvent.objects.count()} events are missing.")
        bare, whole = statistics.median(floor), statistics.median(intake)
        print(f"{options.senders} senders on {connection.vendor}: {whole:,.0f} webhooks a second, {bare:,.0f} bare inserts a second, ratio {whole / bare:.2f}")
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


if __name__ == "__main__":
    main()
