"""Elasticsearch is away: the pages answer from the reserve and say so in one line, and nothing that people do is lost."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import Role
from citylab.core import outbox
from citylab.proposals.models import Proposal
from search import writing
from search.engines.reserve import PAUSE, SLOW, breaker, slowness
from search.models import MatchFeedback, WaitingRecord
from tests import factories

pytestmark = pytest.mark.django_db
SAID = "The search is working on its reserve for now"


@pytest.fixture
def away(settings):
    """The address of a cluster that does not answer."""
    breaker.succeeded(), slowness.succeeded()
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    yield
    breaker.succeeded(), slowness.succeeded()


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


def test_the_page_and_the_line_of_why_not_answer_and_say_so_in_one_line_and_a_remark_names_the_engine(away, reading, client):
    site = factories.site("piazza", name_en="Bright square", name_it="Piazza chiara", capabilities=())
    draft = factories.draft(capabilities=["power"])
    outbox.drain()
    owner, record = factories.owner_of(draft.organisation), f"site:{site.pk}"
    assert reading(owner, reverse("portal:match_why", args=[draft.organisation.pk]) + f"?proposal={draft.pk}&record={record}").count(SAID) == 1
    asked = {"proposal": str(draft.pk), "record": record, "verdict": "why_not"}
    line = client.post(reverse("portal:match_feedback", args=[draft.organisation.pk]), asked, headers={"HX-Request": "true"}).content.decode()
    assert line.count(SAID) == 1
    assert list(MatchFeedback.objects.values_list("verdict", "engine")) == [("why_not", "embedded")]


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


@pytest.mark.parametrize(("seconds", "answered"), [(SLOW, ["elasticsearch"] * 4), (SLOW + 0.1, ["elasticsearch", "elasticsearch", "embedded", "embedded"])])
def test_a_cluster_that_is_slow_twice_in_a_row_is_left_alone_for_a_while(away, monkeypatch, seconds, answered):
    from search.engines import get_engine, reserve
    from search.engines.elasticsearch import ElasticsearchEngine

    now = [1000.0]

    class Clock:
        @staticmethod
        def monotonic():
            return now[0]

    def search(self, *given, **named):
        now[0] += seconds
        return []

    monkeypatch.setattr(reserve, "time", Clock)
    monkeypatch.setattr(ElasticsearchEngine, "search", search)

    def ask():
        engine = get_engine()
        engine.search("piazza", "it", ["site"], limit=5)
        return engine.name

    assert [ask() for _reader in range(4)] == answered
    now[0] += PAUSE
    assert ask() == "elasticsearch"
    assert slowness.is_open == (seconds > SLOW)
    seconds = 0
    now[0] += PAUSE
    assert [ask() for _reader in range(3)] == ["elasticsearch"] * 3
