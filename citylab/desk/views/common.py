"""What every page about a case begins and ends with."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.proposals import form, selectors
from citylab.proposals.models import Attachment, Proposal, ProposalVersion

staff = roles(Role.OFFICER, Role.ADMINISTRATOR)
PROCESS = "proposals.process"
# Files that only the office reads: an evaluator judges the proposal, not the signatory's papers.
OFFICE_ONLY = ("signed_summary", "identity_document")


def allowed_case(request: HttpRequest, pk: Any, *permissions: str) -> Proposal:
    """The case, where this person has one of `permissions`; 404 for no such case, 403 otherwise.

    Not "proposals.view": an officer who belongs to the applicant has that as its member, and stays out here.
    """
    try:
        found = selectors.case(pk)
    except Proposal.DoesNotExist as error:
        raise Http404 from error
    user: Any = request.user
    if not any(user.has_perm(permission, found) for permission in permissions or (PROCESS,)):
        raise PermissionDenied
    return found


def section_titles(case: Proposal) -> dict[str, str]:
    return {section.code: str(section.title) for section in form.definition(case.form_version).sections}


def named_files(case: Proposal, version: ProposalVersion) -> list[Attachment]:
    """The files that a version names, in its order."""
    by_id = {str(attachment.pk): attachment for attachment in case.attachments.all()}
    return [by_id[entry["id"]] for entry in version.files if entry["id"] in by_id]


def back_to(pk: Any, tab: str, anchor: str = "") -> HttpResponse:
    """To a tab of the case page."""
    response = redirect("desk:case", pk=pk)
    response["Location"] += f"?tab={tab}" + (f"#{anchor}" if anchor else "")
    return response
