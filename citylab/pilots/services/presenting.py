"""The public card: its own words in both languages, shown only once officer and start-up have confirmed them."""

import hashlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.core import clock
from citylab.core.errors import Conflict, DomainError

from ..models import Pilot
from .moving import opened, record
from .preparing import SIDE_PERMISSIONS, Side

FIELDS = ("public_title_it", "public_title_en", "public_summary_it", "public_summary_en")


def card_mark(pilot: Pilot) -> str:
    """A short mark of the card's words as they stand, to tell whether they are still those that somebody read."""
    return hashlib.sha256("\0".join(getattr(pilot, name) for name in FIELDS).encode()).hexdigest()[:16]


def _check_unchanged(pilot: Pilot, seen: str) -> None:
    if seen and seen != card_mark(pilot):
        raise Conflict("card_changed", _("The words of the card were changed in the meantime. Read them as they stand now."))


def public_card_save(*, pilot_id: Any, actor: Any, seen: str = "", **texts: str) -> Pilot:
    """Write the card's words; both confirmations fall, and the card leaves the public pages until they are given again.

    `seen` is the mark of the words that the writer started from. Raises Conflict("card_changed") when they are others by now.
    """
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.edit_public_card")
        _check_unchanged(pilot, seen)
        if all(getattr(pilot, name) == texts.get(name, "").strip() for name in FIELDS):
            return pilot
        for name in FIELDS:
            setattr(pilot, name, texts.get(name, "").strip()[: 160 if "title" in name else 1000])
        pilot.public_confirmed_by_city = pilot.public_confirmed_by_startup = None
        pilot.public_confirmed_by_city_at = pilot.public_confirmed_by_startup_at = None
        pilot.save()
        record(pilot, "write_public_card", actor=actor, topic="pilot.public_changed")
    return pilot


def public_card_confirm(*, pilot_id: Any, actor: Any, side: str, seen: str = "") -> Pilot:
    """One side confirms the words, whose mark is `seen`. Raises DomainError("card_incomplete"), Conflict("already_confirmed" | "card_changed")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, SIDE_PERMISSIONS[Side(side)])
        _check_unchanged(pilot, seen)
        if not all(getattr(pilot, name) for name in FIELDS):
            raise DomainError("card_incomplete", _("Title and summary are needed in both languages."))
        if getattr(pilot, f"public_confirmed_by_{side}_at"):
            raise Conflict("already_confirmed", _("This side has already confirmed."))
        setattr(pilot, f"public_confirmed_by_{side}", actor)
        setattr(pilot, f"public_confirmed_by_{side}_at", clock.now())
        pilot.save()
        record(pilot, "confirm_public_card", actor=actor, data={"side": side}, topic="pilot.public_changed")
    return pilot
