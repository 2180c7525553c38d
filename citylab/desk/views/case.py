"""The case page: the proposal as submitted, what changed, files, notes, messages, trail and clock."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.middleware import status_of
from citylab.notifications.selectors import messages_of_case
from citylab.proposals import files, form, selectors
from citylab.proposals.forms import DeliveryForm
from citylab.proposals.models import ChangeRequestItem, Communication, Evaluation, Proposal, ProposalVersion, ScreeningCheck
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.services import clocks, communicating, screening
from citylab.proposals.workflow import SITE_CHANGEABLE, State

from .. import trail
from ..forms import NoteForm
from ..selectors import case_facts, message_awaits_delivery
from ..steps import next_step
from .common import OFFICE_ONLY, PROCESS, allowed_case, back_to, named_files, section_titles, staff
from .moves import available_moves

TABS = {
    "proposal": gettext_lazy("Proposal"),
    "screening": gettext_lazy("Screening"),
    "evaluation": gettext_lazy("Evaluation"),
    "comparable": gettext_lazy("Comparable"),
    "messages": gettext_lazy("Messages"),
    "notes": gettext_lazy("Notes"),
    "trail": gettext_lazy("Audit trail"),
}


@staff
def case(request: HttpRequest, pk: Any) -> HttpResponse:
    found = allowed_case(request, pk)
    tab = request.GET.get("tab", "proposal")
    return case_page(request, found, tab if tab in TABS else "proposal")


def case_page(request: HttpRequest, found: Proposal, tab: str, status: int = 200, **typed: Any) -> HttpResponse:
    """The page of a case with one tab open; `typed` replaces what the tab would show, after a refusal."""
    versions = list(found.versions.all())
    facts = case_facts(found)
    decisions = list(found.decisions.all())
    context: dict[str, Any] = {
        "case": found, "tab": tab, "tabs": TABS, "versions": versions, "latest": versions[-1], "clock": clocks.proceeding_clock(found),
        "step": next_step(facts, clock.today()), "moves": available_moves(request.user, found, facts), "decision": decisions[-1] if decisions else None,
        "pilot": getattr(found, "pilot", None), "can_change_site": found.state in SITE_CHANGEABLE, "note_form": NoteForm(),
    }  # fmt: skip
    context.update(_TAB[tab](request, found, versions))
    return render(request, "desk/case.html", {**context, **typed}, status=status)


def _proposal_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    wanted = request.GET.get("version", "")
    index = next((index for index, version in enumerate(versions) if str(version.number) == wanted), len(versions) - 1)
    shown = versions[index]
    definition = form.definition(shown.form_version)
    choices = selectors.run_time_choices()
    changes = form.difference(definition, versions[index - 1].answers, shown.answers, choices) if index else []
    kinds = {kind.code: kind.label for kind in definition.attachments}
    return {
        "shown": shown, "sections": form.summary_rows(definition, shown.answers, choices, get_language() or "it"), "changes": changes, "previous": versions[index - 1] if index else None,
        "named_files": [{"file": file, "kind": kinds.get(file.kind, file.kind)} for file in named_files(found, shown)],
        "signature": getattr(shown, "signature", None), "stamp": getattr(shown, "stamp_duty", None),
    }  # fmt: skip


def _screening_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    return {"checklist": checklist_rows(versions[-1]), "results": ScreeningCheck.Result.choices, "titles": section_titles(found), "can_check": found.state == State.SCREENING}


def checklist_rows(version: ProposalVersion, typed: Mapping[str, tuple[str, str]] | None = None) -> list[dict[str, Any]]:
    """The lines of the checklist as saved, or as `typed`; with what was saved beside it."""
    checks = {check.item: check for check in version.screening_checks.select_related("checked_by")}
    rows = []
    for item, label in CHECKLIST.items():
        check = checks.get(item)
        saved = (check.result, check.note) if check else ("", "")
        result, note = typed.get(item, saved) if typed else saved
        rows.append({"item": item, "label": label, "check": check, "result": result, "note": note, "differs": typed is not None and (result, note) != saved})
    return rows


def _evaluation_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    sheets = selectors.sheets(found)
    confirmed = [sheet for sheet in sheets if sheet.confirmed_at]
    result = selectors.evaluation_result(found, sheets)
    language = (get_language() or "it")[:2]
    names = {row["code"]: row[f"name_{language}"] for row in versions[-1].criteria}
    done = {sheet.assignment_id for sheet in confirmed}
    return {
        "sheets": [_sheet_row(sheet, names) for sheet in confirmed],
        "earlier": [_sheet_row(sheet, {row["code"]: row[f"name_{language}"] for row in sheet.version.criteria}) for sheet in selectors.earlier_sheets(found)],
        "result": result, "points": float(result.points) if result else None,
        "criteria": [{"name": names[line.code], "line": line, "mean": float(line.mean), "points": float(line.mean) * line.weight} for line in result.criteria] if result else [],
        "assignments": [{"assignment": a, "confirmed": a.pk in done} for a in found.assignments.all()], "notices": list(found.refusal_notices.all()),
        "can_ask": found.state == State.EVALUATION,
    }  # fmt: skip


def _sheet_row(sheet: Evaluation, names: dict[str, str]) -> dict[str, Any]:
    return {"sheet": sheet, "scores": [{"name": names.get(score.criterion, score.criterion), "score": score} for score in sheet.scores.all()]}


def _comparable_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    """Nothing yet: the tab fetches its content from an address of its own."""
    return {}


def _messages_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    rows = [{"message": message, "form": DeliveryForm(prefix=f"d{message.pk}") if message_awaits_delivery(message) else None} for message in found.communications.all()]
    return {"communications": rows[::-1], "outgoing": list(messages_of_case("proposal", found.pk)[:50])}


def _notes_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    return {"notes": list(found.notes.select_related("author"))}


def _trail_tab(request: HttpRequest, found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    return {"lines": trail.lines(found.pk)}


_TAB: dict[str, Callable[[HttpRequest, Proposal, list[ProposalVersion]], dict[str, Any]]] = {
    "proposal": _proposal_tab, "screening": _screening_tab, "evaluation": _evaluation_tab, "comparable": _comparable_tab, "messages": _messages_tab, "notes": _notes_tab, "trail": _trail_tab,
}  # fmt: skip


@staff
def trail_csv(request: HttpRequest, pk: Any) -> HttpResponse:
    found = allowed_case(request, pk)
    response = HttpResponse(trail.as_csv(trail.lines(pk)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.number}-audit.csv"'
    return response


@staff
@require_POST
def add_note(request: HttpRequest, pk: Any) -> HttpResponse:
    found = allowed_case(request, pk, "proposals.note")
    note = NoteForm(request.POST)
    if not note.is_valid():
        return case_page(request, found, "notes", 422, note_form=note)
    screening.note_add(proposal_id=pk, actor=request.user, text=note.cleaned_data["text"])
    messages.success(request, _("The note is kept; only the office reads it."))
    return back_to(pk, "notes")


@staff
@require_POST
def record_delivery(request: HttpRequest, pk: Any, communication: int) -> HttpResponse:
    found = allowed_case(request, pk)
    message = get_object_or_404(Communication, pk=communication, proposal_id=pk)
    delivery = DeliveryForm(request.POST, prefix=f"d{message.pk}")
    status = 422
    if delivery.is_valid():
        try:
            communicating.delivery_record(communication_id=message.pk, actor=request.user, **delivery.cleaned_data)
        except DomainError as error:
            delivery.add_error("legally_received_on", error.message)
            status = status_of(error)
        else:
            messages.success(request, _("The day of delivery is recorded; the terms count from it."))
            return back_to(pk, "messages")
    rows = _messages_tab(request, found, list(found.versions.all()))["communications"]
    return case_page(request, found, "messages", status, communications=[{**row, "form": delivery} if row["message"].pk == message.pk else row for row in rows], delivery_form=delivery)


@staff
@require_POST
def settle(request: HttpRequest, pk: Any, item: int) -> HttpResponse:
    """The officer's word on one reply to a request for additions."""
    get_object_or_404(ChangeRequestItem, pk=item, request__proposal_id=pk)
    screening.reply_settle(item_id=item, actor=request.user, settled=request.POST.get("settled") == "yes")
    return back_to(pk, "screening", f"item-{item}")


