"""The money of one pilot as both sides see it: every sum with how it stands, grouped by whom it is owed to, and what that comes to.

Read once, in a number of queries that does not grow with the sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from django.db import models
from django.db.models import Count, Min, Prefetch, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.core import clock
from citylab.pilots.models import Pilot
from citylab.proposals.models import Attachment, Proposal, StampDuty

from . import stamp_duty
from .arithmetic import Line, Text
from .models import Charge, Checkout, CheckoutLine, DepositDecision, Payee, Receipt, Refund
from .selectors import owed_by
from .workflow import OPEN_REFUNDS, UNPAID, ChargeState, CheckoutState, RefundState


class Standing(StrEnum):
    """How a sum stands, in the words of whoever pays it."""

    DUE = "due"
    OVERDUE = "overdue"
    BEING_PAID = "being_paid"
    ON_ITS_WAY = "on_its_way"
    PAID = "paid"
    HELD = "held"
    TO_COME_BACK = "to_come_back"
    GIVEN_BACK = "given_back"
    KEPT = "kept"
    DISPUTED = "disputed"
    LOST = "lost"
    WAIVED = "waived"
    EXEMPT = "exempt"
    NO_LONGER_DUE = "no_longer_due"


# Word, tone and icon of components/status.html.
SHOWN: dict[Standing, tuple[Promise, str, str]] = {
    Standing.DUE: (_("To be paid"), "near", "clock"),
    Standing.OVERDUE: (_("Overdue"), "no", "error"),
    Standing.BEING_PAID: (_("Being paid"), "near", "clock"),
    Standing.ON_ITS_WAY: (_("Payment on its way"), "near", "clock"),
    Standing.PAID: (_("Paid"), "ok", "check-circle"),
    Standing.HELD: (_("Held by the payee"), "ok", "locked"),
    Standing.TO_COME_BACK: (_("To come back"), "near", "refresh"),
    Standing.GIVEN_BACK: (_("Given back"), "ok", "check-circle"),
    Standing.KEPT: (_("Kept"), "no", "locked"),
    Standing.DISPUTED: (_("Disputed with the bank"), "no", "warning-circle"),
    Standing.LOST: (_("Lost in a dispute"), "no", "close-circle"),
    Standing.WAIVED: (_("Waived"), "neutral", "minus-circle"),
    Standing.EXEMPT: (_("Exempt"), "neutral", "minus-circle"),
    Standing.NO_LONGER_DUE: (_("No longer due"), "neutral", "minus-circle"),
}

SIMPLE = {
    ChargeState.CHECKOUT_OPEN: Standing.BEING_PAID,
    ChargeState.PROCESSING: Standing.ON_ITS_WAY,
    ChargeState.REFUND_OWED: Standing.TO_COME_BACK,
    ChargeState.RETAINED: Standing.KEPT,
    ChargeState.DISPUTED: Standing.DISPUTED,
    ChargeState.LOST: Standing.LOST,
    ChargeState.WITHDRAWN: Standing.NO_LONGER_DUE,
}


def _open_cents(refunds: Iterable[Refund]) -> int:
    return sum(refund.amount_cents for refund in refunds if refund.state in OPEN_REFUNDS)


def _done_cents(refunds: Iterable[Refund]) -> int:
    return sum(refund.amount_cents for refund in refunds if refund.state not in OPEN_REFUNDS)


@dataclass
class Sum:
    """One charge and everything that became of it. Its arithmetic, rule, act and VAT treatment stand in `charge.line`."""

    charge: Charge
    today: date
    refunds: Sequence[Refund]  # oldest first
    decisions: Sequence[DepositDecision]  # oldest first, each with its documents
    checkout: Checkout | None  # the one that may still pay it

    @property
    def standing(self) -> Standing:
        state = ChargeState(self.charge.state)
        is_deposit = self.charge.kind == Charge.Kind.DEPOSIT
        if state == ChargeState.DUE:
            return Standing.OVERDUE if self.days_late > 0 else Standing.DUE
        if state == ChargeState.PAID:
            return Standing.HELD if is_deposit else Standing.PAID
        if state == ChargeState.REFUNDED:
            return Standing.KEPT if self.kept_cents else Standing.PAID if self.net_cents and not is_deposit else Standing.GIVEN_BACK
        if state == ChargeState.WAIVED:
            return Standing.WAIVED if self.charge.amount_cents else Standing.EXEMPT
        return SIMPLE[state]

    @property
    def label(self) -> Promise:
        return SHOWN[self.standing][0]

    @property
    def tone(self) -> str:
        return SHOWN[self.standing][1]

    @property
    def icon(self) -> str:
        return SHOWN[self.standing][2]

    @property
    def days_late(self) -> int:
        return -self.days_left

    @property
    def days_left(self) -> int:
        return (self.charge.due_on - self.today).days if self.charge.due_on else 0

    @property
    def is_unpaid(self) -> bool:
        return self.charge.state in UNPAID

    @property
    def is_overdue(self) -> bool:
        return self.standing == Standing.OVERDUE

    @property
    def due_cents(self) -> int:
        """What is still to be paid of it; what is on its way needs no further act."""
        return self.charge.amount_cents if self.charge.state in (ChargeState.DUE, ChargeState.CHECKOUT_OPEN) else 0

    @property
    def net_cents(self) -> int:
        """What stays of it once everything owed back has gone."""
        return self.charge.amount_cents - sum(refund.amount_cents for refund in self.refunds)

    @property
    def is_in(self) -> bool:
        """Whether its money is with the payee."""
        return self.charge.state in (ChargeState.PAID, ChargeState.REFUND_OWED, ChargeState.REFUNDED, ChargeState.RETAINED)

    @property
    def kept_cents(self) -> int:
        """What stays of a deposit after the last decision on it."""
        return self.decisions[-1].kept_cents if self.decisions and self.is_in else 0

    @property
    def held_cents(self) -> int:
        """What of a deposit waits for a decision."""
        return self.charge.amount_cents if self.charge.kind == Charge.Kind.DEPOSIT and self.charge.state == ChargeState.PAID else 0

    @property
    def paid_cents(self) -> int:
        """What stays of a fee or stamp duty that was paid."""
        return self.net_cents if self.charge.kind != Charge.Kind.DEPOSIT and self.is_in else 0

    @property
    def to_come_back_cents(self) -> int:
        return _open_cents(self.refunds)

    @property
    def given_back_cents(self) -> int:
        return _done_cents(self.refunds)


@dataclass
class OpenCheckout:
    """A payment that somebody began, with the sums that it is for."""

    checkout: Checkout
    sums: list[Sum]
    now: datetime

    @property
    def has_run_out(self) -> bool:
        return self.checkout.expires_at is not None and self.checkout.expires_at <= self.now

    @property
    def can_go_on(self) -> bool:
        """Or be cancelled; one whose time is over begins anew."""
        return self.checkout.state in (CheckoutState.CREATING, CheckoutState.OPEN)

    @property
    def is_notice(self) -> bool:
        return self.checkout.provider == "notice"


@dataclass
class Group:
    """What is owed to one payee; None: the State, for stamp duty."""

    payee: Payee | None
    name: Text
    tax_code: str
    sums: list[Sum] = field(default_factory=list)
    ended: list[Sum] = field(default_factory=list)  # replaced or no longer due
    checkouts: list[OpenCheckout] = field(default_factory=list)
    loose_refunds: list[Refund] = field(default_factory=list)  # of money that paid no sum

    @property
    def key(self) -> str:
        return self.payee.code if self.payee else "state"

    @property
    def by_notice(self) -> bool:
        return self.payee is None or self.payee.provider == Payee.Provider.NOTICE

    @property
    def payable(self) -> list[Sum]:
        return [one for one in self.sums if one.charge.state == ChargeState.DUE]

    @property
    def payable_cents(self) -> int:
        return sum(one.charge.amount_cents for one in self.payable)


@dataclass
class MoneyView:
    """Everything about a pilot's money. The sums on top do not overlap: each cent stands in one of them."""

    pilot: Pilot
    groups: list[Group]
    unknown: list[Line]  # what the rules give, but nobody can work out yet: `problem` says why
    request_stamp: StampDuty | None  # the stamp duty on the request, which was paid with the proposal
    receipts: list[Receipt]  # newest first

    @property
    def sums(self) -> list[Sum]:
        return [one for group in self.groups for one in group.sums]

    @property
    def refunds(self) -> list[Refund]:
        return [refund for one in self.sums for refund in one.refunds] + [refund for group in self.groups for refund in group.loose_refunds]

    @property
    def transfers(self) -> list[Refund]:
        """What goes back by bank transfer and has not yet."""
        return [refund for refund in self.refunds if refund.state == RefundState.TRANSFER_OWED]

    @property
    def has_overdue(self) -> bool:
        return any(one.is_overdue for one in self.sums)

    @property
    def due_cents(self) -> int:
        return sum(one.due_cents for one in self.sums)

    @property
    def on_its_way_cents(self) -> int:
        return sum(one.charge.amount_cents for one in self.sums if one.charge.state == ChargeState.PROCESSING)

    @property
    def paid_cents(self) -> int:
        return sum(one.paid_cents for one in self.sums)

    @property
    def held_cents(self) -> int:
        return sum(one.held_cents for one in self.sums)

    @property
    def to_come_back_cents(self) -> int:
        return _open_cents(self.refunds)

    @property
    def given_back_cents(self) -> int:
        return _done_cents(self.refunds)

    @property
    def kept_cents(self) -> int:
        return sum(one.kept_cents for one in self.sums)

    @property
    def disputed_cents(self) -> int:
        return sum(one.net_cents for one in self.sums if one.charge.state == ChargeState.DISPUTED)


