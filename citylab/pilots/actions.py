"""What each side can do on a pilot's pages: for every action its words, its form, its service, and when it applies.

The services decide; what stands here only says which pages exist and what they show.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_fsm import can_proceed

from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.proposals.services.communicating import delivery_record

from . import forms as f
from .models import Gate, Pilot
from .notifications import SENTENCES, details
from .rules import PERMISSIONS
from .selectors import formal_messages
from .services import assigning, correcting, ending, preparing, presenting, recording, running
from .services.preparing import AUTOMATIC_GATES, Side
from .services.recording import OPEN
from .workflow import BEFORE_START, ON_SITE, State

# The field that a refusal is about, the first of these that the form has.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "date_future": ("signed_on", "started_on", "completed_on", "checked_on", "done_on", "read_on", "happened_at"),
    "outside_dates": ("started_on",),
    "before_start": ("completed_on",),
    "before_end": ("checked_on",),
    "reason_missing": ("reason", "reasons", "answer"),
    "removal_date": ("removal_due_on",),
    "conditions_missing": ("restart_conditions",),
    "incident_unknown": ("incident",),
    "agreement_number_missing": ("agreement_number",),
    "gate_unknown": ("result",),
    "note_missing": ("note",),
    "results_missing": ("results",),
    "lessons_missing": ("lessons",),
    "outcome": ("outcome",),
    "not_later": ("ends_on",),
    "dates_reversed": ("ends_on",),
    "date_past": ("starts_on",),
    "dates_same": ("starts_on",),
    "slot_lost": ("starts_on",),
    "report_file": ("uploads",),
    "recheck_missing": ("rechecked",),
    "title_missing": ("title", "name_it"),
    "severity": ("severity",),
    "text_missing": ("text",),
    "measures_missing": ("measures",),
    "note_empty": ("text",),
    "not_an_officer": ("officer",),
    "reading_exists": ("read_on",),
    "channel": ("channel",),
    "pec_missing": ("channel",),
    "delivery_date": ("legally_received_on",),
}


@dataclass(frozen=True)
class Action:
    code: str
    permission: str
    title: Promise
    submit: Promise
    done: Promise  # said once it is done
    form: type[f.PilotForm]
    act: Callable[..., Any]  # called with pilot, actor, item and the form's data
    lead: Promise | str = ""  # what will happen
    transition: str = ""
    states: tuple[State, ...] = ()
    applies: Callable[[Pilot], bool] = lambda pilot: True
    find: Callable[[Pilot, str], Any] | None = None  # the thing of the pilot that it is about; None where there is no such thing
    open: Callable[[Any], bool] = lambda item: True  # that thing still waits for it
    news: str | Callable[[dict[str, Any]], str] = ""  # the fact that both sides are told of
    asks: bool = False  # consequential: shows what happens and what is sent, and asks once
    danger: bool = False
    tab: str = "overview"  # where it leads back to
    told: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda data: data)  # what of the data the message says
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: FIELDS)  # the field that a refusal is about, the first of these that the form has

    @property
    def is_bare(self) -> bool:
        return not self.form.base_fields

    def message(self, data: dict[str, Any]) -> dict[str, Any]:
        """What both sides will be told, as the message's context; nothing where nobody is told."""
        fact = self.news(data) if callable(self.news) else self.news
        return {"sentence": SENTENCES[fact], "details": details(self.told(data))} if fact else {}

    def possible(self, pilot: Pilot) -> bool:
        """The state allows it now."""
        if self.transition and not can_proceed(getattr(pilot, self.transition)):
            return False
        return (not self.states or pilot.state in self.states) and self.applies(pilot)

    def offered(self, user: Any, pilot: Pilot) -> bool:
        return self.possible(pilot) and user.has_perm(self.permission, pilot)


def _row(name: str) -> Callable[[Pilot, str], Any]:
    """Finds one of the pilot's rows by its id."""
    return lambda pilot, item: next((row for row in getattr(pilot, name).all() if str(row.pk) == item), None)


def _gate(pilot: Pilot, kind: str) -> Gate | None:
    return next((gate for gate in pilot.gates.all() if gate.kind == kind and kind not in AUTOMATIC_GATES), None)


def _message(pilot: Pilot, item: str) -> Any:
    return next((message for message in formal_messages(pilot) if str(message.pk) == item), None)


def _reading(pilot: Pilot, item: str) -> Any:
    return next((reading for indicator in pilot.indicators.all() for reading in indicator.readings.all() if str(reading.pk) == item), None)


