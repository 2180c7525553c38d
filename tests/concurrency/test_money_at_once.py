"""Two people, two workers, or a person and a worker reach for the same money at the same moment: it moves once, and the books agree."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from citylab.audit.verifying import verify
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.payments import providers, reconciling
from citylab.payments.models import Charge, Checkout, Payment, ProviderEvent, Receipt, ReceiptCounter, Refund, SandboxCheckout
from citylab.payments.providers import sandbox, signing
from citylab.payments.services import charging, deposits, events, paying, refunding, settling
from citylab.pilots.models import Pilot
from tests import factories
from tests.payments.books import sound

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


@pytest.fixture(autouse=True)
def alone(asleep, monkeypatch):
    for room in (events, paying, refunding):
        monkeypatch.setattr(room, "_nudge", lambda: None)


def running_pilot(code="dora"):
    """Its fee grows with its dates; its deposit is 1,000 euro. All have the same payee."""
    site = factories.site(code)
    since = clock.today() - timedelta(days=400)
    factories.area_fee(site, "2.00", valid_from=since)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=since)
    pilot = factories.pilot_in("preparation", at=site)
    charging.charges_bring_up(pilot_id=pilot.pk)
    return pilot


def due(pilot, kind="fee"):
    return Charge.objects.filter(pilot=pilot, kind=kind, state="due").get()


def one_day_more(pilot):
    """The fee for one more day is due."""
    pilot.ends_on += timedelta(days=1)
    Pilot.objects.filter(pk=pilot.pk).update(ends_on=pilot.ends_on)
    charging.charges_bring_up(pilot_id=pilot.pk)


def click(charge, owner):
    return lambda: paying.checkout_enter(paying.checkout_begin(charge_ids=[charge.pk], actor=owner, language="it"))


def told(results):
    return sorted(result.code for result in results if isinstance(result, DomainError))


def pays(checkout, outcome="pay"):
    return signing.signed(sandbox.choose(checkout.external_id, outcome))


def refetched(checkout):
    """As the reconcile does: ask, then write."""
    settling.settle(checkout.pk, providers.provider(checkout.provider).fetch(checkout.external_id, checkout.account))


def paid(pilot, kind):
    checkout = click(due(pilot, kind), factories.owner_of(pilot.organisation))()
    events.event_receive("test", *pays(checkout))
    events.events_handle()
    return checkout


def test_clicks_on_pay_open_one_checkout(together):
    pilot = running_pilot()
    owner, colleague = factories.owner_of(pilot.organisation), factories.member(pilot.organisation)
    for turn in range(1, ROUNDS + 1):
        charge = due(pilot)
        results = together(*(click(charge, who) for who in (owner, owner, colleague)))
        assert {(result.pk, result.state) for result in results} == {(Checkout.objects.latest("opened_at").pk, "open")}
        assert Checkout.objects.count() == SandboxCheckout.objects.count() == turn
        together(*(lambda: paying.checkout_cancel(checkout_id=results[0].pk, actor=owner) for _turn in range(2)))
        together(paying.checkouts_tidy, paying.checkouts_tidy)
    sound()
    assert verify() == []


def test_overlapping_choices_at_once_pay_each_sum_once(together):
    pilot = running_pilot()
    owner = factories.owner_of(pilot.organisation)
    for _turn in range(ROUNDS):
        fee, deposit = due(pilot), due(pilot, "deposit")
        both = lambda: paying.checkout_enter(paying.checkout_begin(charge_ids=[fee.pk, deposit.pk], actor=owner, language="it"))
        results = together(both, click(deposit, owner), both)
        assert set(told(results)) == {"being_paid"}
        sound()
        for checkout in Checkout.objects.filter(state="open"):
            paying.checkout_cancel(checkout_id=checkout.pk, actor=owner)
        paying.checkouts_tidy()


def test_the_return_page_the_webhook_two_workers_and_the_reconcile_write_a_payment_once(together):
    pilot = running_pilot()
    owner = factories.owner_of(pilot.organisation)
    for turn in range(1, ROUNDS + 1):
        checkout = click(due(pilot), owner)()
        webhook = pays(checkout)
        back = Client()
        back.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")

        def arrives(webhook=webhook):
            events.event_receive("test", *webhook)
            events.events_handle()

        together(
            arrives, arrives, events.events_handle, lambda c=checkout: refetched(c), lambda c=checkout, b=back: b.get(reverse("portal:payment", args=[c.pk])).status_code
        )  # fmt: skip
        assert Payment.objects.count() == Receipt.objects.count() == ProviderEvent.objects.count() == turn
        assert Charge.objects.filter(kind="fee", state="paid").count() == turn
        one_day_more(pilot)
    sound()
    assert verify() == []


def test_a_reconcile_that_repairs_while_the_webhook_arrives_writes_a_payment_once(together):
    pilot = running_pilot()
    owner = factories.owner_of(pilot.organisation)
    today = clock.today()
    for turn in range(1, ROUNDS + 1):
        webhook = pays(click(due(pilot), owner)())

        def arrives(webhook=webhook):
            events.event_receive("test", *webhook)
            events.events_handle()

        together(arrives, *(lambda: reconciling.reconcile(first=today, last=today, repair=True) for _turn in range(2)))
        assert Payment.objects.count() == Receipt.objects.count() == ProviderEvent.objects.count() == turn
        assert Charge.objects.filter(kind="fee", state="paid").count() == turn
        one_day_more(pilot)
    left = reconciling.reconcile(first=today, last=today)
    assert (left.differences.count(), verify()) == (0, [])
    sound()


def test_a_deposit_that_two_officers_release_goes_back_once_whoever_sends_it(together):
    pilot = running_pilot()
    officer, colleague = factories.person("officer"), factories.person("officer")
    paid(pilot, "deposit")
    Pilot.objects.filter(pk=pilot.pk).update(state="reporting")
    charge = Charge.objects.get(kind="deposit")
    for turn in range(ROUNDS):

        def release(who, turn=turn):
            return lambda: deposits.deposit_decide(charge_id=charge.pk, actor=who, released_cents=100_00, reasons="Un lampione rotto.", seen=turn)

        results = together(release(officer), release(colleague))
        assert told(results) == ["decided_meanwhile"]
        together(*[refunding.refunds_send] * 3)
        assert len(SandboxCheckout.objects.get().refunds) == Refund.objects.filter(state="done").count() == turn + 1
    sound()
    assert verify() == []


def test_two_offices_giving_back_the_same_fee_never_give_back_more_than_was_paid(together):
    pilot = running_pilot()
    officer, colleague = factories.person("officer"), factories.person("officer")
    for _turn in range(ROUNDS):
        paid(pilot, "fee")
        charge = Charge.objects.filter(kind="fee", state="paid").get()
        share = charge.amount_cents * 2 // 3

        def give(who, charge=charge, share=share):
            return lambda: charging.fee_give_back(charge_id=charge.pk, actor=who, cents=share, reason="Per accordo.")

        results = together(give(officer), give(colleague), refunding.refunds_send)
        assert told(results) == ["refund_exceeds"]
        refunding.refunds_send()
        one_day_more(pilot)
    sound()


def test_waived_or_paid_but_never_both(together):
    pilot = running_pilot()
    owner, officer = factories.owner_of(pilot.organisation), factories.person("officer")
    for turn in range(ROUNDS):
        charge = due(pilot)
        checkout = click(charge, owner)() if turn % 2 else None

        def pay(checkout=checkout, charge=charge):
            entered = checkout or click(charge, owner)()
            if entered.external_id:  # otherwise it was waived before the provider was asked
                events.event_receive("test", *pays(entered))
                events.events_handle()

        def waive(charge=charge):
            charging.charge_waive(charge_id=charge.pk, actor=officer, act="DGC 1/2027", reason="Interesse pubblico.")

        together(pay, waive, paying.checkouts_tidy) if checkout is None else together(pay, waive)
        events.events_handle()
        state = Charge.objects.values_list("state", flat=True).get(pk=charge.pk)
        back = Refund.objects.filter(payment__checkout__lines__charge=charge, charge__isnull=True).count()
        assert (state, back) in {("paid", 0), ("waived", 1), ("waived", 0)}
        one_day_more(pilot)
    sound()
    assert verify() == []


def test_cancelling_and_sweeping_while_somebody_pays_loses_nothing(together):
    pilot = running_pilot()
    owner = factories.owner_of(pilot.organisation)
    for _turn in range(ROUNDS):
        charge = due(pilot)
        checkout = click(charge, owner)()

        def pay(checkout=checkout):
            event = sandbox.choose(checkout.external_id, "pay")
            if event:
                events.event_receive("test", *signing.signed(event))
                events.events_handle()

        together(pay, lambda c=checkout: paying.checkout_cancel(checkout_id=c.pk, actor=owner), paying.checkouts_tidy)
        paying.checkouts_tidy()
        events.events_handle()
        state = Charge.objects.values_list("state", flat=True).get(pk=charge.pk)
        assert (state, SandboxCheckout.objects.get(external_id=checkout.external_id).status) in {("paid", "paid"), ("due", "expired")}
        if state == "paid":
            one_day_more(pilot)
    sound()


def test_receipts_of_payments_at_once_are_numbered_without_a_gap(together):
    pilots = [running_pilot(code) for code in ("dora", "parco", "piazza")]
    for _turn in range(ROUNDS // 2):
        checkouts = [click(due(pilot), factories.owner_of(pilot.organisation))() for pilot in pilots]
        for checkout in checkouts:
            sandbox.choose(checkout.external_id, "pay")
        together(*(lambda c=checkout: refetched(c) for checkout in checkouts))
        for pilot in pilots:
            one_day_more(pilot)
    numbers = list(Receipt.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, ReceiptCounter.objects.get().last + 1)) and len(numbers) == 3 * (ROUNDS // 2)
    sound()
