"""Where nothing has all of a person's words: what has most of them, best first, and told. The same from the database and from Elasticsearch."""

import pytest
from django.db import transaction
from django.utils.translation import override

from citylab.core import outbox
from citylab.testbeds.models import Site
from search import site_wide
from search.engines import get_engine
from search.engines.reserve import breaker
from search.facets import SITE_FACETS
from search.listing import listing, look_up
from tests import factories

from .answering import ENGINES, filled_cluster, found_ids

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def places(django_db_setup, django_db_blocker):
    """Places that have three, two, one and none of the words that are looked for below."""
    with django_db_blocker.unblock(), transaction.atomic():
        factories.site("soli", name_en="Company for older people", name_it="Compagnia per persone anziane", summary_en="Against loneliness.", summary_it="Contro la solitudine.")
        factories.site("orto", name_en="Garden of the elderly", name_it="Orto degli anziani", summary_en="People meet.", summary_it="Persone che si incontrano.", kind="river")
        factories.site("luce", name_en="Street lighting", name_it="Illuminazione pubblica", summary_en="Lamps that dim.", summary_it="Lampioni che si abbassano.")
        factories.site("bici", name_en="Micromobility yard", name_it="Cortile della micromobilità", summary_en="Room for trials.", summary_it="Spazio per prove.")
        while outbox.drain():
            pass
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def prefix(places):
    with filled_cluster() as made:
        yield made


@pytest.fixture(params=ENGINES)
def city(request, places, settings):
    """The places, where this engine answers."""
    if request.param == "elasticsearch":
        settings.ELASTICSEARCH_PREFIX, settings.ELASTICSEARCH_URL = request.getfixturevalue("prefix"), settings.TESTS_ELASTICSEARCH_URL
        breaker.succeeded()
    assert get_engine().name == request.param


def look(language, query, **chosen):
    with override(language):
        return listing(list(Site.objects.filter(live=True).order_by("code")), "site", query, SITE_FACETS, chosen)


def codes(found):
    return [site.code for site in found.records]


@pytest.mark.parametrize(
    ("language", "query", "found", "corrected"),
    [
        # Three of four stand before two of them.
        ("en", "lonely elderly people skating", ["soli", "orto"], ""),
        ("it", "solitudine persone anziane pattinaggio", ["soli", "orto"], ""),
        # Half of the words is enough; where nothing has half of them, the most that any has.
        ("it", "scooters elettrici", ["bici"], ""),
        ("en", "electric scooters", ["bici"], ""),
        ("en", "skating rinks rollers helmets streetlights", ["luce"], ""),
        # A mistyped word is corrected where that finds more of them.
        ("en", "ligthing skating", ["luce"], "lighting skating"),
        ("it", "iluminazione pattinaggio", ["luce"], "illuminazione pattinaggio"),
        ("en", "lighting sketing", ["luce"], ""),
        # What has some of them in the other language only.
        ("en", "cortile pattinaggio", ["bici"], ""),
        ("it", "garden skating", ["orto"], ""),
    ],
)
def test_what_has_most_of_the_words_is_shown_best_first_and_told(city, language, query, found, corrected):
    answer = look(language, query)
    assert (codes(answer), answer.is_partial, answer.corrected) == (found, True, corrected)


@pytest.mark.parametrize(
    ("language", "query", "found"),
    [
        ("en", "lonely elderly people", {"soli"}), ("en", "seniors", {"soli", "orto"}), ("it", "anziano", {"soli", "orto"}), ("en", "streetlights", {"luce"}),
        ("en", "streetlight", {"luce"}), ("it", "lampione", {"luce"}), ("it", "illuminazione pubblica", {"luce"}), ("it", "monopattini", {"bici"}),
        ("en", "monopattini", {"bici"}), ("en", "scooters", {"bici"}),
    ],
)  # fmt: skip
def test_everyday_words_find_what_is_called_otherwise(city, language, query, found):
    answer = look(language, query)
    assert not answer.is_partial and set(codes(answer)) == found


def test_filters_count_what_is_shown(city):
    kinds = {option.value: option.count for option in look("en", "lonely elderly people skating").facets["kind"]}
    assert kinds == {"park": 1, "river": 1}
    assert codes(look("en", "lonely elderly people skating", kind=["river"])) == ["orto"]
    with override("en"):
        answer = site_wide.search("lonely elderly people skating", {})
    assert [card.title for card in answer.listing.records] == ["Company for older people", "Garden of the elderly"]
    assert answer.listing.is_partial and {option.value: option.count for option in answer.listing.facets["kind"]} == {"site": 2}


@pytest.mark.parametrize("query", ["skating", "skating rinks", ""])
def test_where_nothing_has_any_of_the_words_nothing_is_shown_nor_told(city, query):
    with override("en"):
        answer = look_up(query, ["site"])
    assert (answer.found, answer.is_partial) == ([], False)


def test_who_waits_for_all_the_words_is_not_told_of_some(city):
    with override("en"):
        assert look_up("lonely elderly people skating", ["site"]).found
        assert found_ids("lonely elderly people skating", ["site"]) == ([], "")
