"""Handing in: the check before, the summary to sign, signature and stamp duty, the receipt, and what was handed in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.accounts.access import signed_in
from citylab.challenges.selectors import is_open
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.proposals import form
from citylab.proposals.models import Proposal, ProposalVersion
from citylab.proposals.selectors import run_time_choices
from citylab.proposals.services import clocks, drafting, submitting
from citylab.proposals.workflow import State

from ..forms import SubmitForm
from ..questions import missing
from .proposal import own_proposal


@signed_in
def review(request: HttpRequest, pk: Any) -> HttpResponse:
    """The whole proposal on one page as it would be handed in, and what is still missing, each with its link."""
    proposal = own_proposal(request, pk, wide=True)
    if proposal.state not in (State.DRAFT, State.CHANGES_REQUESTED):
        return redirect("portal:case", pk=pk)
    user: Any = request.user
    choices = run_time_choices()
    definition = form.definition(proposal.form_version)
    context = {
        "proposal": proposal, "sections": form.summary_rows(definition, proposal.answers, choices, get_language() or "it"), "attachments": _files(proposal, definition),
        "problems": missing(definition, submitting.problems_of(proposal, choices)), "can_write": user.has_perm("proposals.edit", proposal), "closed": _closed(proposal),
    }  # fmt: skip
    return render(request, "portal/review.html", context)


def _closed(proposal: Proposal) -> bool:
    return proposal.challenge is not None and not is_open(proposal.challenge, clock.now())


def _files(proposal: Proposal, definition: form.FormDefinition) -> list[dict[str, Any]]:
    """The files that go in with the proposal, each with the name of its kind."""
    kinds = {kind.code: kind.label for kind in definition.attachments}
    return [{"file": file, "kind": kinds.get(file.kind, file.kind)} for file in submitting.attachments_of(proposal) if file.kind not in submitting.SIGNATURE_FILES]


@signed_in
def summary(request: HttpRequest, pk: Any) -> HttpResponse:
    """The summary that the legal representative signs: a plain page to print, or to keep as PDF, with the digest of all it says."""
    proposal = own_proposal(request, pk, wide=True)
    if proposal.state not in (State.DRAFT, State.CHANGES_REQUESTED):
        return redirect("portal:case", pk=pk)
    choices = run_time_choices()
    definition = form.definition(proposal.form_version)
    context = {
        "proposal": proposal, "organisation": proposal.organisation, "sections": form.summary_rows(definition, proposal.answers, choices, get_language() or "it"),
        "attachments": _files(proposal, definition), "digest": submitting.digest_of(submitting.content_of(proposal)), "now": clock.now(),
        "is_complete": not submitting.problems_of(proposal, choices),
    }  # fmt: skip
    return render(request, "portal/summary.html", context)


# Where the page shows what a service refuses.
FIELDS = {
    "signature_kind": "kind", "signature_signatory": "signatory", "signature_document": "document", "signature_identity": "identity_document", "stamp_exemption": "exemption",
    "stamp_serial_number": "serial_number", "stamp_used": "serial_number", "stamp_stamped_on": "stamped_on", "stamp_not_reused": "not_reused",
}  # fmt: skip
UPLOADS = {"document": "signed_summary", "identity_document": "identity_document"}


@signed_in
def submit(request: HttpRequest, pk: Any) -> HttpResponse:
    """Signature, stamp duty, and handing in. Files that were accepted are kept when something else is wrong."""
    proposal = own_proposal(request, pk, wide=True)
    user: Any = request.user
    if proposal.state != State.DRAFT:
        messages.info(request, _("This proposal has already been handed in."))
        return redirect("portal:receipt", pk=pk)
    proposal = own_proposal(request, pk, "proposals.submit", wide=True)
    choices = run_time_choices()
    if submitting.problems_of(proposal, choices):
        messages.error(request, _("The proposal is not complete yet."))
        return redirect("portal:review", pk=pk)
    form_ = SubmitForm(request.POST or None, request.FILES or None, initial={"signatory": proposal.organisation.representative_name})
    if request.method == "POST":
        try:
            if _submit(proposal, user, form_, choices):
                return redirect("portal:receipt", pk=pk)
        except Conflict:
            messages.info(request, _("This proposal was handed in a moment ago, by you in another window or by a colleague. This is its receipt."))
            return redirect("portal:receipt", pk=pk)
    context = {"proposal": proposal, "form": form_, "kept": {field: _latest(proposal, kind) for field, kind in UPLOADS.items()}, "closed": _closed(proposal)}
    return render(request, "portal/submit.html", context, status=422 if form_.errors else 200)


def _latest(proposal: Proposal, kind: str) -> Any:
    return proposal.attachments.filter(kind=kind, removed_at__isnull=True).order_by("-uploaded_at").first()


def _submit(proposal: Proposal, user: Any, form_: SubmitForm, choices: Any) -> bool:
    """Keep the files, say all that is wrong, hand in. Whether it was handed in."""
    form_.is_valid()
    kept: dict[str, Any] = {}
    for field, kind in UPLOADS.items():
        kept[field] = _latest(proposal, kind)
        upload = form_.cleaned_data.get(field)
        if upload:
            earlier = kept[field]
            try:
                kept[field] = drafting.attachment_add(proposal_id=proposal.pk, actor=user, kind=kind, upload=upload)
            except Conflict:
                raise
            except DomainError as error:
                form_.add_error(field, str(error))
                continue
            if earlier:
                drafting.attachment_remove(attachment_id=earlier.pk, actor=user)
    signature, stamp = form_.signature(kept["document"], kept["identity_document"]), form_.stamp()
    for fault in [*submitting.signature_faults(signature), *submitting.stamp_faults(stamp, clock.today())]:
        field = FIELDS[fault.code]
        if field not in form_.errors:
            form_.add_error(field, str(fault))
    if form_.errors:
        return False
    try:
        submitting.proposal_submit(proposal_id=proposal.pk, actor=user, signature=signature, stamp=stamp, choices=choices)
    except Conflict:
        raise
    except DomainError as error:
        form_.add_error(FIELDS.get(error.code), str(error))
        return False
    return True


def _version(proposal: Proposal, number: int) -> ProposalVersion:
    return get_object_or_404(proposal.versions.select_related("register_entry", "submitted_by", "signature", "stamp_duty"), number=number)


@signed_in
def receipt(request: HttpRequest, pk: Any) -> HttpResponse:
    """The receipt, right after handing in and for ever."""
    proposal = own_proposal(request, pk, wide=True)
    if proposal.state == State.DRAFT:
        raise Http404
    return render(request, "portal/receipt.html", {"proposal": proposal, "version": _version(proposal, 1), "clock": clocks.proceeding_clock(proposal)})


@signed_in
def submitted(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """Exactly what was handed in, to print or keep."""
    proposal = own_proposal(request, pk, wide=True)
    version = _version(proposal, number)
    definition = form.definition(version.form_version)
    kinds = {kind.code: kind.label for kind in definition.attachments}
    context = {
        "proposal": proposal, "version": version, "sections": form.summary_rows(definition, version.answers, run_time_choices(), get_language() or "it"),
        "files": [{**file, "label": kinds.get(file["kind"], file["kind"])} for file in version.files], "signature": getattr(version, "signature", None),
        "stamp": getattr(version, "stamp_duty", None),
    }  # fmt: skip
    return render(request, "portal/submitted.html", context)


@signed_in
def submitted_data(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """The same for machines: answers, the profile as it stood, files with their SHA-256, register number and digest."""
    proposal = own_proposal(request, pk)
    version = _version(proposal, number)
    content = {
        "case": proposal.number, "version": version.number, "register_number": str(version.register_entry), "submitted_at": version.submitted_at.isoformat(),
        "digest_sha256": version.digest, "language": version.language, "form_version": version.form_version, "organisation": version.organisation,
        "challenge": version.challenge, "criteria": version.criteria, "sites": version.sites, "answers": version.answers, "files": version.files,
    }  # fmt: skip
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{proposal.number}-{version.number}.json"'
    return response
