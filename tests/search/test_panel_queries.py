"""What a refresh of the live panel asks of the database and of the cluster: as much for thirty records as for three."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.core import clock, outbox
from citylab.taxonomy.models import Capability, Technology
from citylab.testbeds.services import booking_hold
from search.tasks import write_waiting
from tests import factories

pytestmark = pytest.mark.django_db
# Django's own, of every page of somebody who is signed in: the session, and who that is (with roles and memberships).
OF_EVERY_PAGE = ("django_session", "accounts_user")


@pytest.fixture(params=["embedded", "elasticsearch"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "elasticsearch":
        request.getfixturevalue("elasticsearch")
    return str(request.param)


def fill(wanted: int) -> None:
    """Sites and challenges, until there are so many of each: booked, with technologies and capabilities."""
    for number in range(wanted):
        site = factories.site(capabilities=("power",) if number % 2 else ())
        case = f"00000000-0000-0000-0000-{site.pk:012d}"
        booking_hold(site_id=site.pk, case_id=case, label="", starts_on=clock.today(), ends_on=clock.today(), actor=None)
        challenge = factories.challenge()
        challenge.technologies.add(factories.term(Technology, "iot"))
        challenge.capabilities.add(factories.term(Capability, "power"))
    while outbox.drain():
        pass
    write_waiting()


def asked(call: Callable[[], Any]) -> tuple[list[str], int]:
    """The statements that a call makes, and its requests to the cluster."""
    from elastic_transport import Transport

    with mock.patch.object(Transport, "perform_request", autospec=True, side_effect=Transport.perform_request) as requests, CaptureQueriesContext(connection) as captured:
        response = call()
    assert response.status_code == 200
    return [query["sql"] for query in captured], requests.call_count


@pytest.mark.parametrize(("what", "more"), [("&typing=1", 0), ("", 2)])
def test_a_refresh_of_the_panel_takes_six_queries_beside_those_of_every_page(engine: str, what: str, more: int) -> None:
    """While typing; once it is saved, the faults beside the form take two more."""
    draft = factories.draft(capabilities=["power"])
    client = Client()
    client.force_login(factories.owner_of(draft.organisation))
    address = reverse("portal:panel", args=[draft.pk]) + f"?section=idea{what}"
    counts = []
    for wanted in (3, 27):
        fill(wanted)
        client.post(address, {"title": "Sensori"}, headers={"HX-Request": "true"})
        statements, requests = asked(lambda: client.post(address, {"title": "Sensori per la pioggia"}, headers={"HX-Request": "true"}))
        own = [sql for sql in statements if not any(f'FROM "{table}"' in sql for table in OF_EVERY_PAGE)]
        assert len(statements) - len(own) == len(OF_EVERY_PAGE)
        assert requests == (1 if engine == "elasticsearch" else 0)
        counts.append(len(own) + requests)
    assert counts[0] == counts[1] <= 6 + more
