"""Writing a proposal: sections in any order, saved while typing, with the panel of what fits beside it."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.accounts.models import Membership, Organisation, User
from citylab.accounts.selectors import memberships_of
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import open_challenges
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.proposals import files, form
from citylab.proposals.models import Attachment, Proposal
from citylab.proposals.selectors import run_time_choices
from citylab.proposals.services import drafting, submitting
from citylab.proposals.workflow import State
from search.matching import match_proposal

from ..questions import questions, seen_marks, typed


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
    writable = [pk for pk, role in memberships_of(user).items() if role in (Membership.Role.OWNER, Membership.Role.EDITOR)]
    organisations = list(Organisation.objects.filter(pk__in=writable))
    error = None
    if request.method == "POST" and organisations:
        chosen = next((o for o in organisations if str(o.pk) == request.POST.get("organisation")), organisations[0])
        language = request.POST.get("language") if request.POST.get("language") in ("it", "en") else (get_language() or "it")
        try:
            proposal = drafting.proposal_start(organisation=chosen, actor=user, challenge=challenge, language=language or "it")
        except DomainError as refusal:
            error = refusal
        else:
            return redirect("portal:section", pk=proposal.pk, code="idea")
    context = {"challenge": challenge, "organisations": organisations, "error": error, "language": get_language()}
    return render(request, "portal/start.html", context, status=422 if error else 200)


def _page(request: HttpRequest, proposal: Proposal, section: form.Section, **extra: Any) -> dict[str, Any]:
    definition = form.definition(proposal.form_version)
    choices = run_time_choices()
    problems = submitting.problems_of(proposal, choices)
    shown = extra.pop("answers", proposal.answers)
    here = [problem for problem in extra.pop("problems", problems) if problem.section == section.code]
    index = definition.sections.index(section)
    return {
        "proposal": proposal, "section": section, "definition": definition, "progress": form.progress(definition, problems), "missing": len(problems),
        "questions": questions(section, shown, here, choices, extra_rows=extra.pop("extra_rows", None)),
        "seen": json.dumps(extra.pop("seen", None) or seen_marks(section, proposal.answers)), "version": proposal.version,
        "previous": definition.sections[index - 1] if index else None, "next": definition.sections[index + 1] if index + 1 < len(definition.sections) else None,
        "attachments": submitting.attachments_of(proposal), "kinds": definition.attachments, "saved_at": proposal.updated_at if proposal.version else None, **extra,
    }  # fmt: skip


@signed_in
def section(request: HttpRequest, pk: Any, code: str) -> HttpResponse:
    """One section. Without JavaScript it saves on the button; with it, while typing."""
    proposal = own_proposal(request, pk, wide=True)
    user: Any = request.user
    found = form.definition(proposal.form_version).section(code)
    if found is None:
        raise Http404
    if not user.has_perm("proposals.edit", proposal):
        return redirect("portal:case", pk=pk) if proposal.state != State.DRAFT else render(request, "portal/read_only.html", {"proposal": proposal, "sections": _summary(proposal)})
    notices = drafting.draft_form_upgrade(proposal_id=pk, actor=user) if proposal.state == State.DRAFT and proposal.form_version != form.current().version else []
    if request.method != "POST":
        return render(request, "portal/section.html", _page(request, proposal, found, notices=notices))
    return _save(request, proposal, found)


def _posted(request: HttpRequest) -> tuple[int, dict[str, str]]:
    """The version and the fingerprints that the page was made from."""
    version = request.POST.get("version", "")
    try:
        seen = json.loads(request.POST.get("seen", "{}"))
    except ValueError:
        seen = {}
    return int(version) if version.isdigit() else 0, {str(k): str(v) for k, v in seen.items()} if isinstance(seen, dict) else {}


def _save(request: HttpRequest, proposal: Proposal, found: form.Section) -> HttpResponse:
    answers = form.read_section(found, request.POST)
    base_version, seen = _posted(request)
    try:
        drafting.answers_save(proposal_id=proposal.pk, actor=request.user, answers=answers, base_version=base_version, seen=seen)
    except drafting.SaveConflict as conflict:
        return render(request, "portal/conflict.html", _conflict(proposal, found, conflict, answers), status=409)
    if request.POST.get("action") == "add-row":
        fresh = own_proposal(request, proposal.pk, wide=True)
        rows = {question.name: 2 for question in found.fields if question.kind == "rows" and question.name == request.POST.get("row")}
        return render(request, "portal/section.html", _page(request, fresh, found, extra_rows=rows))
    target = request.POST.get("next") or found.code
    if target == "review":
        return redirect("portal:review", pk=proposal.pk)
    return redirect("portal:section", pk=proposal.pk, code=target)


def _conflict(proposal: Proposal, found: form.Section, conflict: drafting.SaveConflict, answers: dict[str, Any]) -> dict[str, Any]:
    definition = form.definition(proposal.form_version)
    people = User.objects.in_bulk({item.saved_by_id for item in conflict.fields if item.saved_by_id})
    rows = []
    for item in conflict.fields:
        question = definition.by_name[item.field][1]
        rows.append({"field": item.field, "label": question.label, "mine": _text(question, item.mine), "theirs": _text(question, item.theirs), "who": people.get(item.saved_by_id)})
    current = Proposal.objects.only("answers", "version", "updated_at").get(pk=proposal.pk)
    # "Keep mine" posts the same answers again, made from the present version: then nothing stands against them.
    return {
        "proposal": proposal, "section": found, "rows": rows, "hidden": _fields(found, answers), "version": current.version, "when": current.updated_at,
        "seen": json.dumps(seen_marks(found, current.answers)),
    }  # fmt: skip


def _text(question: form.Field, value: Any) -> str:
    return form.rows_text(question, value) if question.kind == "rows" else form.shown(question, value)


def _fields(section: form.Section, answers: dict[str, Any]) -> list[tuple[str, str]]:
    """The answers as form fields again."""
    found: list[tuple[str, str]] = []
    for question in section.fields:
        value = answers.get(question.name)
        if question.kind == "rows":
            for index, row in enumerate(value or []):
                found += [(f"{question.name}-{index}-{sub.name}", str(typed(sub, row.get(sub.name)))) for sub in question.rows]
        elif isinstance(value, list):
            found += [(question.name, item) for item in value]
        elif isinstance(value, bool):
            found += [(question.name, "on")] if value else []
        elif value is not None:
            found.append((question.name, str(typed(question, value))))
    return found


@signed_in
@require_POST
def autosave(request: HttpRequest, pk: Any, code: str) -> HttpResponse:
    """Save while typing: answers only the save line, with the new version and fingerprints; a conflict answers 409 with both texts."""
    proposal = own_proposal(request, pk, "proposals.edit")
    found = form.definition(proposal.form_version).section(code)
    if found is None:
        raise Http404
    answers = form.read_section(found, request.POST)
    base_version, seen = _posted(request)
    try:
        saved = drafting.answers_save(proposal_id=pk, actor=request.user, answers=answers, base_version=base_version, seen=seen)
    except drafting.SaveConflict as conflict:
        return render(request, "portal/_conflict_box.html", _conflict(proposal, found, conflict, answers), status=409)
    marks = {question.name: drafting.fingerprint(answers[question.name]) for question in found.fields if question.name in answers}
    context = {"saved_at": saved.saved_at, "version": saved.version, "seen": json.dumps({**seen, **marks}), "changed": bool(saved.changed)}
    response = render(request, "portal/_saved.html", context)
    if saved.changed:
        response["HX-Trigger-After-Settle"] = "saved"
    return response


@signed_in
def panel(request: HttpRequest, pk: Any) -> HttpResponse:
    """Which sites and challenges fit, nearly fit, do not fit, and why."""
    proposal = own_proposal(request, pk)
    return render(request, "portal/_panel.html", {"panel": match_proposal(proposal), "proposal": proposal, "now": clock.now()})


@signed_in
@require_POST
def attach(request: HttpRequest, pk: Any) -> HttpResponse:
    """Add a file; what is wrong with it is said where it was chosen, and nothing else on the page changes."""
    proposal = own_proposal(request, pk, "proposals.edit")
    upload = request.FILES.get("file")
    error = None
    if upload is None:
        error = _("Choose a file.")
    else:
        try:
            drafting.attachment_add(proposal_id=pk, actor=request.user, kind=request.POST.get("kind", ""), upload=upload)
            messages.success(request, _("“%(name)s” is attached.") % {"name": upload.name})
        except DomainError as refusal:
            error = str(refusal)
    if error:
        definition = form.definition(proposal.form_version)
        found = definition.section("attachments")
        assert found is not None
        return render(request, "portal/section.html", _page(request, own_proposal(request, pk, wide=True), found, upload_error=error, upload_kind=request.POST.get("kind")), status=422)
    return redirect("portal:section", pk=pk, code="attachments")


@signed_in
@require_POST
def detach(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    own_proposal(request, pk, "proposals.edit")
    found = get_object_or_404(Attachment, pk=attachment, proposal_id=pk)
    drafting.attachment_remove(attachment_id=found.pk, actor=request.user)
    messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
    return redirect("portal:section", pk=pk, code="attachments")


@signed_in
def download(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    own_proposal(request, pk)
    found = get_object_or_404(Attachment, pk=attachment, proposal_id=pk)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)


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
        challenge = next((c for c in challenges if c.code == request.POST.get("challenge")), None)
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

