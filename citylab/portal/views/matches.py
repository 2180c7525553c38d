"""What fits an organisation and each of its proposals, why, and why something does not."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citylab.accounts.access import signed_in
from citylab.accounts.models import Membership, Organisation
from citylab.accounts.selectors import memberships_of, organisations_of
from citylab.challenges.selectors import visible_challenges
from citylab.core import clock
from citylab.core.numbers import whole
from citylab.proposals import form
from citylab.proposals.models import Proposal
from citylab.proposals.services import drafting
from citylab.testbeds.selectors import visible_sites
from search import feedback
from search.alerts import ALIVE, alert_switch, subscriptions_of
from search.engines import Engine
from search.matching import Match, MatchPanel, match_proposal
from search.models import MatchFeedback
from search.profile_matching import match_profile, profiles_of
from search.verdicts import Bench

SEED = "match_feedback"


def feedback_place(request: HttpRequest, proposal: Proposal | None) -> feedback.Place:
    """Where this person's remarks count: on the proposal, or in what the browser's cookie stands for."""
    return feedback.Place(proposal.pk if proposal else None, request.session.get(SEED, ""))


def panel_marks(request: HttpRequest, proposal: Proposal | None, panel: MatchPanel) -> Mapping[str, set[int]]:
    """What of a panel is marked “not relevant”: a saved proposal's panel knows, an organisation's is asked in one query."""
    if proposal:
        return panel.not_relevant
    shown = [(kind, match.record.pk) for kind, groups in (("site", panel.sites), ("challenge", panel.challenges)) for found in groups.values() for match in found]
    return feedback.not_relevant(feedback_place(request, proposal), shown)


def opened_matches(request: HttpRequest) -> dict[str, set[int]]:
    """Beside which matches of a panel “Why not?” stands open: ids by kind."""
    given = (request.POST if request.method == "POST" else request.GET).getlist("open")
    found: dict[str, set[int]] = {"site": set(), "challenge": set()}
    for kind, _colon, pk in (text.partition(":") for text in given):
        number = whole(pk)
        if kind in found and number is not None:
            found[kind].add(number)
    return found


@signed_in
def matches(request: HttpRequest, pk: Any = None) -> HttpResponse:
    """What fits: one organisation, and of it one proposal, or the profile, at a time."""
    user: Any = request.user
    organisations = list(organisations_of(user))
    if not organisations:
        return render(request, "portal/matches.html", {"organisations": []})
    organisation = next((found for found in organisations if found.pk == pk), None) if pk else organisations[0]
    if organisation is None:
        raise Http404
    proposals = list(Proposal.objects.filter(organisation=organisation, state__in=ALIVE).select_related("organisation", "challenge", "sector").order_by("-updated_at"))
    wanted = request.GET.get("proposal", "")
    proposal = None if wanted == "profile" or not proposals else next((found for found in proposals if str(found.pk) == wanted), proposals[0])
    panel = match_proposal(proposal) if proposal else match_profile(organisation)
    subscriptions = subscriptions_of(user, organisation)
    context = {
        "organisations": organisations, "organisation": organisation, "proposals": proposals, "proposal": proposal, "panel": panel, "subscriptions": subscriptions,
        "is_told": (proposal.pk if proposal else None) in subscriptions, "marks": panel_marks(request, proposal, panel), "choices": _choices(),
        "can_write": memberships_of(user)[organisation.pk] in (Membership.Role.OWNER, Membership.Role.EDITOR), "says_nothing": not proposal and not _has_profile(organisation),
    }  # fmt: skip
    return render(request, "portal/matches.html", context)


def _has_profile(organisation: Organisation) -> bool:
    return bool(organisation.description or organisation.sector_codes or organisation.technology_codes)


def _choices() -> list[dict[str, Any]]:
    """Every published challenge and site, to ask about."""
    challenges = visible_challenges(clock.now()).order_by()
    groups: Sequence[tuple[str, Any, Any, Any]] = (("challenge", _("Challenges"), challenges, lambda c: c.title), ("site", _("Sites"), visible_sites().prefetch_related(None), lambda s: s.name))
    return [{"label": label, "options": sorted(((name(record), f"{kind}:{record.pk}") for record in records), key=lambda option: option[0].lower())} for kind, label, records, name in groups]


# --- one record ---------------------------------------------------------------------------------------------------------------------


def _organisation(request: HttpRequest, pk: Any) -> Organisation:
    """The organisation, to one of its members; it does not exist for anyone else."""
    organisation = organisations_of(request.user).filter(pk=pk).first()
    if organisation is None:
        raise Http404
    return organisation


def _proposal(organisation: Organisation, text: str) -> Proposal | None:
    """The proposal that a page names; None for the organisation's profile."""
    if not text:
        return None
    try:
        pk = UUID(text)
    except ValueError as error:
        raise Http404 from error
    return get_object_or_404(Proposal.objects.select_related("organisation", "challenge", "sector"), pk=pk, organisation=organisation)