def money_view(pilot: Pilot) -> MoneyView:
    """The money of a pilot."""
    decisions = DepositDecision.objects.select_related("decided_by", "answered_by").prefetch_related("documents")
    charges = (
        Charge.objects.filter(pilot=pilot)
        .select_related("payee", "stamp", "allocation__payment")
        .prefetch_related(Prefetch("decisions", decisions))
    )
    lines = CheckoutLine.objects.filter(charge__pilot=pilot, is_open=True).select_related("checkout")
    checkout_of = {line.charge_id: line.checkout for line in lines}
    refunds = list(Refund.objects.filter(payment__checkout__pilot=pilot).select_related("payment__checkout"))
    today, moment = clock.today(), clock.now()
    groups: dict[int | None, Group] = {}
    for charge in charges:
        group = groups.setdefault(charge.payee_id, _group(charge))
        one = Sum(charge, today, [refund for refund in refunds if refund.charge_id == charge.pk], list(charge.decisions.all()), checkout_of.get(charge.pk))
        (group.ended if charge.state == ChargeState.WITHDRAWN else group.sums).append(one)
    for refund in refunds:
        if refund.charge_id is None:
            groups[refund.payment.checkout.payee_id].loose_refunds.append(refund)
    for group in groups.values():
        group.checkouts = _open_checkouts(group.sums, moment)
    receipts = Receipt.objects.filter(payment__checkout__pilot=pilot).select_related("payee").order_by("-issued_at")
    return MoneyView(pilot, _in_order(groups.values()), _unknown(pilot), _request_stamp(pilot), list(receipts))


