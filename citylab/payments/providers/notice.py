"""Payment notices in the manner of pagoPA: what is owed to an Italian administration itself goes through them (D.Lgs. 82/2005, art. 5).

A notice has a number of 18 digits that begins with 3, the sign of numbers that the creditor gives itself, and ends with two check digits (pagoPA, SACI,
"Specifiche attuative dei codici identificativi": the first 16 digits modulo 93). An officer records the receipt or imports it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from citylab.core import clock
from citylab.core.locks import locked

from ..models import Notice, NoticeReceipt
from . import CheckoutFound, CheckoutRequest, CheckoutStatus, Event, PaymentFound, RefundFound, Refused
from .signing import parsed

# Which of the creditor's archives a number is of, as pagoPA wants it behind the first digit.
SEGREGATION_CODE = "01"


class Notices:
    code = "notice"
    live = True
    refunds = False

    def create(self, request: CheckoutRequest) -> CheckoutFound:
        with transaction.atomic():
            record = Notice.objects.filter(reference=request.reference).first()
            if record is None:
                record = Notice.objects.create(
                    number=f"-{request.reference[:17]}", reference=request.reference, amount_cents=request.amount_cents, items=[[item.name, item.amount_cents] for item in request.items],
                    payee_name=request.payee_name, payee_tax_code=request.payee_tax_code, language=request.language, created_at=clock.now(),
                )  # fmt: skip
                record.number = number_of(record.pk)
                record.save(update_fields=["number"])
        return _found(record)

    def find(self, reference: str, account: str, *, since: datetime) -> CheckoutFound | None:
        record = Notice.objects.filter(reference=reference).first()
        return _found(record) if record else None

    def fetch(self, external_id: str, account: str) -> CheckoutFound:
        return _found(_known(number=external_id))

    def fetch_by_payment(self, payment_id: str, account: str) -> CheckoutFound:
        return _found(_known(receipts__receipt_id=payment_id))

    def expire(self, external_id: str, account: str) -> CheckoutFound:
        with transaction.atomic():
            record = locked(Notice, _known(number=external_id).pk)
            if record.status == Notice.Status.OPEN:
                record.status = Notice.Status.CLOSED
                record.save(update_fields=["status"])
        return _found(record)

    def refund(self, *, payment_id: str, amount_cents: int, reference: str, account: str) -> RefundFound:
        raise Refused("by_transfer")

    def find_refund(self, *, payment_id: str, reference: str, account: str) -> RefundFound | None:
        return None

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Event:
        return parsed(body, headers)

    def events(self, first: date, last: date, account: str) -> Iterator[Event]:
        for receipt in NoticeReceipt.objects.filter(recorded_at__date__gte=first, recorded_at__date__lte=last).select_related("notice"):
            yield event_of(receipt)

    def checkouts(self, first: date, last: date, account: str) -> Iterator[CheckoutFound]:
        return (_found(record) for record in Notice.objects.filter(created_at__date__gte=first, created_at__date__lte=last).prefetch_related("receipts"))


def from_settings() -> Notices:
    return Notices()


def number_of(sequence: int) -> str:
    """The notice number of the n-th notice: 3, the archive's code, 13 digits and two check digits."""
    first = f"3{SEGREGATION_CODE}{sequence:013d}"
    return first + f"{int(first) % 93:02d}"


def number_is_valid(number: str) -> bool:
    """Whether the text has the form of a notice number and its check digits are right."""
    return len(number) == 18 and number.isascii() and number.isdigit() and f"{int(number[:16]) % 93:02d}" == number[16:]


def receipt_record(*, number: str, receipt_id: str, amount_cents: int, paid_on: date) -> Event | None:
    """That a notice was paid; None where this receipt was recorded before. Raises Refused("unknown" | "other_receipt")."""
    with transaction.atomic():
        record = locked(Notice, _known(number=number).pk)
        known = NoticeReceipt.objects.filter(receipt_id=receipt_id).first()
        if known:
            if known.notice_id != record.pk or known.amount_cents != amount_cents:
                raise Refused("other_receipt")
            return None
        receipt = NoticeReceipt.objects.create(notice=record, receipt_id=receipt_id, amount_cents=amount_cents, paid_on=paid_on, recorded_at=clock.now())
        record.status = Notice.Status.PAID
        record.save(update_fields=["status"])
    return event_of(receipt)


def event_of(receipt: NoticeReceipt) -> Event:
    return Event(
        external_id=f"receipt_{receipt.receipt_id}", account="", kind="notice.paid", object_kind="checkout", object_id=receipt.notice.number, live=True, created_at=clock.now(),
        reference=receipt.notice.reference, payment_id=receipt.receipt_id,
    )  # fmt: skip


def _known(**which: Any) -> Notice:
    record = Notice.objects.filter(**which).first()
    if record is None:
        raise Refused("unknown")
    return record


def _found(record: Notice) -> CheckoutFound:
    status = {Notice.Status.OPEN: CheckoutStatus.OPEN, Notice.Status.PAID: CheckoutStatus.PAID, Notice.Status.CLOSED: CheckoutStatus.EXPIRED}[Notice.Status(record.status)]
    with override(record.language):
        url = settings.SITE_URL.rstrip("/") + reverse("portal:notice", args=[record.number])
    payments = tuple(
        PaymentFound(external_id=receipt.receipt_id, amount_cents=receipt.amount_cents, received_at=datetime.combine(receipt.paid_on, time(12), clock.rome), fee_cents=0)
        for receipt in record.receipts.all()
    )
    return CheckoutFound(
        external_id=record.number, reference=record.reference, account="", status=status, amount_cents=record.amount_cents, currency="EUR", url=url, payments=payments
    )  # fmt: skip
