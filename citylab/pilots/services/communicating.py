"""The formal messages of a pilot: registered among those of its case, with their channel and the day they were legally received."""

from collections.abc import Mapping
from typing import Any

from citylab.proposals.models import Communication
from citylab.proposals.services.communicating import communication_create, communication_receive

from ..models import Pilot
from ..selectors import FORMAL
from ..wording import formal

PORTAL = str(Communication.Channel.PORTAL)


def act_send(pilot: Pilot, fact: str, *, actor: Any, channel: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Register the city's act about a pilot as sent on `channel`; `payload` with the message in it, for the trail and for what is published.

    Raises DomainError("channel" | "pec_missing").
    """
    words = formal(pilot, fact, payload)
    message = communication_create(pilot.proposal, kind=f"{FORMAL}{fact}", channel=channel, subject=words.subject, body=words.body, actor=actor)
    return {**payload, "communication": message.pk}


def declaration_receive(pilot: Pilot, fact: str, *, actor: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Register what the start-up declares on the portal, received today; `payload` with the message in it."""
    words = formal(pilot, fact, payload)
    message = communication_receive(pilot.proposal, kind=f"{FORMAL}{fact}", subject=words.subject, body=words.body, actor=actor)
    return {**payload, "communication": message.pk}
