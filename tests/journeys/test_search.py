"""Somebody who looks for something: suggestions by keyboard, a mistyped word, filters, and the map in step with the list."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from cms.setup import prepare
from tests import factories
from tests.browser import DESKTOP

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city():
    prepare()
    energy, mobility = factories.sector("energy"), factories.sector("mobility")
    for code, name, latitude, sector in (("dora", "Prato d'acqua", 45.09, energy), ("sangone", "Riva d'acqua", 45.01, mobility)):
        site = factories.site(code, name_it=name, summary_it="Lungo il fiume.", latitude=latitude, longitude=7.66)
        site.sectors.set([sector])
        site.save()
    factories.challenge("pioggia", title_it="Acqua piovana", sector=energy)
    call_command("search_rebuild", verbosity=0)


def test_somebody_looks_for_water(walker, city):
    visitor = walker("it", DESKTOP)
    page = visitor.page
    visitor.open("/it/")

    # While typing, titles are suggested; arrow keys point at them, Escape puts them away and keeps what was typed.
    box = page.locator("#site-search")
    box.press_sequentially("acq")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)
    expect(box).to_have_attribute("aria-expanded", "true")
    visitor.look()
    box.press("Escape")
    expect(options.locator("visible=true")).to_have_count(0)
    expect(box).to_have_value("acq")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("ArrowUp")
    chosen = page.get_by_role("option", selected=True)
    expect(box).to_have_attribute("aria-activedescendant", chosen.get_attribute("id"))
    title = chosen.inner_text()
    box.press("Enter")
    page.wait_for_url(re.compile(r"/it/cerca/\?q="))
    visitor.look()
    expect(page.locator(".tcl-result").first.get_by_role("link")).to_have_text(title)

    # A mistyped word is corrected and says so, with a way back to it.
    page.locator("#search-page").fill("aqcua")
    page.locator("#search-page").press("Enter")
    page.wait_for_url("**q=aqcua")
    visitor.look()
    expect(page.locator(".tcl-notice strong")).to_have_text("acqua")
    page.locator(".tcl-notice a").click()
    page.wait_for_url("**exact=aqcua")
    visitor.look()
    expect(page.locator(".tcl-result")).to_have_count(0)

    # List and map in step, by keyboard as by mouse.
    visitor.open("/it/cerca/?q=acqua")
    pins = page.locator(".tcl-pin")
    expect(pins).to_have_count(2)
    placed = page.locator(".tcl-result", has=page.locator(".tcl-map-mark"))
    placed.nth(1).get_by_role("link").focus()
    expect(page.locator(".tcl-pin.is-current")).to_have_text("2")
    pins.filter(has_text="1").focus()
    page.keyboard.press("Enter")
    expect(placed.nth(0).get_by_role("link")).to_be_focused()
    expect(page.locator(".tcl-pin.is-current")).to_have_text("1")
    placed.nth(1).hover()
    expect(placed.nth(1)).to_have_class(re.compile("is-current"))
    page.mouse.move(0, 0)
    pins.filter(has_text="2").click()
    expect(placed.nth(1).get_by_role("link")).to_be_focused()

    # Filters change list, counts, map and address; going back undoes them.
    visitor.tick("#f-sector-energy")
    page.wait_for_url("**sector=energy")
    expect(page.locator("#count strong")).to_have_text("2")
    expect(pins).to_have_count(1)
    visitor.look()
    page.go_back()
    expect(page.locator("#count strong")).to_have_text("3")
    expect(pins).to_have_count(2)
    visitor.look()
