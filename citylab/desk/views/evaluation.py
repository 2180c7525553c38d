"""The evaluators' room: what is asked of me, the conflict declaration, and the score sheet."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.core.errors import Conflict, DomainError
from citylab.core.middleware import status_of
from citylab.proposals import form as proposal_form
from citylab.proposals import selectors
from citylab.proposals.models import Assignment
from citylab.proposals.services import evaluating
from citylab.proposals.workflow import State

from ..forms import ConflictForm, EvaluatorForm, TakeOffForm
from .common import OFFICE_ONLY, allowed_case, back_to, named_files, staff
from .moves import too_late

evaluator = roles(Role.EVALUATOR)
PAGE_SIZE = 25
SCORES = ("0", "1", "2", "3", "4", "5")


@evaluator
def evaluations(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.assignments_of(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"assignment": assignment, "is_open": assignment.proposal.state == State.EVALUATION, **_standing(assignment)} for assignment in page]
    return render(request, "desk/evaluations.html", {"page": page, "rows": rows})


def _standing(assignment: Any) -> dict[str, Any]:
    """Where an assignment stands, in a word with its tone and icon."""
    if assignment.has_conflict:
        return {"label": _("You stepped back"), "tone": "neutral", "icon": "close-circle"}
    if assignment.confirmed:
        return {"label": _("Confirmed"), "tone": "ok", "icon": "check-circle"}
    if assignment.proposal.state != State.EVALUATION:
        return {"label": assignment.proposal.get_state_display(), "tone": "neutral", "icon": "locked"}
    if assignment.declared_at is None:
        return {"label": _("Declaration awaited"), "tone": "near", "icon": "warning-circle"}
    return {"label": _("To be scored"), "tone": "near", "icon": "pencil"}


@evaluator
def evaluation(request: HttpRequest, pk: Any) -> HttpResponse:
    """First the declaration, then the proposal and the sheet beside it."""
    assignment = get_object_or_404(Assignment.objects.select_related("proposal__organisation", "proposal__challenge"), proposal_id=pk, evaluator=request.user, taken_off_at__isnull=True)
    if assignment.declared_at is None:
        return _declare(request, assignment)
    if assignment.has_conflict:
        raise PermissionDenied
    return _sheet(request, assignment)


def _declare(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """The declaration; the file stays closed until it is given."""
    form = ConflictForm(request.POST or None)
    context = {"assignment": assignment, "form": form, "is_open": assignment.proposal.state == State.EVALUATION}
    if request.method != "POST":
        return render(request, "desk/conflict.html", context)
    if not form.is_valid():
        return render(request, "desk/conflict.html", context, status=422)
    has_conflict = form.cleaned_data["has_conflict"] == "yes"
    try:
        evaluating.conflict_declare(assignment_id=assignment.pk, actor=request.user, has_conflict=has_conflict, note=form.cleaned_data["note"])
    except DomainError as error:
        form.add_error(None, error.message)
        return render(request, "desk/conflict.html", context, status=status_of(error))
    if has_conflict:
        messages.success(request, _("Thank you: the officer is told, and the file stays closed to you."))
        return redirect("desk:evaluations")
    messages.success(request, _("Your declaration is kept; the file is open."))
    return redirect("desk:evaluation", pk=assignment.proposal_id)


def _typed(request: HttpRequest, codes: list[str]) -> dict[str, tuple[int | None, str]]:
    """The scores as typed: criterion → (number or None, reason)."""
    typed = {}
    for code in codes:
        value = request.POST.get(f"score-{code}", "")
        typed[code] = (int(value) if value in SCORES else None, request.POST.get(f"reason-{code}", ""))
    return typed


def _sheet(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    case = allowed_case(request, assignment.proposal_id, "proposals.evaluate")
    version = list(case.versions.all())[-1]
    sheets = selectors.sheets(case)
    own = next((sheet for sheet in sheets if sheet.assignment_id == assignment.pk), None)
    error: DomainError | None = None
    codes = [criterion["code"] for criterion in version.criteria]
    saved = {score.criterion: (score.value, score.reason) for score in own.scores.all()} if own else {}
    scores = {**{code: (None, "") for code in codes}, **saved}
    reasons = own.reasons if own else ""
    if request.method == "POST":
        scores, reasons = _typed(request, codes), request.POST.get("reasons", "")
        confirm = request.POST.get("action") == "confirm"
        try:
            evaluating.sheet_save(proposal_id=case.pk, actor=request.user, scores=scores, reasons=reasons, confirm=confirm)
        except DomainError as refusal:
            error = refusal
        else:
            messages.success(request, _("The sheet is confirmed.") if confirm else _("The sheet is saved; confirm it when it is complete."))
            return redirect("desk:evaluation", pk=case.pk)
    language = (get_language() or "it")[:2]
    confirming = request.POST.get("action") == "confirm"
    rows = [
        {"code": c["code"], "name": c[f"name_{language}"], "weight": c["weight"], "minimum": c["minimum"], "value": scores[c["code"]][0], "reason": scores[c["code"]][1],
         "missing": confirming and error is not None and scores[c["code"]][0] is None}
        for c in version.criteria
    ]  # fmt: skip
    definition = proposal_form.definition(version.form_version)
    kinds = {kind.code: kind.label for kind in definition.attachments}
    others = [sheet for sheet in selectors.visible_sheets(request.user, sheets) if own is None or sheet.pk != own.pk]
    names = {row["code"]: row["name"] for row in rows}
    context = {
        "case": case, "version": version, "rows": rows, "reasons": reasons, "own": own, "error": error, "choices": range(6), "reasons_missing": confirming and error is not None and not reasons.strip(),
        "others": [{"sheet": sheet, "scores": [{"name": names.get(s.criterion, s.criterion), "score": s} for s in sheet.scores.all()]} for sheet in others],
        "sections": proposal_form.summary_rows(definition, version.answers, selectors.run_time_choices(), language), "is_open": case.state == State.EVALUATION,
        "named_files": [{"file": file, "kind": kinds.get(file.kind, file.kind)} for file in named_files(case, version) if file.kind not in OFFICE_ONLY],
    }  # fmt: skip
    return render(request, "desk/evaluation.html", context, status=status_of(error) if error else 200)


@staff
def assign_evaluator(request: HttpRequest, pk: Any) -> HttpResponse:
    """Ask somebody to score this proposal."""
    case = allowed_case(request, pk)
    form = EvaluatorForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                evaluating.evaluator_assign(proposal_id=pk, actor=request.user, evaluator=form.cleaned_data["evaluator"])
            except DomainError as error:
                form.add_error("evaluator", error.message)
                status = status_of(error)
            else:
                messages.success(request, _("%(name)s is asked to score this proposal.") % {"name": form.cleaned_data["evaluator"]})
                return back_to(pk, "evaluation")
    lead = _("The person is told by e-mail, and declares first whether there is a conflict of interest. Three evaluators are usual.")
    return render(request, "desk/form_page.html", {"case": case, "form": form, "title": _("Ask an evaluator"), "lead": lead, "submit": _("Ask")}, status=status)


@staff
def take_off_evaluator(request: HttpRequest, pk: Any, assignment: int) -> HttpResponse:
    """Ask somebody no longer, as long as the sheet of this version is not confirmed."""
    case = allowed_case(request, pk)
    title = _("Take an evaluator off the case")
    found = next((each for each in case.assignments.all() if each.pk == assignment), None)
    form = TakeOffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            evaluating.evaluator_take_off(proposal_id=pk, assignment_id=assignment, actor=request.user, reason=form.cleaned_data["reason"])
        except Conflict as error:
            return too_late(request, allowed_case(request, pk), title, form, error)
        messages.success(request, _("The evaluator is told, and no longer scores this proposal."))
        return back_to(pk, "evaluation")
    if found is None:
        return too_late(request, case, title, form)
    lead = _("%(name)s no longer sees this proposal; a sheet that is not confirmed is lost.") % {"name": found.evaluator}
    if found.evaluations.filter(confirmed_at__isnull=False).exists():
        lead += " " + _("What was confirmed about an earlier version stays on file.")
    return render(request, "desk/form_page.html", {"case": case, "form": form, "title": title, "lead": lead, "submit": _("Take off")}, status=422 if form.errors else 200)
