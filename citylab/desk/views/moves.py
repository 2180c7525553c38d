"""The moves of a case, one page each: fill in, see what will be sent, confirm once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import can_proceed

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.core.errors import Conflict, DomainError
from citylab.pilots.services import proposal_approve
from citylab.proposals.models import Proposal
from citylab.proposals.services import deciding, screening
from citylab.proposals.workflow import State

from ..forms import ApproveForm, ConfirmForm, InadmissibleForm, RefusalNoticeForm, RejectForm, ReopenForm

staff = roles(Role.OFFICER, Role.ADMINISTRATOR)


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
    primary: bool = False
    danger: bool = False
    initial: Callable[[Proposal], dict[str, Any]] = lambda case: {}


def _approval_start(case: Proposal) -> dict[str, Any]:
    wished = case.wished_sites.all()
    return {"site": wished[0].site_id if wished else None, "starts_on": case.starts_on, "ends_on": case.ends_on, "outcome": "approved"}


def _approve(*, proposal_id: Any, actor: Any, site: Any, **data: Any) -> Any:
    return proposal_approve(proposal_id=proposal_id, actor=actor, site_id=site.pk if site else None, **data)


MOVES = {
    move.code: move
    for move in (
        Move("start-screening", ("start_screening",), gettext_lazy("Open the screening"), gettext_lazy("The start-up is told that the screening has begun. You become responsible for the case where nobody is yet."), gettext_lazy("Open the screening"), ConfirmForm, screening.screening_start, primary=True),
        Move("start-evaluation", ("start_evaluation",), gettext_lazy("Pass to evaluation"), gettext_lazy("The checklist is complete and the proposal goes to the evaluators."), gettext_lazy("Pass to evaluation"), ConfirmForm, screening.evaluation_start, primary=True),
        Move("inadmissible", ("declare_inadmissible",), gettext_lazy("Declare inadmissible"), gettext_lazy("The case ends here, with its reasons. The act is adopted outside; give its number, date and signatory."), gettext_lazy("See what will be sent"), InadmissibleForm, screening.inadmissible_declare, danger=True),
        Move("approve", ("approve",), gettext_lazy("Approve"), gettext_lazy("Approval creates the pilot and holds the site for these dates. The act is adopted outside; give its number, date and signatory."), gettext_lazy("See what will be sent"), ApproveForm, _approve, primary=True, initial=_approval_start),
        Move("refusal-notice", ("give_refusal_notice",), gettext_lazy("Give a refusal notice"), gettext_lazy("The start-up has ten days to answer (law 241/1990 art. 10-bis); the clock stops meanwhile."), gettext_lazy("See what will be sent"), RefusalNoticeForm, deciding.refusal_notice_give, danger=True),
        Move("reject", ("reject", "reject_after_notice"), gettext_lazy("Reject"), gettext_lazy("The case ends here, with its reasons. The act is adopted outside; give its number, date and signatory."), gettext_lazy("See what will be sent"), RejectForm, deciding.proposal_reject, danger=True),
        Move("resume-evaluation", ("resume_evaluation",), gettext_lazy("Go back to evaluation"), gettext_lazy("The observations, or a second look, deserve a new evaluation."), gettext_lazy("Go back to evaluation"), ConfirmForm, deciding.evaluation_resume, primary=True),
        Move("reopen", ("reopen_screening", "reopen_evaluation"), gettext_lazy("Reopen by an act"), gettext_lazy("Self-review, appeal or access to documents: an act reopens the case, and a new term begins."), gettext_lazy("See what will be sent"), ReopenForm, deciding.proposal_reopen, danger=True),
    )
}  # fmt: skip


def available_moves(user: Any, case: Proposal) -> list[dict[str, Any]]:
    """The moves this person can make now, for the buttons of the case page; the request for additions has a page of its own."""
    if not user.has_perm("proposals.process", case):
        return []
    return [{"move": move} for move in MOVES.values() if any(can_proceed(getattr(case, name)) for name in move.transitions)]


def text_of(data: dict[str, Any]) -> str:
    """What the start-up will read."""
    return "\n\n".join(str(data[name]).strip() for name in ("reasons", "conditions", "third_party") if data.get(name))


@staff
def make(request: HttpRequest, pk: Any, code: str) -> HttpResponse:
    """One move: its form, what will be sent, and the confirmation."""
    from .case import allowed_case

    move = MOVES.get(code)
    if move is None:
        raise Http404
    case = allowed_case(request, pk, "proposals.process")
    form = move.form(request.POST or None, initial=move.initial(case)) if request.method != "POST" else move.form(request.POST)
    context = {"case": case, "move": move, "form": form, "title": move.title, "lead": move.lead, "submit": move.submit, "danger": move.danger, "stale": not available_here(case, move)}
    if request.method != "POST":
        return render(request, "desk/form_page.html", context)
    if not form.is_valid():
        return render(request, "desk/form_page.html", context, status=422)
    if not request.POST.get("confirmed"):
        text = text_of(form.cleaned_data)
        return render(request, "desk/confirm.html", {**context, "text": text, "subject": _("Proposal %(number)s: %(title)s") % {"number": case.number, "title": move.title}})
    try:
        move.act(proposal_id=pk, actor=request.user, **form.cleaned_data)
    except Conflict as error:
        return render(request, "desk/form_page.html", {**context, "conflict": error, "stale": True}, status=409)
    except DomainError as error:
        form.add_error(error.code if error.code in form.fields else None, error.message)
        return render(request, "desk/form_page.html", context, status=422)
    messages.success(request, _("Done: %(title)s, %(number)s.") % {"title": move.title, "number": case.number})
    return redirect("desk:case", pk=pk)


def available_here(case: Proposal, move: Move) -> bool:
    return any(can_proceed(getattr(case, name)) for name in move.transitions)


@staff
def request_changes(request: HttpRequest, pk: Any) -> HttpResponse:
    """Ask for additions item by item; rows are added without JavaScript by asking for one more."""
    from citylab.proposals import form as proposal_form

    from .case import allowed_case

    case = allowed_case(request, pk, "proposals.process")
    sections = [(section.code, f"{section.number}. {section.title}") for section in proposal_form.definition(case.form_version).sections]
    rows = [
        {"section": section, "text": text}
        for section, text in zip(request.POST.getlist("section"), request.POST.getlist("text"), strict=False)
    ] or [{"section": sections[0][0], "text": ""}]
    channel = request.POST.get("channel", "portal")
    intro = request.POST.get("intro", "")
    context = {"case": case, "rows": rows, "sections": sections, "channel": channel, "intro": intro, "stops_clock": not case.change_requests.all(), "stale": case.state != State.SCREENING}
    action = request.POST.get("action", "")
    if request.method != "POST":
        return render(request, "desk/request_changes.html", context)
    if action == "add":
        return render(request, "desk/request_changes.html", {**context, "rows": [*rows, {"section": sections[0][0], "text": ""}]})
    items = [screening.AskedItem(section=row["section"], text=row["text"]) for row in rows if row["text"].strip() and row["section"] in dict(sections)]
    if not items:
        return render(request, "desk/request_changes.html", {**context, "error": _("Write at least one thing to be added or changed.")}, status=422)
    if action != "confirm":
        return render(request, "desk/request_changes_confirm.html", {**context, "items": items, "titles": dict(sections)})
    try:
        screening.changes_request(proposal_id=pk, actor=request.user, items=items, channel=channel, text=intro)
    except DomainError as error:
        return render(request, "desk/request_changes.html", {**context, "error": error.message}, status=409 if isinstance(error, Conflict) else 422)
    messages.success(request, _("The request is registered and on its way; it is the start-up's turn now."))
    return redirect("desk:case", pk=pk)


@staff
def checklist(request: HttpRequest, pk: Any) -> HttpResponse:
    """Save the lines of the checklist that were ticked."""
    from citylab.proposals.screening import CHECKLIST

    if request.method == "POST":
        results = {item: (request.POST[f"{item}-result"], request.POST.get(f"{item}-note", "")) for item in CHECKLIST if request.POST.get(f"{item}-result")}
        try:
            screening.checklist_save(proposal_id=pk, actor=request.user, results=results)
            messages.success(request, _("The checklist is saved."))
        except DomainError as error:
            messages.error(request, error.message)
    response = redirect("desk:case", pk=pk)
    response["Location"] += "?tab=screening"
    return response
