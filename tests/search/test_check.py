"""Every way in which an index can differ from the records is named by id, and mended."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from citylab.challenges.models import Challenge
from citylab.core import clock, outbox
from citylab.taxonomy.models import Programme
from citylab.testbeds.models import Blackout
from citylab.testbeds.services import booking_hold
from search import leases, rebuilding, tasks, writing
from search.comparing import differences
from search.documents import pages, states
from search.engines import Document, Text
from search.engines.elasticsearch import mapping
from search.engines.embedded import EmbeddedEngine
from search.models import SearchDocument, SearchRecord, WaitingRecord
from tests import factories

pytestmark = pytest.mark.django_db
NOTHING = "The indices hold what the records say.\n"


def drain():
    while outbox.drain():
        pass


def check(**options):
    """What the command says, and whether it is content."""
    out = StringIO()
    try:
        call_command("search_check", kind=["challenge"], stdout=out, no_color=True, **options)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), ""


@pytest.fixture(params=["embedded", "elasticsearch"])
def engine(request):
    """An engine with a missing, a stale, an orphaned and a right challenge: (engine, missing, stale, orphaned)."""
    if request.param == "elasticsearch":
        request.getfixturevalue("elasticsearch")
    challenges = [factories.challenge(name) for name in ("manca", "vecchia", "ritirata", "giusta", "nuova")]
    missing, stale, orphaned, _right, claims = challenges
    drain()
    if request.param == "embedded":
        found = EmbeddedEngine()
    else:
        found = request.getfixturevalue("elasticsearch")
        rebuilding.rebuild_elasticsearch(["challenge"])
        WaitingRecord.objects.all().delete()
    revision = outbox.OutboxMessage.objects.latest("pk").pk
    Challenge.objects.filter(pk=orphaned.pk).update(live=False)
    Challenge.objects.filter(pk=stale.pk).update(title_it="Tutto un altro titolo")
    found.delete("challenge", str(missing.pk), revision)
    # As after the database was restored from a copy: the index claims to be newer.
    found.index([Document("challenge", str(claims.pk), revision + 1000, {"it": Text("Dal futuro", "")})])
    found.index([Document("challenge", "999999", 1, {"it": Text("Fantasma", "")})])
    if found.name == "elasticsearch":
        EmbeddedEngine().write(*states("challenge", [str(challenge.pk) for challenge in challenges]))
        found.refresh("challenge")
    return found, missing, sorted([str(stale.pk), str(claims.pk)]), sorted([str(orphaned.pk), "999999"])


def test_each_kind_of_difference_is_named_by_id_and_mended(engine):
    found, missing, stale, orphaned = engine
    lines, error = check()
    assert sorted(lines) == sorted([
        f"{found.name} · challenge · missing: 1 ({missing.pk})",
        f"{found.name} · challenge · stale: 2 ({', '.join(stale)})",
        f"{found.name} · challenge · orphaned: 2 ({', '.join(orphaned)})",
    ])  # fmt: skip
    assert error == "5 differences. Mend them with --repair."
    lines, error = check(repair=True)
    assert (len(lines), lines[-1], error) == (4, "5 differences, all mended.", "")
    assert check() == ([NOTHING.strip()], "")


def test_keys_of_every_length_are_compared_in_the_order_of_their_characters():
    for key in (9, 10, 99, 100, 1000):
        Programme.objects.create(pk=10_000 * key, code=f"p-{key}", name_it=f"Programma {key}", name_en=f"Programme {key}")
    keys = sorted(str(pk) for pk in Programme.objects.values_list("pk", flat=True))
    assert [document.object_id for page in pages("programme") for document in page] == keys
    rebuilding.rebuild_embedded(["programme"])
    assert [entry.object_id for entry in EmbeddedEngine().entries("programme")] == keys
    assert list(differences(EmbeddedEngine(), "programme")) == []


def test_ids_beyond_the_first_are_counted():
    EmbeddedEngine().index([Document("challenge", f"9{n:05}", 1, {"it": Text("Fantasma", "")}) for n in range(25)])
    (line,), error = check()
    assert line.startswith("embedded · challenge · orphaned: 25 (900000, 900001, ") and line.endswith(", 900019 … and 5 more)")
    assert error == "25 differences. Mend them with --repair."


def test_every_id_is_listed_where_that_is_asked():
    EmbeddedEngine().index([Document("challenge", f"9{n:05}", 1, {"it": Text("Fantasma", "")}) for n in range(25)])
    (line,), _error = check(verbosity=2)
    assert line == f"embedded · challenge · orphaned: 25 ({', '.join(f'9{n:05}' for n in range(25))})"


def test_a_record_whose_words_are_lost_in_one_language_is_stale_and_mended():
    challenge = factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    SearchDocument.objects.filter(record__object_id=str(challenge.pk), language="it").delete()
    assert check() == ([f"embedded · challenge · stale: 1 ({challenge.pk})"], "1 differences. Mend them with --repair.")
    assert check(repair=True)[1] == ""
    assert check() == ([NOTHING.strip()], "")
    assert [hit.object_id for hit in EmbeddedEngine().search("sottopassi", "it", ["challenge"], limit=5)] == [str(challenge.pk)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps no full-text tables apart")
def test_a_full_text_table_that_lost_a_document_is_named_and_filled_anew():
    challenge = factories.challenge("pioggia", title_it="Pioggia nei sottopassi")
    drain()
    row = SearchDocument.objects.get(record__object_id=str(challenge.pk), language="it")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO search_fts_people_it(search_fts_people_it, rowid, stemmed_title, body) VALUES ('delete', %s, %s, %s)", [row.pk, row.stemmed_title, row.body])
    assert EmbeddedEngine().search("sottopassi", "it", ["challenge"], limit=5) == []
    assert check() == (["embedded · tables · not as the documents are: 1 (search_fts_people_it)"], "1 differences. Mend them with --repair.")
    assert check(repair=True)[1] == ""
    assert check() == ([NOTHING.strip()], "")
    assert [hit.object_id for hit in EmbeddedEngine().search("sottopassi", "it", ["challenge"], limit=5)] == [str(challenge.pk)]


def test_what_a_message_is_about_that_was_not_delivered_yet_is_no_difference():
    factories.challenge("appena")
    assert check() == ([NOTHING.strip()], "")


def test_a_day_that_passes_makes_nothing_stale():
    today = clock.today()
    busy = factories.site("occupato", available_until=today + timedelta(days=900))
    booking_hold(site_id=busy.pk, case_id="00000000-0000-0000-0000-000000000001", label="", starts_on=today, ends_on=today, actor=None)
    Blackout.objects.create(site=factories.site("chiuso"), starts_on=today, ends_on=today, yearly=True)
    drain()
    rebuilding.rebuild_embedded(["site"])
    for days in (1, 400):
        with clock.travelling_to(clock.now() + timedelta(days=days)):
            assert list(differences(EmbeddedEngine(), "site")) == []


def test_what_waits_to_be_written_is_named_and_written(elasticsearch, monkeypatch):
    monkeypatch.setattr(writing, "BUILDERS", ["challenge"])
    rebuilding.rebuild_elasticsearch(["challenge"])
    challenge = factories.challenge("aspetta")
    drain()
    assert check() == ([f"elasticsearch · challenge · waiting to be written: 1 ({challenge.pk})"], "1 differences. Mend them with --repair.")
    assert check(repair=True)[1] == ""
    assert check() == ([NOTHING.strip()], "")


def test_an_index_of_another_form_an_abandoned_one_and_none_are_named_and_mended(elasticsearch, monkeypatch):
    read = elasticsearch.indices.read("challenge")
    assert check() == ([f"elasticsearch · challenge · not served by any index: 1 ({read})"], "1 differences. Mend them with --repair.")
    assert check(repair=True)[1] == ""
    (old,) = elasticsearch.indices.serving("challenge")
    left = elasticsearch.indices.make("challenge")
    monkeypatch.setitem(mapping.weights.K1, "title", 1.3)
    lines, _error = check()
    assert lines == [f"elasticsearch · challenge · abandoned indices: 1 ({left})", f"elasticsearch · challenge · with another mapping: 1 ({old})"]
    assert check(repair=True)[1] == ""
    assert check() == ([NOTHING.strip()], "")


def test_the_index_of_a_rebuild_that_is_under_way_is_not_abandoned(elasticsearch):
    rebuilding.rebuild_elasticsearch(["challenge"])
    elasticsearch.indices.make("challenge")
    with leases.held(rebuilding.LEASE):
        assert check() == ([NOTHING.strip()], "")


def test_a_cluster_that_is_away_is_no_clean_bill(settings):
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    assert check()[1].startswith("Elasticsearch: ConnectionError: ")


def test_the_nightly_check_mends_and_logs(caplog):
    challenge = factories.challenge("manca")
    drain()
    rebuilding.rebuild_embedded()
    SearchRecord.objects.filter(kind="challenge").delete()
    assert tasks.check() == 1
    assert f"embedded · challenge · missing: 1, 1 mended ({challenge.pk})" in caplog.text
    assert tasks.check() == 0