def _move(service: Callable[..., Any]) -> Callable[..., Any]:
    """A service that takes the pilot, the actor and the form's data as they are."""
    return lambda *, pilot, actor, item, **data: service(pilot_id=pilot.pk, actor=actor, **data)


def _of(service: Callable[..., Any], key: str) -> Callable[..., Any]:
    """A service that takes the id of one thing of the pilot."""
    return lambda *, pilot, actor, item, **data: service(**{key: item.pk}, actor=actor, **data)


def _sign(side: Side) -> Callable[..., Any]:
    return lambda *, pilot, actor, item, **data: preparing.agreement_record_signature(pilot_id=pilot.pk, actor=actor, side=side, **data)


def _confirm_card(side: Side) -> Callable[..., Any]:
    return lambda *, pilot, actor, item, seen: presenting.public_card_confirm(pilot_id=pilot.pk, actor=actor, side=side, seen=seen)


def _suspend(*, pilot: Pilot, actor: Any, item: Any, incident: int | None = None, **data: Any) -> Any:
    return running.pilot_suspend(pilot_id=pilot.pk, actor=actor, incident_id=incident, **data)


def _check(*, pilot: Pilot, actor: Any, item: Any, passed: str, **data: Any) -> Any:
    return ending.restoration_check_record(pilot_id=pilot.pk, actor=actor, passed=passed == "yes", **data)


def _answer(*, pilot: Pilot, actor: Any, item: Any, granted: str, rechecked: list[str] | None = None, **data: Any) -> Any:
    return running.extension_answer(request_id=item.pk, actor=actor, granted=granted == "yes", rechecked=rechecked or (), **data)


def _desk_note(*, pilot: Pilot, actor: Any, item: Any, text: str, readers: str) -> Any:
    return recording.note_add(pilot_id=pilot.pk, actor=actor, text=text, internal=readers == "city")


def _gate_set(*, pilot: Pilot, actor: Any, item: Gate, **data: Any) -> Any:
    return preparing.gate_set(pilot_id=pilot.pk, actor=actor, kind=item.kind, **data)


def _check_told(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("checked_on", "note")} if data["passed"] == "no" else {}


def _answer_told(data: dict[str, Any]) -> dict[str, Any]:
    return {"granted": _("granted") if data["granted"] == "yes" else _("refused"), "answer": data["answer"]}


def _nothing(data: dict[str, Any]) -> dict[str, Any]:
    return {}


def _card_complete(pilot: Pilot) -> bool:
    return all(getattr(pilot, name) for name in presenting.FIELDS)


_RECORD, _PROCESS, _STARTUP = "pilots.record", "pilots.process", "pilots.act_for_startup"

_CORRECTED = _("The audit trail keeps what it said before.")
_CORRECTED_SHOWN = _("The audit trail keeps what it said before. If the public card shows this indicator, both sides confirm the card again.")

