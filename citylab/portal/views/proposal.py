"""Writing a proposal: sections in any order, saved while typing, with the panel of what fits beside it."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.accounts.models import Membership, Organisation, User
from citylab.accounts.selectors import memberships_of
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import is_open, open_challenges
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.numbers import whole
from citylab.proposals import form
from citylab.proposals.models import Proposal
from citylab.proposals.selectors import run_time_choices
from citylab.proposals.services import drafting, submitting
from citylab.proposals.workflow import EDITABLE, State
from citylab.testbeds.selectors import by_code as site_by_code
from search.matching import match_proposal

from ..questions import missing, questions, seen_marks
from .matches import opened_matches, panel_marks


def own_proposal(request: HttpRequest, pk: Any, permission: str = "proposals.view", *, wide: bool = False) -> Proposal:
    """A proposal that this person may see; 404 for none or a stranger's, 403 where the permission is missing."""
    related = ("organisation", "challenge", "challenge__progress", "updated_by", "sector", "officer", "pilot")
    proposal = Proposal.objects.select_related(*(related if wide else ("organisation", "challenge", "challenge__progress"))).filter(pk=pk).first()
    user: Any = request.user
    if proposal is None or proposal.organisation_id not in memberships_of(user):
        raise Http404
    if not user.has_perm(permission, proposal):
        raise PermissionDenied
    return proposal


@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """A new proposal, for a challenge or of one's own: choose the organisation where there are several."""
    user: Any = request.user
    code = request.GET.get("challenge") or request.POST.get("challenge") or ""
    challenge = Challenge.objects.select_related("progress", "sector", "programme").filter(code=code, live=True).first() if code else None
    wished = request.GET.get("site") or request.POST.get("site") or ""
    site = site_by_code(wished) if wished else None
    writable = [pk for pk, role in memberships_of(user).items() if role in (Membership.Role.OWNER, Membership.Role.EDITOR)]
    organisations = list(Organisation.objects.filter(pk__in=writable))
    # Unpublished since the page was opened: nobody meant a proposal without a challenge.
    error = DomainError("challenge_closed", _("This challenge does not take proposals now.")) if code and challenge is None else None
    if request.method == "POST" and organisations and not error:
        chosen = next((o for o in organisations if str(o.pk) == request.POST.get("organisation")), organisations[0])
        language = request.POST.get("language") if request.POST.get("language") in ("it", "en") else (get_language() or "it")
        try:
            with transaction.atomic():
                proposal = drafting.proposal_start(organisation=chosen, actor=user, challenge=challenge, language=language or "it")
                if site:
                    drafting.answers_save(proposal_id=proposal.pk, actor=user, answers={"sites": [site.code]}, base_version=0)
        except DomainError as refusal:
            error = refusal
        else:
            return redirect("portal:section", pk=proposal.pk, code="idea")
    context = {"challenge": challenge, "site": site, "organisations": organisations, "error": error, "language": get_language()}
    return render(request, "portal/start.html", context, status=422 if error and request.method == "POST" else 200)


def section_page(proposal: Proposal, section: form.Section, **extra: Any) -> dict[str, Any]:
    definition = form.definition(proposal.form_version)
    choices = run_time_choices()
    problems = submitting.problems_of(proposal, choices)
    index = definition.sections.index(section)
    shown = extra.pop("answers", proposal.answers)
    here = [problem for problem in problems if problem.section == section.code]
    items = questions(section, shown, here, choices, blank_rows_of=extra.pop("blank_rows_of", ""))
    return {
        **_progress(proposal, section, definition, problems), "questions": items, "seen": json.dumps(extra.pop("seen", None) or seen_marks(section, proposal.answers)),
        "version": proposal.version, "page_id": extra.pop("page_id", None) or uuid.uuid4().hex[:12], "previous": definition.sections[index - 1] if index else None,
        "next": definition.sections[index + 1] if index + 1 < len(definition.sections) else None, "attachments": _attachments(proposal, definition, problems),
        "largest_file": settings.CASE_FILE_MAX_BYTES, "saved_at": proposal.updated_at if proposal.version else None, "closed": proposal.challenge is not None and not is_open(proposal.challenge, clock.now()), **extra,
    }  # fmt: skip


