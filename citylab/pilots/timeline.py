"""The life of a pilot as a timeline: what happened (from the trail), where it stands, what comes; and what is owed now, in words for each side."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.core import clock
from citylab.proposals.models import Turn

from .models import Pilot
from .services.preparing import Side
from .workflow import BEFORE_START, ON_SITE, State

# Every action of the trail in words.
ACTIONS: dict[str, Promise] = {
    "create": _("Proposal approved, pilot created"),
    "sign_own_side": _("Agreement signed by one side"),
    "sign_agreement": _("Agreement signed by both sides"),
    "set_gate": _("Requirement set"),
    "declare_ready": _("Declared ready"),
    "change_dates": _("Dates changed"),
    "start": _("Test started"),
    "add_milestone": _("Milestone added"),
    "reach_milestone": _("Milestone reached"),
    "add_indicator": _("Indicator added"),
    "add_reading": _("Reading entered"),
    "correct_milestone": _("Milestone corrected"),
    "remove_milestone": _("Milestone removed"),
    "correct_indicator": _("Indicator corrected"),
    "show_indicator": _("Indicator put on the public card"),
    "hide_indicator": _("Indicator taken off the public card"),
    "remove_indicator": _("Indicator removed"),
    "correct_reading": _("Reading corrected"),
    "remove_reading": _("Reading removed"),
    "report_incident": _("Incident reported"),
    "settle_incident": _("Incident settled"),
    "request_suspension": _("Suspension asked for"),
    "decline_suspension": _("Suspension declined"),
    "suspend": _("Suspended"),
    "restart": _("Restarted"),
    "request_extension": _("Extension asked for"),
    "grant_extension": _("Extension granted"),
    "refuse_extension": _("Extension refused"),
    "complete": _("Test completed"),
    "terminate": _("Ended by the start-up"),
    "revoke": _("Revoked by the city"),
    "withdraw": _("Withdrawn by the start-up"),
    "begin_restoration": _("Restoration opened"),
    "fail_restoration": _("Check of the site: something to put in order"),
    "confirm_restoration": _("Check of the site: in order"),
    "submit_report": _("Final report handed in"),
    "close": _("Closed"),
    "note": _("Message written"),
    "write_public_card": _("Public card written"),
    "confirm_public_card": _("Public card confirmed"),
    "assign": _("Responsible officer named"),
}
# Both sides read these on the timeline; the rest is daily work, or the city's own.
MILESTONES_OF_LIFE = set(ACTIONS) - {
    "set_gate", "add_milestone", "correct_milestone", "remove_milestone", "add_indicator", "correct_indicator", "show_indicator", "hide_indicator", "remove_indicator", "add_reading",
    "correct_reading", "remove_reading", "note", "write_public_card", "confirm_public_card", "assign",
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    day: date
    label: Any
    kind: str = "done"  # "done", "now" or "future"
    note: Any = ""


def timeline(pilot: Pilot, entries: Iterable[Any]) -> list[Event]:
    """What happened, where the pilot stands, and what is planned, in this order."""
    reached = {row.pk for row in pilot.milestones.all() if row.done_on}  # a milestone may have been corrected or removed since
    past = [_past(pilot, entry) for entry in entries if entry.action in MILESTONES_OF_LIFE and (entry.action != "reach_milestone" or entry.data.get("milestone") in reached)]
    if pilot.state in (State.CLOSED, State.WITHDRAWN):
        return past
    present = Event(clock.today(), pilot.get_state_display(), "now")
    planned: list[Event] = []
    if pilot.state in BEFORE_START and pilot.starts_on:
        planned.append(Event(pilot.starts_on, _("Planned first day"), "future"))
    if pilot.state in (*BEFORE_START, *ON_SITE):
        planned += [Event(row.due_on, row.title, "future") for row in pilot.milestones.all() if row.done_on is None]
        if pilot.ends_on:
            planned.append(Event(pilot.ends_on, _("Planned last day"), "future"))
    elif pilot.removal_due_on and pilot.state in (State.TERMINATED, State.REVOKED, State.RESTORATION):
        planned.append(Event(pilot.removal_due_on, _("Everything is removed"), "future"))
    return [*past, present, *sorted(planned, key=lambda event: event.day)]


def _past(pilot: Pilot, entry: Any) -> Event:
    data = entry.data
    label: Any = ACTIONS[entry.action]
    if entry.action == "sign_own_side":
        label = _("Agreement signed by the city") if data.get("side") == Side.CITY else _("Agreement signed by the start-up")
    stated = data.get("on") if entry.action in ("start", "complete") else None
    note: Any = ""
    if entry.action == "reach_milestone":
        note = next((row.title for row in pilot.milestones.all() if row.pk == data.get("milestone")), "")
    elif entry.action == "change_dates":
        note = " – ".join(date_format(date.fromisoformat(day), "j F Y") for day in data["to"])
    elif entry.action in ("report_incident", "settle_incident"):
        note = _("Number %(number)s") % {"number": data.get("incident")}
    return Event(date.fromisoformat(stated) if stated else entry.at.astimezone(clock.rome).date(), label, "done", note)


# --- what is owed now ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What is owed, told to each side, and the actions that would do it: the first one on offer is the button."""

    city: Any
    startup: Any
    actions: tuple[str, ...] = field(default=())
    tab: str = ""  # where to go when there is no single action


