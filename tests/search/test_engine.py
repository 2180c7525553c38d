"""The conformance suite of an engine: the same questions, the same records, on whichever database the tests run on."""

import sys
from dataclasses import replace
from secrets import token_hex

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from search import analysis
from search.engines import Document, Text, TextQuery, Wanted
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine, tables
from tests.services import need

pytestmark = pytest.mark.django_db

KINDS = ("site", "challenge", "proposal")

TEXTS = {
    "1": ("Sensori per l'aria", "Reti di sensori misurano la qualità dell'aria nelle città."),
    "2": ("Illuminazione pubblica", "Lampioni intelligenti che si abbassano quando non passa nessuno."),
    "3": ("Biciclette e ciclabili", "Un contatore conta le biciclette sulla pista ciclabile."),
    "4": ("Mobilità accessibile", "Percorsi per persone con disabilità; carrozzine elettriche."),
    "5": ("Droni sul fiume", "Un drone controlla le rive del Po con telecamere."),
}


def document(kind, key, title, body, language="it", revision=1, **more):
    return Document(kind, key, revision, {language: Text(title, body)}, **more)


class Emptied(ElasticsearchEngine):
    """Indices that the tests of a process share, for making them takes a second. Each test begins with revisions above those of the one before."""

    first_revision = 0

    def empty(self):
        for kind in KINDS:
            self.indices.ensure(kind)
        self.first_revision += 1_000_000
        patient = self.client.options(request_timeout=60)
        patient.delete_by_query(index=[self.indices.write(kind) for kind in KINDS], query={"match_all": {}}, refresh=True, conflicts="proceed")

    def index(self, documents):
        return super().index([replace(d, revision=d.revision + self.first_revision) for d in documents])

    def delete(self, kind, object_id, revision):
        super().delete(kind, object_id, revision + self.first_revision)


@pytest.fixture(scope="module")
def cluster():
    if not settings.TESTS_ELASTICSEARCH_URL:
        need("Elasticsearch")
    with override_settings(ELASTICSEARCH_URL=settings.TESTS_ELASTICSEARCH_URL):
        engine = Emptied(f"test-{token_hex(6)}")
    yield engine
    engine.indices.throw_away(sorted(engine.client.indices.get(index=f"{engine.indices.prefix}-*")))


@pytest.fixture(params=["embedded", "elasticsearch"])
def empty(request):
    """An engine with nothing in it."""
    if request.param == "embedded":
        return EmbeddedEngine()
    engine = request.getfixturevalue("cluster")
    engine.empty()
    return engine


def settled(engine):
    """What was written can be found (Elasticsearch shows it within a second)."""
    if engine.name == "elasticsearch":
        for kind in KINDS:
            engine.refresh(kind)
    return engine


@pytest.fixture
def engine(empty):
    found = empty
    documents = [document("site", key, title, body) for key, (title, body) in TEXTS.items() if key != "1"]
    both = Document("site", "1", 1, {"it": Text(*TEXTS["1"]), "en": Text("Sensors for air", "Networks of sensors measure air quality in cities.")})
    secret = document("proposal", "7", "Sensori segreti", "Una candidatura con sensori.")
    assert found.index([*documents, both, document("challenge", "9", "Public lighting", "Lamps that dim by themselves.", "en"), secret]) == 7
    return settled(found)


def ids(hits):
    return [hit.object_id for hit in hits]


def ask(engine, query, language="it", kinds=("site",)):
    return ids(settled(engine).search(query, language, kinds, limit=20))


def near(engine, text, language="it", kind="site", limit=10):
    return settled(engine).match(TextQuery("", text, language), [Wanted(kind, limit)])[0].hits


