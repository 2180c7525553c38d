"""The moves of a case, one page each: fill in, see what will be sent, confirm once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import can_proceed

from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.middleware import status_of
from citylab.core.numbers import whole
from citylab.pilots.services.approving import proposal_approve
from citylab.proposals import selectors
from citylab.proposals.forms import ChannelMixin
from citylab.proposals.models import Proposal
from citylab.proposals.services import clocks, communicating, deciding, screening
from citylab.proposals.workflow import State
from citylab.testbeds.services import SlotLost

from .. import trail
from ..forms import ApproveForm, ConfirmForm, InadmissibleForm, MessageForm, RefusalNoticeForm, RejectForm, ReopenForm
from ..preview import rehearse
from ..steps import Facts, blocked
from .common import allowed_case, back_to, section_titles, staff

# Which field a refusal of the services is about.
FIELDS = {
    "reasons_missing": "reasons", "act_missing": "act_number", "conditions_missing": "conditions", "third_party_missing": "third_party", "dates_missing": "starts_on",
    "dates_reversed": "ends_on", "site_not_published": "site", "slot_lost": "site", "act_date": "act_date", "outcome": "outcome", "pec_missing": "channel",
}  # fmt: skip


@dataclass(frozen=True)
class Move:
    """One consequential move of the desk: the transitions it may take, its words, its form and its service."""

    code: str
    transitions: tuple[str, ...]
    title: Promise
    lead: Promise
    submit: Promise
    form: type[forms.Form]
    act: Callable[..., Any]
    danger: bool = False
    initial: Callable[[Proposal], dict[str, Any]] = lambda case: {}


def _approval_start(case: Proposal) -> dict[str, Any]:
    site = selectors.site_of(case)
    return {"site": site.pk if site else None, "starts_on": case.starts_on, "ends_on": case.ends_on}


def _approve(*, proposal_id: Any, actor: Any, site: Any, **data: Any) -> Any:
    return proposal_approve(proposal_id=proposal_id, actor=actor, site_id=site.pk if site else None, **data)


SEE = gettext_lazy("See what will be sent")
ACT = gettext_lazy("The act is adopted outside; give its number, date and signatory.")
MOVES = {
    move.code: move
    for move in (
        Move("start-screening", ("start_screening",), gettext_lazy("Open the screening"), gettext_lazy("The start-up is told that its proposal is being screened."), gettext_lazy("Open the screening"), ConfirmForm, screening.screening_start),
        Move("start-evaluation", ("start_evaluation",), gettext_lazy("Pass to evaluation"), gettext_lazy("The checklist is complete and the proposal goes to the evaluators."), gettext_lazy("Pass to evaluation"), ConfirmForm, screening.evaluation_start),
        Move("inadmissible", ("declare_inadmissible",), gettext_lazy("Declare inadmissible"), gettext_lazy("The case ends here, with its reasons."), SEE, InadmissibleForm, screening.inadmissible_declare, danger=True),
        Move("approve", ("approve",), gettext_lazy("Approve"), gettext_lazy("Approval creates the pilot and holds the site for these dates."), SEE, ApproveForm, _approve, initial=_approval_start),
        Move("refusal-notice", ("give_refusal_notice",), gettext_lazy("Give a refusal notice"), gettext_lazy("The start-up has ten days to answer (law 241/1990 art. 10-bis); the clock stops meanwhile."), SEE, RefusalNoticeForm, deciding.refusal_notice_give, danger=True),
        Move("reject", ("reject", "reject_after_notice"), gettext_lazy("Reject"), gettext_lazy("The case ends here, with its reasons."), SEE, RejectForm, deciding.proposal_reject, danger=True),
        Move("resume-evaluation", ("resume_evaluation",), gettext_lazy("Go back to evaluation"), gettext_lazy("The observations, or a second look, deserve a new evaluation."), gettext_lazy("Go back to evaluation"), ConfirmForm, deciding.evaluation_resume),
        Move("reopen", ("reopen_screening", "reopen_evaluation"), gettext_lazy("Reopen by an act"), gettext_lazy("Self-review, appeal or access to documents: an act reopens the case, and a new term begins today."), SEE, ReopenForm, deciding.proposal_reopen, danger=True),
    )
}  # fmt: skip


def available_moves(user: Any, case: Proposal, facts: Facts) -> list[dict[str, Any]]:
    """The moves that the state allows to this person, each with why it cannot be made yet, if so; the request for additions has a page of its own."""
    if not user.has_perm("proposals.process", case):
        return []
    return [{"move": move, "blocked": blocked(move.code, facts, clock.today())} for move in MOVES.values() if is_legal(case, move)]


def is_legal(case: Proposal, move: Move) -> bool:
    return any(can_proceed(getattr(case, name)) for name in move.transitions)


@staff
def make(request: HttpRequest, pk: Any, code: str) -> HttpResponse:
    """One move: its form, what will be sent, and the confirmation."""
    move = MOVES.get(code)
    if move is None:
        raise Http404
    case = allowed_case(request, pk)
    posted = request.method == "POST"
    form = move.form(_with_slot(request.POST), initial=move.initial(case)) if posted else move.form(initial=move.initial(case))
    context: dict[str, Any] = {
        "case": case, "move": move, "form": form, "title": move.title, "lead": move.lead, "submit": move.submit, "danger": move.danger, "with_act": "act_number" in form.fields,
        "act_lead": ACT, "writes": "reasons" in form.fields,
    }  # fmt: skip
    if not is_legal(case, move):
        return too_late(request, case, move.title, form)
    if posted and not form.is_valid():
        return render(request, "desk/form_page.html", context, status=422)
    if (posted and "edit" in request.POST) or (not posted and form.fields):
        return render(request, "desk/form_page.html", context)
    data = form.cleaned_data if posted else {}
    try:
        if "confirmed" not in request.POST:
            shown = rehearse(case, lambda: move.act(proposal_id=pk, actor=request.user, **data))
            return render(request, "desk/confirm.html", {**context, "preview": shown, "effects": _effects(move, case, data)})
        move.act(proposal_id=pk, actor=request.user, **data)
    except SlotLost as error:
        form.add_error("site", error.message)
        return render(request, "desk/form_page.html", {**context, "next_free": error.next_free}, status=409)
    except Conflict as error:
        return too_late(request, allowed_case(request, pk), move.title, form, error)
    except DomainError as error:
        if not posted or not form.fields:
            return render(request, "desk/refused.html", {**context, "error": error}, status=status_of(error))
        form.add_error(FIELDS[error.code] if FIELDS.get(error.code) in form.fields else None, error.message)
        return render(request, "desk/form_page.html", context, status=status_of(error))
    messages.success(request, _("Done: %(title)s, %(number)s.") % {"title": move.title, "number": case.number})
    return redirect("desk:case", pk=pk)


def _with_slot(posted: Any) -> Any:
    """What was typed, with the free dates that were offered where those were chosen: one button brings both days."""
    first, separator, last = posted.get("slot", "").partition("/")
    if not separator:
        return posted
    data = posted.copy()
    data["starts_on"], data["ends_on"] = first, last
    return data


def _effects(move: Move, case: Proposal, data: Mapping[str, Any]) -> list[str]:
    """What the move does besides sending a message, in words."""
    if move.code == "approve":
        dates = {"from": formats.date_format(data["starts_on"], "j F Y"), "to": formats.date_format(data["ends_on"], "j F Y")}
        place = _("%(site)s is held from %(from)s to %(to)s.") % {"site": data["site"].name, **dates} if data["site"] else _("No site is held; the pilot runs from %(from)s to %(to)s.") % dates
        return [_("The pilot is created, in the state “agreement”."), place]
    if move.code == "refusal-notice":
        return [_("The clock stops; the start-up may answer within ten days of receipt. No rejection before.")]
    if move.code in ("inadmissible", "reject"):
        return [_("The case is closed. Only an act can reopen it.")]
    if move.code == "reopen":
        return [_("The case is open again and a new term of %(days)s days begins today.") % {"days": case.term_days}]
    if move.code == "start-screening" and case.officer_id is None:
        return [_("You become responsible for the case.")]
    return []


def too_late(
    request: HttpRequest, case: Proposal, title: Any, form: forms.Form | None = None, error: DomainError | None = None, typed: Sequence[tuple[Any, Any]] = ()
) -> HttpResponse:
    """Somebody acted first: what happened, what the case is now, and everything that was typed here."""
    if form is not None and form.is_bound:
        typed = [(field.label, field.value()) for field in form if isinstance(field.field, forms.CharField) and field.value()]
    context = {"case": case, "title": title, "error": error, "typed": typed, "last": next(iter(trail.lines(case.pk)), None)}
    return render(request, "desk/too_late.html", context, status=409)


@staff
def request_changes(request: HttpRequest, pk: Any) -> HttpResponse:
    """Ask for additions item by item; rows are added and removed without JavaScript."""
    case = allowed_case(request, pk)
    titles = section_titles(case)
    given = [{"section": section, "text": text} for section, text in zip(request.POST.getlist("section"), request.POST.getlist("text"), strict=False)]
    blank = {"section": next(iter(titles)), "text": ""}
    title = _("Request for additions")
    channel = ChannelMixin(request.POST or None)
    clock_now = clocks.proceeding_clock(case)
    context: dict[str, Any] = {
        "case": case, "rows": given or [blank], "sections": titles.items(), "channel": channel["channel"], "intro": request.POST.get("intro", ""),
        "stops_clock": clocks.additions_would_suspend(case) and not (clock_now and clock_now.late_by), "is_late": bool(clock_now and clock_now.late_by),
    }  # fmt: skip
    items = [screening.AskedItem(section=row["section"], text=row["text"]) for row in given if row["text"].strip() and row["section"] in titles]
    kept = [(titles.get(item.section, ""), item.text) for item in items]
    if case.state != State.SCREENING:
        return too_late(request, case, title, typed=kept)
    if request.method != "POST" or "edit" in request.POST:
        return render(request, "desk/request_changes.html", context)
    if "add" in request.POST:
        return render(request, "desk/request_changes.html", {**context, "rows": [*given, blank], "focus_row": len(given)})
    if (removed := whole(request.POST.get("remove", ""))) is not None:
        kept_rows = [row for index, row in enumerate(given) if index != removed]
        return render(request, "desk/request_changes.html", {**context, "rows": kept_rows or [blank]})
    if not items or not channel.is_valid():
        error = None if items else _("Write at least one thing to be added or changed.")
        return render(request, "desk/request_changes.html", {**context, "error": error}, status=422)
    chosen = channel.cleaned_data["channel"]

    def act() -> None:
        screening.changes_request(proposal_id=pk, actor=request.user, items=items, channel=chosen, text=context["intro"])

    try:
        if "confirmed" not in request.POST:
            return render(request, "desk/request_changes_confirm.html", {**context, "preview": rehearse(case, act), "chosen": chosen})
        act()
    except Conflict as error:
        return too_late(request, allowed_case(request, pk), title, typed=kept, error=error)
    except DomainError as error:
        return render(request, "desk/request_changes.html", {**context, "error": error.message}, status=status_of(error))
    messages.success(request, _("The request is registered and on its way; it is the start-up's turn now."))
    return redirect("desk:case", pk=pk)


@staff
def send_message(request: HttpRequest, pk: Any) -> HttpResponse:
    """A formal message that moves nothing."""
    case = allowed_case(request, pk)
    form = MessageForm(request.POST or None)
    context = {"case": case, "form": form, "title": _("Formal message"), "lead": _("It is registered, and stands on the case page of the start-up."), "submit": SEE, "writes": True}
    if request.method != "POST" or "edit" in request.POST:
        return render(request, "desk/form_page.html", context)
    if not form.is_valid():
        return render(request, "desk/form_page.html", context, status=422)

    def act() -> None:
        communicating.message_send(proposal_id=pk, actor=request.user, **form.cleaned_data)

    try:
        if "confirmed" not in request.POST:
            return render(request, "desk/confirm.html", {**context, "submit": _("Send the message"), "preview": rehearse(case, act)})
        act()
    except DomainError as error:
        form.add_error(FIELDS.get(error.code), error.message)
        return render(request, "desk/form_page.html", context, status=status_of(error))
    messages.success(request, _("The message is registered and on its way."))
    return back_to(pk, "messages")
