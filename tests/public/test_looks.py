"""The public pages in a real browser, in Italian on a desktop and in English on a phone: axe, policy, width, language."""

import pytest

from citylab.core import outbox
from tests import factories
from tests.browser import DESKTOP, PHONE

from .conftest import archive_pilot, programme, story

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

PAGES = {
    "it": ["/it/", "/it/sfide/", "/it/sfide/?view=map", "/it/sfide/pioggia/", "/it/luoghi/?view=map", "/it/luoghi/dora/", "/it/sperimentazioni/navetta/", "/it/programmi/", "/it/storie/una-storia/", "/it/aiuto/domande-frequenti/"],
    "en": ["/en/", "/en/challenges/?sector=mobility", "/en/challenges/pioggia/", "/en/sites/?view=map", "/en/sites/dora/", "/en/pilots/navetta/", "/en/present-a-proposal/", "/en/help/privacy/", "/en/nothing/"],
}  # fmt: skip


@pytest.fixture
def published():
    frame = programme()
    record = factories.challenge("pioggia", programme=frame, mode="competitive", criteria=(("impact", 100, 3),), latitude=45.079, longitude=7.689)
    place = factories.site("dora", name_it="Parco Dora", name_en="Dora park")
    archive_pilot(site=place, programme=frame, challenge=record, sector=record.sector)
    story()
    outbox.drain()


@pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)])
def test_every_public_page_can_be_read_by_everybody(published, walker, language, viewport):
    reader = walker(language, viewport)
    for address in PAGES[language]:
        reader.open(address)


def test_filtering_refreshes_results_and_counts_and_stars_are_given_in_the_page(published, walker):
    reader = walker("en", DESKTOP)
    reader.open("/en/sites/")
    reader.tick("#f-kind-park")
    reader.page.wait_for_url("**kind=park**")
    reader.sees("Remove all filters")
    reader.page.locator("#score-5").check()
    reader.page.get_by_role("button", name="Send").click()
    reader.sees("What did you like best?")
    reader.look()


def test_the_map_draws_a_pin_for_each_place_again_after_filtering(published, walker):
    reader = walker("en", DESKTOP)
    reader.open("/en/sites/?view=map")
    reader.page.locator(".tcl-pin").wait_for()
    reader.tick("#f-kind-park")
    reader.page.wait_for_url("**kind=park**")
    reader.page.locator(".tcl-pin").wait_for()
    reader.page.locator(".tcl-pin").click()
    reader.page.locator(".leaflet-popup").get_by_role("link", name="Dora park").click()
    reader.sees("What it offers")
