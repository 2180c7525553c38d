"""A pilot's money brought to some point through the services and the test provider, as people bring it there."""

from datetime import date
from typing import Any

from citylab.core import outbox
from citylab.payments.models import Charge, Checkout
from citylab.payments.providers import notice, sandbox, signing
from citylab.payments.services import events, paying
from citylab.pilots.models import Pilot
from tests import factories
from tests.remembering import remembered

SINCE = date(2020, 1, 1)  # in force whenever the test runs


@remembered
def money_pilot(people: Any, *, fee: int = 250_00, deposit: int = 1_000_00, state: str = "preparation", code: str = "dora", **payee: Any) -> Pilot:
    """In preparation, on a site with a flat fee and a deposit that are owed to one payee of these fields."""
    site = factories.site(code)
    owed_to = factories.payee(f"host-{code}", **payee)
    factories.flat_fee(site, fee, payee=owed_to, valid_from=SINCE)
    factories.deposit(site, None, fixed_cents=deposit, payee=owed_to, valid_from=SINCE)
    made = factories.pilot_in(state, people=people, at=site)
    outbox.drain()
    return made


def charge(pilot: Pilot, kind: str) -> Charge:
    return Charge.objects.get(pilot=pilot, kind=kind)


def begun(pilot: Pilot, *kinds: str, language: str = "en") -> Checkout:
    """A checkout that is open at its provider."""
    ids = [charge(pilot, kind).pk for kind in kinds]
    return paying.checkout_enter(paying.checkout_begin(charge_ids=ids, actor=factories.owner_of(pilot.organisation), language=language))


def chosen(checkout: Checkout, *outcomes: str, told: bool = True) -> None:
    """What somebody chose on the test provider's page, one after the other; each event arrives and is acted on, or never arrives."""
    for outcome in outcomes:
        event = sandbox.choose(checkout.external_id, outcome)
        if told:
            events.event_receive("test", *signing.signed(event))
            events.events_handle()


def paid(pilot: Pilot, *kinds: str, language: str = "en") -> Checkout:
    checkout = begun(pilot, *kinds, language=language)
    chosen(checkout, "pay")
    return Checkout.objects.get(pk=checkout.pk)


def notice_paid(checkout: Checkout, receipt_id: str = "IUR-1", *, cents: int | None = None, told: bool = True) -> None:
    event = notice.receipt_record(number=checkout.external_id, receipt_id=receipt_id, amount_cents=checkout.amount_cents if cents is None else cents, paid_on=date.today())
    if told:
        events.event_store("notice", event)
        events.events_handle()