@pytest.mark.parametrize(
    ("query", "language", "found"),
    [
        ("sensore", "it", "1"),  # singular for plural
        ("SENSORI", "it", "1"),
        ("lampione", "it", "2"),
        ("bicicletta", "it", "3"),
        ("dell'aria", "it", "1"),  # elision
        ("dell’aria", "it", "1"),
        ("qualita", "it", "1"),  # without its accent
        ("citta", "it", "1"),
        ("qualità", "it", "1"),
        ("disabilita", "it", "4"),
        ("elettrica", "it", "4"),
        ("sensor", "en", "1"),
        ("measuring", "en", "1"),
        ("city", "en", "1"),
        ("sensori aria", "it", "1"),  # all words
        ("aria   sensori!", "it", "1"),
        ("illuminaz", "it", "2"),  # still being typed
        ("illum", "it", "2"),
        ("bicicl", "it", "3"),
        ("sensori dell'ar", "it", "1"),
        ("uav", "it", "5"),  # a synonym, in the other language
        ("wheelchair", "it", "4"),
    ],
)
def test_a_person_finds(engine, query, language, found):
    assert ask(engine, query, language) == [found]


@pytest.mark.parametrize("query", ["", "   ", "il la di", "!!!", "a", "sensori lampioni", "networks", "xyzzy", "nessunissimo"])
def test_a_person_does_not_find(engine, query):
    assert ask(engine, query) == []


def test_languages_are_kept_apart(engine):
    assert ask(engine, "lamps", "en", ("site", "challenge")) == ["9"]
    assert ask(engine, "lamps", "it", ("site", "challenge")) == []


def test_kinds_are_kept_apart(engine):
    assert ask(engine, "lighting", "en", ("site",)) == []
    assert ask(engine, "lighting", "en", ("challenge",)) == ["9"]


def test_what_is_not_public_is_found_by_nobody_outside(engine):
    assert ask(engine, "segreti", kinds=("site", "proposal")) == []
    assert ids(near(engine, "segreti", kind="proposal")) == ["7"]


@pytest.mark.parametrize(
    ("query", "language", "better"),
    [
        ("sensroi", "it", "sensori"), ("lampionni", "it", "lampioni"), ("bicicltte", "it", "biciclette"), ("ilumminazione", "it", "illuminazione"), ("mobilta", "it", "mobilita"),
        ("qualty", "en", "quality"), ("netwroks", "en", "networks"), ("sensroi dell'aria", "it", "sensori dell'aria"),
        ("aria ariax", "it", "aria aria"), ("Sensroi, sensroi", "it", "sensori, sensori"), ("sensore", "it", "sensore"), ("zzzzzz", "it", "zzzzzz"), ("dr", "it", "dr"),
    ],
)  # fmt: skip
def test_mistyped_words_are_corrected_and_others_left_alone(engine, query, language, better):
    assert engine.corrected(query, language) == better


def test_words_of_what_is_not_public_correct_nobody(engine):
    assert engine.corrected("segreri", "it") == "segreri"


def test_a_longer_text_finds_what_is_nearest_first(engine):
    hits = near(engine, "Vogliamo contare le biciclette con sensori sulla pista ciclabile")
    assert ids(hits)[:2] == ["3", "1"]
    assert all(earlier.score >= later.score > 0 for earlier, later in zip(hits, hits[1:]))
    assert near(engine, "") == near(engine, "il lo la") == []


def test_an_edit_replaces_what_was_there(engine):
    engine.index([document("site", "5", "Barche sul fiume", "Una barca elettrica.", revision=2)])
    assert ask(engine, "drone") == []
    assert ask(engine, "barche") == ["5"]


def test_an_older_revision_never_overwrites(engine):
    engine.index([document("site", "5", "Barche", "Nuovo.", revision=10)])
    assert engine.index([document("site", "5", "Droni", "Vecchio.", revision=9)]) == 0
    assert (ask(engine, "barche"), ask(engine, "droni")) == (["5"], [])
    assert engine.index([document("site", "5", "Zattere", "Stesso.", revision=10)]) == 1


def test_what_is_deleted_is_gone_in_every_language(engine):
    engine.delete("site", "1", 2)
    assert (ask(engine, "sensori"), ask(engine, "sensors", "en")) == ([], [])


def test_an_older_revision_brings_nothing_back_and_takes_nothing_out(engine):
    engine.delete("site", "1", 5)
    assert engine.index([document("site", "1", *TEXTS["1"], revision=4)]) == 0
    assert ask(engine, "sensori") == []
    assert engine.index([document("site", "1", *TEXTS["1"], revision=6)]) == 1
    engine.delete("site", "1", 5)
    assert ask(engine, "sensori") == ["1"]