def _progress(proposal: Proposal, section: form.Section, definition: form.FormDefinition, problems: list[form.Problem]) -> dict[str, Any]:
    """The index of sections and what is missing in this one."""
    found = missing(definition, problems)
    return {
        "proposal": proposal, "section": section, "definition": definition, "progress": form.progress(definition, problems), "missing": len(problems),
        "missing_here": [item for item in found if item.section == section],
    }  # fmt: skip


def _attachments(proposal: Proposal, definition: form.FormDefinition, problems: list[form.Problem]) -> list[dict[str, Any]]:
    """Each kind of file with what is attached and whether it is still owed; the files of the signature come with the submission."""
    given = submitting.attachments_of(proposal)
    owed = {problem.field for problem in problems if problem.section == "attachments"}
    kinds = [kind for kind in definition.attachments if kind.code not in submitting.SIGNATURE_FILES]
    return [{"kind": kind, "files": [file for file in given if file.kind == kind.code], "is_owed": kind.code in owed} for kind in kinds]


@signed_in
def section(request: HttpRequest, pk: Any, code: str) -> HttpResponse:
    """One section. Without JavaScript it saves on the button; with it, while typing."""
    proposal = own_proposal(request, pk, wide=True)
    user: Any = request.user
    found = form.definition(proposal.form_version).section(code)
    if found is None:
        raise Http404
    if request.method == "POST" and proposal.state not in EDITABLE and user.has_perm("proposals.write", proposal):
        return render(request, "portal/closed_meanwhile.html", _closed_meanwhile(proposal, found, _posted(request, found)), status=409)
    if not user.has_perm("proposals.edit", proposal):
        return redirect("portal:case", pk=pk) if proposal.state != State.DRAFT else render(request, "portal/read_only.html", {"proposal": proposal, "sections": _summary(proposal)})
    notices = drafting.draft_form_upgrade(proposal_id=pk, actor=user) if proposal.state == State.DRAFT and proposal.form_version != form.current().version else []
    if request.method != "POST":
        return render(request, "portal/section.html", section_page(proposal, found, notices=notices))
    return _save(request, proposal, found)


@dataclass
class Posted:
    """What a page sends: the answers, and what it had shown."""

    answers: dict[str, Any]
    version: int
    seen: dict[str, str]
    page_id: str


def _marks(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}


def _posted(request: HttpRequest, found: form.Section) -> Posted:
    """After a conflict the choice of each answer comes along: "theirs" leaves what is saved, "mine" was made with theirs in sight."""
    answers = form.read_section(found, request.POST)
    version, seen = request.POST.get("version", ""), _marks(request.POST.get("seen", ""))
    for name, mark in _marks(request.POST.get("resolved", "")).items():
        choice = request.POST.get(f"choice-{name}")
        if choice:
            seen[name] = mark
        if choice == "theirs":
            answers.pop(name, None)
    return Posted(answers, whole(version) or 0, seen, request.POST.get("page_id", "")[:32])


def _store(request: HttpRequest, proposal: Proposal, posted: Posted) -> drafting.Saved:
    return drafting.answers_save(
        proposal_id=proposal.pk, actor=request.user, answers=posted.answers, base_version=posted.version, seen=posted.seen, page=posted.page_id
    )


