"""What waits for Elasticsearch is written as the records are when it is written, whatever the order, however often, and once it is there again."""

import logging
from importlib import import_module

import pytest
from django.utils.translation import override
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig, TransportApiResponse

from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import outbox
from search import indexing, rebuilding, waiting, writing
from search.engines import Document, Refused, Text, Unavailable, get_engine
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.reserve import PAUSE, breaker
from search.listing import look_up
from search.models import WaitingRecord
from search.waiting import Work
from tests import factories

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:9"


def drain():
    while outbox.drain():
        pass


def found(query, kind="challenge"):
    with override("it"):
        return [key for _kind, key in look_up(query, [kind]).found]


def waits(work=Work.WRITE):
    return sorted(WaitingRecord.objects.filter(work=work).values_list("kind", "object_id"))


def withdraw(challenge):
    Challenge.objects.filter(pk=challenge.pk).update(live=False)
    challenge_unpublished(challenge_id=challenge.pk, actor=None)


@pytest.fixture(autouse=True)
def challenges_alone(monkeypatch):
    """Making the indices of every kind takes a second."""
    monkeypatch.setattr(writing, "BUILDERS", ["challenge"])


@pytest.fixture
def pauses(monkeypatch):
    """How long the cluster was left alone, instead of waiting so long."""
    found = []
    monkeypatch.setattr(import_module("search.engines.elasticsearch.client"), "sleep", found.append)
    return found


@pytest.fixture
def crowded(monkeypatch, elasticsearch):
    """Call it with a number: so many requests that write are answered 429."""
    left = [0]
    proper = elasticsearch.client.transport.perform_request

    def answer(method, target, **options):
        if "/_bulk" in target and left[0]:
            left[0] -= 1
            meta = ApiResponseMeta(429, "1.1", HttpHeaders({"x-elastic-product": "Elasticsearch"}), 0.0, NodeConfig("http", "127.0.0.1", 9200))
            return TransportApiResponse(meta, {"error": {"type": "circuit_breaking_exception"}, "status": 429})
        return proper(method, target, **options)

    monkeypatch.setattr(elasticsearch.client.transport, "perform_request", answer)
    return lambda times: left.__setitem__(0, times)


def test_published_is_found_and_withdrawn_is_gone_as_soon_as_it_is_written(elasticsearch):
    challenge = factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    assert waits() == [("challenge", str(challenge.pk))]
    assert writing.write() == 1
    assert (found("sottopassi"), get_engine().is_degraded, waits()) == ([str(challenge.pk)], False, [])
    withdraw(challenge)
    drain()
    assert writing.write() == 1
    assert found("sottopassi") == []


def test_a_cluster_without_indices_is_filled_with_everything_that_there_is(elasticsearch, settings):
    address, settings.ELASTICSEARCH_URL = settings.ELASTICSEARCH_URL, ""
    before = factories.challenge("prima", title_it="Fontane asciutte")
    drain()
    settings.ELASTICSEARCH_URL = address
    assert writing.write() == 0
    assert found("fontane") == [str(before.pk)]


def test_a_record_waits_once_and_what_is_asked_for_meanwhile_waits_on():
    waiting.add(Work.WRITE, "site", ["1", "2", "1"], 5)
    waiting.add(Work.WRITE, "site", ["1"], 6)
    assert waits() == [("site", "1"), ("site", "2")]
    taken = waiting.take(Work.WRITE, 10)
    assert waiting.take(Work.WRITE, 10) == []
    waiting.add(Work.WRITE, "site", ["2"], 7)
    assert [row.object_id for row in waiting.done(taken)] == ["1"]
    assert [row.object_id for row in waiting.take(Work.WRITE, 10)] == ["2"]


def test_what_a_killed_worker_had_is_taken_by_another_one_after_a_while(travel):
    travel("2027-03-01 09:00")
    waiting.add(Work.WRITE, "site", ["1"], 5)
    waiting.take(Work.WRITE, 10)
    travel("2027-03-01 09:01")
    assert [row.object_id for row in waiting.take(Work.WRITE, 10)] == ["1"]


