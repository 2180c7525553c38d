"""What the pages of both rooms show of a pilot, gathered once for both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import User
from citylab.audit.services import trail
from citylab.core import clock
from citylab.proposals.models import Turn

from . import selectors
from .actions import Action, Attempt
from .models import Pilot
from .services.preparing import AUTOMATIC_GATES, Side
from .services.presenting import FIELDS
from .timeline import ACTIONS, step, timeline
from .workflow import State

TABS: dict[str, Promise] = {
    "overview": _("Overview"),
    "requirements": _("Agreement and requirements"),
    "money": _("Money"),  # filled by each room's own view, as `tab_template`: money is a room above this one
    "progress": _("Milestones and indicators"),
    "events": _("Incidents and requests"),
    "ending": _("Restoration and report"),
    "messages": _("Messages"),
    "card": _("Public card"),
    "trail": _("Audit trail"),
}
# A department looks at a site that is given back, and at what bears on it.
DEPARTMENT_TABS = ("overview", "requirements", "events", "ending")
# These stand with what they are about; all others are listed beside the page.
WITH_THEIR_TAB = ("money", "progress", "messages", "card")


# What of a corrected row the trail can tell, and its word.
CORRECTED: dict[str, Promise] = {
    "read_on": _("Day of the reading"), "value": _("Value"), "due_on": _("To be reached by"), "done_on": _("Reached on"), "baseline": _("Starting value"), "target": _("Target value"),
}  # fmt: skip


@dataclass(frozen=True)
class Room:
    """One side's room: its actions, its tabs and the names of its addresses."""

    name: str
    side: Side
    actions: Mapping[str, Action]
    tabs: tuple[str, ...]

    @property
    def addresses(self) -> dict[str, str]:
        return {name: f"{self.name}:{name}" for name in ("pilots", "pilot", "pilot_act", "pilot_act_on", "pilot_file")}


def page(room: Room, pilot: Pilot, user: Any, wanted_tab: str) -> dict[str, Any]:
    """The context of a pilot's page with one of its tabs."""
    for_city = room.side == Side.CITY
    works_on_it = user.has_perm("pilots.process", pilot)
    tabs = DEPARTMENT_TABS if for_city and not works_on_it else room.tabs
    tab = wanted_tab if wanted_tab in tabs else "overview"
    offered = [action for action in room.actions.values() if action.offered(user, pilot)]
    owed = step(pilot)
    main = next((action for code in owed.actions for action in offered if action.code == code), None)
    notes = [note for note in pilot.notes.all() if not note.internal or works_on_it]
    entries = trail("pilot", pilot.pk) if tab in ("overview", "trail") else []
    return {
        "pilot": pilot, "room": room.name, "names": room.addresses, "for_city": for_city, "tab": tab, "tabs": [{"code": code, "label": TABS[code]} for code in tabs],
        "can": {action.code for action in offered}, "offers": [a for a in offered if not a.find and a.tab not in WITH_THEIR_TAB and a is not main], "main": main,
        "is_yours": pilot.turn == (Turn.OFFICE if for_city else Turn.APPLICANT), "owed": owed.city if for_city else owed.startup, "owed_tab": {"code": owed.tab, "label": TABS[owed.tab]} if owed.tab in tabs and owed.tab != tab else None,
        **due(pilot), "booking": selectors.booking_of(pilot), "gates": [{"gate": gate, "automatic": gate.kind in AUTOMATIC_GATES} for gate in pilot.gates.all()],
        "red": sum(gate.result == "red" for gate in pilot.gates.all()), "events": timeline(pilot, entries) if tab == "overview" else [], "notes": notes,
        "formal": selectors.formal_messages(pilot) if tab == "messages" else [], "entries": _in_words(entries) if tab == "trail" else [], "report": getattr(pilot, "final_report", None),
        "report_files": selectors.report_files(pilot) if tab == "ending" else [], "card_complete": all(getattr(pilot, name) for name in FIELDS),
        "pending_extension": next((row for row in pilot.extension_requests.all() if row.result == "requested"), None),
        "pending_suspension": next((row for row in pilot.suspension_requests.all() if row.answered_at is None), None),
    }  # fmt: skip


def wanted_action(room: Room, pilot: Pilot, code: str, item: str) -> tuple[Action, Any]:
    """The action of an address and the thing that it is about. Raises Http404 where there is none."""
    action = room.actions.get(code)
    if action is None or bool(item) != bool(action.find):
        raise Http404
    about = action.find(pilot, item) if action.find else None
    if action.find and about is None:
        raise Http404
    return action, about


def action_page(room: Room, pilot: Pilot, action: Action, item: Any, attempt: Attempt) -> dict[str, Any]:
    """The context of an action's page at the step where somebody stands."""
    context: dict[str, Any] = {
        "pilot": pilot, "room": room.name, "names": room.addresses, "action": action, "item": item, "step": attempt.step, "form": attempt.form, "conflict": attempt.conflict,
        "for_city": room.side == Side.CITY, "given": [], "card": pilot,
    }  # fmt: skip
    if attempt.step == "preview" and attempt.form is not None:
        context["card"] = attempt.form.cleaned_data
    if attempt.step == "confirm" and attempt.form is not None:
        data = attempt.form.cleaned_data if attempt.form.is_bound else {}
        readers = selectors.readers_of(pilot)
        startup_told = any(page == "portal:pilot" for _user, page in readers)
        context |= {"given": _given(attempt.form, data), "message": action.message(data), "readers": [user for user, _page in readers], "startup_told": startup_told}
    return context


def _given(form: Any, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was filled in, in words."""
    found = []
    for name, value in data.items():
        choices = dict(getattr(form.fields[name], "choices", ()))
        words = ", ".join(str(choices[part]) for part in value) if isinstance(value, list) else choices.get(str(value), value) if choices else value
        if words not in (None, ""):
            found.append({"label": form.fields[name].label, "value": words})
    return found


def due(pilot: Pilot) -> dict[str, Any]:
    """Days until the next step is due, and since when it is late."""
    left = (pilot.due_on - clock.today()).days if pilot.due_on else 0
    return {"days_left": left, "late_by": -left}


def row(room: Room, pilot: Pilot) -> dict[str, Any]:
    """One line of a list of pilots."""
    for_city = room.side == Side.CITY
    owed = step(pilot)
    return {"pilot": pilot, "owed": owed.city if for_city else owed.startup, "is_yours": pilot.turn == (Turn.OFFICE if for_city else Turn.APPLICANT), **due(pilot)}


def _corrected(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Days and values before and after a correction; words stand in the trail as digests only."""
    before, after = data.get("from"), data.get("to", {})
    if not isinstance(before, Mapping):
        return []
    told = {name: (_told(name, before.get(name)), _told(name, after.get(name))) for name in CORRECTED}
    return [{"label": CORRECTED[name], "before": old, "after": new} for name, (old, new) in told.items() if old or new]


def _told(name: str, kept: str | None) -> str:
    if not kept:
        return ""
    return date_format(date.fromisoformat(kept), "SHORT_DATE_FORMAT") if name.endswith("_on") else number_format(Decimal(kept))


def _in_words(entries: list[Any]) -> list[dict[str, Any]]:
    people = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    states = dict(State.choices)
    return [
        {
            "entry": entry, "actor": people.get(entry.actor_id), "label": ACTIONS.get(entry.action, entry.action),
            "before": states.get(entry.from_state, ""), "after": states.get(entry.to_state, ""), "values": _corrected(entry.data),
        }
        for entry in reversed(entries)
    ]  # fmt: skip
