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


def words_mark(pilot: Pilot) -> str:
    """A short mark of the card's words as they stand, to tell whether they are still those that somebody read."""
    return _mark([getattr(pilot, name) for name in FIELDS])


def card_mark(pilot: Pilot) -> str:
    """The same of everything that both sides confirm: the words and the indicators shown beside them."""
    shown = [[row.pk, row.name_it, row.name_en, row.unit, row.baseline, row.target] for row in pilot.public_indicators]
    return _mark([*(getattr(pilot, name) for name in FIELDS), *(str(value) for row in shown for value in row)])


def _mark(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _check_unchanged(seen: str, mark: str) -> None:
    if seen and seen != mark:
        raise Conflict("card_changed", _("The card was changed in the meantime. Read it as it stands now."))


def confirmations_fall(pilot: Pilot) -> None:
    """What a locked pilot's card shows is no longer what was confirmed: it leaves the public pages until both sides confirm it again."""
    pilot.public_confirmed_by_city = pilot.public_confirmed_by_startup = None
    pilot.public_confirmed_by_city_at = pilot.public_confirmed_by_startup_at = None
    pilot.save()


def public_card_save(*, pilot_id: Any, actor: Any, seen: str = "", **texts: str) -> Pilot:
    """Write the card's words; both confirmations fall, and the card leaves the public pages until they are given again.

    `seen` is the mark of the words that the writer started from. Raises Conflict("card_changed") when they are others by now.
    """
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.edit_public_card")
        _check_unchanged(seen, words_mark(pilot))
        if all(getattr(pilot, name) == texts.get(name, "").strip() for name in FIELDS):
            return pilot
        for name in FIELDS:
            setattr(pilot, name, texts.get(name, "").strip()[: 160 if "title" in name else 1000])
        confirmations_fall(pilot)
        record(pilot, "write_public_card", actor=actor, topic="pilot.public_changed")
    return pilot


def public_card_confirm(*, pilot_id: Any, actor: Any, side: str, seen: str = "") -> Pilot:
    """One side confirms the card, whose mark is `seen`. Raises DomainError("card_incomplete"), Conflict("already_confirmed" | "card_changed")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, SIDE_PERMISSIONS[Side(side)])
        _check_unchanged(seen, card_mark(pilot))
        if not all(getattr(pilot, name) for name in FIELDS):
            raise DomainError("card_incomplete", _("Title and summary are needed in both languages."))
        if getattr(pilot, f"public_confirmed_by_{side}_at"):
            raise Conflict("already_confirmed", _("This side has already confirmed."))
        setattr(pilot, f"public_confirmed_by_{side}", actor)
        setattr(pilot, f"public_confirmed_by_{side}_at", clock.now())
        pilot.save()
        record(pilot, "confirm_public_card", actor=actor, data={"side": side}, topic="pilot.public_changed")
    return pilot
