"""Filters with counts, search that forgives, pages, and what a list costs."""

import re
from datetime import timedelta

import pytest
from django.core.files.images import ImageFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from citylab.core import clock, outbox
from tests import factories

from .conftest import archive_pilot, programme, story

DAY = timedelta(days=1)


def option(page, name, value):
    """(chosen, count) of a filter's box."""
    found = re.search(rf'name="{name}" value="{value}"( checked)?>.*?tcl-count">(\d+)<', page)
    return (bool(found[1]), int(found[2])) if found else None


def titles(page):
    return re.findall(r'tcl-card-title"><a href="[^"]+">([^<]+)<', page)


@pytest.fixture
def challenges():
    energy, mobility = factories.sector("energy"), factories.sector("mobility")
    factories.challenge("a", sector=energy, title_en="Alpha", mode="competitive", closes_at=clock.now() + 9 * DAY)
    factories.challenge("b", sector=energy, title_en="Beta", city="Helsinki")
    factories.challenge("c", sector=mobility, title_en="Gamma", mode="competitive", closes_at=clock.now() + 3 * DAY)
    factories.challenge("d", sector=mobility, title_en="Delta", mode="competitive", closes_at=clock.now() - DAY)
    factories.challenge("e", sector=mobility, title_en="Epsilon", opens_at=clock.now() + DAY)


def test_open_challenges_come_first_and_those_that_close_first_before_them(read, challenges):
    assert titles(read("/en/challenges/")) == ["Gamma", "Alpha", "Beta", "Epsilon", "Delta"]


def test_a_list_says_where_more_is_found_than_it_shows(read, challenges, monkeypatch):
    while outbox.drain():
        pass
    said = "only the best are shown: more words narrow the search"
    assert said not in read("/en/challenges/?q=Alpha") and said not in read("/en/challenges/")
    monkeypatch.setattr("search.listing.LIMIT", 2)
    page = read("/en/challenges/?q=need")
    assert (len(titles(page)), said in page) == (2, True)


def test_filters_count_what_their_other_values_would_leave(read, challenges):
    page = read("/en/challenges/?sector=energy")
    assert titles(page) == ["Alpha", "Beta"]
    assert (option(page, "sector", "energy"), option(page, "sector", "mobility")) == ((True, 2), (False, 3))
    assert (option(page, "mode", "competitive"), option(page, "mode", "open"), option(page, "status", "closed")) == ((False, 1), (False, 1), (False, 0))


def test_values_of_one_filter_are_alternatives_and_filters_add_up(read, challenges):
    assert titles(read("/en/challenges/?status=closed&status=not_yet_open")) == ["Epsilon", "Delta"]
    assert titles(read("/en/challenges/?status=open&sector=mobility")) == ["Gamma"]


def test_a_chosen_filter_can_be_taken_away_alone(read, challenges):
    page = read("/en/challenges/?status=open&sector=mobility&page=1")
    assert 'href="/en/challenges/?status=open"' in page and 'href="/en/challenges/?sector=mobility"' in page


def test_nothing_found_says_what_to_do(read, challenges):
    page = read("/en/challenges/?city=Helsinki&sector=mobility")
    assert "Nothing fits these filters" in page and "<strong class=\"tabular\">0</strong>" in page


def test_an_unknown_filter_value_finds_nothing_and_breaks_nothing(read, challenges):
    assert titles(read("/en/challenges/?sector=astrology&page=99&view=map")) == []


@pytest.mark.parametrize("words", ["robot", "robbot", "ROBOTS", "rob"])
def test_search_in_a_list_forgives_typos_and_knows_word_forms(read, words):
    factories.challenge("robot", title_en="Robots for the last mile", summary_en="Delivery.")
    factories.challenge("neve", title_en="Snow on pavements", summary_en="Winter.")
    outbox.drain()
    assert titles(read(f"/en/challenges/?q={words}")) == ["Robots for the last mile"]


@pytest.mark.parametrize("words", ["qualità", "qualita", "qualta", "QUALITÀ"])
def test_search_forgives_accents_in_italian(read, words):
    factories.challenge("aria", title_it="Qualità dell'aria", summary_it="Davanti alle scuole.")
    factories.challenge("neve", title_it="Neve sui marciapiedi", summary_it="In inverno.")
    outbox.drain()
    assert titles(read(f"/it/sfide/?q={words}")) == ["Qualità dell&#x27;aria"]


def test_a_corrected_search_says_so_and_leads_to_exactly_what_was_typed(read):
    factories.site("dora", name_en="Dora park")
    outbox.drain()
    page = read("/en/sites/?q=parck&view=map")
    assert "Did you mean <strong>park</strong>" in page and 'href="?q=parck&amp;view=map&amp;exact=parck"' in page
    page = read("/en/sites/?q=parck&view=map&exact=parck")
    assert "Did you mean" not in page and "Nothing was found for “parck”" in page


