"""The indices are made anew while they serve; whatever interrupts that, the old ones serve on."""

import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import clock, outbox
from search import comparing, documents, leases, rebuilding, writing
from search.engines import Document, Text
from search.engines.embedded import EmbeddedEngine
from search.models import Lease, SearchDocument, SearchTerm, WaitingRecord
from tests import factories

pytestmark = pytest.mark.django_db


def drain():
    while outbox.drain():
        pass


def indices(engine, kind="challenge"):
    return sorted(engine.client.indices.get(index=f"{engine.indices.prefix}-{kind}-2*"))


def revisions(engine, kind="challenge"):
    return {entry.object_id: entry.revision for entry in engine.entries(kind)}


def newest(record):
    return outbox.OutboxMessage.objects.filter(key=str(record.pk)).latest("pk").pk


@pytest.fixture
def built(elasticsearch):
    """A cluster that holds a challenge."""
    challenge = factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    rebuilding.rebuild_elasticsearch(["challenge"])
    WaitingRecord.objects.all().delete()
    elasticsearch.challenge = challenge
    return elasticsearch


def test_a_new_index_takes_over_in_one_step_and_the_old_one_goes(built):
    (old,) = indices(built)
    assert rebuilding.rebuild_elasticsearch(["challenge"]) == 1
    (new,) = indices(built)
    assert new != old
    assert built.indices.serving("challenge") == built.indices.written("challenge") == [new]
    assert revisions(built) == {str(built.challenge.pk): newest(built.challenge)}


def test_what_changes_while_the_new_index_is_filled_is_in_it(built, monkeypatch):
    kept, gone = built.challenge, factories.challenge("via", title_it="Via")
    drain()
    writing.write()
    proper = documents.pages

    def changing(kind):
        for page in proper(kind):
            Challenge.objects.filter(pk=gone.pk).update(live=False)
            challenge_unpublished(challenge_id=gone.pk, actor=None)
            challenge_published(challenge_id=kept.pk, actor=None)
            drain()
            writing.write()
            yield page  # as they were before

    monkeypatch.setattr(rebuilding, "pages", changing)
    rebuilding.rebuild_elasticsearch(["challenge"])
    assert revisions(built) == {str(kept.pk): newest(kept)}
    assert len(indices(built)) == 1


def test_what_was_missed_while_it_was_filled_is_mended_before_it_serves(built, monkeypatch):
    late = factories.challenge("tardi")
    monkeypatch.setattr(rebuilding, "pages", lambda kind: iter([]))
    outbox.OutboxMessage.objects.update(done_at=clock.now())
    rebuilding.rebuild_elasticsearch(["challenge"])
    assert revisions(built) == {str(record.pk): newest(record) for record in (built.challenge, late)}


def test_an_index_that_differs_from_the_records_never_serves(built, monkeypatch):
    (old,) = indices(built)
    monkeypatch.setattr(rebuilding._New, "write", lambda self, documents, deletions: None)
    with pytest.raises(rebuilding.Failed, match=f"differs from the records: {built.challenge.pk}$"):
        rebuilding.rebuild_elasticsearch(["challenge"])
    assert built.indices.serving("challenge") == [old]