@staff
@require_POST
def checklist(request: HttpRequest, pk: Any) -> HttpResponse:
    """Save the lines that this person changed; where a colleague changed the same ones meanwhile, both are shown."""
    found = allowed_case(request, pk)
    typed = {item: (request.POST.get(f"{item}-result", ""), request.POST.get(f"{item}-note", "").strip()) for item in CHECKLIST}
    seen = {item: (request.POST.get(f"{item}-was", ""), request.POST.get(f"{item}-was-note", "")) for item in CHECKLIST}
    changed = {item: given for item, given in typed.items() if given != seen[item]}
    version = list(found.versions.all())[-1]
    without_result = [item for item, (result, note) in changed.items() if not result]
    if without_result:
        error = DomainError("checklist", _("Choose a result for every line that has a note."))
        return case_page(request, found, "screening", 422, checklist=checklist_rows(version, typed), checklist_error=error)
    try:
        screening.checklist_save(proposal_id=pk, actor=request.user, results=changed, seen=seen)
    except DomainError as error:
        kept = {**{row["item"]: (row["result"], row["note"]) for row in checklist_rows(version)}, **changed}
        return case_page(request, found, "screening", status_of(error), checklist=checklist_rows(version, kept), checklist_error=error, is_conflict=isinstance(error, Conflict))
    messages.success(request, _("The checklist is saved."))
    return back_to(pk, "screening")


@roles(Role.OFFICER, Role.ADMINISTRATOR, Role.EVALUATOR)
def attachment(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    """A file that a version names, to somebody who may see the case; always as a download, never rendered in our origin."""
    found = allowed_case(request, pk, PROCESS, "proposals.evaluate")
    user: Any = request.user
    named = {str(entry["id"]) for version in found.versions.all() for entry in version.files}
    stored = next((file for file in found.attachments.all() if file.pk == attachment and str(file.pk) in named), None)
    if stored is None:
        raise Http404
    if stored.kind in OFFICE_ONLY and not user.has_perm(PROCESS, found):
        raise PermissionDenied
    response = FileResponse(files.opened(stored.key), as_attachment=True, filename=stored.name, content_type=stored.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
