"""What our records and a provider do not agree on, and what our records and our own ledger do not. It reads and asks; it changes nothing."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q, Sum

from citylab.core import clock
from citylab.core.locks import locked
from citylab.pilots.models import Pilot

from . import ledger, providers
from .models import Charge, Checkout, LedgerEntry, Payee, Payment, ProviderEvent, Refund
from .providers import CheckoutFound, CheckoutStatus, DisputeStatus, PaymentFound, RefundFound, RefundStatus
from .services.paying import ANSWER_WITHIN
from .workflow import LIVE, OPEN_REFUNDS, UNPAID, ChargeState, CheckoutState, RefundState

# Banks need days for a refund, and a transfer waits for the start-up's account; after this somebody should look.
PENDING_TOO_LONG = timedelta(days=14)
# Which states of ours say the same as the provider's.
SAME = {
    CheckoutStatus.OPEN: (CheckoutState.CREATING, CheckoutState.OPEN, CheckoutState.CLOSING),
    CheckoutStatus.PROCESSING: (CheckoutState.PROCESSING,),
    CheckoutStatus.PAID: (CheckoutState.PAID,),
    CheckoutStatus.FAILED: (CheckoutState.FAILED, CheckoutState.EXPIRED),
    CheckoutStatus.EXPIRED: (CheckoutState.FAILED, CheckoutState.EXPIRED),
}
SAME_REFUND = {
    RefundStatus.PENDING: (RefundState.SENT,),
    RefundStatus.DONE: (RefundState.DONE,),
    RefundStatus.REFUSED: (RefundState.TRANSFER_OWED, RefundState.TRANSFERRED),
}
IDS = ("checkout", "external_id", "payment", "refund", "charge", "event", "key")


@dataclass(frozen=True)
class Finding:
    """One difference. `data` holds the ids and sums that it is about; what is safe to repair names the checkout to fetch, or the event to store."""

    code: str
    data: dict[str, Any]
    provider: str = ""
    account: str = ""
    pilot: Any = None
    checkout: Any = None
    event: providers.Event | None = None

    @property
    def is_repairable(self) -> bool:
        return self.checkout is not None or self.event is not None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.code, self.provider, self.account, *(str(self.data.get(name, "")) for name in IDS))


@dataclass
class Comparison:
    findings: list[Finding] = field(default_factory=list)
    compared: int = 0

    def is_away(self, finding: Finding) -> bool:
        """Whether nothing is known of the account that this finding is about."""
        return any(one.code == "provider_away" and (one.provider, one.account) == (finding.provider, finding.account) for one in self.findings)


def compare(first: date, last: date) -> Comparison:
    """Every difference of what happened on these days (inclusive, Rome's) or is still open, account by account, and all of the ledger."""
    result = Comparison()
    for code, account in _accounts(first, last):
        try:
            for finding in _account(code, account, first, last, result):
                result.findings.append(finding)
        except (providers.Unavailable, providers.Refused) as error:
            result.findings.append(Finding("provider_away", {"trouble": str(error)[:300]}, code, account))
    result.findings += _books()
    return result


def _accounts(first: date, last: date) -> list[tuple[str, str]]:
    """Each provider that we use or have used for what is compared, with every account of it."""
    used = defaultdict(set)
    for code, account in Checkout.objects.filter(_touched(first, last)).values_list("provider", "account").distinct().order_by():
        used[code].add(account)
    used[providers.online()] |= set(Payee.objects.values_list("account", flat=True))
    return [(code, account) for code in sorted({*used, "notice"}) for account in providers.accounts(used[code])]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=clock.rome)


def _touched(first: date, last: date) -> Q:
    """Checkouts on which something happened in these days, or is still open."""
    begins, ends = _midnight(first), _midnight(last + timedelta(days=1))

    def within(name: str) -> Q:
        return Q(**{f"{name}__gte": begins, f"{name}__lt": ends})

    still = Q(state__in=LIVE, opened_at__lt=ends) | Q(payments__disputed=DisputeStatus.OPEN) | Q(payments__fee_cents__isnull=True, payments__isnull=False)
    refunds = Q(payments__refunds__state__in=OPEN_REFUNDS) | within("payments__refunds__owed_at") | within("payments__refunds__done_at")
    return within("opened_at") | within("payments__received_at") | still | refunds


