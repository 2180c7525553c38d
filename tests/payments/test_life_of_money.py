"""The whole life of what a pilot owes, with the test provider and through the very event store: charged, paid, given back, kept."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.payments import ledger
from citylab.payments.models import Charge, Checkout, Payment, Receipt, Refund
from citylab.payments.providers import sandbox, signing
from citylab.payments.services import charging, deposits, events, paying, refunding
from citylab.pilots.models import Gate
from tests import factories

from .living import SINCE, begun, charge, chosen, money_pilot, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return factories.city()


@pytest.fixture
def pilot(people):
    """In preparation, on a site with a flat fee of 250 euro and a deposit of 1,000."""
    return money_pilot(people)


def owner(pilot):
    return factories.owner_of(pilot.organisation)


def gates(pilot):
    return dict(Gate.objects.filter(pilot=pilot, kind__in=["fees", "deposit"]).values_list("kind", "result"))


def test_approval_makes_the_charges_that_the_rules_give(pilot):
    found = {(c.kind, c.amount_cents, c.state) for c in Charge.objects.filter(pilot=pilot)}
    assert found == {("fee", 250_00, "due"), ("deposit", 1_000_00, "due"), ("stamp_duty", 16_00, "due")}
    assert gates(pilot) == {"fees": "red", "deposit": "red"}
    assert ledger.balances() == {"receivable": 1_266_00, "charged": -1_266_00}


def test_a_payment_pays_its_charges_and_turns_the_gate_green(pilot):
    checkout = paid(pilot, "fee", "deposit")
    assert {c.kind: c.state for c in Charge.objects.filter(pilot=pilot)} == {"fee": "paid", "deposit": "paid", "stamp_duty": "due"}
    assert gates(pilot) == {"fees": "red", "deposit": "green"}
    assert Checkout.objects.get(pk=checkout.pk).state == "paid"
    fee = 1_250_00 * 15 // 1000 + 25
    assert ledger.balances() == {
        "receivable": 16_00, "charged": -16_00, "provider": 1_250_00 - fee, "provider_fees": fee, "fees": -250_00, "deposits": -1_000_00,
    }  # fmt: skip
    receipt = Receipt.objects.get()
    assert (receipt.number, receipt.data["total_cents"], receipt.stamp_cents) == (1, 1_250_00, 2_00)
    assert ledger.unbalanced() == []


def test_a_deposit_comes_back_whole_after_the_check(pilot, people):
    paid(pilot, "fee", "deposit")
    with pytest.raises(DomainError) as early:
        deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=1_000_00)
    assert early.value.code == "not_yet"
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=1_000_00)
    assert charge(pilot, "deposit").state == "refund_owed"
    refunding.refunds_send()
    assert charge(pilot, "deposit").state == "refunded"
    assert {name: ledger.balances().get(name, 0) for name in ("deposits", "refunds")} == {"deposits": 0, "refunds": 0}
    assert type(pilot).objects.get(pk=pilot.pk).holds_deposit is False


def test_a_part_that_is_kept_needs_reasons_and_can_go_back_later(pilot, people):
    paid(pilot, "deposit")
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    key = {"charge_id": charge(pilot, "deposit").pk, "actor": people.officer}
    with pytest.raises(DomainError) as bare:
        deposits.deposit_decide(**key, released_cents=700_00)
    assert bare.value.code == "reasons_missing"
    decision = deposits.deposit_decide(**key, released_cents=700_00, reasons="A broken lamp.")
    with pytest.raises(Conflict):
        deposits.deposit_decide(**key, released_cents=300_00)
    refunding.refunds_send()
    deposits.deposit_answer(decision_id=decision.pk, actor=owner(pilot), answer="It was broken before.")
    deposits.deposit_decide(**key, released_cents=300_00, seen=1)
    refunding.refunds_send()
    assert charge(pilot, "deposit").state == "refunded"
    assert sum(Refund.objects.filter(state="done").values_list("amount_cents", flat=True)) == 1_000_00
    assert {name: ledger.balances().get(name, 0) for name in ("deposits", "refunds", "retained")} == {"deposits": 0, "refunds": 0, "retained": 0}


def test_money_for_a_waived_charge_is_owed_back(pilot, people):
    checkout = begun(pilot, "fee")
    charging.charge_waive(charge_id=charge(pilot, "fee").pk, actor=people.officer, act="DGC 1/2027", reason="A public interest.")
    chosen(checkout, "pay")
    assert charge(pilot, "fee").state == "waived"
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.reason, refund.charge, Payment.objects.get().allocations.count()) == (250_00, "not_due", None, 0)
    assert ledger.unbalanced() == []


def test_a_delayed_payment_leaves_the_gate_red_until_it_arrives(pilot):
    checkout = begun(pilot, "deposit")
    chosen(checkout, "pay_later")
    assert (charge(pilot, "deposit").state, gates(pilot)["deposit"]) == ("processing", "red")
    chosen(checkout, "arrive")
    assert (charge(pilot, "deposit").state, gates(pilot)["deposit"]) == ("paid", "green")


def test_a_cancelled_checkout_makes_its_charges_due_again(pilot):
    checkout = begun(pilot, "fee")
    paying.checkout_cancel(checkout_id=checkout.pk, actor=owner(pilot))
    paying.checkouts_tidy()
    assert (charge(pilot, "fee").state, Checkout.objects.get(pk=checkout.pk).state) == ("due", "expired")
    paid(pilot, "fee")
    assert charge(pilot, "fee").state == "paid"


def test_shorter_dates_give_back_the_difference(people):
    site = factories.site("dora")
    factories.area_fee(site, "2.00", valid_from=SINCE)
    pilot = factories.pilot_in("preparation", people=people, at=site)
    outbox.drain()
    fees = Charge.objects.filter(pilot=pilot, kind="fee")
    before = fees.get().amount_cents
    paid(pilot, "fee")
    type(pilot).objects.filter(pk=pilot.pk).update(ends_on=pilot.ends_on - timedelta(days=10))
    charging.charges_bring_up(pilot_id=pilot.pk)
    area = pilot.proposal.area_m2
    assert (fees.get().amount_cents, Refund.objects.get().amount_cents) == (before, 10 * 2_00 * area)
    type(pilot).objects.filter(pk=pilot.pk).update(ends_on=pilot.ends_on)
    charging.charges_bring_up(pilot_id=pilot.pk)
    assert sorted(fees.values_list("amount_cents", "state")) == sorted([(before, "refund_owed"), (10 * 2_00 * area, "due")])
    assert clock.today() < pilot.ends_on and ledger.unbalanced() == []
