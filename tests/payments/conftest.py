"""A bank of the tests' own in place of every provider, and a pilot with money that goes through it."""

from datetime import timedelta

import pytest
from django.utils import translation

from citylab.core import clock
from citylab.core.models import OutboxMessage
from tests import factories

from .bank import Bank
from .lives import lasts
from .test_any_order import Life


@pytest.fixture(autouse=True)
def _english():
    """The messages that these tests read are the source's."""
    with translation.override("en"):
        yield


@pytest.fixture
def bank(monkeypatch):
    made = Bank()
    monkeypatch.setattr("citylab.payments.providers.provider", lambda code: made)
    return made


@pytest.fixture
def pilot():
    """On a site with a fee by area (2 euro × 20 m² × day) and a deposit of 1,000."""
    site = factories.site("dora")
    since = clock.today() - timedelta(days=400)
    factories.area_fee(site, "2.00", valid_from=since)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=since)
    made = factories.pilot_in("preparation", at=site)
    lasts(made, 10)
    OutboxMessage.objects.all().delete()
    return made


@pytest.fixture
def life(pilot, bank):
    return Life(pilot, bank)
