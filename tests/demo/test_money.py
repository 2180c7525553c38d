"""The invented pilots owe, pay and get back what the rules give, through the real services: every part of the desk's money pages has something to show."""

from collections import Counter

import pytest
from django.test import override_settings

from citylab.audit.verifying import verify
from citylab.core import clock
from citylab.payments import ledger, providers
from citylab.payments.models import Charge, Checkout, DepositDecision, Payee, Receipt, Refund
from citylab.payments.services import charging
from citylab.pilots.models import Gate, Pilot
from citylab.proposals.models import StampDuty

pytestmark = pytest.mark.django_db


def test_the_city_is_paid_by_notice_and_the_hosts_online():
    assert list(Payee.objects.filter(provider="notice").values_list("code", flat=True)) == ["citta-di-torino"]
    assert set(Checkout.objects.filter(payee__code="citta-di-torino").values_list("provider", flat=True)) == {"notice"}
    assert set(Checkout.objects.exclude(payee__code="citta-di-torino").values_list("provider", flat=True)) == {"test"}


def test_every_gate_of_money_follows_from_what_was_paid():
    gates = Gate.objects.filter(kind__in=["fees", "deposit"], pilot__is_archive=False)
    assert gates.filter(follows_money=False).count() == 0
    assert set(gates.filter(pilot__state__in=["ready", "restoration", "reporting", "closed"]).values_list("result", flat=True)) == {"green", "not_needed"}


def test_charges_are_in_every_state_that_the_desk_lists():
    found = Counter(Charge.objects.values_list("kind", "state"))
    assert {("deposit", state) for state in ("due", "checkout_open", "paid", "refund_owed", "refunded", "disputed", "withdrawn")} <= set(found)
    assert Charge.objects.get(kind="fee", state="waived", amount_cents__gt=0).waived_act.startswith("DGC ")
    assert Charge.objects.filter(state="due", due_on__lt=clock.today()).count() == 1
    assert Refund.objects.filter(state="transfer_owed").exclude(iban="").count() == 1
    kept = DepositDecision.objects.get(answered_at__isnull=False)
    assert (kept.kept_cents, kept.documents.count(), kept.reasons != "", kept.answer != "") == (120_00, 1, True, True)


def test_no_pilot_is_closed_with_an_open_deposit():
    assert Pilot.objects.filter(state="closed", is_archive=False, charges__kind="deposit").count() == 3
    assert not Pilot.objects.filter(state="closed", holds_deposit=True).exists()


def test_every_stamp_is_used_once_and_what_is_paid_has_its_receipt():
    paid = Charge.objects.filter(kind="stamp_duty", state="paid")
    assert paid.exists() and not paid.exclude(stamp__serial_number__startswith="0198").exists()
    assert StampDuty.objects.exclude(serial_number=None).values("serial_number").distinct().count() == StampDuty.objects.exclude(serial_number=None).count()
    assert Receipt.objects.count() == Checkout.objects.filter(state="paid").count()


def test_the_ledger_balances_and_the_trail_verifies():
    assert ledger.unbalanced() == []
    assert sum(ledger.balances().values()) == 0
    assert verify() == []


def test_money_moves_on_the_days_of_its_story():
    for charge in Charge.objects.exclude(paid_at=None).select_related("pilot"):
        assert charge.made_at <= charge.paid_at <= clock.now()
        assert charge.pilot.started_on is None or charge.paid_at.astimezone(clock.rome).date() < charge.pilot.started_on


def test_working_the_charges_out_again_changes_nothing():
    for pilot in Pilot.objects.filter(is_archive=False):
        assert charging.charges_bring_up(pilot_id=pilot.pk) == []


@override_settings(PAYMENT_PROVIDER="stripe")
def test_invented_people_never_pay_at_a_real_provider():
    with providers.online_through("test"):
        assert providers.online() == "test"
    assert providers.online() == "stripe"
