"""A start-up asks what a pilot would cost, is approved, pays: cancelled once, then in time, then by a bank that takes days."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from citylab.core import clock, outbox
from citylab.core.templatetags.components import euro
from citylab.payments.models import Charge, SandboxCheckout
from citylab.payments.providers import sandbox, signing
from citylab.payments.services.events import event_receive
from citylab.pilots.models import Gate
from cms.setup import prepare
from tests import factories
from tests.browser import DESKTOP, PHONE

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
SINCE = date(2020, 1, 1)  # in force whenever the test runs
DAY = timedelta(days=1)


@pytest.fixture
def square():
    prepare()
    site = factories.site("castello", name_it="Piazza Castello", name_en="Castello Square")
    city = factories.payee("city", provider="notice")
    foundation = factories.payee("foundation", name_it="Fondazione Prova", name_en="Trial Foundation")
    factories.flat_fee(site, 250_00, valid_from=SINCE, payee=foundation)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE, payee=foundation)
    factories.area_fee(site, "2.00", valid_from=SINCE, payee=city)
    return site


@pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)], ids=["italian-desktop", "english-phone"])
def test_a_start_up_learns_what_a_pilot_costs_and_pays_it(walker, square, language, viewport):
    someone, words = walker(language, viewport), Words(language)
    page = someone.page
    first = clock.today() + 20 * DAY

    def money(cents):
        with override(language):
            return euro(cents)

    def states():
        return dict(Charge.objects.order_by("kind").exclude(kind="stamp_duty").values_list("kind", "state").filter(payee__code="foundation"))

    # Before applying: the site's page leads to the simulator; 10 days on 20 m² at 2 euro, entry, deposit and stamp duty twice.
    someone.open(f"/{language}/{words.path('sites/')}castello/")
    someone.follow(words("Work out the costs of your pilot"))
    page.fill("#id_starts_on", first.isoformat())
    page.fill("#id_ends_on", (first + 9 * DAY).isoformat())
    page.fill("#id_area", "20")
    page.fill("#id_dismantling", "0")
    page.locator("#id_dismantling").press("Tab")
    expect(page.locator("#estimate .tcl-sums dd").first).to_have_text(money(1_682_00))
    someone.look()

    # Approved: the same sums are owed, but for the stamp duty that went with the proposal.
    pilot = factories.approved_pilot(at=square, starts_on=first, days=9)
    outbox.drain()
    sign_in(someone, factories.owner_of(pilot.organisation))
    someone.open(f"/{language}/{words.path('my-area/')}")
    someone.sees(words("What is to be paid"))
    someone.follow(money(1_666_00))
    expect(page.locator(".tcl-money-sums dd").first).to_have_text(money(1_666_00))
    address = page.url.removeprefix(someone.address)
    foundation = page.locator("section[aria-labelledby=payee-foundation]")

    # One sum is left out, and the payment cancelled: nothing has changed.
    someone.tick(f'#pay-{Charge.objects.get(kind="deposit").pk}', False)
    someone.press(words("Pay the chosen sums"), within=foundation)
    someone.sees(words("Test: no money moves here"), money(250_00))
    someone.press(words("Leave without paying"))
    someone.sees(words("No payment has arrived yet"))
    someone.press(words("Cancel it"))
    someone.sees(words("This payment is closed"))
    assert states() == {"fee": "due", "deposit": "due"}

    # In a second attempt the fee is paid.
    someone.follow(words("See what is due"))
    someone.tick(f'#pay-{Charge.objects.get(kind="deposit").pk}', False)
    someone.press(words("Pay the chosen sums"), within=foundation)
    someone.press(words("Pay %(amount)s", amount=money(250_00)))
    someone.sees(words("%(amount)s has arrived", amount=money(250_00)))
    assert states() == {"fee": "paid", "deposit": "due"}

    # The deposit comes by a bank that takes days: its page waits, and shows by itself that the money has arrived.
    someone.open(address)
    someone.press(words("Pay %(amount)s", amount=money(1_000_00)), within=foundation)
    someone.press(words("Pay by a method that takes days"))
    someone.sees(words("Your payment is on its way"))
    gate = Gate.objects.filter(pilot=pilot, kind="deposit")
    assert (states(), gate.get().result) == ({"fee": "paid", "deposit": "processing"}, "red")
    record = SandboxCheckout.objects.latest("pk")
    event_receive("test", *signing.signed(sandbox.choose(record.external_id, "arrive")))
    expect(page.get_by_text(words("%(amount)s has arrived", amount=money(1_000_00)))).to_be_visible()
    expect(page.locator("#payment-poll")).to_be_empty()
    someone.look()
    assert (states(), gate.get().result) == ({"fee": "paid", "deposit": "paid"}, "green")

    # The city's own fee goes by a notice, the stamp duty by a stamp.
    someone.open(address)
    someone.press(words("Get the payment notice"), within=page.locator("section[aria-labelledby=payee-city]"))
    expect(page.locator("figure.tcl-notice-code svg")).to_be_visible()
    someone.follow(words("Back to the money of the pilot"))
    someone.follow(words("Pay with a stamp: write its serial number"))
    page.locator('[name="serial_number"]').fill("0123")
    page.locator('[name="stamped_on"]').fill(clock.today().isoformat())
    someone.tick('[name="not_reused"]')
    someone.press(words("Record the stamp"))
    someone.sees(words("The serial number of a revenue stamp has 14 digits."))
    page.locator('[name="serial_number"]').fill("01234567890123")
    someone.press(words("Record the stamp"))
    expect(page.locator(".tcl-money-sums dd").first).to_have_text(money(400_00))
    expect(page.locator(".tcl-money-sums")).to_contain_text(money(1_000_00))
    someone.follow(words("Agreement and requirements"))
    assert dict(pilot.gates.filter(kind__in=["fees", "deposit"]).values_list("kind", "result")) == {"fees": "red", "deposit": "green"}
