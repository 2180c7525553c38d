"""The case page: the proposal as submitted, what changed, files, notes, messages, trail and clock."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import roles
from citylab.accounts.models import Role, User
from citylab.audit.services import trail
from citylab.core.errors import DomainError
from citylab.notifications.selectors import messages_of_case
from citylab.proposals import files, form, selectors
from citylab.proposals.models import Attachment, Communication, Proposal, ProposalVersion
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.services import clocks, communicating, screening

from ..forms import DeliveryForm, MessageForm, NoteForm
from .moves import available_moves

staff = roles(Role.OFFICER, Role.ADMINISTRATOR)
TABS = ("proposal", "screening", "evaluation", "messages", "notes", "trail")


def allowed_case(request: HttpRequest, pk: Any, permission: str = "proposals.view") -> Proposal:
    """The case, where this person may see it; 404 for no such case, 403 otherwise."""
    try:
        found = selectors.case(pk)
    except Proposal.DoesNotExist as error:
        raise Http404 from error
    user: Any = request.user
    if not user.has_perm(permission, found):
        raise PermissionDenied
    return found


@staff
def case(request: HttpRequest, pk: Any) -> HttpResponse:
    found = allowed_case(request, pk)
    tab = request.GET.get("tab", "proposal")
    tab = tab if tab in TABS else "proposal"
    versions = list(found.versions.all())
    context: dict[str, Any] = {
        "case": found, "tab": tab, "tabs": TABS, "versions": versions, "latest": versions[-1] if versions else None, "clock": clocks.proceeding_clock(found),
        "moves": available_moves(request.user, found), "note_form": NoteForm(),
    }  # fmt: skip
    context.update(_TAB[tab](found, versions))
    return render(request, "desk/case.html", context)


def _proposal_tab(found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    latest = versions[-1]
    definition = form.definition(latest.form_version)
    changes = form.difference(definition, versions[-2].answers, latest.answers) if len(versions) > 1 else []
    return {"sections": form.summary_rows(definition, latest.answers, None, get_language() or "it"), "changes": changes, "named_files": named_files(found, latest)}


def named_files(found: Proposal, version: ProposalVersion) -> list[Attachment]:
    """The files that a version names, in its order."""
    by_id = {str(attachment.pk): attachment for attachment in found.attachments.all()}
    return [by_id[entry["id"]] for entry in version.files if entry["id"] in by_id]


def _screening_tab(found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    checks = {check.item: check for check in versions[-1].screening_checks.select_related("checked_by")}
    return {"checklist": [{"item": item, "label": label, "check": checks.get(item)} for item, label in CHECKLIST.items()], "requests": list(found.change_requests.all())}


def _evaluation_tab(found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    sheets = selectors.sheets(found)
    result = selectors.evaluation_result(found, sheets)
    names = {row["code"]: row for row in versions[-1].criteria}
    language = (get_language() or "it")[:2]
    return {
        "sheets": [sheet for sheet in sheets if sheet.confirmed_at],
        "result": result,
        "criteria": [{"name": names[line.code][f"name_{language}"], "line": line, "mean": float(line.mean)} for line in result.criteria] if result else [],
        "points": float(result.points) if result else None,
        "assignments": list(found.assignments.all()),
        "waiting": {a.pk for a in found.assignments.all()} - {s.assignment_id for s in sheets if s.confirmed_at},
    }


def _messages_tab(found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    return {"communications": list(found.communications.all()), "outgoing": list(messages_of_case("proposal", found.pk)[:50]), "message_form": MessageForm(), "delivery_form": DeliveryForm()}


def _notes_tab(found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    return {"notes": list(found.notes.select_related("author"))}


def _trail_tab(found: Proposal, versions: list[ProposalVersion]) -> dict[str, Any]:
    entries = trail("proposal", found.pk)
    people = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    return {"entries": [{"entry": entry, "actor": people.get(entry.actor_id)} for entry in reversed(entries)]}


_TAB = {"proposal": _proposal_tab, "screening": _screening_tab, "evaluation": _evaluation_tab, "messages": _messages_tab, "notes": _notes_tab, "trail": _trail_tab}


@staff
@require_POST
def add_note(request: HttpRequest, pk: Any) -> HttpResponse:
    try:
        screening.note_add(proposal_id=pk, actor=request.user, text=request.POST.get("text", ""))
    except DomainError as error:
        messages.error(request, error.message)
    return _back(pk, "notes")


@staff
def send_message(request: HttpRequest, pk: Any) -> HttpResponse:
    found = allowed_case(request, pk, "proposals.process")
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and request.POST.get("confirmed"):
        communicating.message_send(proposal_id=pk, actor=request.user, **form.cleaned_data)
        messages.success(request, _("The message is registered and on its way."))
        return _back(pk, "messages")
    if request.method == "POST" and form.is_valid():
        return render(request, "desk/confirm.html", {"case": found, "form": form, "title": _("Formal message"), "subject": form.cleaned_data["subject"], "text": form.cleaned_data["body"]})
    return render(request, "desk/form_page.html", {"case": found, "form": form, "title": _("Formal message"), "submit": _("See what will be sent")}, status=422 if form.errors else 200)


@staff
@require_POST
def record_delivery(request: HttpRequest, pk: Any, communication: int) -> HttpResponse:
    form = DeliveryForm(request.POST)
    message = get_object_or_404(Communication, pk=communication, proposal_id=pk)
    if not form.is_valid():
        messages.error(request, _("Write the day of delivery."))
        return _back(pk, "messages")
    try:
        communicating.delivery_record(communication_id=message.pk, actor=request.user, **form.cleaned_data)
        messages.success(request, _("The day of delivery is recorded; the terms count from it."))
    except DomainError as error:
        messages.error(request, error.message)
    return _back(pk, "messages")


@staff
@require_POST
def settle(request: HttpRequest, pk: Any, item: int) -> HttpResponse:
    screening.reply_settle(item_id=item, actor=request.user, settled=request.POST.get("settled") == "yes")
    return _back(pk, "screening")


@roles(Role.OFFICER, Role.ADMINISTRATOR, Role.EVALUATOR)
def attachment(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    """A case file, to somebody who may see the case; always as a download, never rendered in our origin."""
    found = allowed_case(request, pk)
    stored = get_object_or_404(Attachment, pk=attachment, proposal=found)
    return FileResponse(files.opened(stored.key), as_attachment=True, filename=stored.name, content_type=stored.content_type)


def _back(pk: Any, tab: str) -> HttpResponse:
    response = redirect("desk:case", pk=pk)
    response["Location"] += f"?tab={tab}"
    return response
