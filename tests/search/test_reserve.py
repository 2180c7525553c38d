"""Elasticsearch is away: the pages answer from the reserve and say so in one line, and nothing that people do is lost."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import Role
from citylab.core import outbox
from citylab.proposals.models import Proposal
from search import writing
from search.engines.reserve import breaker
from search.models import WaitingRecord
from tests import factories

pytestmark = pytest.mark.django_db
SAID = "The search is working on its reserve for now"


@pytest.fixture
def away(settings):
    """The address of a cluster that does not answer."""
    breaker.succeeded()
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    yield
    breaker.succeeded()


@pytest.fixture
def reading(client):
    """Call it with somebody and an address: the page in English."""

    def read(user, address, **headers):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        with override("en"):
            return client.get(address, headers=headers).content.decode()

    with override("en"):
        yield read


def test_the_panel_and_the_page_of_matches_answer_and_say_so_in_one_line(away, reading):
    factories.site("piazza", name_en="Bright square", name_it="Piazza chiara")
    draft = factories.draft()
    outbox.drain()
    owner = factories.owner_of(draft.organisation)
    for address in (reverse("portal:panel", args=[draft.pk]), reverse("portal:matches")):
        page = reading(owner, address)
        assert page.count(SAID) == 1 and "Bright square" in page


def test_the_officer_s_comparison_answers_and_says_so_in_one_line(away, reading):
    officer = factories.person(Role.OFFICER, is_demo=True)
    proposal = factories.proposal_in("screening")
    assert reading(officer, reverse("desk:comparable", args=[proposal.pk])).count(SAID) == 1


def test_with_the_cluster_there_nothing_is_said(elasticsearch, reading, monkeypatch):
    factories.site("piazza", name_en="Bright square", name_it="Piazza chiara")
    draft = factories.draft()
    outbox.drain()
    writing.write()
    page = reading(factories.owner_of(draft.organisation), reverse("portal:panel", args=[draft.pk]))
    assert SAID not in page and "Bright square" in page


def test_what_is_handed_in_meanwhile_is_kept_and_waits_for_the_index(away):
    proposal = factories.submitted()
    while outbox.drain():
        pass
    assert Proposal.objects.get(pk=proposal.pk).state == "submitted"
    assert WaitingRecord.objects.filter(work="write", kind="proposal", object_id=str(proposal.pk)).exists()
    assert writing.write() == 0
    assert WaitingRecord.objects.filter(work="write", kind="proposal", object_id=str(proposal.pk)).exists()


def test_only_the_first_one_waits_for_a_cluster_that_does_not_answer(away, monkeypatch):
    from search.engines import get_engine
    from search.engines.elasticsearch import ElasticsearchEngine

    asked = []
    proper = ElasticsearchEngine.search
    monkeypatch.setattr(ElasticsearchEngine, "search", lambda self, *given, **named: asked.append(1) or proper(self, *given, **named))
    for _reader in range(5):
        engine = get_engine()
        engine.search("piazza", "it", ["site"], limit=5)
        assert engine.is_degraded
    assert len(asked) == 1
