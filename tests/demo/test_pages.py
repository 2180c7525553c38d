"""Every page of the demo city opens: for residents, for its start-up, at the desk and for evaluators."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import User
from citylab.challenges.models import Challenge
from citylab.pilots.models import Pilot
from citylab.pilots.selectors import public_pilots
from citylab.proposals.models import Assignment, Proposal
from citylab.taxonomy.models import Programme
from citylab.testbeds.models import Site
from cms.models import StoryPage

pytestmark = pytest.mark.django_db


def closed(client: Client, addresses: list[str]) -> list[tuple[str, int]]:
    """The addresses that do not answer with their page."""
    answers = [(address, client.get(address).status_code) for address in addresses]
    return [(address, code) for address, code in answers if code != 200]


def signed_in(email: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_public_page_opens(language: str) -> None:
    with override(language):
        addresses = [record.get_absolute_url() for records in (Site.objects.all(), Challenge.objects.all(), public_pilots()) for record in records]
        addresses += [reverse("public:programme", args=[code]) for code in Programme.objects.values_list("code", flat=True)[::5]]
    addresses += [page.url for page in StoryPage.objects.filter(locale__language_code=language)]
    assert closed(Client(), addresses) == []


def test_every_case_opens_at_the_desk() -> None:
    addresses = [reverse("desk:case", args=[pk]) for pk in Proposal.objects.exclude(state="draft").values_list("pk", flat=True)]
    addresses += [reverse("desk:pilot", args=[pk]) for pk in Pilot.objects.filter(is_archive=False).values_list("pk", flat=True)]
    assert closed(signed_in("funzionaria@example.org"), addresses) == []


def test_the_startups_cases_open() -> None:
    startup = User.objects.get(email="startup@example.org")
    cases = Proposal.objects.filter(organisation__memberships__user=startup)
    addresses = [reverse("portal:case", args=[pk]) for pk in cases.exclude(state="draft").values_list("pk", flat=True)]
    addresses += [reverse("portal:pilot", args=[pk]) for pk in Pilot.objects.filter(proposal__in=cases).values_list("pk", flat=True)]
    assert len(addresses) == 13  # of both organisations that this person works for
    assert closed(signed_in(startup.email), addresses) == []


def test_an_evaluators_sheets_open() -> None:
    evaluator = User.objects.get(email="valutatrice1@example.org")
    asked = Assignment.objects.filter(evaluator=evaluator, has_conflict=False)
    addresses = [reverse("desk:evaluation", args=[pk]) for pk in asked.values_list("proposal_id", flat=True)]
    assert addresses and closed(signed_in(evaluator.email), addresses) == []


def test_a_pilots_page_shows_the_latest_reading_of_each_indicator() -> None:
    pilot = Pilot.objects.get(title="Un suolo vivo a Mirafiori Sud")
    with override("en"):
        page = Client().get(pilot.get_absolute_url()).content.decode()
    for indicator in pilot.indicators.all():
        newest = indicator.readings.order_by("read_on").last()
        assert f"<strong>{newest.value.normalize():f} {indicator.unit}</strong>" in page
