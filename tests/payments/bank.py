"""A payment provider in memory, for tests that decide every fact themselves: what the payer does, what becomes of a refund, what a bank says, and whether
an answer arrives."""

from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from typing import Any

from citylab.core import clock
from citylab.payments.providers import (
    CheckoutFound,
    CheckoutRequest,
    CheckoutStatus,
    DisputeStatus,
    Event,
    PaymentFound,
    RefundFound,
    RefundStatus,
    Refused,
    Unavailable,
)

OPEN, PROCESSING, PAID, FAILED, EXPIRED = CheckoutStatus.OPEN, CheckoutStatus.PROCESSING, CheckoutStatus.PAID, CheckoutStatus.FAILED, CheckoutStatus.EXPIRED
FEE_CENTS = 40


@dataclass
class Bank:
    """`trouble`: "away" (nothing arrives), "lost" (it acts, and its answer is lost), "refuses". `refunds_end`: what becomes of a refund at once."""

    code = "test"
    live = False
    refunds = True
    known: dict[str, CheckoutFound] = field(default_factory=dict)
    trouble: str = ""
    refunds_end: RefundStatus = RefundStatus.DONE
    asked: list[str] = field(default_factory=list)
    serial: Any = field(default_factory=lambda: count(1))

    # --- what we ask ---------------------------------------------------------------------------------------------------------
    def create(self, request: CheckoutRequest) -> CheckoutFound:
        self._reached("create")
        found = next((one for one in self.known.values() if one.reference == request.reference), None)
        if found is None:
            name = f"bank_{next(self.serial)}"
            found = CheckoutFound(
                external_id=name, reference=request.reference, account=request.account, status=OPEN, amount_cents=request.amount_cents, currency="EUR", url=f"https://bank.example/{name}"
            )
            self.known[name] = found
        return self._answered(found)

    def find(self, reference: str, account: str, *, since: Any) -> CheckoutFound | None:
        self._reached("find")
        return next((one for one in self.known.values() if (one.reference, one.account) == (reference, account)), None)

    def fetch(self, external_id: str, account: str) -> CheckoutFound:
        self._reached("fetch")
        found = self.known.get(external_id)
        if found is None or found.account != account:
            raise Refused("unknown")
        return found

    def fetch_by_payment(self, payment_id: str, account: str) -> CheckoutFound:
        return self.fetch(payment_id.split("-")[0].removeprefix("pay_"), account)

    def expire(self, external_id: str, account: str) -> CheckoutFound:
        if self.fetch(external_id, account).status == OPEN:
            self._now(external_id, status=EXPIRED)
        return self._answered(self.known[external_id])

    def refund(self, *, payment_id: str, amount_cents: int, reference: str, account: str) -> RefundFound:
        self._reached("refund")
        payment = self._payment(payment_id)
        made = next((one for one in payment.refunds if one.reference == reference), None)
        if made is None:
            if payment.disputed in (DisputeStatus.OPEN, DisputeStatus.LOST):
                raise Unavailable("charge_disputed")
            if sum(one.amount_cents for one in payment.refunds if one.status != RefundStatus.REFUSED) + amount_cents > payment.amount_cents:
                raise Refused("amount_too_large")
            made = RefundFound(external_id=f"back_{next(self.serial)}", reference=reference, amount_cents=amount_cents, status=self.refunds_end)
            self._paid(payment, refunds=(*payment.refunds, made))
        return self._answered(made)

    def find_refund(self, *, payment_id: str, reference: str, account: str) -> RefundFound | None:
        self._reached("find_refund")
        return next((one for one in self._payment(payment_id).refunds if one.reference == reference), None)

    def checkouts(self, first: date, last: date, account: str) -> Any:
        return iter(self.known.values())

    # --- what happens there --------------------------------------------------------------------------------------------------
    def happens(self, external_id: str, fact: str) -> bool:
        """Whether this could happen to the checkout, and so has."""
        do = self._possible(external_id).get(fact)
        if do:
            do()
        return bool(do)

    def possible(self, external_id: str) -> list[str]:
        """What could happen to the checkout now."""
        return [fact for fact, do in self._possible(external_id).items() if do]

    def _possible(self, external_id: str) -> dict[str, Any]:
        found = self.known[external_id]
        facts = {
            "pay": found.status == OPEN and (lambda: self._arrives(external_id, PAID)),
            "pay_later": found.status == OPEN and (lambda: self._now(external_id, status=PROCESSING)),
            "arrive": found.status == PROCESSING and (lambda: self._arrives(external_id, PAID)),
            "fail": found.status == PROCESSING and (lambda: self._now(external_id, status=FAILED)),
            "expire": found.status == OPEN and (lambda: self._now(external_id, status=EXPIRED)),
            "pay_twice": found.status == PAID and len(found.payments) == 1 and (lambda: self._arrives(external_id, PAID)),
        }
        for payment in found.payments:
            for fact, do in self._possible_of(payment).items():
                facts[fact] = facts.get(fact) or do
        return facts

    def _possible_of(self, payment: PaymentFound) -> dict[str, Any]:
        # Without the sum of a dispute nobody could tell whether a refund that fails after it began belongs to it.
        calm = not payment.disputed
        return {
            "say_fee": payment.fee_cents is None and (lambda: self._paid(payment, fee_cents=FEE_CENTS)),
            "finish_refund": self._has(payment, RefundStatus.PENDING) and (lambda: self._refund_now(payment, RefundStatus.PENDING, RefundStatus.DONE)),
            "refuse_refund": calm and self._has(payment, RefundStatus.PENDING) and (lambda: self._refund_now(payment, RefundStatus.PENDING, RefundStatus.REFUSED)),
            "undo_refund": calm and self._has(payment, RefundStatus.DONE) and (lambda: self._refund_now(payment, RefundStatus.DONE, RefundStatus.REFUSED)),
            "dispute": calm and (lambda: self._paid(payment, disputed=DisputeStatus.OPEN)),
            "win": payment.disputed == DisputeStatus.OPEN and (lambda: self._paid(payment, disputed=DisputeStatus.WON)),
            "lose": payment.disputed == DisputeStatus.OPEN and (lambda: self._paid(payment, disputed=DisputeStatus.LOST)),
        }

    def event(self, external_id: str, *, again: bool = False) -> Event:
        """An event about how the checkout stands, of a name of its own unless told `again`."""
        found = self.known[external_id]
        return Event(
            external_id=f"event_{external_id}" if again else f"event_{next(self.serial)}", account=found.account, kind="checkout.changed", object_kind="checkout", object_id=external_id,
            live=False, created_at=clock.now(), reference=found.reference,
        )  # fmt: skip

    # --- within --------------------------------------------------------------------------------------------------------------
    def _reached(self, what: str) -> None:
        self.asked.append(what)
        if self.trouble == "away":
            raise Unavailable("away")
        if self.trouble == "refuses" and what in ("create", "refund"):
            raise Refused("refused")

    def _answered(self, answer: Any) -> Any:
        if self.trouble == "lost":
            raise Unavailable("the answer is lost")
        return answer

    def _now(self, external_id: str, **how: Any) -> None:
        self.known[external_id] = replace(self.known[external_id], **how)

    def _arrives(self, external_id: str, status: CheckoutStatus) -> None:
        found = self.known[external_id]
        payment = PaymentFound(external_id=f"pay_{external_id}-{len(found.payments)}", amount_cents=found.amount_cents, received_at=clock.now())
        self._now(external_id, status=status, payments=(*found.payments, payment))

    def _payment(self, payment_id: str) -> PaymentFound:
        return next(one for found in self.known.values() for one in found.payments if one.external_id == payment_id)

    def _paid(self, payment: PaymentFound, **how: Any) -> None:
        name = payment.external_id.split("-")[0].removeprefix("pay_")
        self._now(name, payments=tuple(replace(one, **how) if one.external_id == payment.external_id else one for one in self.known[name].payments))

    def _has(self, payment: PaymentFound, status: RefundStatus) -> bool:
        return any(one.status == status for one in payment.refunds)

    def _refund_now(self, payment: PaymentFound, before: RefundStatus, after: RefundStatus) -> None:
        chosen = next(one for one in payment.refunds if one.status == before)
        self._paid(payment, refunds=tuple(replace(one, status=after, reason="card_closed" if after == RefundStatus.REFUSED else "") if one is chosen else one for one in payment.refunds))
