"""Comparing our records with the providers', keeping what was found, and repairing what is safe: an event that we missed, a state that fetching settles."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.pilots.models import Pilot

from . import providers
from .arithmetic import euros
from .comparing import Comparison, Finding, compare
from .models import Checkout, Difference, ReconcileRun
from .services.events import event_handle, event_store
from .services.settling import settle
from .workflow import ChargeState, CheckoutState, RefundState

logger = logging.getLogger(__name__)
DAYS = 7  # how far back a comparison looks unless told otherwise
LONGEST = timedelta(days=31)  # what a page waits for; the command takes any period

# The providers' own words for a state, where they are not ours as well.
STATES: dict[str, Any] = {
    "pending": _("On its way back"), "refused": _("Refused by the provider"), "won": _("Dispute won"), "lost": _("Dispute lost"),
    **dict(ChargeState.choices), **dict(RefundState.choices), **dict(CheckoutState.choices), "open": _("Still open"),
}  # fmt: skip
PLACES = {"stripe": "Stripe", "test": _("Test provider"), "notice": _("Notices"), "": _("Our own books")}
# Each difference: its cause in plain words, and what to do where repairing is not safe.
CAUSES: dict[str, tuple[Promise, Promise]] = {
    "provider_away": (_("The provider does not answer: nothing is known of this account."), _("Compare again later. If it goes on, check the keys.")),
    "event_missed": (_("The provider told us of this event, and it never arrived."), _("Check that the provider knows the address of our webhooks.")),
    "checkout_behind": (_("The provider is further with this payment than our records: what it told us did not arrive, or was not acted on."), _("Look at the case's history.")),
    "checkout_ahead": (_("Our records say that this payment is over, and the provider says otherwise."), _("Close it at the provider, or find out there what became of it.")),
    "checkout_missing": (_("We opened this payment, and the provider does not know it."), _("Check that the keys are those of the account that it was opened with.")),
    "checkout_unknown": (
        _("The provider has a payment that carries an identifier of ours, and our records do not have it."), _("Check whether another installation uses the same account."),
    ),
    "checkout_amount_differs": (_("The provider asks for another amount than we do."), _("Close it at the provider and let the start-up pay again.")),
    "payment_missing": (_("Money has arrived at the provider that our records do not have."), _("Look at the case's history.")),
    "payment_unknown": (_("Our records have money that the provider does not have."), _("Ask the provider before anything is given back.")),
    "payment_amount_differs": (_("The provider has received another amount than our records say."), _("Ask the provider, and correct it by a refund or a charge.")),
    "fee_missing": (_("The provider's fee is known now, and our records do not have it yet."), _("Look at the case's history.")),
    "fee_differs": (_("The provider has kept another fee than our records say."), _("Tell the accounts office: the ledger holds the earlier one.")),
    "refund_unknown": (_("Money went back at the provider that we had not decided to give back."), _("Find out who gave it back there, and record the decision on the case.")),
    "refund_missing": (_("Our records say that this money went back, and the provider has no such refund."), _("Ask the provider before it is sent again.")),
    "refund_behind": (_("The provider is further with this refund than our records."), _("Look at the refund at the provider.")),
    "refund_amount_differs": (_("The provider has given back another amount than we decided."), _("Correct it at the provider.")),
    "refund_twice": (_("This money went back twice: through the provider and in another way."), _("Ask the start-up to return one of the two.")),
    "refund_pending": (_("This money has been on its way back for more than two weeks."), _("Look at the refund at the provider, or make the bank transfer.")),
    "dispute_not_recorded": (_("The payer's bank disputes this payment, or has decided on it, and our records do not say so."), _("Look at the case's history.")),
    "dispute_differs": (_("Our records and the provider tell different things of a dispute that was decided."), _("Look at the dispute at the provider.")),
    "receivable_differs": (_("What the ledger holds as owed for this charge is not what the charge says."), _("Tell whoever runs the system: no page can bring this about.")),
    "deposit_differs": (_("What the ledger holds of this deposit is not what the charge says."), _("Tell whoever runs the system: no page can bring this about.")),
    "refunds_differ": (_("What the ledger holds as to be given back for this pilot is not the sum of its open refunds."), _("Tell whoever runs the system: no page can bring this about.")),
    "ledger_unbalanced": (_("The entries of this transaction do not sum to zero."), _("Tell whoever runs the system: no page can bring this about.")),
}  # fmt: skip


def period(today: date) -> tuple[date, date]:
    return today - timedelta(days=DAYS), today


def reconcile(*, first: date, last: date, repair: bool = False, started_by: Any = None) -> ReconcileRun:
    """Compare and keep what was found. Not inside a transaction: it asks the providers."""
    run = ReconcileRun.objects.create(first=first, last=last, repairs=repair, started_by=started_by, started_at=clock.now())
    before = compare(first, last)
    if repair and _repair(before):
        _keep(run, before, compare(first, last))
    else:
        _keep(run, before, before)
    return run


def _keep(run: ReconcileRun, before: Comparison, after: Comparison) -> None:
    """What is gone after the repair was repaired, unless the provider has gone too."""
    left, known = {finding.key for finding in after.findings}, {finding.key for finding in before.findings}
    rows = [_row(run, finding, is_repaired=finding.key not in left and not after.is_away(finding)) for finding in before.findings]
    rows += [_row(run, finding, is_repaired=False) for finding in after.findings if finding.key not in known]
    with transaction.atomic():
        Difference.objects.bulk_create(rows)
        run.finished_at, run.compared = clock.now(), after.compared
        run.save(update_fields=["finished_at", "compared"])


def _row(run: ReconcileRun, finding: Finding, *, is_repaired: bool) -> Difference:
    return Difference(
        run=run, code=finding.code, provider=finding.provider, account=finding.account, pilot=finding.pilot, data=finding.data, is_repairable=finding.is_repairable, is_repaired=is_repaired
    )


def _repair(comparison: Comparison) -> bool:
    """Bring into step what is safe; whether there was anything to do. One that cannot be helped stays a difference and stops no other."""
    safe = [finding for finding in comparison.findings if finding.is_repairable]
    for finding in safe:
        try:
            _mend(finding)
        except (DomainError, providers.Refused, providers.Unavailable) as error:
            logger.warning("not repaired: %s %s: %s", finding.code, finding.data, error)
    return bool(safe)


def _mend(finding: Finding) -> None:
    if finding.event is not None:
        stored = event_store(finding.provider, finding.event)
        if stored is not None:
            event_handle(stored)
        return
    checkout = Checkout.objects.get(pk=finding.checkout)
    provider = providers.provider(finding.provider)
    if checkout.external_id:
        settle(checkout.pk, provider.fetch(checkout.external_id, checkout.account))
    elif found := provider.find(str(checkout.pk), checkout.account, since=checkout.opened_at):
        settle(checkout.pk, found)


def last_run() -> ReconcileRun | None:
    return ReconcileRun.objects.select_related("started_by").first()


def cause(difference: Difference) -> Promise:
    return CAUSES[difference.code][0]


def advice(difference: Difference) -> Promise:
    """What to do about it."""
    if difference.is_repaired:
        return _("Repaired.")
    if difference.is_repairable and not difference.run.repairs:
        return _("Repairing brings it into step.")
    return CAUSES[difference.code][1]


@dataclass(frozen=True)
class Row:
    """A difference as a page shows it, with what each side says."""

    difference: Difference
    pilot: Pilot | None

    @property
    def cause(self) -> Promise:
        return cause(self.difference)

    @property
    def advice(self) -> Promise:
        return advice(self.difference)

    @property
    def where(self) -> Any:
        return PLACES[self.difference.provider]

    @property
    def ours(self) -> str:
        return self._side("ours")

    @property
    def theirs(self) -> str:
        return self._side("theirs")

    def _side(self, side: str) -> str:
        data = self.difference.data
        cents, state = data.get(f"{side}_cents"), data.get(f"{side}_state")
        return ", ".join(([] if cents is None else [euros(cents)]) + [str(STATES.get(state, state))] * bool(state))


def rows(differences: Iterable[Difference]) -> list[Row]:
    """Each with its pilot, in one query."""
    found = list(differences)
    pilots = Pilot.objects.in_bulk({difference.pilot for difference in found if difference.pilot})
    return [Row(difference, pilots.get(difference.pilot) if difference.pilot else None) for difference in found]
