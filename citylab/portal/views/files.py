"""The files of a proposal: attach, remove, download."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.core.errors import DomainError
from citylab.proposals import files, form
from citylab.proposals.models import Attachment
from citylab.proposals.services import drafting

from .proposal import own_proposal, section_page


@signed_in
@require_POST
def attach(request: HttpRequest, pk: Any) -> HttpResponse:
    """Add a file; what is wrong with it is said where it was chosen, and nothing else on the page changes."""
    proposal = own_proposal(request, pk, "proposals.edit")
    upload, kind = request.FILES.get("file"), request.POST.get("kind", "")
    error = _("Choose a file.")
    if upload is not None:
        try:
            drafting.attachment_add(proposal_id=pk, actor=request.user, kind=kind, upload=upload)
        except DomainError as refusal:
            error = str(refusal)
        else:
            messages.success(request, _("“%(name)s” is attached.") % {"name": upload.name})
            return redirect("portal:section", pk=pk, code="attachments")
    found = form.definition(proposal.form_version).section("attachments")
    assert found is not None  # every version of the form has this section
    page = section_page(own_proposal(request, pk, wide=True), found, upload_error=error, upload_kind=kind, upload_name=upload.name if upload else "")
    return render(request, "portal/section.html", page, status=422)


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
