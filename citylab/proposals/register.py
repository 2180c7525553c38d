"""The register of received and sent documents, and case numbers: gapless within a year."""

from datetime import datetime
from typing import Any

from django.conf import settings

from citylab.core import clock

from .models import CaseCounter, RegisterCounter, RegisterEntry


def _next(counter: Any) -> tuple[int, datetime]:
    """The next number, and the moment it was taken: under the lock, so that numbers and moments go the same way."""
    year = clock.today().year
    counter.objects.get_or_create(year=year)
    row = counter.objects.select_for_update().get(year=year)
    moment = clock.now()
    if moment.year != year:  # the year turned while waiting
        return _next(counter)
    row.last += 1
    row.save(update_fields=["last"])
    return int(row.last), moment


def register(*, direction: str, subject: str, case_id: Any, case_kind: str = "proposal") -> RegisterEntry:
    """Enter a document in the register of the current year (DPR 445/2000 art. 53).

    Must run inside the transaction of the document itself: a rollback gives the number back.
    """
    number, moment = _next(RegisterCounter)
    return RegisterEntry.objects.create(
        year=moment.year, number=number, direction=direction, registered_at=moment, subject=subject, case_kind=case_kind, case_id=str(case_id)
    )


def next_case_number() -> str:
    """The next number for the screen, such as TCL-2027-00042."""
    number, moment = _next(CaseCounter)
    return f"{settings.CASE_NUMBER_PREFIX}-{moment.year}-{number:05d}"