def test_a_rebuild_that_was_interrupted_leaves_the_old_index_serving_and_the_next_one_clears_away(built, monkeypatch):
    (old,) = indices(built)
    with monkeypatch.context() as patch:
        patch.setattr(built.indices.__class__, "serve", lambda self, kind, index: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rebuilding.rebuild_elasticsearch(["challenge"])
    assert len(indices(built)) == 2 and built.indices.serving("challenge") == [old]
    challenge_published(challenge_id=built.challenge.pk, actor=None)
    drain()
    monkeypatch.setattr(writing, "BUILDERS", ["challenge"])
    assert writing.write() == 1, "writes go on, to both"
    rebuilding.rebuild_elasticsearch(["challenge"])
    assert len(indices(built)) == 1
    assert revisions(built) == {str(built.challenge.pk): newest(built.challenge)}


def test_two_rebuilds_at_once_the_second_refuses(built):
    with leases.held(rebuilding.LEASE), pytest.raises(leases.Busy, match=rf"A rebuild is running already: process {os.getpid()} on "):
        rebuilding.rebuild_elasticsearch(["challenge"])
    with leases.held(rebuilding.LEASE), pytest.raises(CommandError, match="A rebuild is running already"):
        call_command("search_rebuild", engine="elasticsearch", verbosity=0)
    assert not Lease.objects.exists()


def test_who_was_killed_while_holding_the_lease_loses_it_at_once():
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with leases.held("rebuild"):
        Lease.objects.update(process=dead.pid)
        with leases.held("rebuild"):
            assert Lease.objects.get().process == os.getpid()


def test_who_is_silent_on_another_machine_loses_the_lease_after_a_while_and_learns_of_it():
    with leases.held("rebuild") as beat:
        Lease.objects.update(host="elsewhere", process=1)
        with pytest.raises(leases.Busy, match="process 1 on elsewhere"), leases.held("rebuild"):
            pass
        Lease.objects.update(beat_at=clock.now() - leases.SILENCE - timedelta(seconds=1))
        with leases.held("rebuild"):
            with pytest.raises(leases.Busy, match="took this rebuild over"):
                beat()


def test_a_rebuild_that_was_killed_in_a_container_is_taken_over_by_force(elasticsearch):
    with leases.held("rebuild") as beat:
        Lease.objects.update(host="gone-container", process=1)
        with pytest.raises(CommandError, match="process 1 on gone-container. If it was killed, run this again with --force."):
            call_command("search_rebuild", engine="elasticsearch", kind=["challenge"], verbosity=0)
        call_command("search_rebuild", engine="elasticsearch", kind=["challenge"], verbosity=0, force=True)
        assert len(elasticsearch.indices.serving("challenge")) == 1
        with pytest.raises(leases.Busy, match="took this rebuild over"):
            beat()


def test_the_embedded_index_is_never_empty_while_it_is_made_anew(monkeypatch):
    sites = [factories.site(f"luogo-{n}", name_it=f"Luogo {n}") for n in range(5)]
    drain()
    seen = []
    proper = EmbeddedEngine.index

    def watched(self, page):
        for document in page:
            proper(self, [document])
            seen.append((SearchDocument.objects.filter(kind="site").count(), SearchTerm.objects.filter(word="luogo").count()))
        return len(page)

    monkeypatch.setattr(EmbeddedEngine, "index", watched)
    assert rebuilding.rebuild_embedded(["site"]) == len(sites)
    rebuilding.rebuild_embedded()
    assert set(seen) == {(10, 2)}  # in both languages


def test_the_command_says_what_it_did(built):
    out = StringIO()
    call_command("search_rebuild", kind=["challenge"], stdout=out)
    assert out.getvalue().splitlines() == [
        "embedded      challenge  1", "1 records indexed in the database.", "elasticsearch challenge  1", "1 records indexed in Elasticsearch.",
    ]  # fmt: skip


def test_the_command_moves_a_bar_on_a_terminal(monkeypatch):
    class Terminal(StringIO):
        def isatty(self):
            return True

    for number in range(3):
        factories.site(f"luogo-{number}")
    monkeypatch.setattr(documents, "PAGE", 1)
    out = Terminal()
    call_command("search_rebuild", kind=["site"], stdout=out, no_color=True)
    bars = out.getvalue().split("\n")[0].split("\r")[1:]
    assert [bar[25:].strip() for bar in bars] == [f"[{'#' * 10 * n}{'.' * 10 * (3 - n)}] {n}/3" for n in (1, 2, 3)]


def test_without_elasticsearch_the_command_refuses_to_rebuild_it():
    with pytest.raises(CommandError, match="ELASTICSEARCH_URL is not set"):
        call_command("search_rebuild", engine="elasticsearch")


def test_a_cluster_that_is_away_is_told_in_one_line(settings):
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="^Elasticsearch: ConnectionError: "):
        call_command("search_rebuild", engine="elasticsearch", verbosity=0)
    assert not Lease.objects.exists()


class Key(str):
    """A record's key that is counted for as long as anything holds it: the list of keys, a document or what an index told of it."""

    held = most = 0

    def __new__(cls, key):
        cls.held += 1
        cls.most = max(cls.most, cls.held)
        return super().__new__(cls, key)

    def __del__(self):
        Key.held -= 1


class Discarding:
    """An index that holds what it is given without keeping it: what it would answer is made again."""

    kind = "site"

    def __init__(self, count):
        self.count = count

    def entries(self, kind):
        for number in range(self.count):
            document = synthetic(Key(f"{number:06}"))
            yield comparing.Entry(document.object_id, document.revision, document.digest)

    def lost(self, documents):
        return ()

    def write(self, documents, deletions):
        assert not deletions


def synthetic(key):
    return Document("site", key, 1, {"it": Text(f"Luogo {key}", "Sensori e lampioni nelle piazze della città.")})


def test_memory_of_a_rebuild_does_not_grow_with_the_number_of_records(monkeypatch):
    """Counted in records, not in bytes: what Python itself keeps at hand for reuse comes and goes with the tests before this one."""

    def most_held(number):
        monkeypatch.setattr(documents, "all_keys", lambda kind, after, limit: [Key(f"{n:06}") for n in range(int(after or -1) + 1, number)[:limit]])
        monkeypatch.setattr(documents, "documents", lambda kind, keys: [synthetic(key) for key in keys])
        Key.most = 0
        assert rebuilding._filled(Discarding(number), "site", rebuilding._silent, lambda: None) == number
        assert Key.held == 0
        return Key.most

    monkeypatch.setattr(documents, "MOST_KEYS", 1000)
    # The keys at hand and the next ones, a page of documents, and the entry that the index tells of.
    assert most_held(2000) == most_held(6000) == 2 * documents.MOST_KEYS + documents.PAGE + 1