@dataclass(frozen=True)
class ToPay:
    """What is still to be paid of one pilot; the first of it by `due_on`."""

    pilot_id: object
    code: str
    title: str
    language: str  # of the title
    cents: int
    count: int
    due_on: date | None

    @property
    def days_late(self) -> int:
        return (clock.today() - self.due_on).days if self.due_on else 0


def to_pay(**which: object) -> list[ToPay]:
    """The pilots with something still to be paid, what is due first in front, in one query; `which` narrows them as a filter of charges does."""
    unpaid = Charge.objects.filter(state__in=(ChargeState.DUE, ChargeState.CHECKOUT_OPEN), **which).order_by()
    rows = unpaid.values("pilot_id", "pilot__code", "pilot__title", "pilot__proposal__language").annotate(
        cents=models.Sum("amount_cents"), count=Count("pk"), due=Min("due_on")
    )
    return [
        ToPay(row["pilot_id"], row["pilot__code"], row["pilot__title"], row["pilot__proposal__language"] or "it", row["cents"], row["count"], row["due"])
        for row in rows.order_by("due", "pilot__code")
    ]


def deposit_files(pilot: Pilot) -> QuerySet[Attachment]:
    """The documents that stand by the decisions on the pilot's deposits: both sides read them."""
    decided = DepositDecision.documents.through.objects.filter(depositdecision__charge__pilot=pilot)
    return Attachment.objects.filter(pk__in=decided.values("attachment"))


def _unknown(pilot: Pilot) -> list[Line]:
    if pilot.proposal_id:  # with what its costs depend on; the page's own reading leaves that out
        pilot.proposal = Proposal.objects.select_related("organisation", "challenge").get(pk=pilot.proposal_id)
    return [line for line in owed_by(pilot).lines if line.problem]


def _request_stamp(pilot: Pilot) -> StampDuty | None:
    return StampDuty.objects.filter(version__proposal=pilot.proposal_id).order_by("-version__number").first() if pilot.proposal_id else None


def _group(charge: Charge) -> Group:
    if charge.payee is None:
        return Group(None, stamp_duty.PAYEE, stamp_duty.PAYEE_TAX_CODE)
    return Group(charge.payee, {"it": charge.payee.name_it, "en": charge.payee.name_en}, charge.payee.tax_code)


def _in_order(groups: Iterable[Group]) -> list[Group]:
    """Where something is to be paid first, the State's tax after the others, then by name."""
    return sorted(groups, key=lambda group: (not (group.payable or group.checkouts), group.payee is None, group.name["it"]))


def _open_checkouts(sums: list[Sum], moment: datetime) -> list[OpenCheckout]:
    found: dict[object, OpenCheckout] = {}
    for one in sums:
        if one.checkout:
            found.setdefault(one.checkout.pk, OpenCheckout(one.checkout, [], moment)).sums.append(one)
    return list(found.values())
