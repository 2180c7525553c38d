"""What the pilot of a proposal would cost, as the draft says so far."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from citylab.accounts.access import signed_in
from citylab.payments.selectors import proposal_estimates

from .proposal import own_proposal


@signed_in
def costs(request: HttpRequest, pk: Any) -> HttpResponse:
    """For each site that the proposal asks for; beside the form only the fragment."""
    proposal = own_proposal(request, pk)
    found = proposal_estimates(proposal)
    context = {"proposal": proposal, "estimates": found, "is_assumed": any(estimate.is_assumed for _site, estimate in found)}
    return render(request, "portal/_costs.html" if request.headers.get("HX-Request") else "portal/costs.html", context)
