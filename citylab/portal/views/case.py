"""The case after handing in: timeline, whose turn, days left, what to do next."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.accounts.access import signed_in
from citylab.audit.services import trail
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.proposals import form, selectors
from citylab.proposals.models import ProposalVersion
from citylab.proposals.services import clocks, deciding, submitting
from citylab.proposals.workflow import State

from .. import timeline
from ..forms import ObservationsForm, WithdrawForm
from . import keeping
from .proposal import own_proposal

VIEWS = ("progress", "proposal", "documents", "messages")


@signed_in
def case(request: HttpRequest, pk: Any) -> HttpResponse:
    """One page that says where the case stands: whose turn it is, then how it went, the proposal, its documents, the messages."""
    own_proposal(request, pk)
    proposal = selectors.case(pk)
    user: Any = request.user
    if proposal.state == State.DRAFT:
        return redirect("portal:section", pk=pk, code="idea")
    requests, notices = list(proposal.change_requests.all()), list(proposal.refusal_notices.all())
    decisions = [d for d in proposal.decisions.all() if d.outcome != "reopened"]
    versions = list(proposal.versions.all())
    time = clocks.proceeding_clock(proposal)
    shown = request.GET.get("view") if request.GET.get("view") in VIEWS else VIEWS[0]
    open_request = next((r for r in reversed(requests) if r.resumed_on is None), None)
    open_notice = next((n for n in reversed(notices) if n.closed_on is None and n.observations_received_on is None), None) if proposal.turn == "applicant" else None
    owed_by = open_request.answer_due_on if open_request else open_notice.observations_due_on if open_notice else None
    context = {
        "proposal": proposal, "clock": time, "open_request": open_request, "open_notice": open_notice, "owed_by": owed_by,
        "days_to_answer": (owed_by - clock.today()).days if owed_by else None, "requests": requests, "notices": notices,
        "decision": decisions[-1] if decisions and proposal.decided_on else None, "communications": list(proposal.communications.all()), "versions": versions,
        "can_withdraw": user.has_perm("proposals.withdraw", proposal), "can_write": user.has_perm("proposals.observe", proposal), "pilot": getattr(proposal, "pilot", None),
        "steps": timeline.steps(proposal, trail("proposal", pk), time.due_on if time else None), "shown": shown,
        "tabs": [("progress", _("Progress")), ("proposal", _("Proposal")), ("documents", _("Documents")), ("messages", _("Messages"))],
    }  # fmt: skip
    if shown == "proposal":
        context |= _latest(versions[-1])
    return render(request, "portal/case.html", context)


def _latest(version: ProposalVersion) -> dict[str, Any]:
    definition = form.definition(version.form_version)
    return {"sections": form.summary_rows(definition, version.answers, selectors.run_time_choices(), get_language() or "it"), "version": version}


@signed_in
def additions(request: HttpRequest, pk: Any) -> HttpResponse:
    """Answer a request for additions, point by point; the proposal itself can be changed meanwhile."""
    proposal = own_proposal(request, pk, "proposals.view", wide=True)
    user: Any = request.user
    asked = proposal.change_requests.filter(resumed_on__isnull=True).prefetch_related("items").last()
    if asked is None or not user.has_perm("proposals.answer_changes", proposal):
        messages.info(request, _("There is no request to answer."))
        return redirect("portal:case", pk=pk)
    items, key = list(asked.items.all()), f"additions-{asked.pk}"
    known = request.POST if request.method == "POST" else keeping.kept(request, key)
    typed = {item.pk: known.get(f"reply-{item.pk}", item.reply) for item in items}
    if "keep" in request.POST:
        keeping.keep(request, key, {f"reply-{pk}": reply for pk, reply in typed.items()})
        return redirect("portal:section", pk=pk, code=request.POST["keep"]) if request.POST["keep"] else HttpResponse(status=204)
    unanswered = {key for key, reply in typed.items() if not reply.strip()} if request.method == "POST" else set()
    error = None
    if request.method == "POST" and not unanswered:
        try:
            submitting.additions_submit(proposal_id=pk, actor=user, replies=typed)
        except DomainError as refusal:
            error = refusal
        else:
            keeping.forget(request, key)
            messages.success(request, _("Your answers are registered; it is the city's turn now."))
            return redirect("portal:case", pk=pk)
    titles = {section.code: section.title for section in form.definition(proposal.form_version).sections}
    rows = [{"item": item, "section": titles.get(item.section, ""), "reply": typed[item.pk], "unanswered": item.pk in unanswered} for item in items]
    context = {"proposal": proposal, "asked": asked, "items": rows, "error": error, "unanswered": bool(unanswered), "days_left": (asked.answer_due_on - clock.today()).days}
    return render(request, "portal/additions.html", context, status=409 if isinstance(error, Conflict) else 422 if error or unanswered else 200)


@signed_in
def observations(request: HttpRequest, pk: Any) -> HttpResponse:
    proposal = own_proposal(request, pk, "proposals.observe", wide=True)
    notice = proposal.refusal_notices.filter(closed_on__isnull=True, observations_received_on__isnull=True).last()
    if notice is None:
        return redirect("portal:case", pk=pk)
    key = f"observations-{notice.pk}"
    if "keep" in request.POST:
        keeping.keep(request, key, {"text": request.POST.get("text", "")})
        return HttpResponse(status=204)
    form_ = ObservationsForm(request.POST or None, initial=keeping.kept(request, key))
    if request.method == "POST" and form_.is_valid():
        try:
            deciding.observations_submit(proposal_id=pk, actor=request.user, text=form_.cleaned_data["text"])
        except DomainError as error:
            form_.add_error("text", str(error))
        else:
            keeping.forget(request, key)
            messages.success(request, _("Your observations are registered."))
            return redirect("portal:case", pk=pk)
    context = {"proposal": proposal, "notice": notice, "form": form_, "days_left": (notice.observations_due_on - clock.today()).days}
    return render(request, "portal/observations.html", context, status=422 if form_.errors else 200)


@signed_in
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    proposal = own_proposal(request, pk, "proposals.withdraw", wide=True)
    form_ = WithdrawForm(request.POST or None)
    if request.method == "POST" and form_.is_valid():
        try:
            deciding.proposal_withdraw(proposal_id=pk, actor=request.user, note=form_.cleaned_data["note"])
        except Conflict as error:
            messages.error(request, str(error))
            return redirect("portal:case", pk=pk)
        messages.success(request, _("The proposal is withdrawn."))
        return redirect("portal:case", pk=pk)
    return render(request, "portal/withdraw.html", {"proposal": proposal, "form": form_})