_BOTH = (
    Action("milestone-add", _RECORD, _("Add a milestone"), _("Add the milestone"), _("The milestone is added."), f.MilestoneForm, _move(recording.milestone_add), states=(*BEFORE_START, *ON_SITE), tab="progress"),
    Action("milestone-done", _RECORD, _("Milestone reached"), _("Mark as reached"), _("The milestone is marked as reached."), f.MilestoneDoneForm, _of(recording.milestone_done, "milestone_id"), states=OPEN, find=_row("milestones"), open=lambda row: row.done_on is None, tab="progress"),
    Action("indicator-add", _RECORD, _("Add an indicator"), _("Add the indicator"), _("The indicator is added."), f.IndicatorForm, _move(recording.indicator_add), states=(*BEFORE_START, *ON_SITE), tab="progress"),
    Action("reading-add", _RECORD, _("Enter a reading"), _("Enter the reading"), _("The reading is entered."), f.ReadingForm, _of(recording.reading_add, "indicator_id"), states=(*ON_SITE, State.RESTORATION, State.REPORTING), find=_row("indicators"), tab="progress"),
    Action("milestone-correct", _RECORD, _("Correct the milestone"), _("Save"), _("The milestone is corrected."), f.MilestoneCorrectForm, _of(correcting.milestone_correct, "milestone_id"), _CORRECTED, states=correcting.OPEN, find=_row("milestones"), tab="progress"),
    Action("milestone-remove", _RECORD, _("Remove the milestone"), _("Remove"), _("The milestone is removed."), f.SeenForm, _of(correcting.milestone_remove, "milestone_id"), _CORRECTED, states=correcting.OPEN, find=_row("milestones"), danger=True, tab="progress"),
    Action("indicator-correct", _RECORD, _("Correct the indicator"), _("Save"), _("The indicator is corrected."), f.IndicatorCorrectForm, _of(correcting.indicator_correct, "indicator_id"), _CORRECTED_SHOWN, states=correcting.OPEN, find=_row("indicators"), tab="progress"),
    Action("indicator-show", "pilots.edit_public_card", _("Indicator on the public card"), _("Save"), _("It is saved what the public card shows."), f.IndicatorShowForm, _of(correcting.indicator_show, "indicator_id"), find=_row("indicators"), tab="progress"),
    Action("indicator-remove", _RECORD, _("Remove the indicator"), _("Remove"), _("The indicator is removed."), f.SeenForm, _of(correcting.indicator_remove, "indicator_id"), _CORRECTED, states=correcting.OPEN, find=_row("indicators"), danger=True, tab="progress"),
    Action("reading-correct", _RECORD, _("Correct the reading"), _("Save"), _("The reading is corrected."), f.ReadingCorrectForm, _of(correcting.reading_correct, "reading_id"), _CORRECTED, states=correcting.READABLE, find=_reading, tab="progress"),
    Action("reading-remove", _RECORD, _("Remove the reading"), _("Remove"), _("The reading is removed."), f.SeenForm, _of(correcting.reading_remove, "reading_id"), _CORRECTED, states=correcting.READABLE, find=_reading, danger=True, tab="progress"),
    Action("incident-report", _RECORD, _("Report an incident"), _("Report the incident"), _("The incident is recorded and the other side is told."), f.IncidentForm, _move(recording.incident_report), _("The other side is told at once. If somebody is in danger, call 112 first."), states=(*ON_SITE, State.READY, State.RESTORATION), tab="events"),
    Action("complete", PERMISSIONS["complete"], _("Complete the test"), _("See what will be sent"), _("The test is over; the site is given back next."), f.CompleteForm, _move(ending.pilot_complete), _("The test ends as planned. Requests that nobody answered lapse. The site is cleared and the city checks it; the booking stays until the check is passed."), transition="complete", news="complete", asks=True, told=_nothing),
    Action("card-edit", "pilots.edit_public_card", _("Write the public card"), _("Save the card"), _("The card is saved. Both sides confirm it before it appears."), f.CardForm, _move(presenting.public_card_save), _("Changing the words takes the card off the public pages until both sides have confirmed them again."), tab="card"),
)  # fmt: skip

_SHARED_CONFIRM = (_("Confirm the public card"), _("Confirm these words"), _("You have confirmed the card for your side."), f.CardConfirmForm)

PORTAL = {
    action.code: action
    for action in (
        Action("sign", _STARTUP, _("Sign the agreement"), _("Record the signature"), _("The signature is recorded."), f.StartupSignatureForm, _sign(Side.STARTUP), _("The agreement itself is signed outside; here you record the day. With both signatures the booking of the site is confirmed and the preparation begins."), transition="sign_agreement", applies=lambda pilot: pilot.agreement_startup_signed_on is None),
        Action("report", _STARTUP, _("Final report"), _("Hand in the report"), _("The report has arrived. You can correct it until the pilot is closed."), f.ReportForm, _move(ending.final_report_submit), _("The city reads it and closes the pilot. You can correct it until then."), states=(State.REPORTING,), tab="ending"),
        *_BOTH,
        Action("extension-request", _STARTUP, _("Ask for an extension"), _("Send the request"), _("The request is with the city."), f.ExtensionForm, _move(running.extension_request), _("The city answers within ten days. Until then the present dates hold, and asking reserves nothing."), states=ON_SITE, applies=lambda pilot: not any(row.result == "requested" for row in pilot.extension_requests.all()), tab="events"),
        Action("suspension-request", _STARTUP, _("Ask for a suspension"), _("Send the request"), _("The request is with the city."), f.SuspensionRequestForm, _move(running.suspension_request), _("The city decides, within ten days. In danger stop at once and report an incident."), states=(State.RUNNING,), applies=lambda pilot: not any(row.answered_at is None for row in pilot.suspension_requests.all()), tab="events"),
        Action("terminate", PERMISSIONS["terminate"], _("End the pilot early"), _("See what will be sent"), _("The pilot is ended. Clear the site by the day that you named."), f.EndForm, _move(ending.pilot_terminate), _("The test ends for good. Requests that nobody answered lapse. You clear the site, the city checks it, and a final report is due."), transition="terminate", news="terminate", asks=True, danger=True),
        Action("withdraw", PERMISSIONS["withdraw"], _("Withdraw"), _("See what will be sent"), _("The pilot is withdrawn."), f.WithdrawForm, _move(preparing.pilot_withdraw), _("The pilot ends before its start, for good. The booking is given up at once and others can take the place."), transition="withdraw", news="withdraw", asks=True, danger=True),
        Action("note", "pilots.write_note", _("Write to the city"), _("Send the message"), _("The message is sent."), f.MessageForm, _move(recording.note_add), tab="messages"),
        Action("card-confirm", _STARTUP, *_SHARED_CONFIRM, _confirm_card(Side.STARTUP), _("With both confirmations these words stand on the public pages."), applies=lambda pilot: _card_complete(pilot) and not pilot.public_confirmed_by_startup_at, tab="card"),
    )
}  # fmt: skip

