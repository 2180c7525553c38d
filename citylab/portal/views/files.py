"""The files of a proposal: attach, remove, download."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.core.errors import Conflict, DomainError
from citylab.proposals import files, form
from citylab.proposals.models import Attachment, Proposal
from citylab.proposals.services import drafting

from .proposal import own_proposal, section_page, went_on


def _section(proposal: Proposal) -> form.Section:
    found = form.definition(proposal.form_version).section("attachments")
    assert found is not None  # every version of the form has this section
    return found


def _went_on(request: HttpRequest, pk: Any, untouched: str) -> HttpResponse:
    """A colleague handed the proposal in meanwhile: said as while typing, with what became of the file."""
    proposal = own_proposal(request, pk)
    return render(request, "portal/closed_meanwhile.html", {**went_on(proposal, _section(proposal)), "untouched": untouched}, status=409)


@signed_in
@require_POST
def attach(request: HttpRequest, pk: Any) -> HttpResponse:
    """Add a file; what is wrong with it is said where it was chosen, and nothing else on the page changes."""
    proposal = own_proposal(request, pk, "proposals.write")
    upload, kind = request.FILES.get("file"), request.POST.get("kind", "")
    name = upload.name if upload else ""
    try:
        drafting.check_writable(proposal, request.user)
        if upload is None:
            raise DomainError("file_missing", _("Choose a file."))
        drafting.attachment_add(proposal_id=pk, actor=request.user, kind=kind, upload=upload)
    except Conflict:
        return _went_on(request, pk, _("“%(name)s” was not attached. You still have the file; what was handed in is as it was.") % {"name": name} if name else "")
    except DomainError as refusal:
        page = section_page(own_proposal(request, pk, wide=True), _section(proposal), upload_error=str(refusal), upload_kind=kind, upload_name=name)
        return render(request, "portal/section.html", page, status=422)
    messages.success(request, _("“%(name)s” is attached.") % {"name": name})
    return redirect("portal:section", pk=pk, code="attachments")


@signed_in
@require_POST
def detach(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    own_proposal(request, pk, "proposals.write")
    found = get_object_or_404(Attachment, pk=attachment, proposal_id=pk)
    try:
        drafting.attachment_remove(attachment_id=found.pk, actor=request.user)
    except Conflict:
        was_there = found.removed_at is None
        return _went_on(request, pk, _("“%(name)s” was not removed: it belongs to what was handed in.") % {"name": found.name} if was_there else "")
    messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
    return redirect("portal:section", pk=pk, code="attachments")


@signed_in
def download(request: HttpRequest, pk: Any, attachment: Any) -> HttpResponse:
    own_proposal(request, pk)
    found = get_object_or_404(Attachment, pk=attachment, proposal_id=pk)
    return FileResponse(files.opened(found.key), as_attachment=True, filename=found.name, content_type=found.content_type)
