"""What both sides are told when something moves in a pilot."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class PilotNews(Notification):
    """Something moved in a pilot; both sides hear of it."""

    code = "pilot_news"
    category = "progress"
    label = _("News of a pilot")
    template = "pilots/messages/news"


class PilotAct(Notification):
    """An act of the city over a pilot: it stops something or begins a term, so nobody can switch it off."""

    code = "pilot_act"
    category = "formal"
    mandatory = True
    label = _("Formal act about a pilot")
    template = "pilots/messages/news"


# The facts that are acts: the others are news.
ACTS = ("suspend", "revoke", "close", "extension_answered", "suspension_declined")

# The sentence of each fact, by the last part of its topic.
SENTENCES: dict[str, Promise] = {
    "created": _("The proposal is approved and its pilot begins: the agreement is signed next."),
    "signed_by_one": _("One side has signed the agreement; the other signs next."),
    "sign_agreement": _("Both sides have signed the agreement. The booking of the site is confirmed and the preparation begins."),
    "declare_ready": _("Every requirement is in order: the pilot is ready to start."),
    "start": _("The pilot has started."),
    "dates_changed": _("The city has changed the dates of the pilot, which has not begun yet."),
    "suspend": _("The city has suspended the pilot."),
    "restart": _("The pilot goes on after its suspension."),
    "complete": _("The test is over. The site is given back next, and the city checks it."),
    "terminate": _("The start-up ends the pilot early."),
    "revoke": _("The city has revoked the pilot."),
    "begin_restoration": _("The site is being given back; the city checks it next."),
    "confirm_restoration": _("The site was given back in order and is free again. The final report is due next."),
    "restoration_failed": _("The check of the site found something to put in order."),
    "report_submitted": _("The final report has arrived."),
    "close": _("The pilot is closed."),
    "withdraw": _("The start-up has withdrawn before the start. The site is free again."),
    "extension_requested": _("The start-up asks for an extension."),
    "extension_answered": _("The request for an extension has its answer."),
    "suspension_requested": _("The start-up asks for a suspension."),
    "suspension_declined": _("The city has declined the request for a suspension."),
    "incident_reported": _("An incident was reported."),
    "note_written": _("There is a new message about the pilot."),
    "assigned": _("The pilot has another responsible officer."),
}

# What is told beside the sentence, in this order, and the word before it; the names are those of the forms.
DETAILS: dict[str, Promise] = {
    "granted": _("Answer"),
    "starts_on": _("New first day"),
    "ends_on": _("New last day"),
    "severity": _("Severity"),
    "outcome": _("Outcome"),
    "reason": _("Reason"),
    "reasons": _("Reasons"),
    "answer": _("Reasons"),
    "restart_conditions": _("Before the pilot may go on"),
    "removal_due_on": _("Everything is removed by"),
    "checked_on": _("Checked on"),
    "note": _("To put in order"),
    "text": _("Message"),
    "happened": _("What happened"),
    "officer": _("Responsible officer"),
    "register": _("Register number"),
}


def details(values: Mapping[str, Any]) -> list[tuple[Promise, Any]]:
    """The parts of `values` that the message tells, each with the word before it."""
    return [(label, values[name]) for name, label in DETAILS.items() if values.get(name) not in (None, "")]
