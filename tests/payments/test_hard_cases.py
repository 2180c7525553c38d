"""What goes wrong between people, the provider and the clock: each case once, with its answer."""

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


# --- waived ---------------------------------------------------------------------------------------------------------------------


def test_nothing_is_waived_while_its_payment_is_on_its_way(pilot, life):
    life.click(life.charges("due", kind="fee"))
    happens(life, list(life.bank.known)[-1], "pay_later")
    charge = Charge.objects.exclude(state="withdrawn").get(kind="fee")
    with pytest.raises(Conflict) as refused:
        charging.charge_waive(charge_id=charge.pk, actor=life.officer, act="DGC 1/2027", reason="A public interest.")
    assert (refused.value.code, state_of("fee")) == ("illegal_move", "processing")


def test_a_payment_of_two_sums_of_which_one_was_waived_pays_the_other(pilot, life):
    life.click(life.charges("due"))
    charging.charge_waive(charge_id=Charge.objects.get(kind="fee", state="checkout_open").pk, actor=life.officer, act="DGC 1/2027", reason="A public interest.")
    happens(life, list(life.bank.known)[-1], "pay")
    assert (state_of("fee"), state_of("deposit")) == ("waived", "paid")
    assert list(Refund.objects.values_list("amount_cents", "reason", "charge")) == [(10 * DAY_CENTS, "not_due", None)]
    sound()


# --- disputes -------------------------------------------------------------------------------------------------------------------


def test_a_refund_waits_while_the_bank_decides_and_goes_once_it_has(pilot, life):
    external_id = paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=50_00, reason="A delay of ours.")
    happens(life, external_id, "dispute")
    refunding.refunds_send()
    refunding.refund_send(Refund.objects.get().pk)  # a worker that had listed it before
    assert (Refund.objects.get().state, "refund" in life.bank.asked) == ("owed", False)
    happens(life, external_id, "win")
    refunding.refunds_send()
    assert Refund.objects.get().state == "done"
    sound()


def test_what_a_lost_dispute_took_is_not_given_back_a_second_time(pilot, life):
    external_id = paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=10 * DAY_CENTS, reason="A delay of ours.")
    happens(life, external_id, "dispute", "lose")
    refunding.refunds_send()
    assert (Refund.objects.get().state, state_of("fee"), "refund" in life.bank.asked) == ("done", "refunded", False)
    assert (ledger.balances()["refunds"], ledger.balances()["losses"]) == (0, 0)
    sound()


def test_no_bank_transfer_is_recorded_while_the_bank_decides(pilot, life):
    external_id = paid(life, "fee")
    life.bank.refunds_end = RefundStatus.REFUSED
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=50_00, reason="A delay of ours.")
    refunding.refunds_send()
    refund = refunding.refund_iban_set(refund_id=Refund.objects.get().pk, actor=life.owner, account_holder="Prova srl", iban="IT60 X054 2811 1010 0000 0123 456")
    happens(life, external_id, "dispute")
    with pytest.raises(Conflict) as refused:
        refunding.refund_transfer_record(refund_id=refund.pk, actor=life.officer, transferred_on=clock.today(), reference="MAND 1")
    assert refused.value.code == "disputed"
    happens(life, external_id, "lose")
    assert Refund.objects.get().state == "done"
    life.hear(external_id)  # the provider still says that its own refund failed
    assert Refund.objects.get().state == "done"
    sound()


def test_a_lost_fee_is_due_once_more_while_the_pilot_goes_on_and_its_gate_is_red_till_then(pilot, life):
    external_id = paid(life, "fee", "deposit")
    happens(life, external_id, "dispute")
    assert (state_of("fee"), state_of("deposit")) == ("disputed", "disputed")
    happens(life, external_id, "lose")
    assert [(cents, state) for _part, cents, state in fees()] == [(10 * DAY_CENTS, "lost"), (10 * DAY_CENTS, "due")]
    assert ledger.balances()["deposits"] == 0  # what the payer has back is not held
    assert ledger.balances()["losses"] == 10 * DAY_CENTS
    assert set(pilot.gates.filter(kind__in=["fees", "deposit"]).values_list("result", flat=True)) == {"red"}
    paid(life, "fee", "deposit")
    assert pilot.gates.get(kind="deposit").result == "green"
    lasts(pilot, 12)
    assert fees("due")[0][1] == 2 * DAY_CENTS
    sound()


