"""The whole life of what a pilot owes, paid through the real SDK to a Stripe of our own, whose webhooks come to our real door."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.payments import ledger
from citylab.payments.models import Charge, Checkout, Payment, ProviderEvent, Receipt, Refund
from citylab.payments.services import deposits, events, paying, refunding
from tests import factories

SINCE = date(2020, 1, 1)  # in force whenever the test runs
CONNECTED = "acct_1Partner"

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return factories.city()


@pytest.fixture
def pilot(people, stripe_fake):
    """In preparation, on a site with a fee of 250 euro and a deposit of 1,000 owed to a partner with an account of its own at Stripe."""
    site, partner = factories.site("dora"), factories.payee("partner", provider="online", account=CONNECTED)
    factories.flat_fee(site, 250_00, valid_from=SINCE, payee=partner)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE, payee=partner)
    made = factories.pilot_in("preparation", people=people, at=site)
    outbox.drain()
    return made


def charge(pilot, kind):
    return Charge.objects.get(pilot=pilot, kind=kind)


def click(pilot, *kinds):
    """The start-up presses Pay."""
    wanted = [charge(pilot, kind).pk for kind in kinds]
    return paying.checkout_enter(paying.checkout_begin(charge_ids=wanted, actor=factories.owner_of(pilot.organisation), language="en"))


def tell(client, fake, told, status=200):
    """These events come to our door, and are acted on."""
    for event in told:
        body, headers = fake.signed(event)
        assert (
            client.post("/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": headers["Stripe-Signature"]}).status_code
            == status
        )
    events.events_handle()


def paid(client, fake, pilot, *kinds):
    checkout = click(pilot, *kinds)
    fake.pay(checkout.external_id)
    tell(client, fake, fake.events)
    return Checkout.objects.get(pk=checkout.pk)


def later(moment=timedelta(hours=1)):
    return clock.travelling_to(clock.now() + moment)


def test_a_checkout_opens_in_the_payee_s_account_with_our_lines(pilot, stripe_fake):
    checkout = click(pilot, "fee", "deposit")
    (session,) = stripe_fake.all("checkout.session", CONNECTED)
    assert (checkout.state, checkout.external_id, checkout.url) == ("open", session["id"], session["url"])
    assert (session["client_reference_id"], session["amount_total"], session["locale"]) == (str(checkout.pk), 1_250_00, "en")
    assert click(pilot, "fee", "deposit").pk == checkout.pk
    assert len(stripe_fake.all("checkout.session", CONNECTED)) == 1


@pytest.mark.parametrize("order", [lambda told: told, lambda told: [*reversed(told)], lambda told: told * 3], ids=["in order", "reversed", "three times"])
def test_money_is_written_down_once_in_whatever_order_and_number_its_events_come(client, pilot, stripe_fake, order):
    checkout = click(pilot, "fee", "deposit")
    stripe_fake.pay(checkout.external_id)
    tell(client, stripe_fake, order(stripe_fake.events))
    assert {kind: charge(pilot, kind).state for kind in ("fee", "deposit")} == {"fee": "paid", "deposit": "paid"}
    payment = Payment.objects.get()
    assert (payment.amount_cents, payment.fee_cents, payment.account) == (1_250_00, 1_250_00 * 15 // 1000 + 25, CONNECTED)
    assert (Receipt.objects.count(), ProviderEvent.objects.count(), ledger.unbalanced()) == (1, len(stripe_fake.events), [])


def test_a_fee_known_later_is_written_when_stripe_tells(client, pilot, stripe_fake):
    stripe_fake.hide_fees()
    checkout = paid(client, stripe_fake, pilot, "fee")
    assert Payment.objects.get().fee_cents is None
    stripe_fake.book(checkout.external_id)
    tell(client, stripe_fake, stripe_fake.events[-1:])
    assert (Payment.objects.get().fee_cents, ledger.balances()["provider_fees"]) == (4_00, 4_00)


@pytest.mark.parametrize("how", ["cut", "503"])
def test_a_click_without_an_answer_goes_on_with_the_same_checkout(pilot, stripe_fake, how):
    stripe_fake.line.fail_next(how, acted=how == "cut", only="POST")
    with pytest.raises(DomainError) as lost:
        click(pilot, "fee")
    assert lost.value.code == "provider_unavailable"
    assert click(pilot, "fee").state == "open"
    assert (Checkout.objects.count(), len(stripe_fake.all("checkout.session", CONNECTED))) == (1, 1)


def test_a_failure_that_stripe_would_only_repeat_lets_the_next_click_begin_anew(pilot, stripe_fake):
    stripe_fake.line.fail_next("500", only="POST")
    codes = []
    for _ in range(2):
        with pytest.raises(DomainError) as failed:
            click(pilot, "fee")
        codes.append(failed.value.code)
    assert codes == ["provider_unavailable", "provider_refused"]
    assert click(pilot, "fee").state == "open"
    assert (Checkout.objects.count(), len(stripe_fake.all("checkout.session", CONNECTED))) == (2, 1)


@pytest.mark.parametrize(("end", "state"), [("arrive", "paid"), ("fail", "due")])
def test_a_delayed_payment_is_processing_until_it_arrives_or_fails(client, pilot, stripe_fake, end, state):
    checkout = click(pilot, "deposit")
    stripe_fake.pay_later(checkout.external_id)
    tell(client, stripe_fake, stripe_fake.events)
    assert charge(pilot, "deposit").state == "processing"
    getattr(stripe_fake, end)(checkout.external_id)
    tell(client, stripe_fake, stripe_fake.events)
    assert charge(pilot, "deposit").state == state


def test_a_checkout_that_expires_at_stripe_makes_its_charges_due_again(client, pilot, stripe_fake):
    checkout = click(pilot, "fee")
    stripe_fake.advance(3 * 60 * 60)
    tell(client, stripe_fake, stripe_fake.events)
    assert (charge(pilot, "fee").state, Checkout.objects.get(pk=checkout.pk).state) == ("due", "expired")


def test_an_event_that_never_comes_is_made_up_for_by_the_sweeper(pilot, stripe_fake):
    checkout = click(pilot, "fee")
    stripe_fake.pay(checkout.external_id)
    with later(timedelta(hours=3)):
        paying.checkouts_tidy()
    assert (charge(pilot, "fee").state, ledger.unbalanced()) == ("paid", [])


@pytest.mark.parametrize("how", ["cut", "500", "503"])
def test_a_deposit_goes_back_once_whatever_becomes_of_the_answer(client, people, pilot, stripe_fake, how):
    paid(client, stripe_fake, pilot, "deposit")
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=1_000_00)
    stripe_fake.line.fail_next(how, acted=how != "503", only="POST /v1/refunds")
    refunding.refunds_send()
    assert charge(pilot, "deposit").state == "refund_owed"
    with later():
        refunding.refunds_send()
    tell(client, stripe_fake, stripe_fake.events)
    (made,) = stripe_fake.all("refund", CONNECTED)
    refund = Refund.objects.get()
    assert (made["amount"], refund.external_id, refund.state, charge(pilot, "deposit").state) == (1_000_00, made["id"], "done", "refunded")
    assert ledger.unbalanced() == []


def test_a_refund_that_comes_back_from_the_bank_becomes_a_transfer(client, people, pilot, stripe_fake):
    paid(client, stripe_fake, pilot, "deposit")
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=1_000_00)
    refunding.refunds_send()
    stripe_fake.refuse_refund(Refund.objects.get().external_id)
    tell(client, stripe_fake, stripe_fake.events)
    refund = Refund.objects.get()
    assert (refund.state, refund.trouble, charge(pilot, "deposit").state) == ("transfer_owed", "expired_or_canceled_card", "refund_owed")
    assert ledger.unbalanced() == []


@pytest.mark.parametrize(("end", "states"), [("win_dispute", ["paid"]), ("lose_dispute", ["due", "lost"])], ids=["won", "lost and due once more"])
def test_a_dispute_is_followed_to_its_end(client, pilot, stripe_fake, end, states):
    checkout = paid(client, stripe_fake, pilot, "fee")
    opened = stripe_fake.open_dispute(checkout.external_id)
    tell(client, stripe_fake, stripe_fake.events)
    assert charge(pilot, "fee").state == "disputed"
    getattr(stripe_fake, end)(opened)
    tell(client, stripe_fake, stripe_fake.events)
    assert sorted(Charge.objects.filter(pilot=pilot, kind="fee").values_list("state", flat=True)) == states
    assert ledger.unbalanced() == []


def test_an_event_that_stripe_did_not_sign_is_turned_away_and_not_kept(client, pilot, stripe_fake, settings):
    checkout = click(pilot, "fee")
    stripe_fake.pay(checkout.external_id)
    settings.STRIPE_WEBHOOK_SECRETS = ("whsec_other",)
    tell(client, stripe_fake, stripe_fake.events, status=400)
    assert (ProviderEvent.objects.count(), charge(pilot, "fee").state) == (0, "checkout_open")


def test_events_of_the_other_mode_of_another_s_things_and_of_kinds_without_use_change_nothing(client, pilot, stripe_fake):
    checkout = click(pilot, "fee")
    stripe_fake.pay(checkout.external_id)
    completed = stripe_fake.events[-1]
    assert completed["type"] == "checkout.session.completed"
    foreign = {**completed["data"]["object"], "id": "cs_test_foreign", "metadata": {}, "payment_intent": None}
    tell(
        client,
        stripe_fake,
        [
            {**completed, "id": "evt_1", "livemode": True},
            {**completed, "id": "evt_2", "data": {"object": foreign}},
            {**completed, "id": "evt_3", "type": "payout.paid", "data": {"object": {"id": "po_1", "object": "payout"}}},
            {key: value for key, value in completed.items() if key != "account"} | {"id": "evt_4"},
        ],
    )
    assert [*ProviderEvent.objects.order_by("external_id").values_list("outcome", flat=True)] == [
        "wrong_mode",
        "unknown_object",
        "unknown_kind",
        "unknown_object",
    ]
    assert (charge(pilot, "fee").state, Payment.objects.count()) == ("checkout_open", 0)


def test_the_same_event_identifier_in_two_accounts_is_two_events(client, pilot, stripe_fake):
    checkout = click(pilot, "fee")
    stripe_fake.pay(checkout.external_id)
    completed = stripe_fake.events[-1]
    tell(client, stripe_fake, [{**completed, "account": "acct_2Other"}, completed])
    assert ProviderEvent.objects.count() == 2
    assert charge(pilot, "fee").state == "paid"