def test_messages_that_come_late_or_twice_change_nothing(elasticsearch):
    challenge = factories.challenge("ponte", title_it="Ponte vecchio")
    challenge.title_it = "Ponte nuovo"
    challenge.save()
    challenge_published(challenge_id=challenge.pk, actor=None)
    drain()
    writing.write()
    old = Document("challenge", str(challenge.pk), 1, {"it": Text("Ponte vecchio", "")})
    assert elasticsearch.write([old], [("challenge", str(challenge.pk), 2)]) == {}
    for _again in range(2):
        indexing.handle_challenge(str(challenge.pk), {})
        writing.write()
    assert (found("vecchio"), found("nuovo")) == ([], [str(challenge.pk)])


def test_content_is_read_after_its_revision(elasticsearch, monkeypatch):
    """Between the two the record changes: it is written with the older revision, so that the next message still wins."""
    challenge = factories.challenge("ponte", title_it="Ponte vecchio")
    drain()
    proper = writing.states

    def changed_meanwhile(kind, keys):
        monkeypatch.setattr(writing, "states", proper)
        known = proper(kind, keys)[0][0].revision
        Challenge.objects.filter(pk=challenge.pk).update(title_it="Ponte nuovo")
        challenge_published(challenge_id=challenge.pk, actor=None)
        documents, gone = proper(kind, keys)
        return [Document(d.kind, d.object_id, known, d.texts, d.facts) for d in documents], gone

    monkeypatch.setattr(writing, "states", changed_meanwhile)
    writing.write()
    drain()
    assert writing.write() == 1
    (entry,) = elasticsearch.entries("challenge")
    assert entry.revision == outbox.OutboxMessage.objects.filter(key=str(challenge.pk), topic="challenge.published").latest("pk").pk
    assert found("nuovo") == [str(challenge.pk)]


def test_while_the_cluster_is_away_what_changed_waits_is_logged_once_and_written_when_it_is_back(elasticsearch, settings, caplog, monkeypatch):
    address, settings.ELASTICSEARCH_URL = settings.ELASTICSEARCH_URL, NOWHERE
    challenge = factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    moments = iter(range(1000, 100000, int(PAUSE) + 1))
    monkeypatch.setattr("search.engines.reserve.time.monotonic", lambda: next(moments))
    with caplog.at_level(logging.WARNING, "search.writing"):
        for _sweep in range(3):
            assert writing.write() == 0
    said = [record.getMessage() for record in caplog.records if record.name == "search.writing"]
    assert said == ["What changed waits to be written: Elasticsearch: ConnectionError: Connection error"]
    assert waits() == [("challenge", str(challenge.pk))]
    assert found("sottopassi") == [str(challenge.pk)], "the reserve holds it"
    settings.ELASTICSEARCH_URL = address
    assert writing.write() == 1
    assert (waits(), breaker.is_open, found("sottopassi")) == ([], False, [str(challenge.pk)])


def test_while_the_breaker_is_open_the_cluster_is_left_alone(elasticsearch, monkeypatch):
    factories.challenge("pioggia")
    drain()
    breaker.failed()
    monkeypatch.setattr(ElasticsearchEngine, "write", lambda *arguments: pytest.fail("it was asked"))
    assert writing.write() == 0
    assert len(waits()) == 1


def test_a_cluster_without_room_is_waited_for_ever_longer(elasticsearch, crowded, pauses):
    elasticsearch.indices.ensure("site")
    crowded(4)
    assert elasticsearch.index([Document("site", "1", 1, {"it": Text("Piazza", "")})]) == 1
    assert pauses == [2, 4, 8, 16]


