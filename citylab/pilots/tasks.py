"""What follows the facts of a pilot: the other side is told."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from citylab.notifications.services import notify

from .models import ExtensionRequest, Incident, Pilot
from .notifications import ACTS, SENTENCES, PilotAct, PilotNews, details
from .selectors import readers_of


def handle_news(key: str, payload: dict[str, Any]) -> None:
    """Tell the start-up's people and the responsible officer what happened, with its reasons and the page's address."""
    pilot = Pilot.objects.select_related("officer", "organisation").get(pk=key)
    fact = payload["topic"].removeprefix("pilot.")
    for user, room in readers_of(pilot):
        with override(user.language):
            address = reverse(room, args=[pilot.pk])
        notify(
            kind=PilotAct if fact in ACTS else PilotNews, user=user, case_kind="pilot", case_id=str(pilot.pk), dedupe=f"pilot:{pilot.pk}:{payload['message']}:{user.pk}",
            context={"pilot": pilot, "sentence": SENTENCES[fact], "details": details(_told(pilot, fact, payload)), "address": address},
        )  # fmt: skip


def _told(pilot: Pilot, fact: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What the message says beside its sentence, by the names of notifications.DETAILS."""
    match fact:
        case "suspend":
            suspension = pilot.suspensions.get(pk=payload["suspension"])
            return {"reason": suspension.reason, "restart_conditions": suspension.restart_conditions}
        case "terminate" | "revoke":
            return {"reason": pilot.ending_reason, "removal_due_on": pilot.removal_due_on}
        case "withdraw":
            return {"reason": pilot.ending_reason}
        case "close":
            return {"outcome": Pilot.Outcome(pilot.outcome).label, "reasons": pilot.outcome_reasons}
        case "restoration_failed":
            check = pilot.restoration_checks.get(pk=payload["check"])
            return {"checked_on": check.checked_on, "note": check.note}
        case "dates_changed":
            return {"starts_on": pilot.starts_on, "ends_on": pilot.ends_on, "reason": pilot.notes.get(pk=payload["note"]).text}
        case "extension_requested":
            asked = pilot.extension_requests.get(pk=payload["request"])
            return {"ends_on": asked.ends_on, "reason": asked.reason}
        case "extension_answered":
            asked = pilot.extension_requests.get(pk=payload["request"])
            granted = asked.result == ExtensionRequest.State.GRANTED
            return {"granted": _("granted") if granted else _("refused"), "ends_on": asked.ends_on if granted else None, "answer": asked.answer}
        case "suspension_requested":
            return {"reason": pilot.suspension_requests.get(pk=payload["request"]).reason}
        case "suspension_declined":
            return {"answer": pilot.suspension_requests.get(pk=payload["request"]).answer}
        case "incident_reported":
            incident = pilot.incidents.get(pk=payload["incident"])
            return {"severity": Incident.Severity(incident.severity).label, "happened": incident.text}
        case "note_written":
            return {"text": pilot.notes.get(pk=payload["note"]).text}
        case "assigned":
            return {"officer": pilot.officer}
    return {}
