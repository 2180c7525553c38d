"""How fast the busiest pages are, as ratios to a bare Django page on the same database and machine.

    python -m tests.benchmarks.pages                        SQLite, 1,000 and 10,000 proposals
    DATABASE_URL=postgres://… python -m tests.benchmarks.pages --sizes 1000 10000 100000

Each request goes through the whole WSGI application in this process: middleware, session, view, template. Requests of the pages are taken
in turns, so that a slow moment of the machine falls on all of them alike; the figure of each is its median. Ratios travel between machines,
milliseconds do not.
"""

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings.test")
os.environ.setdefault("TEST_VAR_DIR", tempfile.mkdtemp(prefix="citylab-benchmark-"))

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path, reverse

from citylab.accounts.models import Membership, User
from citylab.proposals import form
from citylab.proposals.models import Proposal

TOKEN = "a" * 32


def bare(request: HttpRequest) -> HttpResponse:
    """The floor: one query, one small template, no middleware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(engines["django"].from_string("<!doctype html><title>{{ title }}</title><p>{{ title }}</p>").render({"title": "Bare"}))


urlpatterns = [path("", bare)]


@dataclass
class Page:
    """A request that can be repeated; `body` makes the form of a POST anew each time."""

    name: str
    application: WSGIHandler
    address: str
    user: User | None = None
    body: Callable[[], dict[str, str]] | None = None
    cookie: str = ""

    def call(self) -> int:
        """Send it; the status code."""
        payload = urlencode(self.body()).encode() if self.body else b""
        location, _mark, query = self.address.partition("?")
        environ = {
            "REQUEST_METHOD": "POST" if self.body else "GET", "PATH_INFO": location, "QUERY_STRING": query, "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(payload), "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False,
            "wsgi.run_once": False, "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(payload)), "HTTP_HOST": "localhost",
            "HTTP_COOKIE": f"csrftoken={TOKEN}; {self.cookie}", "HTTP_X_CSRFTOKEN": TOKEN, "HTTP_HX_REQUEST": "true" if self.body else "",
        }  # fmt: skip
        status: list[int] = []
        response = self.application(environ, lambda line, headers: status.append(int(line.split()[0])))  # type: ignore[arg-type]
        for _chunk in response:
            pass
        response.close()
        return status[0]


def signed_in(user: User) -> str:
    """The cookie of a session of this person."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[1], user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def pages() -> list[Page]:
    """The floor and the pages, on the database as it is."""
    whole = WSGIHandler()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        floor = WSGIHandler()
    officer = User.objects.filter(role_grants__role="officer", is_demo=True).order_by("pk").first()
    case = Proposal.objects.filter(state="screening").order_by("pk").first()
    owned = {"organisation__memberships__role": Membership.Role.OWNER, "organisation__memberships__user__is_active": True}
    draft = Proposal.objects.filter(state="draft", **owned).order_by("pk").first()
    if officer is None or case is None or draft is None:
        raise SystemExit("The database holds no officer, case or draft: load_demo and load_volume did not do their work.")
    writer = draft.organisation.memberships.filter(role=Membership.Role.OWNER).select_related("user")[0].user
    typed = iter(range(10**9))

    def autosaved() -> dict[str, str]:
        fresh = Proposal.objects.only("answers", "version").get(pk=draft.pk)
        kept = {name: value for name, value in fresh.answers.items() if isinstance(value, str) and name in {f.name for f in form.current().section("idea").fields}}  # type: ignore[union-attr]
        return {**kept, "novelty": f"Words number {next(typed)}.", "version": str(fresh.version), "seen": "{}"}

    found = [
        Page("floor", floor, "/"),
        Page("home", whole, "/it/"),
        Page("public list", whole, reverse("public:challenge_list")),
        Page("desk queue", whole, reverse("desk:home"), officer),
        Page("case page", whole, reverse("desk:case", args=[case.pk]), officer),
        Page("autosave", whole, reverse("portal:autosave", args=[draft.pk, "idea"]), writer, autosaved),
    ]
    for page in found:
        page.cookie = signed_in(page.user) if page.user else ""
    return found


def floor_urls(page: Page) -> Any:
    """The floor answers from its own address table."""
    return override_settings(ROOT_URLCONF=__name__) if page.name == "floor" else override_settings()


def measured(found: Sequence[Page], rounds: int) -> list[tuple[str, float, int, int]]:
    """(name, median milliseconds, SQL queries, status) of each page."""
    times: dict[str, list[float]] = {page.name: [] for page in found}
    facts: dict[str, tuple[int, int]] = {}
    for page in found:
        with floor_urls(page):
            page.call()  # templates, translations and address tables are read once
            with CaptureQueriesContext(connection) as queries:
                status = page.call()
            if status != 200:
                raise SystemExit(f"{page.name} answers {status}: there is nothing to measure.")
            asked = sum(not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for query in queries)
            # What autosave's form asks for beforehand is not the page's own.
            facts[page.name] = (asked - (1 if page.body else 0), status)
    for _round in range(rounds):
        for page in found:
            with floor_urls(page):
                started = time.perf_counter()
                page.call()
                times[page.name].append((time.perf_counter() - started) * 1000)
    return [(page.name, statistics.median(times[page.name]), *facts[page.name]) for page in found]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    # create_test_db would keep a copy of every table in memory for tests that roll back; nothing is rolled back here.
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        call_command("load_demo", verbosity=0)
        loaded = 0
        for size in sorted(options.sizes):
            started = time.perf_counter()
            call_command("load_volume", proposals=size - loaded, verbosity=0)
            loaded = size
            print(f"\n{size:,} proposals on {connection.vendor} (loaded in {time.perf_counter() - started:.1f} s)")
            print(f"{'page':<14}{'status':>7}{'SQL':>6}{'ms':>9}{'requests/s':>12}{'× floor':>9}")
            rows = measured(pages(), options.rounds)
            floor = rows[0][1]
            for name, milliseconds, queries, status in rows:
                print(f"{name:<14}{status:>7}{queries:>6}{milliseconds:>9.2f}{1000 / milliseconds:>12.0f}{milliseconds / floor:>9.1f}", flush=True)
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


if __name__ == "__main__":
    main()