def _verdict(organisation: Organisation, proposal: Proposal | None, text: str) -> tuple[str, Match, Engine]:
    """The kind and the verdict of the published record that a page names as “kind:id”, and the engine that answered."""
    kind, _colon, pk = text.partition(":")
    number = whole(pk)
    if kind not in ("site", "challenge") or number is None:
        raise Http404
    bench = Bench(kind, [number])
    found = bench.matches([proposal] if proposal else profiles_of(organisation)) if bench.records else []
    if not found:
        raise Http404
    return kind, found[0], bench.engine


@signed_in
def why(request: HttpRequest, pk: Any) -> HttpResponse:
    """The whole verdict of one site or challenge: what stands in the way, what would remove it, what speaks for it."""
    organisation = _organisation(request, pk)
    proposal = _proposal(organisation, request.GET.get("proposal", ""))
    kind, match, engine = _verdict(organisation, proposal, request.GET.get("record", ""))
    user: Any = request.user
    context = {
        "organisation": organisation, "proposal": proposal, "kind": kind, "match": match, "record_key": f"{kind}:{match.record.pk}", "choices": _choices(),
        "marks": feedback.not_relevant(feedback_place(request, proposal), [(kind, match.record.pk)]),
        "can_write": user.has_perm("accounts.write_for_organisation", organisation), "is_degraded": engine.is_degraded,
    }  # fmt: skip
    return render(request, "portal/match_why.html", context)


@signed_in
@require_POST
def match_feedback(request: HttpRequest, pk: Any) -> HttpResponse:
    """“Not relevant”, taking it back, or “Why not?”, which htmx opens in the line of the match and closes again; without it, the verdict's page follows.

    Beside the form of a draft its answers come along as they are being typed: what is said is about what the panel shows.
    """
    organisation = _organisation(request, pk)
    proposal = _proposal(organisation, request.POST.get("proposal", ""))
    is_htmx = bool(request.headers.get("HX-Request"))
    section = form.definition(proposal.form_version).section(request.POST.get("section", "")) if proposal and is_htmx else None
    if proposal and section:
        drafting.answers_try(proposal, form.read_section(section, request.POST))
    kind, match, engine = _verdict(organisation, proposal, request.POST.get("record", ""))
    if SEED not in request.session:
        request.session[SEED] = secrets.token_urlsafe(16)
    place = feedback_place(request, proposal)
    verdict = request.POST.get("verdict", "")
    if request.POST.get("take_back"):
        feedback.feedback_take_back(place=place, kind=kind, object_id=match.record.pk, verdict=MatchFeedback.Verdict.NOT_RELEVANT)
    elif verdict in MatchFeedback.Verdict.values:
        feedback.feedback_record(place=place, kind=kind, match=match, verdict=verdict, engine=engine.name)
    asks_why = verdict == MatchFeedback.Verdict.WHY_NOT
    if is_htmx:
        marks = feedback.not_relevant(place, [(kind, match.record.pk)])
        context = {
            "organisation_id": pk,
            "proposal_id": proposal.pk if proposal else "",
            "kind": kind,
            "match": match,
            "marks": marks,
            "is_open": asks_why or ("open" in request.POST and "close" not in request.POST),
            "is_asked": asks_why,
            "section_code": section.code if section else "",
            "is_degraded": engine.is_degraded,
        }
        return render(request, "portal/_match_say.html", context)
    chosen = {"proposal": str(proposal.pk)} if proposal else {}
    if asks_why:
        return redirect(f"{reverse('portal:match_why', args=[pk])}?{urlencode({**chosen, 'record': f'{kind}:{match.record.pk}'})}")
    return redirect(f"{reverse('portal:matches_of', args=[pk])}?{urlencode(chosen or {'proposal': 'profile'})}#{kind}-{match.record.pk}")


@signed_in
@require_POST
def alerts(request: HttpRequest, pk: Any) -> HttpResponse:
    """Tell me, or no longer tell me, when something new fits."""
    organisation = _organisation(request, pk)
    proposal = _proposal(organisation, request.POST.get("proposal", ""))
    on = request.POST.get("on") == "1"
    user: Any = request.user
    alert_switch(user=user, organisation=organisation, proposal=proposal, on=on)
    messages.success(request, _("You get a message when something new fits.") if on else _("You get no more messages about this."))
    target = request.POST.get("back", "")
    if target == "searches":
        return redirect("portal:searches")
    return redirect(f"{reverse('portal:matches_of', args=[pk])}?{urlencode({'proposal': str(proposal.pk) if proposal else 'profile'})}")
