"""Whatever people, the provider and the banks do, in whatever order we hear of it: no cent is lost or doubled, and the books agree."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.core.models import OutboxMessage
from citylab.payments.models import Charge, Checkout, Payment, Refund
from citylab.payments.providers import CheckoutFound, RefundStatus
from citylab.payments.services import charging, deposits, events, paying, refunding, settling
from citylab.pilots.models import Pilot
from tests import factories

from .bank import Bank
from .books import sound, standing

pytestmark = pytest.mark.django_db

# After these the tasks of wiring.py follow.
FOLLOWED = ("charge.pay", "charge.close_checkout", "charge.win_dispute")


@pytest.fixture
def pilot():
    """On a site with a fee by area and a deposit, both of one payee."""
    site = factories.site("dora")
    since = clock.today() - timedelta(days=400)
    factories.area_fee(site, "2.00", valid_from=since)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=since)
    made = factories.pilot_in("preparation", at=site)
    charging.charges_bring_up(pilot_id=made.pk)
    OutboxMessage.objects.all().delete()
    return made


class Life:
    """What people and machines do to the money of one pilot; refusals are part of life."""

    def __init__(self, pilot: Any, bank: Bank) -> None:
        self.pilot, self.bank = pilot, bank
        self.owner = factories.owner_of(pilot.organisation)
        self.officer = factories.person("officer")
        self.answers: list[tuple[Any, CheckoutFound]] = []

    def tries(self, act: Any, /, *arguments: Any, **how: Any) -> Any:
        try:
            with transaction.atomic():
                return act(*arguments, **how)
        except DomainError:
            return None

    def charges(self, *states: str, **which: Any) -> list[Charge]:
        found = Charge.objects.filter(pilot=self.pilot, payee__isnull=False, **which)
        return list(found.filter(state__in=states) if states else found)

    def click(self, charges: list[Charge]) -> None:
        checkout = self.tries(paying.checkout_begin, charge_ids=[charge.pk for charge in charges], actor=self.owner, language="it")
        if checkout:
            self.tries(paying.checkout_enter, checkout)

    def hear(self, external_id: str, *, again: bool = False) -> None:
        events.event_store("test", self.bank.event(external_id, again=again))
        events.events_handle()

    def follow(self) -> None:
        """What the outbox would have the money room do."""
        for message in OutboxMessage.objects.filter(topic__in=FOLLOWED, done_at__isnull=True).order_by("pk"):
            charging.charge_follow(charge_id=message.key)
            OutboxMessage.objects.filter(pk=message.pk).update(done_at=clock.now())

    def settle_down(self) -> None:
        """Everything that is still on its way arrives."""
        self.bank.trouble = ""
        for external_id, found in self.bank.known.items():
            for payment in found.payments:
                if payment.disputed == "open":
                    self.bank.happens(external_id, "lose" if len(self.bank.asked) % 2 else "win")
            while self.bank.happens(external_id, "finish_refund"):
                pass
        for _turn in range(4):
            with clock.travelling_to(clock.now() + timedelta(days=1)):
                for external_id in list(self.bank.known):
                    self.hear(external_id)
                paying.checkouts_tidy()
                refunding.refunds_send()
                self.follow()
                for external_id in list(self.bank.known):
                    while self.bank.happens(external_id, "finish_refund"):
                        pass


def machine(pilot: Any, bank: Bank) -> type[RuleBasedStateMachine]:
    class Anything(RuleBasedStateMachine):
        """Each example begins with the same unpaid charges and is taken back afterwards."""

        def __init__(self) -> None:
            super().__init__()
            self.block = transaction.atomic()
            self.block.__enter__()
            self.now = clock.travelling_to(clock.now())
            self.now.__enter__()
            bank.known.clear()
            bank.trouble, bank.refunds_end = "", RefundStatus.DONE
            self.life = Life(pilot, bank)

        @rule(data=st.data(), trouble=st.sampled_from(["", "", "", "lost", "away", "refuses"]))
        def somebody_clicks_on_pay(self, data: Any, trouble: str) -> None:
            choices = self.life.charges("due", "checkout_open", "processing")
            if choices:
                bank.trouble = trouble
                self.life.click(data.draw(st.sampled_from([choices, *([one] for one in choices), *map(list, combinations(choices, 2))])))
                bank.trouble = ""

        @initialize(kinds=st.sampled_from([[], ["fee"], ["deposit"], ["fee", "deposit"]]))
        def something_may_be_paid_already(self, kinds: list[str]) -> None:
            self.somebody_pays_at_once(kinds)

        @rule(kinds=st.sampled_from([["fee"], ["deposit"], ["fee", "deposit"]]))
        def somebody_pays_at_once(self, kinds: list[str]) -> None:
            self.life.click(self.life.charges("due", kind__in=kinds))
            for external_id in bank.known:
                if bank.happens(external_id, "pay"):
                    self.life.hear(external_id)

        @precondition(lambda self: any(map(bank.possible, bank.known)))
        @rule(data=st.data(), heard=st.booleans(), facts=st.integers(1, 3))
        def something_happens_there(self, data: Any, heard: bool, facts: int) -> None:
            external_id = data.draw(st.sampled_from(sorted(filter(bank.possible, bank.known))))
            for _fact in range(facts):
                if bank.possible(external_id):
                    bank.happens(external_id, data.draw(st.sampled_from(bank.possible(external_id))))
            if heard:
                self.life.hear(external_id)

        @precondition(lambda self: bank.known)
        @rule(data=st.data())
        def an_event_comes_again(self, data: Any) -> None:
            self.life.hear(data.draw(st.sampled_from(sorted(bank.known))), again=True)

        @precondition(lambda self: bank.known)
        @rule(data=st.data())
        def a_worker_asks_and_then_dawdles(self, data: Any) -> None:
            found = bank.known[data.draw(st.sampled_from(sorted(bank.known)))]
            self.life.answers.append((found.reference, found))

        @precondition(lambda self: self.life.answers)
        @rule(data=st.data())
        def a_dawdling_worker_writes_what_it_heard(self, data: Any) -> None:
            settling.settle(*data.draw(st.sampled_from(self.life.answers)))

        @rule(hours=st.sampled_from([0, 0, 3]), trouble=st.sampled_from(["", "", "lost", "away"]))
        def the_sweepers_pass(self, hours: int, trouble: str) -> None:
            self.now.__exit__(None, None, None)
            self.now = clock.travelling_to(clock.now() + timedelta(hours=hours, minutes=4))
            self.now.__enter__()
            bank.trouble = trouble
            paying.checkouts_tidy()
            refunding.refunds_send()
            bank.trouble = ""
            self.life.follow()

        @rule(data=st.data())
        def the_payer_cancels(self, data: Any) -> None:
            checkouts = list(Checkout.objects.filter(pilot=pilot).order_by("opened_at", "pk"))
            if checkouts:
                self.life.tries(paying.checkout_cancel, checkout_id=data.draw(st.sampled_from(checkouts)).pk, actor=self.life.owner)

        @rule(data=st.data())
        def an_officer_waives(self, data: Any) -> None:
            charge = data.draw(st.sampled_from(self.life.charges()))
            self.life.tries(charging.charge_waive, charge_id=charge.pk, actor=self.life.officer, act="DGC 1/2027", reason="Interesse pubblico.")

        @rule(days=st.integers(1, 90))
        def the_dates_change(self, days: int) -> None:
            first = Pilot.objects.get(pk=pilot.pk).starts_on
            Pilot.objects.filter(pk=pilot.pk).update(ends_on=first + timedelta(days=days))
            charging.charges_bring_up(pilot_id=pilot.pk)

        @rule(state=st.sampled_from(["running", "running", "reporting", "revoked", "withdrawn"]))
        def the_pilot_goes_on_or_ends(self, state: str) -> None:
            if Pilot.objects.get(pk=pilot.pk).state in ("preparation", "running"):
                Pilot.objects.filter(pk=pilot.pk).update(state=state)
                if state in ("revoked", "withdrawn"):
                    charging.charges_withdraw(pilot_id=pilot.pk, reason="Finita.")

        @rule(data=st.data(), cents=st.sampled_from([1_000_00, 700_00, 300_00, 1]))
        def an_officer_decides_on_the_deposit(self, data: Any, cents: int) -> None:
            charge = data.draw(st.sampled_from(self.life.charges(kind="deposit")))
            seen = charge.decisions.count()
            self.life.tries(deposits.deposit_decide, charge_id=charge.pk, actor=self.life.officer, released_cents=cents, reasons="Un lampione rotto.", seen=seen)

        @rule(data=st.data(), cents=st.sampled_from([10_00, 500_00]))
        def an_officer_gives_a_fee_back(self, data: Any, cents: int) -> None:
            charge = data.draw(st.sampled_from(self.life.charges(kind="fee")))
            self.life.tries(charging.fee_give_back, charge_id=charge.pk, actor=self.life.officer, cents=cents, reason="Per accordo.")

        @rule(end=st.sampled_from(RefundStatus))
        def refunds_will_end_otherwise(self, end: RefundStatus) -> None:
            bank.refunds_end = end

        @rule(data=st.data())
        def a_bank_transfer_is_made(self, data: Any) -> None:
            refunds = list(Refund.objects.filter(state="transfer_owed").order_by("owed_at", "pk"))
            if refunds:
                refund = data.draw(st.sampled_from(refunds))
                self.life.tries(refunding.refund_iban_set, refund_id=refund.pk, actor=self.life.owner, account_holder="Prova srl", iban="IT60X0542811101000000123456")
                self.life.tries(refunding.refund_transfer_record, refund_id=refund.pk, actor=self.life.officer, transferred_on=clock.today(), reference="MAND 1")

        def teardown(self) -> None:
            try:
                sound()
                self.life.settle_down()
                sound()
                assert not Refund.objects.filter(state__in=("owed", "sent")).exists()
                assert not Checkout.objects.filter(state__in=("creating", "closing", "open")).exists()
                assert {payment.external_id for found in bank.known.values() for payment in found.payments} == set(Payment.objects.values_list("external_id", flat=True))
                before = standing()
                for found in bank.known.values():
                    settling.settle(found.reference, found)
                assert standing() == before, "hearing it all once more changes nothing"
            finally:
                self.now.__exit__(None, None, None)
                transaction.set_rollback(True)
                self.block.__exit__(None, None, None)

    return Anything


def test_no_sequence_of_acts_and_facts_loses_or_doubles_a_cent(pilot, bank):
    with translation.override("it"):
        run_state_machine_as_test(
            machine(pilot, bank), settings=settings(max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate])
        )


# What may happen at the provider to one checkout, told in the order in which it happens.
STORIES = [
    ["pay_later", "fail"],
    ["pay_later", "arrive", "say_fee", "pay_twice"],
    ["expire"],
    ["pay", "say_fee", "dispute", "win"],
    ["pay", "dispute", "lose"],
    ["pay", "say_fee", "GIVE_BACK", "finish_refund", "undo_refund"],
    ["pay", "GIVE_BACK", "refuse_refund", "dispute", "lose"],
    ["pay", "GIVE_BACK", "finish_refund", "dispute", "lose"],
    ["pay", "GIVE_BACK", "dispute", "finish_refund", "win"],
]


@pytest.mark.parametrize("story", STORIES, ids=" ".join)
def test_the_same_facts_in_any_order_end_in_the_same_state(pilot, bank, story):
    life = Life(pilot, bank)
    bank.refunds_end = RefundStatus.PENDING
    life.click(life.charges("due"))
    external_id = next(iter(bank.known))
    facts = [bank.known[external_id]]
    for fact in story:
        if fact == "GIVE_BACK":
            life.hear(external_id)
            charging.fee_give_back(charge_id=life.charges(kind="fee")[0].pk, actor=life.officer, cents=10_00, reason="Per accordo.")
            refunding.refunds_send()
            facts = []  # nobody asked before that
        else:
            assert bank.happens(external_id, fact)
        facts.append(bank.known[external_id])
    told: list[Any] = []

    def ends_in(order: list[CheckoutFound]) -> list[Any]:
        with transaction.atomic():
            for found in order:
                settling.settle(found.reference, found)
            sound()
            ending = standing()
            transaction.set_rollback(True)
        return ending

    expected = ends_in(facts)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate])
    @given(st.permutations(range(len(facts))), st.lists(st.sampled_from(range(len(facts))), max_size=3))
    def in_any_order(order, again):
        told.append(order)
        assert ends_in([facts[turn] for turn in [*order, *again]]) == expected

    in_any_order()
    assert told