def test_a_cluster_that_stays_without_room_is_left_alone_and_nothing_is_lost(elasticsearch, crowded, pauses):
    factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    writing._make_missing(elasticsearch)
    crowded(100)
    assert writing.write() == 0
    assert (pauses, len(waits()), breaker.is_open) == ([2, 4], 1, True)
    crowded(0)
    breaker.succeeded()
    assert writing.write() == 1


def test_one_record_that_the_cluster_refuses_holds_up_no_other(elasticsearch, monkeypatch, caplog):
    bad, good = factories.challenge("male", title_it="Male"), factories.challenge("bene", title_it="Bene comune")
    drain()
    writing._make_missing(ElasticsearchEngine())
    from search.engines import elasticsearch as module

    proper = module.source
    monkeypatch.setattr(module, "source", lambda d: proper(d) | ({"unknown": 1} if d.object_id == str(bad.pk) else {}))
    WaitingRecord.objects.update(revision=1)
    Challenge.objects.filter(pk__in=[bad.pk, good.pk]).update(summary_it="Nuovo")
    assert writing.write() == 1
    assert f"Elasticsearch refuses challenge {bad.pk}" in caplog.text
    assert (waits(), breaker.is_open) == ([("challenge", str(bad.pk))], False)
    assert waiting.take(Work.WRITE, 10) == [], "it is offered again later"


def test_a_kind_whose_index_cannot_be_made_holds_up_no_other_and_is_tried_again_later(elasticsearch, monkeypatch, caplog):
    monkeypatch.setattr(writing, "BUILDERS", ["site", "challenge"])
    monkeypatch.setattr(writing, "_tried_again_at", {})
    tried, proper = [], rebuilding.rebuild_elasticsearch

    def rebuild(kinds):
        tried.append(kinds)
        if kinds == ["site"]:
            raise Refused("Elasticsearch refuses 1 documents, first site 1: too long")
        return proper(kinds)

    monkeypatch.setattr(rebuilding, "rebuild_elasticsearch", rebuild)
    challenge = factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    for _sweep in range(2):
        writing.write()
    assert (tried, waits(), breaker.is_open) == ([["site"], ["challenge"]], [], False)
    assert found("sottopassi") == [str(challenge.pk)]
    assert "The index of site was not made, the others are written" in caplog.text
    writing._tried_again_at.clear()
    writing.write()
    assert tried[2:] == [["site"]]


def test_people_are_told_of_what_is_published_once_the_cluster_holds_it(elasticsearch):
    writing.write()
    factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    assert [message.topic for message in outbox.OutboxMessage.objects.exclude(error="")] == []
    assert WaitingRecord.objects.get(work=Work.WRITE).is_news
    writing.write()
    assert outbox.OutboxMessage.objects.filter(topic="alerts.due", done_at__isnull=True).count() == 1
    drain()
    assert not outbox.OutboxMessage.objects.filter(done_at__isnull=True).exists()


def test_a_write_for_an_index_that_was_thrown_away_does_not_make_it_anew(elasticsearch):
    (old,) = elasticsearch.indices.ensure("site")
    new = elasticsearch.indices.make("site")
    elasticsearch.indices.serve("site", new)
    elasticsearch.fill("site", old, [Document("site", "1", 1, {"it": Text("Piazza", "")})])
    assert list(elasticsearch.client.indices.get(index=f"{elasticsearch.indices.prefix}-site-*")) == [new]


def test_two_who_make_the_first_index_at_once_share_it(elasticsearch):
    first = elasticsearch.indices.ensure("site")
    other = ElasticsearchEngine()
    asked = iter([[], first])
    other.indices.written = lambda kind: next(asked)
    assert other.indices.ensure("site") == first
    assert elasticsearch.indices.written("site") == first


def test_unavailable_names_what_happened(settings):
    settings.ELASTICSEARCH_URL = NOWHERE
    with pytest.raises(Unavailable, match="Elasticsearch: ConnectionError"):
        ElasticsearchEngine().search("aria", "it", ["site"], limit=5)
