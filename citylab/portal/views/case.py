"""Handing in, and the case from then on: timeline, whose turn, days left, what to do next."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.accounts.access import signed_in
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import Status, status
from citylab.challenges.services import question_ask
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.proposals import form, selectors
from citylab.proposals.models import Proposal, ProposalVersion, Signature
from citylab.proposals.selectors import run_time_choices
from citylab.proposals.services import clocks, deciding, drafting, submitting
from citylab.proposals.workflow import State

from ..forms import ObservationsForm, QuestionForm, SubmitForm, WithdrawForm
from .proposal import own_proposal


@signed_in
def review(request: HttpRequest, pk: Any) -> HttpResponse:
    """The whole proposal on one page as it would be handed in, and what is still missing, each with its link."""
    proposal = own_proposal(request, pk, wide=True)
    choices = run_time_choices()
    definition = form.definition(proposal.form_version)
    problems = submitting.problems_of(proposal, choices)
    titles = {section.code: section.title for section in definition.sections}
    context = {
        "proposal": proposal, "sections": form.summary_rows(definition, proposal.answers, choices, get_language() or "it"), "attachments": submitting.attachments_of(proposal),
        "problems": [{"problem": problem, "section": titles[problem.section], "label": _label(definition, problem)} for problem in problems],
        "is_print": bool(request.GET.get("print")),
    }  # fmt: skip
    return render(request, "portal/review.html", context)


def _label(definition: form.FormDefinition, problem: form.Problem) -> Any:
    """The question's own words for a problem; a row's question for rows, the kind of file for attachments."""
    if problem.field in definition.by_name:
        return definition.by_name[problem.field][1].label
    kinds = {kind.code: kind.label for kind in definition.attachments}
    if problem.field in kinds:
        return kinds[problem.field]
    name, _index, sub = problem.field.split("-", 2)
    question = definition.by_name[name][1]
    return next((f"{question.label}: {row.label}" for row in question.rows if row.name == sub), question.label)


@signed_in
def submit(request: HttpRequest, pk: Any) -> HttpResponse:
    """Signature, stamp duty, and handing in. Files that were accepted are kept when something else is wrong."""
    proposal = own_proposal(request, pk, "proposals.submit", wide=True)
    choices = run_time_choices()
    problems = submitting.problems_of(proposal, choices)
    if problems:
        messages.error(request, _("The proposal is not complete yet."))
        return redirect("portal:review", pk=pk)
    form_ = SubmitForm(request.POST or None, request.FILES or None)
    kept = {kind: _latest(proposal, kind) for kind in ("signed_summary", "identity_document")}
    if kept["signed_summary"]:
        form_.fields["document"].required = False
    if request.method == "POST" and form_.is_valid() and _submit(request, proposal, form_, kept, choices):
        return redirect("portal:receipt", pk=pk)
    context = {"proposal": proposal, "form": form_, "kept": {kind: _latest(proposal, kind) for kind in kept}}
    return render(request, "portal/submit.html", context, status=422 if form_.errors else 200)


def _latest(proposal: Proposal, kind: str) -> Any:
    return proposal.attachments.filter(kind=kind, removed_at__isnull=True).order_by("-uploaded_at").first()


FIELDS = {"signature_signatory": "signatory", "signature_document": "document", "signature_identity": "identity_document", "stamp_used": "serial_number"}


def _submit(request: HttpRequest, proposal: Proposal, form_: SubmitForm, kept: dict[str, Any], choices: Any) -> bool:
    """Keep the files, then hand in; a refusal goes to the field it is about."""
    data = form_.cleaned_data
    for field, kind in (("document", "signed_summary"), ("identity_document", "identity_document")):
        if data.get(field):
            try:
                kept[kind] = drafting.attachment_add(proposal_id=proposal.pk, actor=request.user, kind=kind, upload=data[field])
            except DomainError as error:
                form_.add_error(field, str(error))
                return False
    identity = kept["identity_document"] if data["kind"] == Signature.Kind.HANDWRITTEN else None
    exempt = data["stamp"] == "exempt"
    if exempt and not data["exemption"]:
        form_.add_error("exemption", _("Choose the ground of exemption."))
        return False
    stamp = submitting.StampGiven(
        serial_number="" if exempt else data["serial_number"].strip(), stamped_on=None if exempt else data["stamped_on"], not_reused=not exempt and data["not_reused"],
        exemption=data["exemption"] if exempt else "", exemption_note=data["exemption_note"],
    )  # fmt: skip
    try:
        submitting.proposal_submit(
            proposal_id=proposal.pk, actor=request.user, signature=submitting.SignatureGiven(data["kind"], data["signatory"], kept["signed_summary"], identity), stamp=stamp, choices=choices
        )
    except DomainError as error:
        field = FIELDS.get(error.code, error.code.removeprefix("stamp_"))
        form_.add_error(field if field in form_.fields else None, str(error))
        return False
    return True


def _version(proposal: Proposal, number: int | None = None) -> ProposalVersion:
    versions = proposal.versions.select_related("register_entry", "submitted_by")
    return get_object_or_404(versions, number=number) if number else versions.latest("number")


@signed_in
def receipt(request: HttpRequest, pk: Any) -> HttpResponse:
    """The receipt, right after handing in and for ever."""
    proposal = own_proposal(request, pk, wide=True)
    if proposal.state == State.DRAFT:
        raise Http404
    return render(request, "portal/receipt.html", {"proposal": proposal, "version": proposal.versions.select_related("register_entry").first(), "clock": clocks.proceeding_clock(proposal)})


@signed_in
def submitted(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """Exactly what was handed in, to print or keep."""
    proposal = own_proposal(request, pk, wide=True)
    version = _version(proposal, number)
    sections = form.summary_rows(form.definition(version.form_version), version.answers, run_time_choices(), get_language() or "it")
    return render(request, "portal/submitted.html", {"proposal": proposal, "version": version, "sections": sections})


@signed_in
def case(request: HttpRequest, pk: Any) -> HttpResponse:
    """One page that says where the case stands."""
    own_proposal(request, pk)
    proposal = selectors.case(pk)
    user: Any = request.user
    if proposal.state == State.DRAFT:
        return redirect("portal:section", pk=pk, code="idea")
    requests = list(proposal.change_requests.all())
    notices = list(proposal.refusal_notices.all())
    decisions = [d for d in proposal.decisions.all() if d.outcome != "reopened"]
    context = {
        "proposal": proposal, "clock": clocks.proceeding_clock(proposal), "open_request": next((r for r in reversed(requests) if r.resumed_on is None), None),
        "open_notice": next((n for n in reversed(notices) if n.closed_on is None and n.observations_received_on is None), None) if proposal.turn == "applicant" else None,
        "decision": decisions[-1] if decisions and proposal.decided_on else None, "communications": list(proposal.communications.all()), "versions": list(proposal.versions.all()),
        "can_withdraw": user.has_perm("proposals.withdraw", proposal), "can_write": user.has_perm("proposals.observe", proposal), "pilot": getattr(proposal, "pilot", None),
        "steps": _steps(proposal),
    }  # fmt: skip
    return render(request, "portal/case.html", context)


STAGES = (
    {State.SUBMITTED},
    {State.SCREENING, State.CHANGES_REQUESTED, State.INADMISSIBLE},
    {State.EVALUATION, State.REFUSAL_NOTICE},
    {State.APPROVED, State.REJECTED},
)


def _steps(proposal: Proposal) -> list[dict[str, Any]]:
    """The stages of the proceeding with the present one marked."""
    names = (_("Received"), _("Screening"), _("Evaluation"), _("Decision"))
    position = next((index for index, states in enumerate(STAGES) if proposal.state in states), 0)
    if proposal.state in (State.WITHDRAWN, State.INADMISSIBLE):
        return [{"label": name, "kind": "done" if index <= position else "future"} for index, name in enumerate(names)]
    last = len(names) - 1
    return [{"label": name, "kind": "done" if index < position or (index == position == last) else "now" if index == position else "future"} for index, name in enumerate(names)]


@signed_in
def additions(request: HttpRequest, pk: Any) -> HttpResponse:
    """Answer a request for additions, point by point; the proposal itself can be changed meanwhile."""
    proposal = own_proposal(request, pk, "proposals.view", wide=True)
    user: Any = request.user
    if not user.has_perm("proposals.answer_changes", proposal):
        return redirect("portal:case", pk=pk)
    asked = proposal.change_requests.filter(resumed_on__isnull=True).prefetch_related("items").last()
    if asked is None:
        return redirect("portal:case", pk=pk)
    definition = form.definition(proposal.form_version)
    error = None
    typed = {item.pk: request.POST.get(f"reply-{item.pk}", item.reply) for item in asked.items.all()}
    if request.method == "POST":
        try:
            submitting.additions_submit(proposal_id=pk, actor=user, replies=typed)
        except DomainError as refusal:
            error = refusal
        else:
            messages.success(request, _("Your answers are registered; it is the city's turn now."))
            return redirect("portal:case", pk=pk)
    titles = {section.code: section.title for section in definition.sections}
    items = [{"item": item, "section": titles.get(item.section, ""), "reply": typed[item.pk]} for item in asked.items.all()]
    return render(request, "portal/additions.html", {"proposal": proposal, "asked": asked, "items": items, "error": error}, status=409 if isinstance(error, Conflict) else 422 if error else 200)


@signed_in
def observations(request: HttpRequest, pk: Any) -> HttpResponse:
    proposal = own_proposal(request, pk, "proposals.observe", wide=True)
    notice = proposal.refusal_notices.filter(closed_on__isnull=True).last()
    if notice is None:
        return redirect("portal:case", pk=pk)
    form_ = ObservationsForm(request.POST or None)
    if request.method == "POST" and form_.is_valid():
        try:
            deciding.observations_submit(proposal_id=pk, actor=request.user, text=form_.cleaned_data["text"])
        except DomainError as error:
            form_.add_error("text", str(error))
        else:
            messages.success(request, _("Your observations are registered."))
            return redirect("portal:case", pk=pk)
    return render(request, "portal/observations.html", {"proposal": proposal, "notice": notice, "form": form_}, status=422 if form_.errors else 200)


@signed_in
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    proposal = own_proposal(request, pk, "proposals.withdraw", wide=True)
    form_ = WithdrawForm(request.POST or None)
    if request.method == "POST" and form_.is_valid():
        deciding.proposal_withdraw(proposal_id=pk, actor=request.user, note=form_.cleaned_data["note"])
        messages.success(request, _("The proposal is withdrawn."))
        return redirect("portal:case", pk=pk)
    return render(request, "portal/withdraw.html", {"proposal": proposal, "form": form_})


@signed_in
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """A public question on a challenge."""
    user: Any = request.user
    challenge = get_object_or_404(Challenge.objects.select_related("progress"), code=code, live=True)
    form_ = QuestionForm(request.POST or None)
    membership = user.memberships.select_related("organisation").first()
    if membership is None:
        messages.info(request, _("To ask a question, first create your organisation."))
        return redirect("portal:organisation_create")
    if request.method == "POST" and form_.is_valid():
        try:
            question_ask(challenge_id=challenge.pk, organisation_id=membership.organisation_id, text=form_.cleaned_data["text"], language=get_language() or "it", actor=user)
        except DomainError as error:
            form_.add_error(None, str(error))
        else:
            messages.success(request, _("Your question is with the editors. It appears with its answer."))
            return redirect("public:challenge", slug=challenge.slug)
    return render(request, "portal/ask.html", {"challenge": challenge, "form": form_, "is_open": status(challenge, clock.now()) == Status.OPEN}, status=422 if form_.errors else 200)
