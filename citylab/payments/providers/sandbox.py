"""The test provider: its own pay page on this site, with the outcome to choose, through the very code path and event store of a real one.

It keeps its records in a table of its own and tells of changes by signed events, as a provider of the outside world does.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from citylab.core import clock
from citylab.core.locks import locked

from ..models import SandboxCheckout
from . import CheckoutFound, CheckoutRequest, CheckoutStatus, DisputeStatus, Event, PaymentFound, RefundFound, RefundStatus, Refused
from .signing import parsed

# What a card costs at a usual provider: 1.5 % and 25 cents.
FEE_PER_MILLE, FEE_CENTS = 15, 25
OPEN, PROCESSING, PAID, FAILED, EXPIRED = CheckoutStatus.OPEN, CheckoutStatus.PROCESSING, CheckoutStatus.PAID, CheckoutStatus.FAILED, CheckoutStatus.EXPIRED
# What somebody may choose on the pay page, and from which states.
OUTCOMES = {"pay": (OPEN,), "pay_later": (OPEN,), "arrive": (PROCESSING,), "fail": (PROCESSING,), "dispute": (PAID,), "win": (PAID,), "lose": (PAID,), "refuse_refunds": (PAID,)}


class Sandbox:
    code = "test"
    live = False
    refunds = True

    def create(self, request: CheckoutRequest) -> CheckoutFound:
        record, _created = SandboxCheckout.objects.get_or_create(
            reference=request.reference,
            defaults={
                "external_id": f"test_{secrets.token_hex(12)}", "account": request.account, "status": OPEN, "amount_cents": request.amount_cents,
                "items": [[item.name, item.amount_cents] for item in request.items], "payee_name": request.payee_name, "language": request.language, "success_url": request.success_url,
                "cancel_url": request.cancel_url, "created_at": clock.now(), "expires_at": request.expires_at,
            },
        )  # fmt: skip
        return _found(record)

    def find(self, reference: str, account: str, *, since: datetime) -> CheckoutFound | None:
        record = SandboxCheckout.objects.filter(reference=reference, account=account).first()
        return _found(record) if record else None

    def fetch(self, external_id: str, account: str) -> CheckoutFound:
        return _found(_known(external_id=external_id, account=account))

    def fetch_by_payment(self, payment_id: str, account: str) -> CheckoutFound:
        return self.fetch(payment_id.removeprefix("pay_"), account)

    def expire(self, external_id: str, account: str) -> CheckoutFound:
        with transaction.atomic():
            record = locked(SandboxCheckout, _known(external_id=external_id, account=account).pk)
            if record.status == OPEN:
                record.status = EXPIRED
                record.save(update_fields=["status"])
        return _found(record)

    def refund(self, *, payment_id: str, amount_cents: int, reference: str, account: str) -> RefundFound:
        with transaction.atomic():
            record = locked(SandboxCheckout, _known(external_id=payment_id.removeprefix("pay_"), account=account).pk)
            for made in record.refunds:
                if made["reference"] == reference:
                    return _refund(made)
            if sum(made["amount_cents"] for made in record.refunds if made["status"] != RefundStatus.REFUSED) + amount_cents > record.amount_cents:
                raise Refused("amount_too_large")
            status = RefundStatus.REFUSED if record.refuses_refunds else RefundStatus.DONE
            made = {"external_id": f"refund_{secrets.token_hex(8)}", "reference": reference, "amount_cents": amount_cents, "status": status, "reason": "card_closed" if record.refuses_refunds else ""}
            record.refunds.append(made)
            record.save(update_fields=["refunds"])
        return _refund(made)

    def find_refund(self, *, payment_id: str, reference: str, account: str) -> RefundFound | None:
        record = _known(external_id=payment_id.removeprefix("pay_"), account=account)
        return next((_refund(made) for made in record.refunds if made["reference"] == reference), None)

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Event:
        return parsed(body, headers)

    def events(self, first: date, last: date, account: str) -> Iterator[Event]:
        told = (told for record in SandboxCheckout.objects.filter(account=account).exclude(told=[]) for told in record.told)
        found = [Event(**{**values, "created_at": datetime.fromisoformat(values["created_at"])}) for values in told]
        yield from sorted((event for event in found if first <= event.created_at.astimezone(clock.rome).date() <= last), key=lambda event: event.created_at)

    def checkouts(self, first: date, last: date, account: str) -> Iterator[CheckoutFound]:
        return (_found(record) for record in _created(first, last, account))


def from_settings() -> Sandbox:
    return Sandbox()


def choose(external_id: str, outcome: str) -> Event | None:
    """What somebody chose on the pay page, and what the provider then tells us; None where the checkout does not admit it any more.

    Raises Refused("unknown").
    """
    with transaction.atomic():
        record = locked(SandboxCheckout, _known(external_id=external_id).pk)
        if record.status == OPEN and record.expires_at and record.expires_at <= clock.now():
            record.status = EXPIRED
        elif record.status not in OUTCOMES[outcome]:
            return None
        else:
            _apply(record, outcome)
        event = event_of(record)
        record.told.append(asdict(event))
        record.save()
    return event


def _apply(record: SandboxCheckout, outcome: str) -> None:
    if outcome in ("pay", "arrive"):
        record.status, record.paid_at, record.fee_cents = PAID, clock.now(), record.amount_cents * FEE_PER_MILLE // 1000 + FEE_CENTS
    elif outcome == "pay_later":
        record.status = PROCESSING
    elif outcome == "fail":
        record.status = FAILED
    elif outcome == "refuse_refunds":
        record.refuses_refunds = True
    else:
        record.disputed = {"dispute": DisputeStatus.OPEN, "win": DisputeStatus.WON, "lose": DisputeStatus.LOST}[outcome]


def event_of(record: SandboxCheckout) -> Event:
    """What the provider says of a checkout's present state."""
    state = f"{record.status}-{record.disputed or 'plain'}-{len(record.refunds)}"
    return Event(
        external_id=f"event_{record.external_id}_{state}", account=record.account, kind=f"checkout.{record.status}", object_kind="checkout", object_id=record.external_id, live=False,
        created_at=clock.now(), reference=record.reference, payment_id=f"pay_{record.external_id}" if record.paid_at else "",
    )  # fmt: skip


def _known(**which: Any) -> SandboxCheckout:
    record = SandboxCheckout.objects.filter(**which).first()
    if record is None:
        raise Refused("unknown")
    return record


def _created(first: date, last: date, account: str) -> list[SandboxCheckout]:
    return list(SandboxCheckout.objects.filter(created_at__date__gte=first, created_at__date__lte=last, account=account))


def _found(record: SandboxCheckout) -> CheckoutFound:
    with override(record.language):
        url = settings.SITE_URL.rstrip("/") + reverse("portal:sandbox", args=[record.external_id])
    payments = ()
    if record.paid_at:
        payments = (
            PaymentFound(
                external_id=f"pay_{record.external_id}", amount_cents=record.amount_cents, received_at=record.paid_at, fee_cents=record.fee_cents, disputed=DisputeStatus(record.disputed),
                refunds=tuple(_refund(made) for made in record.refunds),
            ),
        )  # fmt: skip
    return CheckoutFound(
        external_id=record.external_id, reference=record.reference, account=record.account, status=CheckoutStatus(record.status), amount_cents=record.amount_cents, currency="EUR", url=url,
        payments=payments,
    )  # fmt: skip


def _refund(made: dict[str, Any]) -> RefundFound:
    return RefundFound(**{**made, "status": RefundStatus(made["status"])})