def test_a_fee_that_had_gone_back_in_part_is_lost_for_the_rest(pilot, life):
    external_id = paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=50_00, reason="A delay of ours.")
    refunding.refunds_send()
    happens(life, external_id, "dispute", "lose")
    assert [(cents, state) for _part, cents, state in fees()] == [(10 * DAY_CENTS, "lost"), (10 * DAY_CENTS - 50_00, "due")]
    sound()


def test_nothing_is_decided_on_a_deposit_while_the_bank_decides_nor_after_it_was_lost(pilot, life):
    external_id = paid(life, "deposit")
    Pilot.objects.filter(pk=pilot.pk).update(state="reporting")
    key = {"charge_id": Charge.objects.get(kind="deposit", state="paid").pk, "actor": life.officer, "released_cents": 1_000_00}
    happens(life, external_id, "dispute")
    with pytest.raises(Conflict):
        deposits.deposit_decide(**key)
    happens(life, external_id, "lose")
    with pytest.raises(Conflict):
        deposits.deposit_decide(**key)
    assert (state_of("deposit"), Pilot.objects.get(pk=pilot.pk).holds_deposit) == ("lost", False)
    sound()


def test_what_was_kept_of_a_deposit_cannot_go_back_after_the_bank_took_it(pilot, life):
    external_id = paid(life, "deposit")
    Pilot.objects.filter(pk=pilot.pk).update(state="reporting")
    key = {"charge_id": Charge.objects.get(kind="deposit", state="paid").pk, "actor": life.officer}
    deposits.deposit_decide(**key, released_cents=700_00, reasons="A broken lamp.")
    refunding.refunds_send()
    happens(life, external_id, "dispute", "lose")
    with pytest.raises(DomainError):
        deposits.deposit_decide(**key, released_cents=300_00, seen=1)
    assert Refund.objects.count() == 1
    sound()


def test_a_second_dispute_that_is_lost_after_one_that_was_won_counts(pilot, life):
    external_id = paid(life, "fee")
    happens(life, external_id, "dispute", "win")
    assert state_of("fee") == "paid"
    payment = life.bank.known[external_id].payments[0]
    life.bank._paid(payment, disputed=DisputeStatus.LOST)
    life.hear(external_id)
    assert [state for _part, _cents, state in fees()] == ["lost", "due"]
    sound()


def test_a_wholly_refunded_payment_that_is_disputed_moves_nothing(pilot, life):
    external_id = paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=10 * DAY_CENTS, reason="A delay of ours.")
    refunding.refunds_send()
    happens(life, external_id, "dispute", "lose")
    assert (state_of("fee"), Payment.objects.get().disputed_cents) == ("refunded", 0)
    sound()


# --- refunds --------------------------------------------------------------------------------------------------------------------


def test_a_refund_that_fails_after_it_was_done_stays_failed_for_whoever_asked_before(pilot, life):
    external_id = paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=50_00, reason="A delay of ours.")
    refunding.refunds_send()
    before = life.bank.known[external_id]
    happens(life, external_id, "undo_refund")
    assert (Refund.objects.get().state, state_of("fee")) == ("transfer_owed", "refund_owed")
    settling.settle(before.reference, before)
    assert (Refund.objects.get().state, state_of("fee")) == ("transfer_owed", "refund_owed")
    sound()


def test_what_somebody_gave_back_by_hand_becomes_no_bank_transfer(pilot, life, monkeypatch):
    paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=50_00, reason="A delay of ours.")

    def refused(**how):
        raise Refused("amount_too_large")

    monkeypatch.setattr(life.bank, "refund", refused)
    refunding.refunds_send()
    assert (Refund.objects.get().state, Refund.objects.get().trouble) == ("owed", "amount_too_large")


def test_one_refund_that_breaks_holds_up_no_other(pilot, life, monkeypatch):
    paid(life, "fee")
    charge = Charge.objects.get(kind="fee", state="paid")
    for cents in (10_00, 20_00):
        charging.fee_give_back(charge_id=charge.pk, actor=life.officer, cents=cents, reason="A delay of ours.")
    real = life.bank.refund

    def breaks(*, amount_cents, **how):
        if amount_cents == 10_00:
            raise ZeroDivisionError
        return real(amount_cents=amount_cents, **how)

    monkeypatch.setattr(life.bank, "refund", breaks)
    refunding.refunds_send()
    assert dict(Refund.objects.values_list("amount_cents", "state")) == {10_00: "owed", 20_00: "done"}