def _account(code: str, account: str, first: date, last: date, result: Comparison) -> Iterator[Finding]:
    provider = providers.provider(code)
    # A webhook names the connected account; the account's own list need not.
    events = [replace(event, account=account) for event in provider.events(first, last, account) if event.object_kind]
    theirs = list(provider.checkouts(first, last, account))
    yield from _events(code, account, events)
    ours = Checkout.objects.filter(provider=code, account=account)
    wanted = set(ours.filter(_touched(first, last)).values_list("pk", flat=True)) | _told_of(ours, events)
    found: dict[Any, list[CheckoutFound]] = defaultdict(list)
    for checkout in theirs:
        match = _ours(ours, checkout)
        if match is not None:
            found[match].append(checkout)
        elif checkout.reference:  # without one of ours it belongs to somebody else who uses the same account
            yield Finding("checkout_unknown", {"external_id": checkout.external_id, "checkout": checkout.reference, "theirs_cents": checkout.amount_cents}, code, account)
    for pk in sorted({*wanted, *found}):
        result.compared += 1
        yield from _checkout(provider, pk, found[pk])


def _told_of(ours: Any, events: list[providers.Event]) -> set[Any]:
    """The checkouts that these events are about, however old."""
    references = [event.reference for event in events if providers.is_reference(event.reference)]
    about = Q(pk__in=references) | Q(payments__external_id__in={event.payment_id for event in events if event.payment_id})
    return set(ours.filter(about | Q(external_id__in={event.object_id for event in events})).values_list("pk", flat=True))


def _ours(ours: Any, theirs: CheckoutFound) -> Any:
    named = Q(external_id=theirs.external_id)
    if providers.is_reference(theirs.reference):
        named |= Q(pk=theirs.reference)
    return ours.filter(named).values_list("pk", flat=True).first()


def _events(code: str, account: str, events: list[providers.Event]) -> Iterator[Finding]:
    known = set(ProviderEvent.objects.filter(provider=code, account=account, external_id__in=[event.external_id for event in events]).values_list("external_id", flat=True))
    for event in events:
        if event.external_id not in known:
            data = {"event": event.external_id, "kind": event.kind, "external_id": event.object_id}
            yield Finding("event_missed", data, code, account, event=event)


# --- one checkout -------------------------------------------------------------------------------------------------------------


def _checkout(provider: providers.Provider, pk: Any, listed: list[CheckoutFound]) -> list[Finding]:
    """What differs now. A list was made before our records were read, so whatever seems to differ is fetched and looked at once more."""
    if listed and not _differences(pk, listed):
        return []
    checkout = Checkout.objects.get(pk=pk)
    found = _fetched(provider, checkout, {checkout.external_id, *(one.external_id for one in listed)} - {""})
    if found:
        return _differences(pk, found)
    if not checkout.external_id:
        return []  # the provider never heard of it: the sweeper makes its charges due again
    data = {"checkout": str(pk), "external_id": checkout.external_id, "ours_cents": checkout.amount_cents, "ours_state": checkout.state}
    return [Finding("checkout_missing", data, checkout.provider, checkout.account, checkout.pilot_id)]


def _fetched(provider: providers.Provider, checkout: Checkout, external_ids: set[str]) -> list[CheckoutFound]:
    """What the provider has under these identifiers, or under ours where its first answer was lost."""
    if not external_ids:
        was_asked = checkout.asked_at and checkout.opened_at < clock.now() - ANSWER_WITHIN
        found = provider.find(str(checkout.pk), checkout.account, since=checkout.opened_at) if was_asked else None
        return [found] if found else []
    fetched = []
    for external_id in sorted(external_ids):
        try:
            fetched.append(provider.fetch(external_id, checkout.account))
        except providers.Refused as error:
            if error.code != "unknown":
                raise
    return fetched


def _differences(pk: Any, found: list[CheckoutFound]) -> list[Finding]:
    payments = Payment.objects.prefetch_related(Prefetch("refunds", Refund.objects.select_related("payment")))
    checkout = Checkout.objects.prefetch_related(Prefetch("payments", payments)).get(pk=pk)
    return list(Checking(checkout, found).all())