HOSTILE = [
    '"', "'", '"sensori', "sensori'", "sensori*", "*", "sensori AND aria", "sensori OR NOT lampioni", "NEAR(sensori aria)", "stemmed_title:sensori", "{a b} : sensori", "sensori -aria", "^sensori",
    "sensori\x00aria", "\x00", "sensori; DROP TABLE search_searchdocument", "sensori') --", "a & b | !c", "<->", "sensori:*", "\\", "sensori\\'", "🚲", "🚲 biciclette", "½", "⑴", "ﬁume", "ŉ", "İstanbul",
    "\u202esensori", "ａｒｉａ", "sen\u0301sori", "e" * 100_000, "sensori " * 20_000, "-" * 500, "a-" * 500, "%s %(x)s", "_", "'' OR 1=1",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query)[:30])
def test_nothing_that_can_be_typed_breaks_a_search(engine, query):
    for language in ("it", "en"):
        assert set(ask(engine, query, language)) <= set(TEXTS)
        near(engine, query, language)
        assert isinstance(engine.corrected(query, language), str)
    assert [entry.object_id for entry in engine.entries("site")] == sorted(TEXTS)


def test_operators_are_words_like_others(engine):
    assert ask(engine, "sensori OR lampioni") == []
    assert ask(engine, "sensori NOT aria") == []


def test_every_letter_and_digit_of_unicode_can_be_searched_and_indexed(engine):
    letters = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isalnum()]
    words = sorted({analysis.folded(letter * 2) for letter in letters if any(c in "'\"\\:*()|&!<>" for c in analysis.folded(letter))})
    assert words, "there are letters that unfold into marks which databases give a meaning"
    for word in words:
        ask(engine, word)
        near(engine, word)
    engine.index([document("site", "6", "Segni", " ".join(words))])
    assert ask(engine, "segni") == ["6"]


@pytest.mark.parametrize(("only", "found"), [((), ["6", "8", "9"]), (("9", "6", "none"), ["6", "9"]), (("none",), [])])
def test_people_s_words_can_be_looked_for_among_chosen_records(empty, only, found):
    empty.index([document("site", key, "Prato", "Un prato") for key in ("6", "8", "9")])
    assert ids(settled(empty).search("prato", "it", ["site"], limit=20, only=only)) == found


def test_texts_are_measured_for_chosen_records_also_where_others_are_nearer_or_no_word_is_shared(empty):
    empty.index([document("site", "6", "Prato", "Un prato di pioggia e neve"), document("site", "8", "Prato", "Pioggia"), document("site", "9", "Altro", "Nulla")])
    (every,) = settled(empty).match(TextQuery("", "pioggia e neve", "it"), [Wanted("site", 9)])
    (found,) = empty.match(TextQuery("", "pioggia e neve", "it"), [Wanted("site", 9, others=9, chosen=("8", "9"))])
    assert [hit.object_id for hit in every.hits] == ["6", "8"]
    assert ([hit.object_id for hit in found.hits], found.total) == (["8", "9"], 2)
    assert [hit.object_id for hit in found.others] == ["6"]
    assert found.others[0].score > found.hits[0].score > found.hits[1].score == 0


def postgresql_with(*statements):
    """Undone with the test."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has pg_trgm")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.django_db
def test_postgresql_finds_the_words_that_are_alike():
    postgresql_with()
    engine = EmbeddedEngine()
    engine.index([document("site", "6", "Sensori e sentieri", "Lampioni, sensori, biciclette")])
    assert engine._ranking.alike(["sensroi", "zz"], "it")["sensroi"][:1] == ["sensori"]
    assert engine.corrected("sensroi e lampionni", "it") == "sensori e lampioni"


@pytest.mark.django_db
def test_a_database_whose_user_may_not_have_trigrams_corrects_all_the_same():
    postgresql_with("DROP EXTENSION pg_trgm CASCADE")
    with transaction.atomic():
        postgresql_with("SET TRANSACTION READ ONLY")
        tables.create_trigrams(connection)
    engine = EmbeddedEngine()
    assert not engine._ranking.has_trigrams()
    engine.index([document("site", "6", "Sensori", "Lampioni")])
    assert engine.corrected("sensroi", "it") == "sensori"