def test_a_refund_whose_answer_was_lost_is_found_and_not_sent_again(pilot, life):
    external_id = paid(life, "fee")
    charging.fee_give_back(charge_id=Charge.objects.get(kind="fee", state="paid").pk, actor=life.officer, cents=50_00, reason="A delay of ours.")
    life.bank.trouble = "lost"
    refunding.refunds_send()
    life.bank.trouble = ""
    refunding.refunds_send()  # somebody may still be at it
    assert Refund.objects.get().state == "owed"
    with clock.travelling_to(clock.now() + 3 * MINUTE):
        refunding.refunds_send()
    assert (Refund.objects.get().state, len(life.bank.known[external_id].payments[0].refunds)) == ("done", 1)
    assert life.bank.asked.count("refund") == 1


# --- checkouts ------------------------------------------------------------------------------------------------------------------


def test_a_click_after_the_end_of_a_checkout_opens_another(pilot, life):
    life.click(life.charges("due", kind="fee"))
    with clock.travelling_to(clock.now() + 3 * HOUR):
        life.click(life.charges("checkout_open"))
        states = list(Checkout.objects.order_by("opened_at").values_list("state", flat=True))
    assert (states, state_of("fee")) == (["expired", "open"], "checkout_open")


def test_a_click_after_the_end_of_a_checkout_that_was_paid_at_the_last_moment_pays_nothing_again(pilot, life):
    life.click(life.charges("due", kind="fee"))
    life.bank.happens(list(life.bank.known)[-1], "pay")
    with clock.travelling_to(clock.now() + 3 * HOUR), pytest.raises(Conflict):
        paying.checkout_begin(charge_ids=[life.charges("checkout_open")[0].pk], actor=life.owner, language="en")
    assert (state_of("fee"), Checkout.objects.count()) == ("paid", 1)


def test_a_cancelled_checkout_that_is_just_being_opened_is_not_given_up_before_the_answer(pilot, life):
    checkout = paying.checkout_begin(charge_ids=[life.charges("due", kind="fee")[0].pk], actor=life.owner, language="en")
    life.bank.trouble = "lost"
    with pytest.raises(DomainError):
        paying.checkout_enter(checkout)
    life.bank.trouble = ""
    paying.checkout_cancel(checkout_id=checkout.pk, actor=life.owner)
    known, life.bank.known = life.bank.known, {}  # not there yet
    paying.checkouts_tidy()
    assert Checkout.objects.get().state == "closing"
    life.bank.known = known
    with clock.travelling_to(clock.now() + 4 * MINUTE):
        paying.checkouts_tidy()
    assert (Checkout.objects.get().state, [found.status for found in known.values()], state_of("fee")) == ("expired", ["expired"], "due")


def test_nobody_opens_a_checkout_that_was_cancelled_meanwhile(pilot, life):
    checkout = paying.checkout_begin(charge_ids=[life.charges("due", kind="fee")[0].pk], actor=life.owner, language="en")
    paying.checkout_cancel(checkout_id=checkout.pk, actor=life.owner)
    assert paying.checkout_enter(checkout).state == "closing"
    assert life.bank.asked == []
    paying.checkouts_tidy()
    assert state_of("fee") == "due"


def test_a_checkout_that_the_provider_does_not_know_is_given_up_and_holds_up_no_other(pilot, life):
    life.click(life.charges("due", kind="fee"))
    life.click(life.charges("due", kind="deposit"))
    forgotten, other = list(life.bank.known)
    del life.bank.known[forgotten]
    with clock.travelling_to(clock.now() + 3 * HOUR):
        paying.checkouts_tidy()
    assert sorted(Checkout.objects.values_list("state", flat=True)) == ["expired", "failed"]
    assert {charge.state for charge in life.charges() if charge.state != "withdrawn"} == {"due"}


