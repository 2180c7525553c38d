"""The search of the whole site: what it finds, how it counts, what it suggests, and what nobody finds."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override
from wagtail.models import PageViewRestriction

from citylab.core import clock, outbox
from tests import factories
from tests.remembering import remembered

from .conftest import archive_pilot, programme, story
from .test_lists import cost, option

HOSTILE = (
    "\"", "'", "“city”", "a AND b OR (c)", "NOT city", "*", "(", "\\", "city*:b", "NEAR/2", "city & !rain | x <-> y", "--; DROP TABLE x", "{{ 7|add:7 }}", "<script>alert(1)</script>",
    "🚲🌧️", "città 🚀", "\x00city\x00", "%", "a" * 5_000, "city rain " * 500, "robot " * 34_000,
)  # fmt: skip


def drain():
    while outbox.drain():
        pass


def results(page):
    """(kind, title) of what is shown, in order."""
    found = re.findall(r'tcl-kind">([^<]+)<.*?tcl-card-title">(.*?)</h3>', page, re.S)
    return [(kind, re.sub(r"<span.*?</span>|<[^>]+>", "", title)) for kind, title in found]


def titles(page):
    return [title for _kind, title in results(page)]


def total(page):
    return int(re.search(r'id="count".*?<strong class="tabular">(\d+)<', page, re.S)[1])


@pytest.fixture
def city():
    made_city()


@remembered
def made_city():
    """One thing of every kind that speaks of water, in two sectors and in every state; nothing else does."""
    energy, mobility = factories.sector("energy"), factories.sector("mobility")
    factories.challenge("a", title_en="Water in the park", title_it="Acqua nel parco", sector=energy)
    factories.challenge(
        "b", title_en="Water on the road", title_it="Acqua in strada", sector=mobility, mode="competitive", closes_at=clock.now() - timedelta(days=1)
    )
    factories.challenge("c", title_en="Snow", title_it="Neve", summary_en="Winter.", summary_it="Inverno.", sector=mobility)
    place = factories.site("dora", name_en="Water meadow", name_it="Prato d'acqua", latitude=45.09, longitude=7.66)
    place.sectors.set([energy, mobility])
    place.save()
    archive_pilot("pozzo", public_title_en="Water well", public_title_it="Pozzo d'acqua", site=place, sector=energy)
    programme("acqua", name_en="Water programme", name_it="Programma acqua")
    story("acqua", "en", title="A story of water", sector=mobility)
    call_command("search_rebuild", verbosity=0)


def test_every_kind_is_found_together_and_says_what_it_is(read, city):
    assert sorted(results(read("/en/search/?q=water"))) == [
        ("Challenge", "Water in the park"), ("Challenge", "Water on the road"), ("Pilot", "Water well"), ("Programme", "Water programme"), ("Site", "Water meadow"),
        ("Story", "A story of water"),
    ]  # fmt: skip


def test_help_pages_are_found_by_their_questions(read):
    call_command("search_rebuild", verbosity=0)
    assert results(read("/en/search/?q=stamp+duty")) == [("Help page", "Frequent questions")]
    assert results(read("/it/cerca/?q=imposta+di+bollo"))[0][1] == "Domande frequenti"


def test_a_word_in_the_title_counts_more_than_one_in_the_text(read):
    factories.site("uno", name_en="Old mill", summary_en="Near the water, with water.")
    factories.site("due", name_en="Water tower", summary_en="A tower.")
    drain()
    assert titles(read("/en/search/?q=water")) == ["Water tower", "Old mill"]


KINDS = {"challenge": 2, "pilot": 1, "programme": 1, "site": 1, "story": 1}


@pytest.mark.parametrize(
    ("chosen", "count", "counts"),
    [
        ("", 6, {"kind": KINDS, "sector": {"energy": 3, "mobility": 3}, "status": {"open": 1, "closed": 1}}),
        # What a filter's other values would leave.
        ("&kind=challenge", 2, {"kind": KINDS, "sector": {"energy": 1, "mobility": 1}, "status": {"open": 1, "closed": 1}}),
        ("&kind=challenge&kind=site", 3, {"kind": KINDS, "sector": {"energy": 2, "mobility": 2}, "status": {"open": 1, "closed": 1}}),
        (
            "&sector=energy", 3,
            {"kind": {"challenge": 1, "pilot": 1, "programme": 0, "site": 1, "story": 0}, "sector": {"energy": 3, "mobility": 3}, "status": {"open": 1, "closed": 0}},
        ),
        ("&status=closed", 1, {"kind": {"challenge": 1, "site": 0}, "sector": {"energy": 0, "mobility": 1}, "status": {"open": 1, "closed": 1}}),
        ("&kind=story&sector=energy", 0, {"kind": {"story": 0, "pilot": 1}, "sector": {"energy": 0, "mobility": 1}, "status": {"open": 0, "closed": 0}}),
    ],
)  # fmt: skip
def test_filters_count_what_they_would_leave(read, city, chosen, count, counts):
    page = read("/en/search/?q=water" + chosen)
    assert total(page) == count
    assert {name: {value: option(page, name, value)[1] for value in values} for name, values in counts.items()} == counts


def test_a_filter_chosen_for_other_words_stays_to_be_taken_away(read, city):
    page = read("/en/search/?q=water&kind=help&sector=energy")
    assert option(page, "kind", "help") == (True, 0)
    assert 'href="/en/search/?q=water&amp;sector=energy"' in page and 'href="/en/search/?q=water"' in page


def test_an_unknown_filter_value_finds_nothing_and_offers_to_take_it_away(read, city):
    page = read("/en/search/?q=water&kind=castle&page=99")
    assert (total(page), results(page)) == (0, []) and 'href="/en/search/?q=water"' in page and option(page, "kind", "castle") is None


def test_words_that_matched_are_marked_and_everything_else_is_escaped(read):
    factories.site("uno", name_en="Sensors & <b>gates</b>", summary_en="A sensor <i>counts</i> people; sensory gardens do not.")
    drain()
    page = read("/en/search/?q=sensor")
    assert "<mark>Sensors</mark> &amp; &lt;b&gt;gates&lt;/b&gt;" in page
    assert "A <mark>sensor</mark> &lt;i&gt;counts&lt;/i&gt; people" in page


def test_did_you_mean_leads_to_exactly_what_was_typed(read, city):
    page = read("/en/search/?q=watre&sector=energy")
    assert total(page) == 3 and "Did you mean <strong>water</strong>" in page
    exact = re.search(r'href="\?(q=watre&amp;sector=energy&amp;exact=watre)"', page)[1].replace("&amp;", "&")
    page = read("/en/search/?" + exact)
    assert total(page) == 0 and "Did you mean" not in page
    # Other words are corrected again, though the address still says so of the first ones.
    assert "Did you mean <strong>meadow</strong>" in read("/en/search/?q=meadwo&exact=watre")


def test_what_has_some_of_the_words_only_is_shown_and_said(read, city):
    said = "Nothing has all of these words; these have some of them."
    page = read("/en/search/?q=water+meadow+skating")
    assert (titles(page)[0], said in page) == ("Water meadow", True)
    assert said in read("/en/sites/?q=meadow+skating")
    for address in ("/en/search/?q=water+meadow", "/en/sites/?q=meadow", "/en/search/?q=skating", "/en/sites/?q=skating", "/en/search/"):
        assert said not in read(address), address


def test_what_only_the_other_language_has_is_found_and_said(read, city):
    page = read("/en/search/?q=prato")
    # The pilot that runs there says so in its text.
    assert titles(page) == ["Water meadow", "Water well"] and "These words occur only in the Italian texts" in page
    assert "These words occur only in the Italian texts" not in read("/en/search/?q=nulla")


def test_a_page_in_the_other_language_says_which(read):
    story("lampioni", title="Lampioni parlanti")
    drain()
    assert re.search(r'<a href="/it/storie/lampioni/" lang="it" hreflang="it"><mark>Lampioni</mark> parlanti</a>', read("/en/search/?q=lampioni"))


def test_nothing_found_says_what_to_do(read, city):
    page = read("/en/search/?q=astrology&kind=site")
    for offered in ('href="/en/search/?q=astrology"', 'href="/it/cerca/?q=astrology&amp;kind=site"', 'href="/en/sites/"', 'href="/en/help/"'):
        assert offered in page.split('id="results"')[1]


def test_without_words_there_is_a_box_and_where_to_look_through(read, city):
    for words in ("", "?q=", "?q=+++", "?kind=site"):
        page = read("/en/search/" + words)
        assert results(page) == [] and "Or look through" in page and 'id="count"' not in page


def test_long_answers_have_pages_of_twenty_that_keep_words_and_filters(read):
    for number in range(23):
        factories.site(f"luogo-{number:02}", name_en=f"Water place {number:02}")
    drain()
    first, second = read("/en/search/?q=water&kind=site"), read("/en/search/?q=water&kind=site&page=2")
    assert (total(first), len(results(first)), len(results(second))) == (23, 20, 3)
    assert 'href="?q=water&amp;kind=site&amp;page=2"' in first
    assert len(set(titles(first) + titles(second))) == 23


def test_the_map_holds_the_places_on_the_page_numbered_like_their_results(read, city):
    page = read("/en/search/?q=water")
    points = re.findall(r'"name": "([^"]+)", "mark": (\d+), "card": "(result-\d+)"', page)
    assert [name for name, _mark, _card in points] == [title for title in titles(page) if title in ("Water meadow", "Water well")]
    for name, mark, card in points:
        result = page.split(f'id="{card}"')[1].split("</li>")[0]
        assert f'tcl-map-mark" aria-hidden="true">{mark}<' in result and name in re.sub("<[^>]+>", "", result)
    assert "map-points" not in read("/en/search/?q=water&kind=programme")


def test_a_challenge_at_a_place_is_on_the_map_too(read):
    factories.challenge(title_en="Water under the bridge", latitude=45.07, longitude=7.68)
    factories.challenge(title_en="Water everywhere")
    drain()
    assert re.findall(r'"lat": ([0-9.]+), "lon": ([0-9.]+), "name": "([^"]+)"', read("/en/search/?q=water")) == [("45.07", "7.68", "Water under the bridge")]


def test_only_the_bare_page_is_for_search_engines(read, city):
    robots = '<meta name="robots" content="noindex">'
    assert robots not in read("/en/search/")
    for address in (
        "/en/search/?q=water",
        "/en/search/?q=water&kind=site",
        "/en/sites/?sector=energy",
        "/en/sites/?q=water",
        "/en/sites/?view=map",
        "/en/sites/?sector=castle&page=2",
    ):
        assert robots in read(address), address
    assert robots not in read("/en/sites/") and robots not in read("/en/sites/?page=2")


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_break_nothing_and_stay_words(client, city, words):
    for address in ("/en/search/", "/it/cerca/", "/en/search/suggestions/"):
        response = client.get(address, {"q": words, "exact": words, "page": words[:50], "kind": words[:50]})
        assert response.status_code == 200, address
        assert b"<script>alert" not in response.content


@pytest.mark.parametrize("words", ["segretissima", "segretissim", "segretisima"])
def test_nobody_finds_a_proposal_a_private_pilot_a_draft_or_a_page_for_some(client, read, settings, words):
    settings.SECOND_FACTOR_REQUIRED = False
    factories.submitted(title="Candidatura segretissima")
    factories.draft(title="Bozza segretissima")
    factories.pilot_in("running", title="Prova segretissima")
    factories.site("chiuso", name_it="Area segretissima", publish=False)
    factories.challenge("chiusa", title_it="Sfida segretissima", publish=False)
    shut = story("chiusa", title="Storia segretissima")
    PageViewRestriction.objects.create(page=shut, restriction_type=PageViewRestriction.LOGIN)
    story("bozza", title="Racconto segretissimo", live=False)
    drain()
    with override("it"):
        address = reverse("public:suggestions")
    for person in (None, factories.person("officer")):
        if person:
            client.force_login(person)
        assert results(read(f"/it/cerca/?q={words}")) == []
        for kind in ("", "&kind=proposal", "&kind=pilot", "&kind=page"):
            assert "<li>" not in client.get(f"{address}?q={words}{kind}").content.decode()


def test_a_record_left_behind_in_the_index_is_not_shown(read, city):
    """Taken down past Wagtail: nobody told the index."""
    from citylab.challenges.models import Challenge
    from cms.models import StoryPage

    Challenge.objects.filter(code="a").update(live=False)
    StoryPage.objects.update(live=False)
    assert sorted(titles(read("/en/search/?q=water"))) == ["Water meadow", "Water on the road", "Water programme", "Water well"]


def test_an_answer_of_the_reserve_engine_says_so(read, city, monkeypatch):
    said = "The search is working on its reserve"
    assert said not in read("/en/search/?q=water") + read("/en/sites/?q=water")
    monkeypatch.setattr("search.engines.embedded.EmbeddedEngine.is_degraded", True)
    assert said in read("/en/search/?q=water") and said in read("/en/sites/?q=water")
    assert said not in read("/en/sites/")


def many(count, start):
    for number in range(start, start + count):
        record = factories.challenge(f"sfida-{number}", title_en=f"Water challenge {number}")
        place = factories.site(f"luogo-{number}", name_en=f"Water place {number}")
        archive_pilot(f"pilota-{number}", public_title_en=f"Water pilot {number}", site=place, sector=record.sector)
        programme(f"programma-{number}", name_en=f"Water programme {number}")
        story(f"storia-{number}", "en", title=f"Water story {number}", sector=record.sector)
    drain()


def test_a_search_costs_at_most_ten_queries_whatever_it_finds(client):
    addresses = ("/en/search/?q=water", "/en/search/?q=water&kind=site&sector=mobility&status=open", "/en/search/?q=water&page=2")
    many(3, 0)
    few = [cost(client, address) for address in addresses]
    many(27, 3)
    lots = [cost(client, address) for address in addresses]
    assert lots == few and max(lots) <= 10, (few, lots)


# --- suggestions --------------------------------------------------------------------------------------------------------------


def suggested(client, words, **more):
    response = client.get("/en/search/suggestions/", {"q": words, **more})
    assert response.status_code == 200
    return re.findall("<li>(.*?)</li>", response.content.decode())


def test_titles_are_suggested_from_the_second_letter_on(client, city):
    assert suggested(client, "w") == []
    assert sorted(suggested(client, "wa")) == ["A story of water", "Water in the park", "Water meadow", "Water on the road", "Water programme", "Water well"]
    assert suggested(client, "water mea") == ["Water meadow"]


def test_a_list_suggests_only_its_own_records(client, city):
    assert suggested(client, "wat", kind="site") == ["Water meadow"]
    assert sorted(suggested(client, "wat", kind=["challenge"])) == ["Water in the park", "Water on the road"]


def test_a_title_that_holds_the_word_comes_before_records_that_only_speak_of_it(client):
    factories.site("uno", name_en="Old mill", summary_en="Near the water.")
    drain()
    assert suggested(client, "wat") == ["Old mill"]
    factories.site("due", name_en="Water tower", summary_en="A tower.")
    drain()
    assert suggested(client, "wat") == ["Water tower"]


def test_suggestions_are_at_most_six_and_say_how_many(client):
    for number in range(9):
        factories.site(f"luogo-{number}", name_en=f"Water place {number}")
    drain()
    assert len(suggested(client, "water")) == 6
    assert b"<p>6 suggestions: use the arrow keys</p>" in client.get("/en/search/suggestions/?q=water").content


def test_suggestions_are_cheap_and_may_be_kept_by_caches(client, city):
    client.get("/en/search/suggestions/?q=wat")
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/en/search/suggestions/?q=wat")
    assert len(queries) <= 3
    assert response["Cache-Control"] == "public, max-age=5" and not response.cookies


def test_suggestions_are_only_read(client):
    assert client.post("/en/search/suggestions/", {"q": "wat"}).status_code == 405


def test_the_box_of_every_page_suggests_and_that_of_a_list_only_its_own(read):
    assert 'data-suggest="/en/search/suggestions/"' in read("/en/")
    page = read("/en/sites/")
    assert 'data-suggest="/en/search/suggestions/"' in page and 'data-suggest="/en/search/suggestions/?kind=site"' in page
    # The search's own page has one box.
    assert read("/en/search/").count("data-suggest=") == 1
