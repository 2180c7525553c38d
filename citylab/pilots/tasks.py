"""What follows the facts of a pilot: the other side is told."""

from typing import Any

from django.urls import reverse
from django.utils.translation import override

from citylab.notifications.services import notify

from .models import Pilot
from .notifications import ACTS, SENTENCES, PilotAct, PilotNews, details
from .selectors import readers_of
from .wording import told


def handle_news(key: str, payload: dict[str, Any]) -> None:
    """Tell the start-up's people and the responsible officer what happened, with its reasons and the page's address."""
    pilot = Pilot.objects.select_related("officer", "organisation").get(pk=key)
    fact = payload["topic"].removeprefix("pilot.")
    beside = details(told(pilot, fact, payload))
    for user, room in readers_of(pilot):
        with override(user.language):
            address = reverse(room, args=[pilot.pk])
        notify(
            kind=PilotAct if fact in ACTS else PilotNews, user=user, case_kind="pilot", case_id=str(pilot.pk), dedupe=f"pilot:{pilot.pk}:{payload['message']}:{user.pk}",
            context={"pilot": pilot, "sentence": SENTENCES[fact], "details": beside, "address": address},
        )  # fmt: skip
