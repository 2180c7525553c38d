"""Records of pilots that ran before this system: sourced facts only, no proposal behind them."""

from typing import Any

from django.db import transaction

from citylab.audit import services as audit
from citylab.core import clock, outbox
from citylab.proposals.models import Turn

from ..models import Pilot
from ..workflow import State
from .moving import CASE


def archive_record_add(
    *, actor: Any, code: str, title: str, sector: Any, site: Any = None, organisation: str = "", city: str, years: str, source: str, source_note_it: str, source_note_en: str,
    **card: str,
) -> Pilot:  # fmt: skip
    """Add a record to the public archive. `card` holds the public titles and summaries. It is closed from the beginning and stays so."""
    with transaction.atomic():
        moment = clock.now()
        pilot = Pilot(
            code=code, slug=code, title=title, sector=sector, site=site, is_archive=True, archive_organisation=organisation, archive_city=city, archive_years=years, source=source,
            source_note_it=source_note_it, source_note_en=source_note_en, state=State.CLOSED, turn=Turn.NOBODY, created_at=moment, updated_at=moment, **card,
        )  # fmt: skip
        pilot.save(force_insert=True)
        audit.append(case_kind=CASE, case_id=pilot.pk, action="archive", actor=actor, to_state=State.CLOSED, data={"source": source})
        outbox.publish("pilot.public_changed", pilot.pk)
    return pilot