DESK = {
    action.code: action
    for action in (
        Action("extension-answer", _PROCESS, _("Answer the request for an extension"), _("See what will be sent"), _("The request is answered."), f.ExtensionAnswerForm, _answer, _("Granting moves the last day and the booking, if the place is free on the added days. Refusing leaves everything as it is."), states=ON_SITE, find=_row("extension_requests"), open=lambda row: row.result == "requested", news="extension_answered", asks=True, tab="events", told=_answer_told),
        Action("suspension-decline", _PROCESS, _("Decline the suspension"), _("See what will be sent"), _("The request is declined; the pilot goes on."), f.DeclineForm, _of(running.suspension_decline, "request_id"), _("The pilot goes on. To grant the request, suspend the pilot instead."), states=(State.RUNNING,), find=_row("suspension_requests"), open=lambda row: row.answered_at is None, news="suspension_declined", asks=True, tab="events"),
        Action("sign", _PROCESS, _("Sign the agreement for the city"), _("Record the signature"), _("The signature is recorded."), f.CitySignatureForm, _sign(Side.CITY), _("The agreement itself is signed outside; here you record its number and the day. With both signatures the booking of the site is confirmed and the preparation begins."), transition="sign_agreement", applies=lambda pilot: pilot.agreement_city_signed_on is None),
        Action("gate", _PROCESS, _("Requirement"), _("Save"), _("The requirement is saved."), f.GateForm, _gate_set, states=(*BEFORE_START, *ON_SITE), find=_gate, open=lambda gate: not gate.follows_money, tab="requirements"),
        Action("declare-ready", PERMISSIONS["declare_ready"], _("Declare ready"), _("Declare ready"), _("The pilot is ready to start."), f.ConfirmForm, _move(preparing.pilot_declare_ready), _("No requirement may be missing. The start follows as a step of its own, within the dates of the pilot."), transition="declare_ready", applies=lambda pilot: not any(gate.result == Gate.State.RED for gate in pilot.gates.all()), news="declare_ready", asks=True),
        Action("start", PERMISSIONS["start"], _("Start the pilot"), _("See what will be sent"), _("The pilot runs."), f.StartForm, _move(preparing.pilot_start), _("From this day the test runs on its site: milestones, readings and incidents are recorded from now on."), transition="start", news="start", asks=True, told=_nothing),
        Action("dates", _PROCESS, _("Change the dates"), _("See what will be sent"), _("The pilot has its new dates."), f.DatesForm, _move(preparing.dates_change), _("The booking moves to the new dates if the site is free, and milestones move by as many days as the first day. Permits and insurance must be looked at again; if the agreement names the dates, its amendment is signed outside."), states=BEFORE_START, news="dates_changed", asks=True),
        Action("restart", PERMISSIONS["restart"], _("Let it go on"), _("Let it go on"), _("The pilot goes on."), f.ConfirmForm, _move(running.pilot_restart), _("The conditions for the restart are met, and the test goes on within its dates."), transition="restart", news="restart", asks=True),
        Action("begin-restoration", PERMISSIONS["begin_restoration"], _("Open the restoration"), _("Open the restoration"), _("The restoration is open."), f.ConfirmForm, _move(ending.pilot_begin_restoration), _("The start-up clears the site and the city checks it. The booking stays until the check is passed."), transition="begin_restoration", news="begin_restoration", asks=True),
        Action("check", PERMISSIONS["confirm_restoration"], _("Record the check of the site"), _("See what will be sent"), _("The check is recorded."), f.CheckForm, _check, _("When the site is in order it becomes free again at once and the final report is due. Otherwise the start-up mends and the check is repeated."), transition="confirm_restoration", news=lambda data: "confirm_restoration" if data["passed"] == "yes" else "restoration_failed", asks=True, tab="ending", told=_check_told),
        Action("close", PERMISSIONS["close"], _("Close with an outcome"), _("See what will be sent"), _("The pilot is closed."), f.CloseForm, _move(ending.pilot_close), _("The pilot ends for good with what the city does next. It cannot be opened again."), transition="close", applies=lambda pilot: getattr(pilot, "final_report", None) is not None, news="close", asks=True, tab="ending", told=lambda data: {"outcome": Pilot.Outcome(data["outcome"]).label, "reasons": data["reasons"]}),
        *_BOTH,
        Action("incident-settle", _PROCESS, _("Settle the incident"), _("Settle the incident"), _("The incident is settled."), f.SettleForm, _of(recording.incident_settle, "incident_id"), states=OPEN, find=_row("incidents"), open=lambda row: row.settled_on is None, tab="events"),
        Action("suspend", PERMISSIONS["suspend"], _("Suspend the pilot"), _("See what will be sent"), _("The pilot is suspended."), f.SuspendForm, _suspend, _("The test stops at once until you let it go on. A request of the start-up for a suspension is answered by this."), transition="suspend", news="suspend", asks=True, danger=True, tab="events"),
        Action("revoke", PERMISSIONS["revoke"], _("Revoke the pilot"), _("See what will be sent"), _("The pilot is revoked."), f.RevokeForm, _move(ending.pilot_revoke), _("The city ends the pilot for good. Requests that nobody answered lapse. The site is cleared and checked, and a final report is due; the booking stays until then."), transition="revoke", news="revoke", asks=True, danger=True),
        Action("note", "pilots.note_internally", _("Write a message or a note"), _("Save"), _("The text is saved."), f.DeskNoteForm, _desk_note, tab="messages"),
        Action("delivery", _PROCESS, _("Record the delivery"), _("Record the delivery"), _("The delivery is recorded."), f.DeliveryForm, _of(delivery_record, "communication_id"), find=_message, open=lambda message: message.legally_received_on is None, tab="messages"),
        Action("card-confirm", _PROCESS, *_SHARED_CONFIRM, _confirm_card(Side.CITY), _("With both confirmations these words stand on the public pages."), applies=lambda pilot: _card_complete(pilot) and not pilot.public_confirmed_by_city_at, tab="card"),
        Action("assign", _PROCESS, _("Responsible officer"), _("Assign"), _("The pilot has its new officer."), f.AssignForm, _move(assigning.pilot_assign)),
    )
}  # fmt: skip


