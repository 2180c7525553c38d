"""Whose pilot it is at the desk."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.core.errors import DomainError, NotAllowed
from citylab.proposals.services.screening import HandOver

from ..models import Pilot
from ..workflow import State
from .moving import opened, record

OVER = (State.CLOSED, State.WITHDRAWN)


def pilot_assign(*, pilot_id: Any, actor: Any, officer: Any) -> Pilot:
    """Name the officer who follows the pilot. Raises DomainError("not_an_officer") for somebody without the role or who belongs to the start-up."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.process")
        if not officer.has_perm("pilots.process", pilot):
            raise DomainError("not_an_officer", _("This person cannot be responsible for this pilot."))
        before, pilot.officer = pilot.officer_id, officer
        pilot.save(update_fields=["officer"])
        record(pilot, "assign", actor=actor, data={"from": before, "to": officer.pk}, topic="pilot.assigned")
    return pilot


def pilots_hand_over(*, actor: Any, from_officer: Any, to_officer: Any, chosen: Collection[Any]) -> HandOver:
    """Give the chosen pilots of a colleague that are not over to another officer. Raises NotAllowed."""
    if not actor.has_perm("pilots.hand_over"):
        raise NotAllowed("not_allowed", _("You are not allowed to do this here, or not at this point."))
    moved, kept = 0, []
    for pk, code in Pilot.objects.filter(officer=from_officer, is_archive=False, pk__in=list(chosen)).exclude(state__in=OVER).order_by("code").values_list("pk", "code"):
        try:
            pilot_assign(pilot_id=pk, actor=actor, officer=to_officer)
            moved += 1
        except DomainError:  # one of the two belongs to this start-up: the pilot stays where it is
            kept.append(code.upper())
    return HandOver(moved, tuple(kept))