@dataclass
class Checking:
    """Our checkout beside what the provider has for it: one as a rule, more where an answer was lost and it was opened twice."""

    checkout: Checkout
    found: list[CheckoutFound]

    def all(self) -> Iterator[Finding]:
        state = self._state()
        theirs = {payment.external_id: payment for found in self.found for payment in found.payments}
        ours = {payment.external_id: payment for payment in self.checkout.payments.all()}
        yield from state
        for external_id, payment in theirs.items():
            if external_id in ours:
                yield from self._payment(ours[external_id], payment)
            elif not any(finding.code == "checkout_behind" for finding in state):
                yield self._finding("payment_missing", repair=True, payment=external_id, theirs_cents=payment.amount_cents)
        for external_id in ours.keys() - theirs.keys():
            yield self._finding("payment_unknown", payment=external_id, ours_cents=ours[external_id].amount_cents)

    def _finding(self, code: str, *, repair: bool = False, **data: Any) -> Finding:
        checkout = self.checkout
        ids = {"checkout": str(checkout.pk), "external_id": checkout.external_id or self.found[0].external_id}
        return Finding(code, {**ids, **data}, checkout.provider, checkout.account, checkout.pilot_id, checkout=checkout.pk if repair else None)

    def _state(self) -> list[Finding]:
        """Of a checkout that was opened twice, the first answer is the one that counts; of the other, only its money."""
        checkout = self.checkout
        theirs = next((one for one in self.found if one.external_id == checkout.external_id), None)
        if theirs is None and not checkout.external_id and checkout.opened_at < clock.now() - ANSWER_WITHIN:
            return [self._finding("checkout_behind", repair=True, ours_state=checkout.state, theirs_state=self.found[0].status)]
        if theirs is None:
            return []
        findings = []
        if (theirs.amount_cents, theirs.currency) != (checkout.amount_cents, checkout.currency):
            findings.append(self._finding("checkout_amount_differs", ours_cents=checkout.amount_cents, theirs_cents=theirs.amount_cents))
        if checkout.state not in SAME[theirs.status]:
            # Money that is there is there; and what we still believe open may have ended. Anything else is nothing that fetching settles.
            is_behind = theirs.status == CheckoutStatus.PAID or (checkout.state in LIVE and theirs.status != CheckoutStatus.OPEN)
            code = "checkout_behind" if is_behind else "checkout_ahead"
            findings.append(self._finding(code, repair=is_behind, ours_state=checkout.state, theirs_state=theirs.status))
        return findings

    def _payment(self, ours: Payment, theirs: PaymentFound) -> Iterator[Finding]:
        payment = theirs.external_id
        if ours.amount_cents != theirs.amount_cents:
            yield self._finding("payment_amount_differs", payment=payment, ours_cents=ours.amount_cents, theirs_cents=theirs.amount_cents)
        if theirs.fee_cents is not None and theirs.fee_cents != ours.fee_cents:
            is_missing = ours.fee_cents is None
            yield self._finding("fee_missing" if is_missing else "fee_differs", repair=is_missing, payment=payment, ours_cents=ours.fee_cents, theirs_cents=theirs.fee_cents)
        if ours.disputed != theirs.disputed:
            # What was decided stays decided, unless what was won is lost after all.
            is_news = bool(theirs.disputed) and (ours.disputed in ("", DisputeStatus.OPEN) or (ours.disputed, theirs.disputed) == (DisputeStatus.WON, DisputeStatus.LOST))
            yield self._finding("dispute_not_recorded" if is_news else "dispute_differs", repair=is_news, payment=payment, ours_state=ours.disputed, theirs_state=theirs.disputed)
        yield from self._refunds(ours, theirs)

    def _refunds(self, payment: Payment, theirs: PaymentFound) -> Iterator[Finding]:
        ours = {str(refund.pk): refund for refund in payment.refunds.all()}
        there = {found.reference: found for found in theirs.refunds if found.reference in ours}
        for found in theirs.refunds:
            if found.reference not in ours and found.status != RefundStatus.REFUSED:
                yield self._finding("refund_unknown", payment=payment.external_id, refund=found.external_id, theirs_cents=found.amount_cents)
        for pk, refund in ours.items():
            yield from self._refund(refund, there.get(pk))
            if refund.state in OPEN_REFUNDS and refund.owed_at < clock.now() - PENDING_TOO_LONG and payment.disputed != DisputeStatus.OPEN:
                days = (clock.now() - refund.owed_at).days
                yield self._finding("refund_pending", refund=pk, ours_cents=refund.amount_cents, ours_state=refund.state, days=days)

    def _refund(self, ours: Refund, theirs: RefundFound | None) -> Iterator[Finding]:
        data: dict[str, Any] = {"refund": str(ours.pk), "ours_state": ours.state}
        if theirs is None:
            if ours.state == RefundState.SENT or (ours.state == RefundState.DONE and not ledger.was_taken(ours)):
                yield self._finding("refund_missing", **data, ours_cents=ours.amount_cents)
            return
        if theirs.amount_cents != ours.amount_cents:
            yield self._finding("refund_amount_differs", **data, ours_cents=ours.amount_cents, theirs_cents=theirs.amount_cents)
        if ours.state in SAME_REFUND[theirs.status]:
            return
        if theirs.status != RefundStatus.REFUSED and (ours.state == RefundState.TRANSFERRED or (ours.state == RefundState.DONE and ledger.was_taken(ours))):
            yield self._finding("refund_twice", **data, theirs_state=theirs.status, ours_cents=ours.amount_cents)
        elif not (ours.state == RefundState.DONE and ledger.was_taken(ours)):
            is_news = theirs.status != RefundStatus.PENDING or ours.state == RefundState.OWED
            yield self._finding("refund_behind", repair=is_news, **data, theirs_state=theirs.status, ours_cents=ours.amount_cents)


