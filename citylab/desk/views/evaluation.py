"""The evaluators' room: what is asked of me, the conflict declaration, and the score sheet."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.core.errors import Conflict, DomainError
from citylab.proposals import form as proposal_form
from citylab.proposals import selectors
from citylab.proposals.models import Assignment
from citylab.proposals.services import evaluating
from citylab.proposals.workflow import State

from ..forms import ConflictForm, EvaluatorForm
from .case import allowed_case, named_files

evaluator = roles(Role.EVALUATOR)


@evaluator
def evaluations(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/evaluations.html", {"assignments": list(selectors.assignments_of(request.user))})


@evaluator
def evaluation(request: HttpRequest, pk: Any) -> HttpResponse:
    """First the declaration, then the proposal and the sheet beside it."""
    assignment = get_object_or_404(Assignment.objects.select_related("proposal", "proposal__challenge"), proposal_id=pk, evaluator=request.user)
    if assignment.declared_at is None:
        return _declare(request, assignment)
    if assignment.has_conflict:
        raise PermissionDenied
    return _sheet(request, assignment)


def _declare(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    form = ConflictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        has_conflict = form.cleaned_data["has_conflict"] == "yes"
        try:
            evaluating.conflict_declare(assignment_id=assignment.pk, actor=request.user, has_conflict=has_conflict, note=form.cleaned_data["note"])
        except DomainError as error:
            messages.error(request, error.message)
        if has_conflict:
            messages.success(request, _("Thank you: the officer is told, and the file stays closed to you."))
            return redirect("desk:evaluations")
        return redirect("desk:evaluation", pk=assignment.proposal_id)
    return render(request, "desk/conflict.html", {"assignment": assignment, "form": form}, status=422 if form.errors else 200)


def _typed(request: HttpRequest, codes: list[str]) -> dict[str, tuple[int | None, str]]:
    """The scores as typed: criterion → (number or None, reason)."""
    typed = {}
    for code in codes:
        value = request.POST.get(f"score-{code}", "")
        typed[code] = (int(value) if value.isdigit() else None, request.POST.get(f"reason-{code}", ""))
    return typed


def _sheet(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    case = allowed_case(request, assignment.proposal_id)
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
    rows = [
        {"code": c["code"], "name": c[f"name_{language}"], "weight": c["weight"], "minimum": c["minimum"], "value": scores[c["code"]][0], "reason": scores[c["code"]][1]}
        for c in version.criteria
    ]
    definition = proposal_form.definition(version.form_version)
    context = {
        "case": case, "version": version, "rows": rows, "reasons": reasons, "own": own, "error": error, "choices": range(6),
        "others": [sheet for sheet in selectors.visible_sheets(request.user, sheets) if own is None or sheet.pk != own.pk],
        "sections": proposal_form.summary_rows(definition, version.answers, None, language), "named_files": named_files(case, version), "is_open": case.state == State.EVALUATION,
    }  # fmt: skip
    status = 200 if error is None else 409 if isinstance(error, Conflict) else 422
    return render(request, "desk/evaluation.html", context, status=status)


@roles(Role.OFFICER, Role.ADMINISTRATOR)
def assign_evaluator(request: HttpRequest, pk: Any) -> HttpResponse:
    case = allowed_case(request, pk, "proposals.process")
    form = EvaluatorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            evaluating.evaluator_assign(proposal_id=pk, actor=request.user, evaluator=form.cleaned_data["evaluator"])
        except DomainError as error:
            form.add_error("evaluator", error.message)
        else:
            messages.success(request, _("%(name)s is asked to score this proposal.") % {"name": form.cleaned_data["evaluator"]})
            response = redirect("desk:case", pk=pk)
            response["Location"] += "?tab=evaluation"
            return response
    return render(request, "desk/form_page.html", {"case": case, "form": form, "title": _("Ask an evaluator"), "submit": _("Ask")}, status=422 if form.errors else 200)
