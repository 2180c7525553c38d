"""The start-up's money: what it sees, how it pays, and what stands when something goes wrong."""

from datetime import date

import pytest
from django.urls import reverse

from citylab.core import outbox
from tests import factories
from tests.portal.conftest import signed_in, soup

SINCE = date(2020, 1, 1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return factories.city()


@pytest.fixture
def pilot(people):
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE)
    made = factories.pilot_in("preparation", people=people, at=site)
    outbox.drain()
    return made


def tab(pilot):
    return f"{reverse('portal:pilot', args=[pilot.pk])}?tab=money"


def test_the_tab_shows_every_sum_with_its_state_and_due_date(pilot):
    page = soup(signed_in(factories.owner_of(pilot.organisation)).get(tab(pilot)))
    heads = [" ".join(head.get_text(" ", strip=True).split()) for head in page.select(".tcl-costs .tcl-cost-head")]
    assert heads == ["Pay: Entry €250.00", "Pay: Deposit €1,000.00", "Stamp duty on the decision €16.00"]
