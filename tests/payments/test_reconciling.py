"""Comparing with the providers: every difference is found and told apart, what is safe is repaired, and nothing is repaired by guessing."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from citylab.core import clock
from citylab.payments import ledger, providers, reconciling
from citylab.payments.models import Charge, Checkout, Difference, LedgerEntry, Payment, ProviderEvent, ReconcileRun, Refund, SandboxCheckout
from citylab.payments.providers import CheckoutStatus, DisputeStatus, RefundFound, RefundStatus
from citylab.payments.services import charging, paying, refunding
from citylab.payments.tasks import reconcile as nightly
from tests import factories

from .living import begun, charge, chosen, money_pilot, notice_paid, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return factories.city()


@pytest.fixture
def pilot(people):
    return money_pilot(people)


@pytest.fixture
def theirs(monkeypatch):
    """What the test provider is made to say of every checkout: fields to replace, of the checkout or of its payment; or `away`."""
    said = SimpleNamespace(checkout={}, payment={}, away=False, hidden=False)
    real = providers.provider("test")

    def told(found):
        payments = tuple(replace(payment, **said.payment) for payment in found.payments)
        return replace(found, **{"payments": payments, **said.checkout})

    class Told:
        def __getattr__(self, name):
            return getattr(real, name)

        def fetch(self, external_id, account):
            if said.hidden:
                raise providers.Refused("unknown")
            return told(real.fetch(external_id, account))

        def checkouts(self, first, last, account):
            if said.away:
                raise providers.Unavailable("no answer")
            return iter([] if said.hidden else [told(found) for found in real.checkouts(first, last, account)])

    monkeypatch.setattr(providers, "provider", lambda code: Told() if code == "test" else _provider(code))
    return said


_provider = providers.provider


def run(*, repair=False, first=None, last=None):
    today = clock.today()
    return reconciling.reconcile(first=first or today - timedelta(days=7), last=last or today, repair=repair)


def codes(made):
    """Each difference with whether it may be repaired and whether it was."""
    return [(found.code, found.is_repairable, found.is_repaired) for found in made.differences.all()]


def only(made):
    (found,) = made.differences.all()
    return found


SAFE, NEVER = (True, False), (False, False)


def test_what_is_in_step_has_no_difference(pilot):
    paid(pilot, "fee")
    begun(pilot, "deposit")
    made = run()
    assert (codes(made), made.compared, made.finished_at is not None) == ([], 2, True)


# --- what is repaired --------------------------------------------------------------------------------------------------------


def test_an_event_that_never_arrived_is_found_and_repaired(pilot):
    checkout = begun(pilot, "fee")
    chosen(checkout, "pay", told=False)
    assert codes(run()) == [("event_missed", *SAFE), ("checkout_behind", *SAFE)]
    assert charge(pilot, "fee").state == "checkout_open"
    made = run(repair=True)
    assert [found.is_repaired for found in made.differences.all()] == [True, True]
    assert (charge(pilot, "fee").state, ProviderEvent.objects.get().outcome, ledger.unbalanced()) == ("paid", "acted", [])


def test_a_second_repair_finds_nothing_and_changes_nothing(pilot):
    chosen(begun(pilot, "fee"), "pay", told=False)
    run(repair=True)
    entries = LedgerEntry.objects.count()
    assert codes(run(repair=True)) == []
    assert (LedgerEntry.objects.count(), Payment.objects.count(), ProviderEvent.objects.count()) == (entries, 1, 1)


@pytest.mark.parametrize(
    ("outcome", "state", "owed"), [("pay", "paid", "paid"), ("pay_later", "processing", "processing"), ("expire", "expired", "due")]
)  # fmt: skip
def test_a_checkout_that_the_provider_is_further_with_is_brought_into_step(pilot, outcome, state, owed):
    checkout = begun(pilot, "fee")
    if outcome == "expire":
        SandboxCheckout.objects.update(status="expired")
    else:
        chosen(checkout, outcome, told=False)
        SandboxCheckout.objects.update(told=[])
    found = only(run())
    assert (found.code, found.is_repairable, found.data["ours_state"], found.data["theirs_state"]) == ("checkout_behind", True, "open", state)
    assert codes(run(repair=True)) == [("checkout_behind", True, True)]
    assert (Checkout.objects.get().state, charge(pilot, "fee").state) == (state, owed)


def test_a_checkout_whose_first_answer_was_lost_is_found_by_our_identifier(pilot):
    checkout = begun(pilot, "fee")
    chosen(checkout, "pay", told=False)
    SandboxCheckout.objects.update(told=[])
    long_ago = clock.now() - timedelta(minutes=10)
    Checkout.objects.filter(pk=checkout.pk).update(state="creating", external_id="", opened_at=long_ago, asked_at=long_ago)
    assert codes(run(repair=True)) == [("checkout_behind", True, True)]
    assert (Checkout.objects.get().state, Checkout.objects.get().external_id, charge(pilot, "fee").state) == ("paid", checkout.external_id, "paid")


def test_money_that_came_a_second_time_is_found_and_owed_back(pilot, people):
    checkout = begun(money_pilot(people, code="po", provider="notice"), "fee")
    notice_paid(checkout)
    notice_paid(checkout, "IUR-2", told=False)
    assert codes(run()) == [("event_missed", *SAFE), ("payment_missing", *SAFE)]
    run(repair=True)
    assert list(Refund.objects.values_list("amount_cents", "reason", "state")) == [(250_00, "twice", "transfer_owed")]


def test_a_fee_that_became_known_later_is_written(pilot, theirs):
    theirs.payment = {"fee_cents": None}
    paid(pilot, "fee")
    theirs.payment = {"fee_cents": 4_00}
    found = only(run())
    assert (found.code, found.is_repairable, found.data["theirs_cents"]) == ("fee_missing", True, 4_00)
    run(repair=True)
    assert (Payment.objects.get().fee_cents, ledger.balances()["provider_fees"]) == (4_00, 4_00)


def test_a_dispute_that_we_were_not_told_of_is_recorded(pilot):
    chosen(paid(pilot, "fee"), "dispute", told=False)
    SandboxCheckout.objects.update(told=[])
    ProviderEvent.objects.all().delete()
    found = only(run(repair=True))
    assert (found.code, found.is_repaired, found.data["theirs_state"]) == ("dispute_not_recorded", True, "open")
    assert (charge(pilot, "fee").state, ledger.balances()["disputed"]) == ("disputed", 250_00)


def given_back(pilot, people, *, sent=True):
    """A refund of half of the fee."""
    paid(pilot, "fee")
    refund = charging.fee_give_back(charge_id=charge(pilot, "fee").pk, actor=people.officer, cents=125_00, reason="Half was enough.")
    if sent:
        refunding.refunds_send()
    return refund


def test_a_refund_that_the_provider_is_further_with_is_brought_into_step(pilot, people):
    refund = given_back(pilot, people, sent=False)
    payment = Payment.objects.get()
    providers.provider("test").refund(payment_id=payment.external_id, amount_cents=125_00, reference=str(refund.pk), account="")
    found = only(run(repair=True))
    assert (found.code, found.is_repaired, found.data["ours_state"], found.data["theirs_state"]) == ("refund_behind", True, "owed", "done")
    assert (Refund.objects.get().state, ledger.balances().get("refunds", 0)) == ("done", 0)


def test_a_refund_that_failed_after_all_becomes_a_bank_transfer(pilot, people):
    given_back(pilot, people)
    record = SandboxCheckout.objects.get()
    record.refunds[0]["status"] = "refused"
    record.save()
    assert codes(run(repair=True)) == [("refund_behind", True, True)]
    assert Refund.objects.get().state == "transfer_owed"


# --- what somebody must look at ------------------------------------------------------------------------------------------------


def test_a_checkout_with_an_identifier_of_ours_that_we_do_not_know_is_named(pilot):
    begun(pilot, "fee")
    SandboxCheckout.objects.create(
        external_id="test_stranger", reference="9b2f0a52-54a3-4d5c-8a3a-2f6d9c1f0000", status="open", amount_cents=5_00, items=[], payee_name="a", language="it", created_at=clock.now()
    )
    found = only(run(repair=True))
    assert (found.code, found.is_repairable, found.data["external_id"], found.data["theirs_cents"]) == ("checkout_unknown", False, "test_stranger", 5_00)


def test_a_checkout_of_another_shop_in_the_same_account_is_no_business_of_ours(pilot, theirs):
    begun(pilot, "fee")
    SandboxCheckout.objects.create(external_id="test_shop", reference="", status="open", amount_cents=5_00, items=[], payee_name="a", language="it", created_at=clock.now())
    assert codes(run()) == []


def test_a_checkout_that_the_provider_does_not_know_is_named(pilot, theirs):
    begun(pilot, "fee")
    theirs.hidden = True
    assert codes(run(repair=True)) == [("checkout_missing", *NEVER)]


def test_a_checkout_that_we_hold_for_paid_and_the_provider_does_not_is_never_repaired(pilot, theirs):
    paid(pilot, "fee")
    theirs.checkout = {"status": CheckoutStatus.OPEN, "payments": ()}
    assert codes(run(repair=True)) == [("checkout_ahead", *NEVER), ("payment_unknown", *NEVER)]
    assert charge(pilot, "fee").state == "paid"


@pytest.mark.parametrize(
    ("where", "changes", "code"),
    [
        ("checkout", {"amount_cents": 9_99}, "checkout_amount_differs"),
        ("checkout", {"currency": "USD"}, "checkout_amount_differs"),
        ("payment", {"amount_cents": 9_99}, "payment_amount_differs"),
        ("payment", {"fee_cents": 9_99}, "fee_differs"),
        ("payment", {"refunds": (RefundFound(external_id="re_1", reference="", amount_cents=1_00, status=RefundStatus.DONE),)}, "refund_unknown"),
    ],
)  # fmt: skip
def test_what_differs_in_amount_or_came_from_elsewhere_is_named_and_left(pilot, theirs, where, changes, code):
    paid(pilot, "fee")
    before = list(LedgerEntry.objects.values_list("account", "amount_cents"))
    setattr(theirs, where, changes)
    assert codes(run(repair=True)) == [(code, *NEVER)]
    assert list(LedgerEntry.objects.values_list("account", "amount_cents")) == before


def test_a_refund_from_elsewhere_that_was_refused_moved_no_money(pilot, theirs):
    paid(pilot, "fee")
    theirs.payment = {"refunds": (RefundFound(external_id="re_1", reference="", amount_cents=1_00, status=RefundStatus.REFUSED),)}
    assert codes(run()) == []


def test_a_refund_that_the_provider_does_not_have_is_named(pilot, people, theirs):
    given_back(pilot, people)
    theirs.payment = {"refunds": ()}
    assert codes(run(repair=True)) == [("refund_missing", *NEVER)]


def test_a_refund_of_another_amount_is_named(pilot, people, theirs):
    refund = given_back(pilot, people)
    theirs.payment = {"refunds": (RefundFound(external_id=refund.external_id or "re_1", reference=str(refund.pk), amount_cents=1_00, status=RefundStatus.DONE),)}
    assert codes(run(repair=True)) == [("refund_amount_differs", *NEVER)]


def test_money_that_went_back_both_ways_is_named(pilot, people):
    refund = given_back(pilot, people)
    Refund.objects.filter(pk=refund.pk).update(state="transferred")
    assert codes(run(repair=True)) == [("refund_twice", *NEVER)]


def test_a_refund_that_waits_too_long_is_named_however_old_its_payment_is(pilot, people):
    given_back(pilot, people, sent=False)
    old = clock.now() - timedelta(days=60)
    Checkout.objects.update(opened_at=old)
    SandboxCheckout.objects.update(created_at=old, told=[])
    Payment.objects.update(received_at=old)
    Refund.objects.update(owed_at=clock.now() - timedelta(days=13))
    assert codes(run()) == []
    Refund.objects.update(owed_at=clock.now() - timedelta(days=20))
    found = only(run())
    assert (found.code, found.is_repairable, found.data["days"]) == ("refund_pending", False, 20)


def test_a_dispute_that_was_decided_otherwise_is_named(pilot, theirs):
    chosen(paid(pilot, "fee"), "dispute")
    theirs.payment = {"disputed": DisputeStatus.NONE}
    assert codes(run(repair=True)) == [("dispute_differs", *NEVER)]


# --- our own books -----------------------------------------------------------------------------------------------------------


def test_a_charge_that_says_other_than_the_ledger_is_named(pilot):
    Charge.objects.filter(kind="fee").update(state="paid")
    found = only(run(repair=True))
    assert (found.code, found.is_repairable, found.pilot) == ("receivable_differs", False, pilot.pk)
    assert (found.data["ours_cents"], found.data["theirs_cents"]) == (0, 250_00)


def test_a_deposit_that_the_ledger_does_not_hold_is_named(pilot):
    paid(pilot, "deposit")
    Charge.objects.filter(kind="deposit").update(state="refunded")
    found = only(run(repair=True))
    assert (found.code, found.data["ours_cents"], found.data["theirs_cents"]) == ("deposit_differs", 0, 1_000_00)


def test_refunds_that_the_ledger_does_not_owe_are_named(pilot, people):
    refund = given_back(pilot, people)
    Refund.objects.filter(pk=refund.pk).update(state="transfer_owed")
    found = [one.code for one in run(repair=True).differences.all()]
    assert found == ["refund_behind", "refunds_differ"]


def test_entries_that_do_not_sum_to_zero_are_named(pilot, monkeypatch):
    """The database refuses them; one that was written before it did is found all the same."""
    monkeypatch.setattr(ledger, "unbalanced", lambda: [("charge:1:made", 1)])
    found = only(run(repair=True))
    assert (found.code, found.is_repairable, found.data) == ("ledger_unbalanced", False, {"key": "charge:1:made", "ours_cents": 1})


# --- who is away, and how it is told -------------------------------------------------------------------------------------------


def test_a_provider_that_is_away_is_said_and_nothing_counts_as_fine(pilot, theirs):
    chosen(begun(pilot, "fee"), "pay", told=False)
    theirs.away = True
    found = only(run(repair=True))
    assert (found.code, found.provider, found.is_repairable, found.is_repaired, found.data["trouble"]) == ("provider_away", "test", False, False, "no answer")
    assert charge(pilot, "fee").state == "checkout_open"


def test_a_provider_that_goes_away_during_the_repair_leaves_its_differences_open(pilot, theirs, monkeypatch):
    chosen(begun(pilot, "fee"), "pay", told=False)
    mend = reconciling._mend

    def then_away(finding):
        mend(finding)
        theirs.away = True

    monkeypatch.setattr(reconciling, "_mend", then_away)
    made = run(repair=True)
    assert [(found.code, found.is_repaired) for found in made.differences.all()] == [("event_missed", False), ("checkout_behind", False), ("provider_away", False)]


def test_every_account_of_the_provider_is_compared(people):
    chosen(begun(money_pilot(people, account="acct_1Partner"), "fee"), "pay", told=False)
    assert {(found.code, found.account) for found in run(repair=True).differences.all()} == {("event_missed", "acct_1Partner"), ("checkout_behind", "acct_1Partner")}
    assert Charge.objects.get(kind="fee").state == "paid"


def test_only_the_days_that_were_asked_for_are_compared_and_what_is_still_open(pilot):
    paid(pilot, "fee")
    begun(pilot, "deposit")
    tomorrow = clock.today() + timedelta(days=1)
    assert run(first=tomorrow, last=tomorrow).compared == 1
    earlier = clock.today() - timedelta(days=3)
    assert run(first=earlier, last=earlier).compared == 0


def test_one_that_cannot_be_repaired_stops_no_other(pilot, people, monkeypatch):
    other = money_pilot(people, code="po")
    for one in (pilot, other):
        chosen(begun(one, "fee"), "pay", told=False)
    SandboxCheckout.objects.update(told=[])
    first = Checkout.objects.order_by("pk").first()
    settle = reconciling.settle

    def stubborn(pk, found):
        if pk == first.pk:
            raise providers.Unavailable("no answer")
        return settle(pk, found)

    monkeypatch.setattr(reconciling, "settle", stubborn)
    assert sorted(found.is_repaired for found in run(repair=True).differences.all()) == [False, True]


def test_the_command_ends_with_one_where_differences_remain(pilot, capsys):
    chosen(begun(pilot, "fee"), "pay", told=False)
    with pytest.raises(CommandError, match="2 of 2 differences remain") as ended:
        call_command("reconcile_payments")
    assert ended.value.returncode == 1
    assert "event_missed [test] event=event_test_" in capsys.readouterr().out
    call_command("reconcile_payments", "--repair")
    assert "repaired event_missed" in capsys.readouterr().out
    call_command("reconcile_payments", "--from", str(clock.today()), "--to", str(clock.today()))
    assert "no difference." in capsys.readouterr().out


def test_the_command_refuses_a_period_that_ends_before_it_begins():
    with pytest.raises(CommandError, match="The first day comes after the last"):
        call_command("reconcile_payments", "--from", "2027-02-02", "--to", "2027-02-01")
    assert not ReconcileRun.objects.exists()


def test_every_night_the_days_before_are_compared_and_repaired(pilot, caplog):
    chosen(begun(pilot, "fee"), "pay", told=False)
    long_ago = clock.now() - timedelta(days=1)
    Checkout.objects.update(opened_at=long_ago)
    SandboxCheckout.objects.update(created_at=long_ago, told=[])
    assert (nightly(), charge(pilot, "fee").state) == (0, "paid")
    made = ReconcileRun.objects.get()
    assert (made.last, made.repairs, made.started_by) == (clock.today() - timedelta(days=1), True, None)
    Charge.objects.filter(kind="fee").update(state="due")
    assert nightly() == 1 and "receivable_differs" in caplog.text


def test_every_difference_has_its_cause_and_what_to_do_in_words(pilot):
    made = ReconcileRun.objects.create(first=clock.today(), last=clock.today(), repairs=False, started_at=clock.now())
    for code in reconciling.CAUSES:
        assert str(reconciling.cause(Difference(run=made, code=code))).endswith(".")
        assert str(reconciling.advice(Difference(run=made, code=code, is_repairable=False))).endswith(".")
    assert reconciling.advice(Difference(run=made, code="fee_missing", is_repairable=True)) == "Repairing brings it into step."
    assert reconciling.advice(Difference(run=made, code="fee_missing", is_repairable=True, is_repaired=True)) == "Repaired."


def test_a_checkout_that_the_sweeper_will_end_is_no_difference(pilot):
    checkout = paying.checkout_begin(charge_ids=[charge(pilot, "fee").pk], actor=factories.owner_of(pilot.organisation), language="en")
    Checkout.objects.filter(pk=checkout.pk).update(opened_at=clock.now() - timedelta(hours=1))
    assert codes(run()) == []