def _save(request: HttpRequest, proposal: Proposal, found: form.Section) -> HttpResponse:
    """Save by the button. What cannot be right is saved as it is typed, and said before one goes on."""
    posted = _posted(request, found)
    removed = request.POST.get("remove-row", "")
    if removed:
        _row_remove(posted.answers, request.POST, removed)
    try:
        _store(request, proposal, posted)
    except drafting.SaveConflict as conflict:
        page = section_page(proposal, found, answers={**proposal.answers, **posted.answers}, seen=posted.seen, page_id=posted.page_id, conflict=_conflict(proposal, conflict))
        return render(request, "portal/section.html", page, status=409)
    except Conflict:
        return render(request, "portal/closed_meanwhile.html", _closed_meanwhile(own_proposal(request, proposal.pk), found, posted), status=409)
    added = request.POST.get("add-row", "")
    target = request.POST.get("next") or found.code
    if removed or added:
        return render(request, "portal/section.html", section_page(own_proposal(request, proposal.pk, wide=True), found, blank_rows_of=added, focus_row=added or removed.rpartition("-")[0]))
    position = [section.code for section in form.definition(proposal.form_version).sections]
    goes_on = target == "review" or (target in position and position.index(target) > position.index(found.code))
    if goes_on:
        page = section_page(own_proposal(request, proposal.pk, wide=True), found)
        page["faults"] = [item for item in page["missing_here"] if not item.is_missing]
        if page["faults"]:
            return render(request, "portal/section.html", page, status=422)
    if target == "review":
        return redirect("portal:review", pk=proposal.pk)
    return redirect("portal:section", pk=proposal.pk, code=target if target in position else found.code)


def _row_remove(answers: dict[str, Any], data: Any, removed: str) -> None:
    """Take the row with this number off the list; wholly empty rows have been left out already and do not count."""
    name, _dash, number = removed.rpartition("-")
    rows = answers.get(name)
    if rows and (position := whole(number)) is not None:
        numbers = {whole(key.split("-")[1]) for key, value in data.items() if key.startswith(f"{name}-") and key.count("-") == 2 and value.strip()}
        filled = sorted(found for found in numbers if found is not None)
        if position in filled and filled.index(position) < len(rows):
            rows.pop(filled.index(position))


def _conflict(proposal: Proposal, conflict: drafting.SaveConflict) -> dict[str, Any]:
    """Both texts of each answer that two people changed, and the marks of what is saved now."""
    definition = form.definition(proposal.form_version)
    choices = run_time_choices()
    people = User.objects.in_bulk({item.saved_by_id for item in conflict.fields if item.saved_by_id})
    rows = []
    for item in conflict.fields:
        question = definition.by_name[item.field][1]
        rows.append({
            "field": item.field, "label": question.label, "mine": _text(question, item.mine, choices), "theirs": _text(question, item.theirs, choices),
            "who": people.get(item.saved_by_id),
        })  # fmt: skip
    when = Proposal.objects.values_list("updated_at", flat=True).get(pk=proposal.pk)
    return {"rows": rows, "when": when, "resolved": json.dumps({item.field: drafting.fingerprint(item.theirs) for item in conflict.fields})}


def _closed_meanwhile(proposal: Proposal, found: form.Section, posted: Posted) -> dict[str, Any]:
    """Somebody handed the proposal in while this page was open: what was typed here beside what the city has."""
    definition, choices = form.definition(proposal.form_version), run_time_choices()
    rows = []
    for name, value in drafting.answers_touched(proposal, posted.answers, posted.seen).items():
        question = definition.by_name[name][1]
        rows.append({"label": question.label, "mine": _text(question, value, choices), "theirs": _text(question, proposal.answers.get(name), choices)})
    return {**went_on(proposal, found), "rows": rows}


def went_on(proposal: Proposal, found: form.Section) -> dict[str, Any]:
    """Who handed the proposal in, and when, for whoever still had its form open."""
    return {"proposal": proposal, "section": found, "handed_in": proposal.versions.select_related("submitted_by").order_by("number").last()}


def _text(question: form.Field, value: Any, choices: form.Choices) -> str:
    return form.rows_text(question, value, choices) if question.kind == "rows" else form.shown(question, value, choices)


