"""Which move of a charge, a checkout and a refund is legal from which state, and who may do what about money: written down whole, by hand."""

from types import SimpleNamespace

import pytest
from django_fsm import can_proceed

from citylab.accounts.models import Membership, Role
from citylab.core import clock
from citylab.payments.models import Charge, Checkout, Refund
from citylab.pilots.models import Pilot
from tests import factories

# Move → the states that allow it, and the one that it leads to.
CHARGE = {
    "open_checkout": ("due", "checkout_open"),
    "await_money": ("checkout_open", "processing"),
    "close_checkout": ("checkout_open processing", "due"),
    "pay": ("due checkout_open processing", "paid"),
    "waive": ("due checkout_open", "waived"),
    "withdraw": ("due checkout_open", "withdrawn"),
    "owe_refund": ("paid refunded retained", "refund_owed"),
    "refund": ("refund_owed", "refunded"),
    "retain": ("paid", "retained"),
    "dispute": ("paid", "disputed"),
    "win_dispute": ("disputed", "paid"),
    "lose_dispute": ("disputed refunded retained", "lost"),
}
CHECKOUT = {
    "open": ("creating", "open"),
    "begin_closing": ("creating open", "closing"),
    "await_money": ("creating open closing", "processing"),
    "pay": ("creating open closing processing failed expired", "paid"),
    "fail": ("creating open closing processing", "failed"),
    "expire": ("creating open closing processing", "expired"),
}
REFUND = {
    "send": ("owed", "sent"),
    "arrive": ("owed sent transfer_owed", "done"),
    "refuse": ("owed sent done", "transfer_owed"),
    "transfer": ("transfer_owed", "transferred"),
}
STATES = {
    Charge: "due checkout_open processing paid refund_owed refunded retained disputed lost waived withdrawn",
    Checkout: "creating open closing processing paid failed expired",
    Refund: "owed sent done transfer_owed transferred",
}

# Act → who may do it to a pilot of `organisation`.
MAY = {
    "payments.pay": {"owner", "editor", "insider"},
    "payments.process": {"officer", "administrator"},  # an officer of the start-up itself stays out
    "payments.see_accounts": {"officer", "insider", "administrator"},
}


@pytest.mark.parametrize(("model", "table"), [(Charge, CHARGE), (Checkout, CHECKOUT), (Refund, REFUND)], ids=["charge", "checkout", "refund"])
def test_every_move_in_every_state(model, table):
    found = {}
    for state in STATES[model].split():
        for move in table:
            record = model(state=state)
            if can_proceed(getattr(record, move)):
                getattr(record, move)()
                found[state, move] = record.state
    assert found == {(state, move): leads_to for move, (states, leads_to) in table.items() for state in states.split()}


@pytest.mark.parametrize(("model", "table"), [(Charge, CHARGE), (Checkout, CHECKOUT), (Refund, REFUND)], ids=["charge", "checkout", "refund"])
def test_the_tables_name_every_move_and_every_state(model, table):
    assert {move.name for move in model(state=STATES[model].split()[0]).get_all_state_transitions()} == set(table)
    assert [value for value, _label in model._meta.get_field("state").choices] == STATES[model].split()


@pytest.mark.django_db
def test_every_person_with_every_act():
    organisation = factories.organisation()
    insider = factories.person(Role.OFFICER)
    Membership.objects.create(user=insider, organisation=organisation, role=Membership.Role.EDITOR, joined_at=clock.now())
    people = SimpleNamespace(
        owner=factories.owner_of(organisation), editor=factories.member(organisation), reader=factories.member(organisation, Membership.Role.READER),
        stranger=factories.owner_of(factories.organisation()), officer=factories.person(Role.OFFICER), insider=insider, administrator=factories.person(Role.ADMINISTRATOR),
        evaluator=factories.person(Role.EVALUATOR), department=factories.person(Role.DEPARTMENT), writer=factories.person(Role.EDITOR), visitor=factories.person(),
    )  # fmt: skip
    pilot, record = Pilot(organisation=organisation), Pilot(organisation=organisation, is_archive=True)
    found = {act: {name for name, person in vars(people).items() if person.has_perm(act, pilot)} for act in MAY}
    assert found == MAY
    assert not any(person.has_perm(act, record) for person in vars(people).values() for act in ("payments.pay", "payments.process"))
