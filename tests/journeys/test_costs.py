"""Somebody who asks, before applying, what a pilot would cost."""

from datetime import date

import pytest
from playwright.sync_api import expect

from cms.setup import prepare
from tests import factories
from tests.browser import DESKTOP

from .steps import Words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def square():
    prepare()
    site = factories.site("castello", name_it="Piazza Castello")
    factories.area_fee(site, "2.00", coefficient="1.5", zone_it="zona centrale", zone_en="central zone", assumed=True, valid_from=date(2026, 1, 1))
    factories.deposit(site, "30", valid_from=date(2026, 1, 1))
    return site


def test_somebody_works_out_what_a_pilot_would_cost(walker, square):
    visitor, words = walker("it", DESKTOP), Words("it")
    page = visitor.page

    # The site's page shows an example, and leads to one's own numbers.
    visitor.open(f"/it/{words.path('sites/')}castello/")
    expect(page.locator("#costs .tcl-sums dd").first).to_have_text("1.232,00 €")  # 16 + 16 + 10 × 30 × 2.00 × 1.5 + 300
    visitor.follow(words("Work out the costs of your pilot"))
    expect(page.locator("#id_site")).to_have_value("castello")
    due = page.locator("#estimate .tcl-sums dd").first

    # A change is worked out at once; the address holds it, so it can be sent to a colleague.
    page.fill("#id_starts_on", "2027-03-01")
    page.fill("#id_ends_on", "2027-03-10")
    page.fill("#id_area", "25")
    page.fill("#id_dismantling", "4.000,00")
    page.locator("#id_dismantling").press("Tab")
    expect(due).to_have_text("1.982,00 €")  # 16 + 16 + 25 × 10 × 2.00 × 1.5 + 1,200
    expect(page.get_by_text("25 m² × 10")).to_be_visible()
    visitor.look()
    address = page.url

    # What cannot be is said at its field, which keeps what was typed; the rest goes on once it is mended.
    page.fill("#id_area", "-5")
    page.locator("#id_area").press("Tab")
    expect(page.locator("#id_area-e")).to_have_text(words("An area cannot be less than zero."))
    expect(page.locator("#id_area")).to_have_value("-5")
    expect(page.locator("#id_area")).to_have_attribute("aria-invalid", "true")
    visitor.look()
    page.fill("#id_area", "25")
    page.locator("#id_area").press("Tab")
    expect(due).to_have_text("1.982,00 €")
    expect(page.locator("#id_area-e")).to_have_text("")

    # Each line opens the rule behind it, and the address alone shows the same sums.
    visitor.open(address.replace(visitor.address, ""))
    expect(due).to_have_text("1.982,00 €")
    page.locator("#estimate details").nth(2).locator("summary").click()
    expect(page.locator("#estimate details").nth(2)).to_contain_text("DCC 1/2027")
    visitor.look()