def test_words_that_find_nothing_in_a_list_lead_on_to_the_whole_site(read, challenges):
    page = read("/en/challenges/?q=sleet+%26+hail")
    assert "Nothing was found for “sleet &amp; hail”" in page and 'href="/en/search/?q=sleet%20%26%20hail"' in page
    page = read("/en/challenges/?q=sleet&city=Turin")
    assert "Nothing was found for “sleet”" in page
    assert "/en/search/?q=" not in read("/en/challenges/?city=Helsinki&sector=mobility")


@pytest.mark.parametrize("words", ["%22", "'", "a AND", "*", "(", "\\", "NEAR/2", "a" * 400, "%00"])
def test_strange_words_break_nothing(read, words):
    factories.site("dora")
    outbox.drain()
    read(f"/en/sites/?q={words}")
    read(f"/en/search/?q={words}")


def test_long_lists_have_pages(read):
    for number in range(14):
        factories.site(f"luogo-{number:02}", name_en=f"Place {number:02}")
    assert len(titles(read("/en/sites/"))) == 12 and len(titles(read("/en/sites/?page=2"))) == 2


def test_the_map_shows_every_record_found_and_its_list_holds_the_same(read):
    for number in range(14):
        factories.site(f"luogo-{number:02}", name_en=f"Place {number:02}")
    page = read("/en/sites/?view=map")
    assert page.count('class="tcl-map-mark"') == 14
    assert page.count('"mark": ') == 14 and "tcl-card-title" not in page


def test_a_pilot_without_a_place_is_in_the_list_beside_the_map(read):
    archive_pilot("sola")
    archive_pilot("qui", latitude=45.07, longitude=7.68)
    page = read("/en/pilots/?view=map")
    assert page.count('"mark": ') == 1 and "not on the map" in page


def test_the_challenges_have_a_map_that_works_as_a_list_without_javascript(read):
    factories.challenge("citta", title_en="The whole city")
    factories.challenge("aurora", title_en="Evenings in Aurora", mode="competitive", latitude=45.083, longitude=7.695, sector=factories.sector("inclusion"))
    page = read("/en/challenges/")
    assert 'href="?view=map"' in page and titles(page) == ["Evenings in Aurora", "The whole city"]
    page = read("/en/challenges/?view=map")
    beside = re.findall(r'<li><span class="tcl-map-mark[^>]*>(.)</span><div><a href="([^"]+)">([^<]+)</a><p class="tcl-muted">([^<]+)</p>', page)
    assert beside == [
        ("1", "/en/challenges/aurora/", "Evenings in Aurora", "Open · Inclusion"),
        ("–", "/en/challenges/citta/", "The whole city", "Open · Mobility · not on the map"),
    ]
    assert page.count('"mark": ') == 1


def test_half_a_coordinate_is_no_place(read):
    factories.challenge("mezza", title_en="Half", latitude=45.083)
    page = read("/en/challenges/?view=map")
    assert "map-points" not in page and "view=map" not in page.split('id="results"')[1] and titles(page) == ["Half"]


def test_a_map_that_the_filters_leave_without_a_pin_still_lists_what_was_found(read):
    factories.challenge("citta", title_en="The whole city", city="Helsinki")
    factories.challenge("aurora", title_en="Evenings in Aurora", latitude=45.083, longitude=7.695)
    page = read("/en/challenges/?view=map&city=Helsinki")
    assert page.count('"mark": ') == 0 and "The whole city</a>" in page and "Evenings in Aurora" not in page


def cover():
    return get_image_model().objects.create(title="x", file=ImageFile(get_test_image_file().file, name="x.png"))


def many(count, start):
    """`count` more of everything, each as rich as it gets."""
    for number in range(start, start + count):
        frame = programme(f"programma-{number}")
        place = factories.site(f"luogo-{number}", capabilities=("power", "sensors"))
        record = factories.challenge(f"sfida-{number}", programme=frame, mode="competitive", criteria=(("impact", 100, 0),), latitude=45.07, longitude=7.68)
        archive_pilot(f"pilota-{number}", site=place, challenge=record, programme=frame, sector=record.sector)
        story(f"storia-{number}", sector=record.sector, cover=cover())
    outbox.drain()


def cost(client, address):
    client.get(address)  # what is kept from request to request (menus, roots, renditions) is there from the second on
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


ADDRESSES = (
    "/it/", "/en/challenges/", "/en/challenges/?q=need&sector=mobility", "/en/challenges/?view=map", "/en/sites/", "/en/sites/?q=place&capability=power", "/en/sites/?view=map", "/en/pilots/",
    "/en/pilots/?view=map", "/en/programmes/", "/it/storie/", "/en/search/?q=place",
)  # fmt: skip


def test_lists_cost_at_most_ten_queries_at_three_rows_and_at_thirty(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    many(3, 0)
    few = {address: cost(client, address) for address in ADDRESSES}
    many(27, 3)
    lots = {address: cost(client, address) for address in ADDRESSES}
    assert max(few.values()) <= 10 and max(lots.values()) <= 10, (few, lots)
    assert lots == few