def step(pilot: Pilot) -> Step:
    """The next step of a pilot in words."""
    ours = pilot.turn == Turn.OFFICE
    if pilot.state in BEFORE_START and pilot.ends_on and pilot.ends_on < clock.today():
        return Step(_("The dates went by before the start: give the pilot new ones."), _("The dates went by before the start. The city gives the pilot new ones; write to it which ones suit you."), ("dates", "note"))
    match pilot.state:
        case State.AGREEMENT if ours:
            return Step(_("The start-up has signed the agreement. Sign it for the city and give it its number."), _("You have signed the agreement; the city signs next."), ("sign",))
        case State.AGREEMENT:
            return Step(_("The start-up has not signed the agreement yet. You may sign before it does."), _("Sign the agreement and record the day of your signature here."), ("sign",))
        case State.PREPARATION:
            return Step(
                _("Look at each requirement of the start. Once none is missing, declare the pilot ready."),
                _("The city checks the requirements of the start. You may be asked for documents; see what is still missing."), ("declare-ready",), "requirements",
            )  # fmt: skip
        case State.READY:
            return Step(_("Everything is in order: start the pilot within its dates."), _("Everything is in order. The city starts the pilot within its dates."), ("start",))
        case State.RUNNING | State.SUSPENDED if ours and _pending(pilot):
            return Step(_("The start-up has asked for something and waits for your answer."), _("The city answers your request."), (), "events")
        case State.RUNNING:
            return Step(_("The start-up runs its test. Follow milestones and readings."), _("Run the test: reach the next milestone and enter readings of the indicators."), (), "progress")
        case State.SUSPENDED:
            return Step(
                _("The test stands still. See whether the conditions for the restart are met."), _("The test stands still. It goes on once the conditions are met and the city lets it."),
                ("restart",), "events",
            )  # fmt: skip
        case State.TERMINATED | State.REVOKED:
            return Step(_("The start-up clears the site. Open the restoration."), _("Clear the site by the day below. The city opens the restoration and checks it."), ("begin-restoration",))
        case State.RESTORATION if ours:
            return Step(_("Look at the site and record the check."), _("Give the site back as it was. The city checks it next."), ("check",), "ending")
        case State.RESTORATION:
            return Step(
                _("The last check found something. Look again once the start-up has put it in order."), _("The check found something: put it in order and write to the city, which looks again."),
                ("check", "note"), "ending",
            )  # fmt: skip
        case State.REPORTING if ours and pilot.holds_deposit:
            return Step(
                _("The final report is here. Decide on the deposit and wait until it has gone back; then close the pilot with an outcome."), _("The city reads your report, gives your deposit back and closes the pilot."),
                (), "money",
            )  # fmt: skip
        case State.REPORTING if ours:
            return Step(_("The final report is here. Read it and close the pilot with an outcome."), _("The city reads your report and closes the pilot."), ("close",), "ending")
        case State.REPORTING:
            return Step(_("The final report of the start-up is awaited."), _("Write the final report: what came out of it and what you learned."), ("report",), "ending")
    return Step(_("Nothing more is owed."), _("Nothing more is owed."))


def _pending(pilot: Pilot) -> bool:
    return any(row.result == "requested" for row in pilot.extension_requests.all()) or any(row.answered_at is None for row in pilot.suspension_requests.all())