# --- our own books ------------------------------------------------------------------------------------------------------------


def _books() -> list[Finding]:
    """Whoever pays at this very moment makes the two sides differ for as long as it takes: what differs is looked at again behind the pilot's lock."""
    findings = []
    for pilot in sorted({finding.pilot for finding in _balances()}, key=str):
        with transaction.atomic():
            locked(Pilot, pilot)
            findings += _balances(pilot)
    return findings + [Finding("ledger_unbalanced", {"key": key, "ours_cents": cents}) for key, cents in ledger.unbalanced()]


def _balances(pilot: Any = None) -> list[Finding]:
    """Charges against what the ledger holds for each, and open refunds against what it holds for each pilot."""
    of_pilot = {} if pilot is None else {"pilot": pilot}
    entries = LedgerEntry.objects.filter(**{f"transaction__{name}": value for name, value in of_pilot.items()}).order_by()
    booked = {(charge, account): cents for charge, account, cents in entries.values_list("charge", "account").annotate(cents=Sum("amount_cents"))}
    findings = []
    for pk, owner, kind, state, cents in Charge.objects.filter(**of_pilot).order_by("pilot", "pk").values_list("pk", "pilot", "kind", "state", "amount_cents"):
        owed, held = booked.get((pk, LedgerEntry.Account.RECEIVABLE), 0), -booked.get((pk, LedgerEntry.Account.DEPOSITS), 0)
        if owed != (cents if state in UNPAID else 0):
            findings.append(Finding("receivable_differs", {"charge": str(pk), "ours_state": state, "ours_cents": cents if state in UNPAID else 0, "theirs_cents": owed}, pilot=owner))
        expected = cents if kind == Charge.Kind.DEPOSIT and state in (ChargeState.PAID, ChargeState.DISPUTED) else 0
        if held != expected:
            findings.append(Finding("deposit_differs", {"charge": str(pk), "ours_state": state, "ours_cents": expected, "theirs_cents": held}, pilot=owner))
    return findings + _refund_balances(entries, of_pilot)


def _refund_balances(entries: Any, of_pilot: dict[str, Any]) -> list[Finding]:
    owing = Refund.objects.filter(state__in=OPEN_REFUNDS, **{f"payment__checkout__{name}": value for name, value in of_pilot.items()})
    owed = dict(owing.order_by().values_list("payment__checkout__pilot").annotate(cents=Sum("amount_cents")))
    booked = dict(entries.filter(account=LedgerEntry.Account.REFUNDS).values_list("transaction__pilot").annotate(cents=Sum("amount_cents")))
    return [
        Finding("refunds_differ", {"ours_cents": owed.get(pilot, 0), "theirs_cents": -booked.get(pilot, 0)}, pilot=pilot)
        for pilot in sorted({*owed, *booked}, key=str)
        if owed.get(pilot, 0) != -booked.get(pilot, 0)
    ]
