"""Receipts of payment notices, as an officer writes them down or a file brings them: recorded once, then acted on by the worker as any provider's event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citylab.accounts.selectors import organisations_of
from citylab.audit import services as audit
from citylab.core import clock
from citylab.core.errors import DomainError

from ..models import Checkout, Notice, NoticeReceipt
from ..providers import Refused, notice
from ..workflow import LIVE
from .events import event_store
from .opening import opened

CODE = notice.Notices.code


class Fate(TextChoices):
    """What recording a receipt would do."""

    PAYS = "pays", gettext_lazy("Pays what the notice asks for")
    OTHER_AMOUNT = "other_amount", gettext_lazy("Another amount than the notice asks for: nothing is paid by it, and all of it is owed back")
    NOT_DUE = "not_due", gettext_lazy("The notice is paid or closed already: all of it is owed back")
    KNOWN = "known", gettext_lazy("Recorded already: nothing changes")
    UNKNOWN = "unknown", gettext_lazy("No notice of ours has this number")
    OTHER_RECEIPT = "other_receipt", gettext_lazy("A receipt with this identifier is recorded already, for another notice or another amount")
    FUTURE = "future", gettext_lazy("This date is in the future")
    CONFLICT = "conflict", gettext_lazy("You belong to the organisation that paid: a colleague records it")


RECORDABLE = (Fate.PAYS, Fate.OTHER_AMOUNT, Fate.NOT_DUE)


@dataclass(frozen=True)
class Given:
    """A receipt as somebody has it in hand."""

    number: str
    receipt_id: str
    amount_cents: int
    paid_on: date


def receipts_judged(given: Sequence[Given], *, actor: Any) -> list[Fate]:
    """What each of them would do, in their order; the same number of queries however many they are."""
    notices = {record.number: record for record in Notice.objects.filter(number__in={one.number for one in given})}
    known = {receipt.receipt_id: (receipt.notice.number, receipt.amount_cents) for receipt in NoticeReceipt.objects.filter(receipt_id__in={one.receipt_id for one in given}).select_related("notice")}
    checkouts = {found.external_id: found for found in Checkout.objects.filter(provider=CODE, external_id__in=notices).select_related("pilot")}
    own = {organisation.pk for organisation in organisations_of(actor)}
    paid: set[str] = set()
    fates = []
    for one in given:
        record, checkout = notices.get(one.number), checkouts.get(one.number)
        if record is None or checkout is None:
            fate = Fate.UNKNOWN
        elif checkout.pilot.organisation_id in own:
            fate = Fate.CONFLICT
        elif one.receipt_id in known:
            fate = Fate.KNOWN if known[one.receipt_id] == (one.number, one.amount_cents) else Fate.OTHER_RECEIPT
        elif one.paid_on > clock.today():
            fate = Fate.FUTURE
        else:
            # A receipt that is stored and not yet acted on has paid the notice already.
            is_open = checkout.state in LIVE and record.status == Notice.Status.OPEN and one.number not in paid
            fate = Fate.NOT_DUE if not is_open else Fate.PAYS if one.amount_cents == record.amount_cents else Fate.OTHER_AMOUNT
            known[one.receipt_id] = (one.number, one.amount_cents)
            paid.add(one.number)
        fates.append(fate)
    return fates


def receipt_record(*, actor: Any, given: Given) -> bool:
    """Record a receipt and have it acted on; False where it was recorded before.

    Raises DomainError("notice_unknown" | "other_receipt" | "date_future" | "amount" | "receipt_missing"), NotAllowed.
    """
    if not given.receipt_id:
        raise DomainError("receipt_missing", _("Write the identifier of the receipt."))
    if given.amount_cents <= 0:
        raise DomainError("amount", _("Write the sum that was paid, above zero."))
    if given.paid_on > clock.today():
        raise DomainError("date_future", str(Fate.FUTURE.label))
    with transaction.atomic():
        checkout = Checkout.objects.filter(provider=CODE, external_id=given.number).first()
        if checkout is None:
            raise DomainError("notice_unknown", str(Fate.UNKNOWN.label))
        opened(checkout.pilot_id, actor, "payments.process")
        try:
            event = notice.receipt_record(number=given.number, receipt_id=given.receipt_id, amount_cents=given.amount_cents, paid_on=given.paid_on)
        except Refused as error:
            raise DomainError("other_receipt", str(Fate.OTHER_RECEIPT.label)) from error
        if event is None:
            return False
        data = {"receipt": given.receipt_id, "cents": given.amount_cents, "paid_on": given.paid_on.isoformat()}
        audit.append(case_kind="checkout", case_id=checkout.pk, action="record_receipt", actor=actor, from_state=checkout.state, to_state=checkout.state, data=data)
        event_store(CODE, event)
    return True
