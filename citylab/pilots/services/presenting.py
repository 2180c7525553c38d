"""The public card: its own words in both languages, shown only once officer and start-up have confirmed them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.core import clock
from citylab.core.errors import Conflict, DomainError

from ..models import Pilot
from .moving import opened, record
from .preparing import SIDE_PERMISSIONS, Side

FIELDS = ("public_title_it", "public_title_en", "public_summary_it", "public_summary_en")


def public_card_save(*, pilot_id: Any, actor: Any, **texts: str) -> Pilot:
    """Write the card's words; both confirmations fall, and the card leaves the public pages until they are given again."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.edit_public_card")
        if all(getattr(pilot, name) == texts.get(name, "").strip() for name in FIELDS):
            return pilot
        for name in FIELDS:
            setattr(pilot, name, texts.get(name, "").strip()[: 160 if "title" in name else 1000])
        pilot.public_confirmed_by_city = pilot.public_confirmed_by_startup = None
        pilot.public_confirmed_by_city_at = pilot.public_confirmed_by_startup_at = None
        pilot.save()
        record(pilot, "write_public_card", actor=actor, topic="pilot.public_changed")
    return pilot


def public_card_confirm(*, pilot_id: Any, actor: Any, side: str) -> Pilot:
    """One side confirms the words as they stand. Raises DomainError("card_incomplete"), Conflict("already_confirmed")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, SIDE_PERMISSIONS[Side(side)])
        if not all(getattr(pilot, name) for name in FIELDS):
            raise DomainError("card_incomplete", _("Title and summary are needed in both languages."))
        if getattr(pilot, f"public_confirmed_by_{side}_at"):
            raise Conflict("already_confirmed", _("This side has already confirmed."))
        setattr(pilot, f"public_confirmed_by_{side}", actor)
        setattr(pilot, f"public_confirmed_by_{side}_at", clock.now())
        pilot.save()
        record(pilot, "confirm_public_card", actor=actor, data={"side": side}, topic="pilot.public_changed")
    return pilot
