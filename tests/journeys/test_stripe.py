"""A start-up pays on Stripe's own page and comes back: cancelled, in time, too late, by a bank that takes days; and gets its money back."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from citylab.accounts.models import Role
from citylab.core import clock, outbox
from citylab.core.templatetags.components import euro
from citylab.payments import ledger
from citylab.payments.models import Charge, Checkout
from citylab.pilots.models import Gate
from citylab.pilots.services import preparing
from tests import factories
from tests.browser import DESKTOP, PHONE
from tests.stripe_fake.page import WORDS

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
SINCE = date(2020, 1, 1)  # in force whenever the test runs
IN_BOTH = pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)], ids=["italian-desktop", "english-phone"])


class Money:
    """One pilot's fee and deposit: the start-up that pays them, the officer who watches, and Stripe between them."""

    def __init__(self, walker, fake, language, viewport):
        self.fake, self.language, self.words, self.on_stripe = fake, language, Words(language), WORDS[language]
        self.walker, self.viewport = walker, viewport
        site, payee = (
            factories.site("dora", name_it="Parco Dora", name_en="Dora Park"),
            factories.payee("partner", name_it="Ente Prova", name_en="Trial Body", account="acct_1Partner"),
        )
        factories.flat_fee(site, 250_00, valid_from=SINCE, payee=payee)
        factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE, payee=payee)
        self.officer = factories.person(Role.OFFICER, is_demo=True)
        self.pilot = factories.approved_pilot(people=factories.city(officer=self.officer), at=site, starts_on=clock.today() + timedelta(days=20))
        outbox.drain()
        self.owner = factories.owner_of(self.pilot.organisation)
        self.startup = self.comes(self.owner)
        self.page = self.startup.page

    def comes(self, user):
        someone = self.walker(self.language, self.viewport)
        sign_in(someone, user)
        return someone

    def look(self, room, tab="money"):
        """This side opens a tab of the pilot."""
        side = "my-area/" if room is self.startup else "desk/"
        room.open(f"/{self.language}/{self.words.path(side)}{self.words.path('pilots/')}{self.pilot.pk}/?tab={tab}")

    def euro(self, cents):
        with override(self.language):
            return euro(cents)

    def go_to_stripe(self):
        """Both sums, by the one button."""
        self.look(self.startup)
        self.startup.press(self.words("Pay the chosen sums"))
        assert self.page.url.startswith(self.fake.base)
        self.startup.sees(WORDS[self.language]["title"])

    def turns_into(self, text):
        """The page of the payment, left alone, comes to say this."""
        expect(self.page.locator("#payment-state h2")).to_have_text(text)
        self.startup.look()

    @property
    def session(self):
        return Checkout.objects.latest("opened_at").external_id

    def stands(self):
        """How fee and deposit stand, and the requirements that follow from them."""
        charges = dict(Charge.objects.exclude(kind="stamp_duty").values_list("kind", "state"))
        return charges["fee"], charges["deposit"], Gate.objects.get(pilot=self.pilot, kind="deposit").result


@pytest.fixture
def money(walker, stripe_fake, live_server, settings, language, viewport):
    settings.SITE_URL = live_server.url
    stripe_fake.webhook_url = live_server.url + "/webhooks/stripe/"
    return Money(walker, stripe_fake, language, viewport)


@IN_BOTH
def test_paid_on_stripe_s_page_after_leaving_it_once_and_given_back_before_both_sides(money):
    startup, page, words, fake, paid = money.startup, money.page, money.words, money.fake, money.euro(1_250_00)

    # Left without paying: the way back leads to the same page of Stripe.
    money.go_to_stripe()
    startup.sees(paid)
    startup.follow(money.on_stripe["cancel"])
    startup.sees(words("No payment has arrived yet"))
    assert money.stands() == ("checkout_open", "checkout_open", "red")
    startup.press(words("Go on with the payment"))
    startup.press(money.on_stripe["decline"])
    startup.sees(money.on_stripe["declined"])

    # Paid. Coming back decides nothing; what Stripe tells us does, and the page shows it by itself.
    startup.press(money.on_stripe["pay"])
    startup.sees(words("Your payment is being confirmed"))
    startup.sees_not(words("Go on with the payment"))
    assert money.stands() == ("checkout_open", "checkout_open", "red")
    assert set(fake.deliver()) == {200}
    money.turns_into(words("%(amount)s has arrived", amount=paid))
    expect(page.locator("#payment-poll")).to_be_empty()
    assert money.stands() == ("paid", "paid", "green")
    assert [session["amount_total"] for session in fake.all("checkout.session", "acct_1Partner")] == [1_250_00]

    # At the desk the requirement is met.
    desk = money.comes(money.officer)
    money.look(desk, "requirements")
    expect(desk.page.locator(".tcl-gate", has=desk.page.get_by_text(words("Deposit"), exact=True))).to_contain_text(words("In order"))

    # The start-up gives up; the officer releases the deposit; Stripe takes its time, and both sides see each step.
    preparing.pilot_withdraw(pilot_id=money.pilot.pk, actor=money.owner, reason="Cambio di piani.")
    fake.automatic = True
    fake.hold_refunds()
    money.look(desk)
    desk.follow(words("Decide on the deposit"))
    desk.press(words("See what will be sent"))
    desk.press(words("Decide on the deposit"))
    fake.settle()
    (refund,) = fake.all("refund", "acct_1Partner")
    deposit = f"#sum-{Charge.objects.get(kind='deposit').pk}"
    for how in ("To come back", "Given back"):
        for side in (startup, desk):
            money.look(side)
            expect(side.page.locator(f"{deposit} .tcl-status")).to_contain_text(words(how))
        if refund["status"] == "pending":
            fake.finish_refund(refund["id"])
            fake.settle()
    assert (refund["amount"], refund["status"], money.stands()[:2], ledger.unbalanced()) == (1_000_00, "succeeded", ("paid", "refunded"), [])


@IN_BOTH
def test_a_page_whose_time_runs_out_and_a_bank_that_takes_days(money):
    startup, words, fake = money.startup, money.words, money.fake
    fake.automatic = True

    # Stripe's page is open when its time runs out: it says so, and so does ours.
    money.go_to_stripe()
    fake.expire(money.session)
    fake.settle()
    startup.press(money.on_stripe["pay"])
    startup.sees(money.on_stripe["closed"])
    startup.follow(money.on_stripe["cancel"])
    startup.sees(words("This payment is closed"))
    assert money.stands() == ("due", "due", "red")

    # So it does when our page waits.
    startup.follow(words("See what is due"))
    startup.press(words("Pay the chosen sums"))
    startup.follow(money.on_stripe["cancel"])
    startup.sees(words("No payment has arrived yet"))
    fake.expire(money.session)
    money.turns_into(words("This payment is closed"))

    # A debit is on its way for days: nothing counts as paid until it arrives.
    money.go_to_stripe()
    startup.press(money.on_stripe["pay_later"])
    money.turns_into(words("Your payment is on its way"))
    assert money.stands() == ("processing", "processing", "red")
    money.look(startup)
    startup.sees(words("A payment is on its way"))
    startup.follow(words("See how it stands"))
    fake.arrive(money.session)
    money.turns_into(words("%(amount)s has arrived", amount=money.euro(1_250_00)))
    fake.settle()
    assert (money.stands(), ledger.unbalanced()) == (("paid", "paid", "green"), [])