def test_a_provider_that_is_away_for_one_checkout_is_asked_for_the_others(pilot, life, monkeypatch):
    life.click(life.charges("due", kind="fee"))
    life.click(life.charges("due", kind="deposit"))
    first, _other = list(life.bank.known)
    real = life.bank.expire

    def away(external_id, account):
        if external_id == first:
            raise Unavailable("away")
        return real(external_id, account)

    monkeypatch.setattr(life.bank, "expire", away)
    with clock.travelling_to(clock.now() + 3 * HOUR):
        paying.checkouts_tidy()
    assert sorted(Checkout.objects.values_list("state", flat=True)) == ["expired", "open"]


def test_a_connected_account_that_changes_leaves_an_open_checkout_where_it_was_opened(pilot, life):
    Payee.objects.update(account="acct_old")
    life.click(life.charges("due", kind="fee"))
    Payee.objects.update(account="acct_new")
    external_id = list(life.bank.known)[-1]
    happens(life, external_id, "pay")
    life.click(life.charges("due", kind="deposit"))
    assert [(found.account) for found in life.bank.known.values()] == ["acct_old", "acct_new"]
    assert (state_of("fee"), Payment.objects.get().account) == ("paid", "acct_old")


def test_money_of_another_sum_or_currency_pays_nothing_and_goes_back(pilot, life):
    for how in ({"amount_cents": 1_00}, {"currency": "USD"}):
        life.click(life.charges("due", kind="fee"))
        external_id = list(life.bank.known)[-1]
        life.bank._now(external_id, **how)
        happens(life, external_id, "pay")
        assert state_of("fee") == "due"
    assert sorted(Refund.objects.values_list("amount_cents", "reason")) == [(1_00, "amount"), (10 * DAY_CENTS, "amount")]


def test_a_second_checkout_that_the_provider_opened_for_us_decides_nothing_but_its_money_counts(pilot, life):
    life.click(life.charges("due", kind="fee"))
    first = list(life.bank.known)[-1]
    twin = life.bank.known[first].__class__(**{**vars(life.bank.known[first]), "external_id": "bank_twin", "url": "https://bank.example/twin"})
    life.bank.known["bank_twin"] = twin
    happens(life, "bank_twin", "expire")
    assert (Checkout.objects.get().state, Checkout.objects.get().external_id) == ("open", first)
    life.bank.known["bank_twin"] = twin
    happens(life, "bank_twin", "pay")
    assert state_of("fee") == "paid"
    happens(life, first, "pay")
    assert list(Refund.objects.values_list("amount_cents", "reason")) == [(10 * DAY_CENTS, "twice")]
    sound()


# --- events ---------------------------------------------------------------------------------------------------------------------


def test_one_event_that_breaks_holds_up_no_other_and_is_tried_again(pilot, life, monkeypatch):
    life.click(life.charges("due", kind="fee"))
    life.click(life.charges("due", kind="deposit"))
    first, other = list(life.bank.known)
    real = life.bank.fetch

    def breaks(external_id, account):
        if external_id == first:
            raise ZeroDivisionError("whatever")
        return real(external_id, account)

    monkeypatch.setattr(life.bank, "fetch", breaks)
    life.bank.happens(other, "pay") or pytest.fail()
    life.hear(first)
    life.hear(other)
    broken = ProviderEvent.objects.get(handled_at__isnull=True)
    assert (broken.object_id, broken.attempts, broken.error) == (first, 1, "ZeroDivisionError: whatever")
    assert state_of("deposit") == "paid"
    monkeypatch.undo()


def test_the_fact_of_a_failing_consumer_comes_again(pilot, monkeypatch):
    def breaks(**how):
        raise ZeroDivisionError

    monkeypatch.setattr("citylab.payments.tasks.charging.charges_bring_up", breaks)
    Pilot.objects.filter(pk=pilot.pk).update(ends_on=pilot.starts_on + timedelta(days=11))
    message = outbox.publish("pilot.dates_changed", pilot.pk, note=0)
    OutboxMessage.objects.exclude(pk=message.pk).delete()
    monkeypatch.setattr("citylab.pilots.tasks.handle_news", lambda key, payload: None)
    outbox.drain()
    monkeypatch.undo()
    assert fees("due")[0][1] == 10 * DAY_CENTS
    monkeypatch.setattr("citylab.pilots.tasks.handle_news", lambda key, payload: None)
    with clock.travelling_to(clock.now() + MINUTE):
        outbox.drain()
    assert fees("due")[0][1] == 12 * DAY_CENTS