@signed_in
@require_POST
def autosave(request: HttpRequest, pk: Any, code: str) -> HttpResponse:
    """Save while typing: answers only the save line, with the new version and fingerprints; a conflict answers 409 with both texts."""
    proposal = own_proposal(request, pk, "proposals.write")
    found = form.definition(proposal.form_version).section(code)
    if found is None:
        raise Http404
    posted = _posted(request, found)
    try:
        saved = _store(request, proposal, posted)
    except drafting.SaveConflict as conflict:
        return render(request, "portal/_conflict_box.html", {"proposal": proposal, "section": found, "conflict": _conflict(proposal, conflict)}, status=409)
    except Conflict:
        return render(request, "portal/_closed_meanwhile.html", _closed_meanwhile(own_proposal(request, pk), found, posted), status=409)
    marks = {name: drafting.fingerprint(value) for name, value in posted.answers.items()}
    context = {"saved_at": saved.saved_at, "version": saved.version, "seen": json.dumps({**posted.seen, **marks}), "page_id": posted.page_id}
    response = render(request, "portal/_saved.html", context)
    if saved.changed:
        response["HX-Trigger-After-Settle"] = "saved"
    return response


@signed_in
def panel(request: HttpRequest, pk: Any) -> HttpResponse:
    """Which sites and challenges fit, nearly fit, do not fit, and why. Beside the form, whose answers come along as they are being typed, it brings
    the index and the faults up to date too, once there is a pause."""
    proposal = own_proposal(request, pk, wide=True)
    definition = form.definition(proposal.form_version)
    found = definition.section(request.GET.get("section", ""))
    context: dict[str, Any] = {"proposal": proposal, "opened": opened_matches(request)}
    if request.method == "POST" and found:
        drafting.answers_try(proposal, form.read_section(found, request.POST))
        context["section_code"] = found.code
    matched = match_proposal(proposal)
    context |= {"panel": matched, "marks": panel_marks(request, proposal, matched)}
    if not request.headers.get("HX-Request"):
        return render(request, "portal/panel.html", context)
    context["beside"] = True
    if found and "typing" not in request.GET:
        choices = run_time_choices()
        problems = submitting.problems_of(proposal, choices)
        here = [problem for problem in problems if problem.section == found.code]
        context |= _progress(proposal, found, definition, problems) | {"live": True, "questions": questions(found, proposal.answers, here, choices)}
    return render(request, "portal/_panel.html", context)


def _summary(proposal: Proposal) -> Any:
    return form.summary_rows(form.definition(proposal.form_version), proposal.answers, run_time_choices(), get_language() or "it")


@signed_in
def copy(request: HttpRequest, pk: Any) -> HttpResponse:
    """A new draft with the answers of this proposal; optionally for another challenge."""
    proposal = own_proposal(request, pk)
    user: Any = request.user
    now = clock.now()
    challenges = list(open_challenges(now))
    if request.method == "POST":
        wanted = request.POST.get("challenge", "")
        challenge = next((c for c in challenges if c.code == wanted), None)
        if wanted and challenge is None:
            context = {"proposal": proposal, "challenges": challenges, "error": _("This challenge does not take proposals now.")}
            return render(request, "portal/copy.html", context, status=422)
        try:
            draft = drafting.proposal_copy(proposal_id=pk, actor=user, challenge=challenge)
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("portal:home")
        messages.success(request, _("Here is the copy. Files and declarations are not copied."))
        return redirect("portal:section", pk=draft.pk, code="idea")
    return render(request, "portal/copy.html", {"proposal": proposal, "challenges": challenges})


@signed_in
def delete(request: HttpRequest, pk: Any) -> HttpResponse:
    proposal = own_proposal(request, pk, "proposals.delete_draft")
    if request.method == "POST":
        drafting.proposal_delete(proposal_id=pk, actor=request.user)
        messages.success(request, _("The draft is deleted."))
        return redirect("portal:home")
    return render(request, "portal/delete.html", {"proposal": proposal})

