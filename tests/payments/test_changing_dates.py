"""Charges follow the dates of their pilot, whatever became of the earlier ones meanwhile."""

from datetime import timedelta

import pytest
from django.utils import translation

from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.models import OutboxMessage
from citylab.payments import ledger
from citylab.payments.models import Charge, Checkout, Payee, Payment, ProviderEvent, Refund
from citylab.payments.providers import DisputeStatus, RefundStatus, Refused, Unavailable
from citylab.payments.services import charging, deposits, paying, refunding, settling
from citylab.pilots.models import Pilot
from tests import factories

from .bank import Bank
from .books import sound
from .lives import DAY_CENTS, fees, happens, lasts, paid, state_of

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_third_extension_after_one_that_was_replaced_has_a_name_of_its_own(pilot, life):
    paid(life, "fee")
    lasts(pilot, 20)
    lasts(pilot, 30)  # the second replaces the first, which nobody had paid
    paid(life, "fee")
    lasts(pilot, 40)
    base, plus, _number = fees()[0][0].partition("+")
    assert plus == ""
    assert fees() == [(base, 10 * DAY_CENTS, "paid"), (f"{base}+2", 20 * DAY_CENTS, "paid"), (f"{base}+3", 10 * DAY_CENTS, "due")]
    sound()


def test_a_difference_says_what_was_charged_before(pilot, life):
    paid(life, "fee")
    lasts(pilot, 20)
    steps = Charge.objects.get(kind="fee", state="due").line["steps"]
    assert steps[-1]["en"] == "Charged before: €400.00. Difference: €400.00"


def test_a_payment_on_its_way_follows_the_new_dates_once_it_arrives(pilot, life):
    life.click(life.charges("due", kind="fee"))
    external_id = list(life.bank.known)[-1]
    happens(life, external_id, "pay_later")
    lasts(pilot, 4)
    assert (state_of("fee"), Refund.objects.count()) == ("processing", 0)
    happens(life, external_id, "arrive")
    life.follow()
    assert (state_of("fee"), Refund.objects.get().amount_cents, Refund.objects.get().reason) == ("refund_owed", 6 * DAY_CENTS, "dates")
    sound()


def test_a_payment_that_does_not_arrive_is_due_for_the_new_dates(pilot, life):
    life.click(life.charges("due", kind="fee"))
    external_id = list(life.bank.known)[-1]
    happens(life, external_id, "pay_later")
    lasts(pilot, 4)
    happens(life, external_id, "fail")
    life.follow()
    assert [(cents, state) for _part, cents, state in fees()] == [(4 * DAY_CENTS, "due")]
    sound()


def test_a_rule_that_an_editor_changes_never_touches_what_is_charged(pilot, life):
    """Not even when a payment, which other dates would have made it follow, arrives."""
    rule = Charge.objects.filter(kind="fee").first().rule_version.rule.feerule
    rule.rate = "9.00"
    factories.rule_save(rule=rule, actor=factories.person("editor"), seen_version=rule.version)
    paid(life, "fee")
    life.follow()
    assert [(cents, state) for _part, cents, state in fees()] == [(10 * DAY_CENTS, "paid")]


def test_dates_that_shrink_twice_before_anything_went_back_give_back_both_differences(pilot, life):
    paid(life, "fee")
    lasts(pilot, 8)
    lasts(pilot, 5)
    assert sorted(Refund.objects.values_list("amount_cents", flat=True)) == [2 * DAY_CENTS, 3 * DAY_CENTS]
    sound()


def test_what_the_office_gave_back_does_not_come_due_again_with_the_next_extension(pilot, life):
    paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=100_00, reason="A delay of ours.")
    lasts(pilot, 12)
    assert fees("due")[0][1] == 2 * DAY_CENTS
    sound()


def test_dates_that_change_while_a_checkout_is_open_replace_what_it_was_to_pay(pilot, life):
    life.click(life.charges("due"))
    external_id = list(life.bank.known)[-1]
    lasts(pilot, 12)
    assert sorted((charge.kind, charge.state) for charge in life.charges("due", "checkout_open")) == [("deposit", "checkout_open"), ("fee", "due")]
    happens(life, external_id, "pay")  # the payer was faster than the sweeper
    assert state_of("deposit") == "paid"
    assert list(Refund.objects.values_list("amount_cents", "reason", "charge")) == [(10 * DAY_CENTS, "not_due", None)]
    sound()


@pytest.mark.parametrize(("state", "made"), [("running", 1), ("reporting", 1), ("revoked", 0), ("withdrawn", 0)])
def test_an_extension_that_is_heard_of_late_is_charged_unless_the_pilot_ended_at_once(pilot, life, state, made):
    paid(life, "fee", "deposit")
    Pilot.objects.filter(pk=pilot.pk).update(state=state)
    lasts(pilot, 12)
    assert len(fees("due")) == made
    assert Charge.objects.filter(kind="deposit").count() == 1


def test_a_revoked_pilot_owes_nothing_that_it_had_not_paid_and_its_fact_may_come_before_its_dates(pilot, life):
    Pilot.objects.filter(pk=pilot.pk).update(state="revoked")
    charging.charges_withdraw(pilot_id=pilot.pk, reason="The pilot has ended.")
    assert charging.charges_bring_up(pilot_id=pilot.pk) == []
    Pilot.objects.filter(pk=pilot.pk).update(state="restoration")
    assert charging.charges_bring_up(pilot_id=pilot.pk) == []
    assert life.charges("due", "checkout_open") == []
    sound()


def test_a_payment_that_fails_after_the_pilot_ended_is_no_longer_due(pilot, life):
    life.click(life.charges("due", kind="fee"))
    external_id = list(life.bank.known)[-1]
    happens(life, external_id, "pay_later")
    Pilot.objects.filter(pk=pilot.pk).update(state="withdrawn")
    charging.charges_withdraw(pilot_id=pilot.pk, reason="The pilot has ended.")
    assert state_of("fee") == "processing"
    happens(life, external_id, "fail")
    life.follow()
    assert not Charge.objects.filter(kind="fee").exclude(state="withdrawn").exists()
    sound()
