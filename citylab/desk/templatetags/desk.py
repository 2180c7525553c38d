"""What the desk's pages say often: the state of a case and the day the next step is owed."""

from datetime import date
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from citylab.core import clock
from citylab.proposals.workflow import State

register = template.Library()

# Tone and icon of each state; anything else is on its way.
LOOKS = {
    State.SUBMITTED: ("neutral", "inbox"),
    State.CHANGES_REQUESTED: ("near", "warning-circle"),
    State.REFUSAL_NOTICE: ("near", "warning-circle"),
    State.APPROVED: ("ok", "check-circle"),
    State.REJECTED: ("no", "close-circle"),
    State.INADMISSIBLE: ("no", "close-circle"),
    State.WITHDRAWN: ("neutral", "locked"),
}


@register.inclusion_tag("components/status.html")
def proposal_state(proposal: Any) -> dict[str, Any]:
    tone, icon = LOOKS.get(proposal.state, ("neutral", "clock"))
    return {"label": proposal.get_state_display(), "tone": tone, "icon": icon}


@register.inclusion_tag("desk/_due.html")
def due(day: date | None) -> dict[str, Any]:
    """The days until `day` or since, in words, with the date itself."""
    left = (day - clock.today()).days if day else 0
    return {"day": day, "left": left, "late": -left}


@register.filter
def days_since(day: date) -> int:
    """Whole days from `day` until today."""
    return (clock.today() - day).days


@register.simple_tag
def address_of(name: str, *args: Any) -> str:
    """The address of a page, or "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
