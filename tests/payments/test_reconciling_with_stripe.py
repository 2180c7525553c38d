"""Comparing with Stripe through the real SDK while none of its webhooks arrives: a repair brings everything into step, and what it cannot is named."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from citylab.core import clock
from citylab.payments import ledger, reconciling
from citylab.payments.models import Checkout, Payment, ProviderEvent, Receipt, Refund
from citylab.payments.services import charging, refunding
from tests import factories

from .living import begun, charge, money_pilot

pytestmark = pytest.mark.django_db
CONNECTED = "acct_1Partner"


@pytest.fixture
def people():
    return factories.city()


@pytest.fixture(params=["", CONNECTED], ids=["the platform's account", "a connected account"])
def pilot(request, people, stripe_fake):
    return money_pilot(people, account=request.param)


def repair():
    call_command("reconcile_payments", "--repair")


def left():
    """The differences that remain after a repair."""
    today = clock.today()
    made = reconciling.reconcile(first=today - timedelta(days=7), last=today, repair=True)
    return [found.code for found in made.differences.filter(is_repaired=False)]


def told_of(fake):
    return {event["id"] for event in fake.events if event["type"] in ("checkout.session.completed", "charge.updated", "refund.created", "charge.refunded", "refund.updated", "refund.failed")}


def test_a_payment_of_which_no_webhook_came_is_brought_into_step(pilot, stripe_fake):
    checkout = begun(pilot, "fee", "deposit")
    stripe_fake.pay(checkout.external_id)
    assert (charge(pilot, "fee").state, ProviderEvent.objects.count()) == ("checkout_open", 0)
    repair()
    assert {kind: charge(pilot, kind).state for kind in ("fee", "deposit")} == {"fee": "paid", "deposit": "paid"}
    assert (Checkout.objects.get().state, Receipt.objects.get().data["total_cents"], ledger.unbalanced()) == ("paid", 1_250_00, [])
    assert Payment.objects.get().fee_cents == ledger.balances()["provider_fees"]
    assert told_of(stripe_fake) <= set(ProviderEvent.objects.filter(account=checkout.account, outcome="acted").values_list("external_id", flat=True))


def test_a_second_repair_asks_and_finds_nothing(pilot, stripe_fake):
    stripe_fake.pay(begun(pilot, "fee").external_id)
    repair()
    events, balances = ProviderEvent.objects.count(), ledger.balances()
    assert left() == []
    assert (ProviderEvent.objects.count(), Payment.objects.count(), ledger.balances()) == (events, 1, balances)


@pytest.mark.parametrize(("act", "state"), [("expire", "expired"), ("fail", "failed")])
def test_a_checkout_that_ended_without_money_makes_its_charges_due_again(pilot, stripe_fake, act, state):
    checkout = begun(pilot, "fee")
    if act == "fail":
        stripe_fake.pay_later(checkout.external_id)
        repair()
        assert charge(pilot, "fee").state == "processing"
    getattr(stripe_fake, act)(checkout.external_id)
    repair()
    assert (Checkout.objects.get().state, charge(pilot, "fee").state) == (state, "due")


def given_back(pilot, people, fake):
    """Half of a fee that was paid, sent back."""
    checkout = begun(pilot, "fee")
    fake.pay(checkout.external_id)
    repair()
    refund = charging.fee_give_back(charge_id=charge(pilot, "fee").pk, actor=people.officer, cents=125_00, reason="Half was enough.")
    refunding.refunds_send()
    return Refund.objects.get(pk=refund.pk)


def test_a_refund_that_arrived_without_a_word_is_recorded(pilot, people, stripe_fake):
    stripe_fake.hold_refunds()
    refund = given_back(pilot, people, stripe_fake)
    assert refund.state == "sent"
    stripe_fake.finish_refund(refund.external_id)
    repair()
    assert (Refund.objects.get().state, charge(pilot, "fee").state, ledger.balances().get("refunds", 0)) == ("done", "refunded", 0)


def test_a_refund_that_failed_without_a_word_becomes_a_bank_transfer(pilot, people, stripe_fake):
    refund = given_back(pilot, people, stripe_fake)
    assert refund.state == "done"
    stripe_fake.refuse_refund(refund.external_id)
    repair()
    assert (Refund.objects.get().state, ledger.unbalanced()) == ("transfer_owed", [])


def test_a_refund_made_in_stripe_s_own_console_is_named_and_left(pilot, stripe_fake):
    checkout = begun(pilot, "fee")
    stripe_fake.pay(checkout.external_id)
    made = stripe_fake.refund_by_hand(checkout.external_id, 50_00)
    with pytest.raises(CommandError, match="1 of"):
        repair()
    assert (left(), Refund.objects.count(), ledger.balances().get("refunds", 0)) == (["refund_unknown"], 0, 0)
    assert reconciling.last_run().differences.get(is_repaired=False).data["refund"] == made


@pytest.mark.parametrize(("end", "state"), [("", "disputed"), ("win", "paid"), ("lose", "lost")])
def test_a_dispute_that_passed_unseen_is_recorded_as_it_stands(pilot, stripe_fake, end, state):
    checkout = begun(pilot, "deposit")
    stripe_fake.pay(checkout.external_id)
    repair()
    dispute = stripe_fake.open_dispute(checkout.external_id)
    if end:
        getattr(stripe_fake, f"{end}_dispute")(dispute)
    repair()
    assert (pilot.charges.filter(kind="deposit").order_by("made_at")[0].state, ledger.unbalanced()) == (state, [])


def test_stripe_that_does_not_answer_is_said_for_each_account(pilot, stripe_fake):
    stripe_fake.pay(begun(pilot, "fee").external_id)
    stripe_fake.stop()
    assert set(left()) == {"provider_away"}
    assert charge(pilot, "fee").state == "checkout_open"
    stripe_fake.start()
    assert left() == []
    assert charge(pilot, "fee").state == "paid"


def test_an_account_that_no_longer_lets_us_in_stops_no_other(people, stripe_fake):
    ours, partners = money_pilot(people), money_pilot(people, code="po", account=CONNECTED)
    for one in (ours, partners):
        stripe_fake.pay(begun(one, "fee").external_id)
    stripe_fake.revoke(CONNECTED)
    assert left() == ["provider_away"]
    assert reconciling.last_run().differences.get(is_repaired=False).account == CONNECTED
    assert (charge(ours, "fee").state, charge(partners, "fee").state) == ("paid", "checkout_open")
