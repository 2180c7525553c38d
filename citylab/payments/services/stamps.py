"""Stamp duty on the decision, paid with a stamp of its own."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from citylab.audit.moves import check_legal
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.proposals.models import StampDuty
from citylab.proposals.services.submitting import StampGiven, stamp_faults

from .. import ledger
from ..models import Charge, LedgerEntry
from .charging import charge_locked
from .opening import follow, move_charge
from .paying import checkouts_give_up


def stamp_record(*, charge_id: Any, actor: Any, serial_number: str, stamped_on: date | None, not_reused: bool) -> Charge:
    """Pay the stamp duty on the decision with a stamp (DPR 642/1972): its serial number is used once in the whole city. A notice for it is closed.

    Raises DomainError("not_stamp_duty" | "stamp_serial_number" | "stamp_stamped_on" | "stamp_not_reused" | "stamp_used"), Conflict, NotAllowed.
    """
    given = StampGiven(serial_number=serial_number.strip(), stamped_on=stamped_on, not_reused=not_reused)
    try:
        with transaction.atomic():
            charge = charge_locked(charge_id, actor, "payments.pay")
            if charge.kind != Charge.Kind.STAMP_DUTY:
                raise DomainError("not_stamp_duty", _("Only stamp duty is paid with a stamp."))
            check_legal(charge, "waive")  # due, or with a notice that nobody has paid yet
            for fault in stamp_faults(given, clock.today()):
                raise fault
            charge.stamp = StampDuty.objects.create(serial_number=given.serial_number, stamped_on=given.stamped_on, not_reused=True)
            charge.paid_at = clock.now()
            move_charge(charge, "pay", actor=actor, permission="payments.pay", data={"stamp": charge.stamp.pk})
            ledger.charge_paid(charge, by=LedgerEntry.Account.STAMPS)
            checkouts_give_up(charge)
            follow(charge.pilot)
    except IntegrityError as error:
        if "serial_number" in str(error):
            raise DomainError("stamp_used", _("This serial number has already been used in another request. Check it, or use another stamp.")) from error
        raise
    return charge
