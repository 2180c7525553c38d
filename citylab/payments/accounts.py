"""Every case's money at once, for the office: what is held, late, on its way back, disputed or announced by a notice, and the balances of the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.core import clock

from .models import Charge, Checkout, Difference, LedgerEntry, Payment, ReconcileRun, Refund
from .providers import DisputeStatus
from .services.opening import HELD
from .workflow import LIVE, OPEN_REFUNDS, ChargeState


@dataclass(frozen=True)
class Wanted:
    """What somebody narrows the lists to: a payee's code, and words of pilot or organisation."""

    payee: str = ""
    words: str = ""


def _narrowed(rows: QuerySet[Any], wanted: Wanted, *, pilot: str, payee: str) -> QuerySet[Any]:
    if wanted.payee:
        rows = rows.filter(**{f"{payee}__code": wanted.payee})
    for word in wanted.words.split():
        rows = rows.filter(
            Q(**{f"{pilot}code__icontains": word}) | Q(**{f"{pilot}organisation__legal_name__icontains": word}) | Q(**{f"{pilot}proposal__title__icontains": word})
        )  # fmt: skip
    return rows


def open_deposits(wanted: Wanted) -> QuerySet[Charge]:
    """What keeps a case open, the oldest first; `checked_on` is the day of the passed check of the place."""
    passed = Max("pilot__restoration_checks__checked_on", filter=Q(pilot__restoration_checks__passed=True))
    rows = Charge.objects.filter(kind=Charge.Kind.DEPOSIT, state__in=HELD).select_related("pilot__organisation", "pilot__proposal", "payee")
    return _narrowed(rows, wanted, pilot="pilot__", payee="payee").annotate(checked_on=passed).order_by("paid_at", "pk")


def overdue(wanted: Wanted) -> QuerySet[Charge]:
    rows = Charge.objects.filter(state__in=(ChargeState.DUE, ChargeState.CHECKOUT_OPEN), amount_cents__gt=0, due_on__lt=clock.today())
    return _narrowed(rows.select_related("pilot__organisation", "pilot__proposal", "payee"), wanted, pilot="pilot__", payee="payee").order_by("due_on", "pk")


def open_refunds(wanted: Wanted) -> QuerySet[Refund]:
    """Bank transfers to be made first, then what a provider is still to give back; the oldest first."""
    rows = Refund.objects.filter(state__in=OPEN_REFUNDS).select_related("payment__checkout__pilot__organisation", "payment__checkout__pilot__proposal", "payment__checkout__payee")
    return _narrowed(rows, wanted, pilot="payment__checkout__pilot__", payee="payment__checkout__payee").order_by("-state", "owed_at", "pk")


def disputes(wanted: Wanted) -> QuerySet[Payment]:
    rows = Payment.objects.filter(disputed=DisputeStatus.OPEN).select_related("checkout__pilot__organisation", "checkout__pilot__proposal", "checkout__payee")
    return _narrowed(rows, wanted, pilot="checkout__pilot__", payee="checkout__payee").order_by("received_at", "pk")


def open_notices(wanted: Wanted) -> QuerySet[Checkout]:
    rows = Checkout.objects.filter(provider="notice", state__in=LIVE).select_related("pilot__organisation", "pilot__proposal", "payee")
    return _narrowed(rows, wanted, pilot="pilot__", payee="payee").order_by("opened_at", "pk")


def differences(wanted: Wanted) -> QuerySet[Difference]:
    """What the last comparison with the providers found and did not mend. They belong to no payee: filters leave them as they are."""
    last = ReconcileRun.objects.filter(finished_at__isnull=False).order_by("-pk").values("pk")[:1]
    return Difference.objects.filter(run__in=last, is_repaired=False).select_related("run").order_by("pk")


@dataclass(frozen=True)
class Section:
    code: str
    label: Promise
    rows: Callable[[Wanted], QuerySet[Any]]
    amount: str  # the column that is summed, "" where a sum says nothing


SECTIONS = {
    section.code: section
    for section in (
        Section("deposits", _("Open deposits"), open_deposits, "amount_cents"),
        Section("overdue", _("Overdue"), overdue, "amount_cents"),
        Section("refunds", _("To be given back"), open_refunds, "amount_cents"),
        Section("disputes", _("Disputed"), disputes, "disputed_cents"),
        Section("notices", _("Notices open"), open_notices, "amount_cents"),
        Section("differences", _("Differences"), differences, ""),
    )
}


def totals(section: Section, wanted: Wanted) -> tuple[int, int]:
    """How many rows a section has, and what they come to in cents."""
    ids = section.rows(wanted).order_by().values("pk")
    rows = section.rows(Wanted()).model._default_manager.filter(pk__in=ids)
    if not section.amount:
        return rows.count(), 0
    found = rows.aggregate(count=Count("pk"), total=Sum(section.amount))
    return found["count"], found["total"] or 0


@dataclass(frozen=True)
class Balance:
    """What was written on one side and the other of an account, both above zero, and what remains."""

    label: str
    debit_cents: int
    credit_cents: int

    @property
    def balance_cents(self) -> int:
        return abs(self.debit_cents - self.credit_cents)

    @property
    def side(self) -> str:
        """On which side the balance stands: "debit", "credit", or "" for none."""
        return "debit" if self.debit_cents > self.credit_cents else "credit" if self.credit_cents > self.debit_cents else ""


def balances(payee: str = "") -> list[Balance]:
    """Every account with entries, in the order of the books."""
    entries = LedgerEntry.objects.filter(transaction__payee__code=payee) if payee else LedgerEntry.objects.all()
    debit, credit = Sum("amount_cents", filter=Q(amount_cents__gt=0)), Sum("amount_cents", filter=Q(amount_cents__lt=0))
    found = {row["account"]: row for row in entries.order_by().values("account").annotate(debit=debit, credit=credit)}
    return [Balance(str(label), found[code]["debit"] or 0, -(found[code]["credit"] or 0)) for code, label in LedgerEntry.Account.choices if code in found]
