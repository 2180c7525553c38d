"""What is said of a fact beside its sentence, and the formal message that it becomes, in the language of the case."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from citylab.proposals.models import Communication
from citylab.proposals.wording import Wording

from .models import ExtensionRequest, Incident, Pilot
from .notifications import SENTENCES, details


def told(pilot: Pilot, fact: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the sentence of a fact, by the names of notifications.DETAILS; `payload` is what was published with it."""
    said = _said(pilot, fact, payload)
    if "communication" in payload:
        said["register"] = Communication.objects.select_related("register_entry").get(pk=payload["communication"]).register_entry
    return said


def _said(pilot: Pilot, fact: str, payload: Mapping[str, Any]) -> dict[str, Any]:
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


def formal(pilot: Pilot, fact: str, payload: Mapping[str, Any]) -> Wording:
    """The formal message about a fact, as it enters the register: in the language in which the proposal was written."""
    with override(pilot.proposal.language):
        code, sentence = pilot.code.upper(), str(SENTENCES[fact])
        lines = [f"{label}: {localize(value)}" for label, value in details(told(pilot, fact, payload))]
        first = _("About the pilot %(code)s, “%(title)s”:") % {"code": code, "title": pilot.title}
        return Wording(f"{code}: {sentence}", "\n\n".join([first, sentence, *lines]))
