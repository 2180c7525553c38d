"""The register of received and sent documents, and case numbers: gapless within a year."""

from typing import Any

from django.conf import settings

from citylab.core import clock

from .models import CaseCounter, RegisterCounter, RegisterEntry


def _next(counter: Any, year: int) -> int:
    counter.objects.get_or_create(year=year)
    row = counter.objects.select_for_update().get(year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return int(row.last)


def register(*, direction: str, subject: str, case_id: Any, case_kind: str = "proposal") -> RegisterEntry:
    """Enter a document in the register of the current year (DPR 445/2000 art. 53).

    Must run inside the transaction of the document itself: a rollback gives the number back.
    """
    moment = clock.now()
    return RegisterEntry.objects.create(
        year=moment.year, number=_next(RegisterCounter, moment.year), direction=direction, registered_at=moment, subject=subject, case_kind=case_kind, case_id=str(case_id)
    )


def next_case_number() -> str:
    """The next number for the screen, such as TCL-2027-00042."""
    year = clock.today().year
    return f"{settings.CASE_NUMBER_PREFIX}-{year}-{_next(CaseCounter, year):05d}"
