"""Writing and reading the ledger. Balances are sums; a credit is negative, so money that we hold for somebody is a negative balance.

Each function stands for one thing that happened, named by a key that can be written once only. Called inside the transaction of its cause.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Sum

from citylab.audit.triggers import OnlyGrows
from citylab.core import clock

from .models import Charge, LedgerEntry, LedgerTransaction, Payment, Refund

GROWS = OnlyGrows(("payments_ledgertransaction", "payments_ledgerentry"), "the ledger only grows", "ledger_refuse")

Account = LedgerEntry.Account
# Where the money of a charge stands once it is paid.
INCOME = {Charge.Kind.FEE: Account.FEES, Charge.Kind.DEPOSIT: Account.DEPOSITS, Charge.Kind.STAMP_DUTY: Account.STAMP_DUTY}
Entry = tuple[str, int, Any]  # account, cents (a debit is positive), charge id or None


def _post(key: str, kind: str, pilot: Any, payee: Any, entries: Sequence[Entry]) -> None:
    """Nothing is written where nothing moves. Raises ValueError for entries that do not sum to zero, IntegrityError for a key that was written before."""
    if sum(cents for _account, cents, _charge in entries) != 0:
        raise ValueError(f"{key} does not sum to zero")
    if not any(cents for _account, cents, _charge in entries):
        return
    made = LedgerTransaction.objects.create(key=key, kind=kind, pilot=pilot, payee_id=payee, at=clock.now())
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=made, account=account, charge=charge, amount_cents=cents) for account, cents, charge in entries if cents
    )


def _of(charge: Charge, key: str, kind: str, *entries: tuple[str, int]) -> None:
    _post(key, kind, charge.pilot_id, charge.payee_id, [(account, cents, charge.pk) for account, cents in entries])


def charge_made(charge: Charge) -> None:
    _of(charge, f"charge:{charge.pk}:made", "charge_made", (Account.RECEIVABLE, charge.amount_cents), (Account.CHARGED, -charge.amount_cents))


def charge_ended(charge: Charge) -> None:
    """Waived or withdrawn: nobody owes it any more."""
    _of(charge, f"charge:{charge.pk}:ended", "charge_ended", (Account.RECEIVABLE, -charge.amount_cents), (Account.CHARGED, charge.amount_cents))


def charge_paid(charge: Charge, *, by: str) -> None:
    """`by` is the account that the money came to: the provider's, or a stamp."""
    cents = charge.amount_cents
    _of(
        charge,
        f"charge:{charge.pk}:paid",
        "charge_paid",
        (by, cents),
        (Account.RECEIVABLE, -cents),
        (Account.CHARGED, cents),
        (INCOME[Charge.Kind(charge.kind)], -cents),
    )


def deposit_kept(charge: Charge, cents: int, decision: int) -> None:
    _of(charge, f"decision:{decision}:kept", "deposit_kept", (Account.DEPOSITS, cents), (Account.RETAINED, -cents))


def provider_fee(payment: Payment) -> None:
    cents = payment.fee_cents or 0
    _pay(payment, f"payment:{payment.pk}:fee", "provider_fee", (Account.PROVIDER_FEES, cents), (Account.PROVIDER, -cents))


def refund_owed(refund: Refund, *, source: str) -> None:
    """`source` is the account that held the money: a charge's income, or the provider's for money that paid no charge."""
    charge = refund.charge_id
    entries: list[Entry] = [(source, refund.amount_cents, charge), (Account.REFUNDS, -refund.amount_cents, charge)]
    _post(f"refund:{refund.pk}:owed", "refund_owed", refund.payment.checkout.pilot_id, refund.payment.checkout.payee_id, entries)


def refund_done(refund: Refund, *, times: int) -> None:
    _back(refund, f"refund:{refund.pk}:done:{times}", "refund_done", (Account.REFUNDS, refund.amount_cents), (Account.PROVIDER, -refund.amount_cents))


def refund_came_back(refund: Refund, *, times: int) -> None:
    """The provider had given it back, and then could not after all."""
    _back(refund, f"refund:{refund.pk}:back:{times}", "refund_came_back", (Account.PROVIDER, refund.amount_cents), (Account.REFUNDS, -refund.amount_cents))


def transferred(refund: Refund) -> None:
    _back(refund, f"refund:{refund.pk}:transferred", "transferred", (Account.REFUNDS, refund.amount_cents), (Account.BANK, -refund.amount_cents))


def refund_taken(refund: Refund) -> None:
    """Still owed when the payer's bank took the whole payment back: it has gone that way, and is no loss."""
    _back(refund, _taken(refund), "refund_taken", (Account.REFUNDS, refund.amount_cents), (Account.LOSSES, -refund.amount_cents))


def was_taken(refund: Refund) -> bool:
    return LedgerTransaction.objects.filter(key=_taken(refund)).exists()


def _taken(refund: Refund) -> str:
    return f"refund:{refund.pk}:taken"


def deposit_lost(charge: Charge) -> None:
    """The payer's bank took a deposit back: it is no longer held, and nobody has lost what would have gone back anyway."""
    _of(charge, f"charge:{charge.pk}:lost", "deposit_lost", (Account.DEPOSITS, charge.amount_cents), (Account.LOSSES, -charge.amount_cents))


def dispute_opened(payment: Payment, cents: int, *, again: bool) -> None:
    """`again`: a second dispute about the same payment, after one that was won."""
    _pay(payment, f"payment:{payment.pk}:disputed{':again' if again else ''}", "dispute_opened", (Account.DISPUTED, cents), (Account.PROVIDER, -cents))


def dispute_won(payment: Payment, cents: int) -> None:
    _pay(payment, f"payment:{payment.pk}:dispute_won", "dispute_won", (Account.PROVIDER, cents), (Account.DISPUTED, -cents))


def dispute_lost(payment: Payment, cents: int) -> None:
    _pay(payment, f"payment:{payment.pk}:dispute_lost", "dispute_lost", (Account.LOSSES, cents), (Account.DISPUTED, -cents))


def _pay(payment: Payment, key: str, kind: str, *entries: tuple[str, int]) -> None:
    checkout = payment.checkout
    _post(key, kind, checkout.pilot_id, checkout.payee_id, [(account, cents, None) for account, cents in entries])


def _back(refund: Refund, key: str, kind: str, *entries: tuple[str, int]) -> None:
    checkout = refund.payment.checkout
    _post(key, kind, checkout.pilot_id, checkout.payee_id, [(account, cents, refund.charge_id) for account, cents in entries])


def balances(**which: Any) -> dict[str, int]:
    """The balance of each account in cents, of all entries or of those that `which` narrows to; accounts without entries are left out."""
    rows = LedgerEntry.objects.filter(**which).order_by().values_list("account").annotate(total=Sum("amount_cents"))
    return {account: total for account, total in rows}


def unbalanced() -> list[tuple[str, int]]:
    """Key and sum of every transaction whose entries do not sum to zero. Empty in a sound ledger."""
    rows = LedgerTransaction.objects.order_by("pk").annotate(total=Sum("entries__amount_cents"))
    return [(row.key, row.total or 0) for row in rows.exclude(total=0)]