@dataclass
class Attempt:
    """Where a person stands with an action: filling in, looking at a preview, asked to confirm, too late or done."""

    step: str  # "form", "preview", "confirm", "stale" or "done"
    form: forms.Form | None = None
    status: int = 200
    conflict: Conflict | None = None


def attempt(action: Action, *, pilot: Pilot, actor: Any, item: Any, data: QueryDict | None, files: Any = None) -> Attempt:
    """Take one step: `data` and `files` are what was sent, None for somebody who only opens the page. NotAllowed passes through."""
    waits = action.possible(pilot) and (item is None or action.open(item))
    if data is None:
        if not waits:
            return Attempt("stale", status=409)
        return Attempt("confirm" if action.asks and action.is_bare else "form", action.form(pilot=pilot, item=item))
    form = action.form(data, files, pilot=pilot, item=item)
    if not form.is_valid():
        return Attempt("form", form, 422)
    if "change" in data:
        return Attempt("form", form)
    if "preview" in data:
        return Attempt("preview", form)
    asking = action.asks and "confirmed" not in data
    if asking and not waits:
        return Attempt("form", form, 409, too_late(pilot))
    try:
        if asking:
            _rehearse(action, pilot=pilot, actor=actor, item=item, **form.cleaned_data)
        else:
            action.act(pilot=pilot, actor=actor, item=item, **form.cleaned_data)
    except NotAllowed:
        raise
    except DomainError as error:
        name = next((name for name in action.fields.get(error.code, ()) if name in form.fields), None)
        conflict = error if isinstance(error, Conflict) else None
        if name or not conflict:
            form.add_error(name, error.message)
        return Attempt("form", form, 409 if conflict else 422, conflict)
    return Attempt("confirm" if asking else "done", form)


def _rehearse(action: Action, **how: Any) -> None:
    """Do it and take it back: what is refused is said beside its field before anybody is asked to confirm."""
    with transaction.atomic():
        action.act(**how)
        transaction.set_rollback(True)


def too_late(pilot: Pilot) -> Conflict:
    return Conflict("illegal_move", _("This can no longer be done: the pilot is now “%(state)s”. Somebody may have acted before you.") % {"state": pilot.get_state_display()})
