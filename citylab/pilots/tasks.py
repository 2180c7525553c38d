"""What follows the facts of a pilot: the other side is told."""

from typing import Any

from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import Membership, User
from citylab.core.models import OutboxMessage
from citylab.notifications.services import notify

from .models import Pilot
from .notifications import PilotNews


def handle_news(key: str, payload: dict[str, Any]) -> None:
    """Tell the start-up's people and the responsible officer what happened, in one line with the page's address."""
    pilot = Pilot.objects.select_related("officer", "organisation").get(pk=key)
    message = OutboxMessage.objects.filter(topic__startswith="pilot.", key=key, done_at__isnull=True).exclude(topic="pilot.public_changed").order_by("id").first()
    occasion = f"{message.pk}" if message else pilot.state
    people = list(User.objects.filter(is_active=True, memberships__organisation_id=pilot.organisation_id, memberships__role__in=[Membership.Role.OWNER, Membership.Role.EDITOR]))
    for user, room in [*((person, "portal:pilot") for person in people), *([(pilot.officer, "desk:pilot")] if pilot.officer else [])]:
        with override(user.language):
            address = reverse(room, args=[pilot.pk])
        notify(
            kind=PilotNews, user=user, case_kind="pilot", case_id=str(pilot.pk), dedupe=f"pilot:{pilot.pk}:{occasion}:{user.pk}",
            context={"pilot": pilot, "what": (message.topic if message else "").removeprefix("pilot."), "address": address},
        )  # fmt: skip
