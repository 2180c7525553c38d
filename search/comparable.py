"""What an officer compares a case with: other sites that fit better or are free earlier, and similar cases of the past with their outcome."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from citylab.core.bilingual import in_language
from citylab.pilots.models import Pilot
from citylab.proposals.models import Decision, Proposal
from citylab.proposals.selectors import site_of
from citylab.proposals.workflow import DECIDED, State
from citylab.testbeds.models import Site
from citylab.testbeds.selectors import availability

from . import analysis
from .matching import FITTING, OTHERS, SHOWN, Match, match_proposal
from .policy import Group
from .ranking import nearest
from .verdicts import Bench

# How many of the nearest texts are looked at, and how many cases are shown of those that are over.
LOOKED_AT = 50
SHOWN_CASES = 6
# On the demo city less than this is chance (2026-11-25). A proposal is near from this share of what the case's own text scores with itself;
# a pilot's card, which is short, from this share of its own words, and two of them.
NEAR = 0.15
NEAR_CARD = 0.28
CARD_WORDS = 2
# What is over, and has an outcome to learn from.
PAST = (*DECIDED, State.WITHDRAWN)


@dataclass(frozen=True)
class SiteChoice:
    """A site as an alternative. `free_from`: the first day of a free period as long as the one asked for; None where no dates are asked
    for or there is no such period."""

    match: Match
    free_from: date | None
    fits_better: bool = False
    is_earlier: bool = False


@dataclass(frozen=True)
class SiteChoices:
    """The site of a case and those to be considered instead, best first. `current` is None where the case has no site, `current_choice` where it
    is not public at present."""

    current: Site | None
    current_choice: SiteChoice | None
    current_free_from: date | None
    others: list[SiteChoice]
    is_degraded: bool = False  # a reserve engine answered


@dataclass(frozen=True)
class SimilarCase:
    """A case of the past whose text is near, with how it ended, the words in which the two agree and how near it is: of a proposal, what share of
    the score of the case's own text; of an archive pilot, which has no proposal, what share of the words on its card."""

    title: str
    language: str
    organisation: str
    proposal: Proposal | None
    decision: Decision | None
    pilot: Pilot | None
    words: tuple[str, ...]
    share: float


def other_sites(proposal: Proposal) -> SiteChoices:
    """Sites that fit a proposal better than its own, or are free earlier; those that do not fit at all are left out. Of each group the best are shown."""
    current = site_of(proposal)
    # All that were judged, not only those that a panel shows: the own site, or one that is free earlier, may stand behind these.
    panel = match_proposal(proposal, shown=FITTING + OTHERS)
    judged = [match for group in Group for match in panel.sites[group.value]]
    own = next((match for match in judged if current and match.record.pk == current.pk), None)
    if current and own is None:
        own = next(iter(Bench("site", [current.pk]).matches([proposal])), None)
    matches = [match for match in judged if match.group != Group.NOT and not (current and match.record.pk == current.pk)]
    free = _free_from(proposal, [*(match.record for match in matches), *([current] if current else [])])
    now = free.get(current.pk) if current else None
    others: list[SiteChoice] = []
    for match in matches:
        day = free.get(match.record.pk)
        better = own is None or _fits_better(match, own)
        earlier = current is not None and day is not None and proposal.starts_on is not None and (now is None or day < now)
        if (better or earlier) and sum(choice.match.group == match.group for choice in others) < SHOWN:
            others.append(SiteChoice(match, day, better, earlier))
    return SiteChoices(current, SiteChoice(own, now) if own else None, now, others, panel.is_degraded)


def _fits_better(match: Match, own: Match) -> bool:
    order = list(Group)
    return (order.index(match.group), -match.score) < (order.index(own.group), -own.score)


def _free_from(proposal: Proposal, sites: Collection[Site]) -> dict[Any, date | None]:
    if not (proposal.starts_on and proposal.ends_on):
        return {}
    return {pk: found.next_free.starts_on if found.next_free else None for pk, found in availability(sites, proposal.starts_on, proposal.ends_on).items()}


def similar_cases(proposal: Proposal, reader: Any) -> list[SimilarCase]:
    """Proposals that were decided or withdrawn and pilots, archive records too, whose text is nearest. Cases of the reader's own
    organisations are left out: its officers keep out of them."""
    text = _text(proposal)
    scored = nearest(proposal.title, text, proposal.language, ("proposal", "pilot"), LOOKED_AT)
    best = max((hit.score for hit in scored), default=0) or 1
    hits = [hit for hit in scored if hit.object_id != str(proposal.pk) and (hit.kind == "pilot" or hit.score >= NEAR * best)]
    ids = {kind: [hit.object_id for hit in hits if hit.kind == kind] for kind in ("proposal", "pilot")}
    pilots = {str(pilot.pk): pilot for pilot in Pilot.objects.filter(pk__in=ids["pilot"]).exclude(proposal=proposal.pk)}
    wanted = [*ids["proposal"], *(pilot.proposal_id for pilot in pilots.values() if pilot.proposal_id)]
    rows = (
        Proposal.objects.filter(pk__in=wanted, state__in=PAST)
        .exclude(organisation__memberships__user=reader)
        .select_related("organisation", "pilot")
        .prefetch_related("decisions")
    )
    proposals = {str(row.pk): row for row in rows}
    own = analysis.words_by_stem(f"{proposal.title} {text}", proposal.language)
    found: dict[str, SimilarCase] = {}
    for hit in hits:
        pilot = pilots.get(hit.object_id)
        share = _share_of_card(pilot, own, proposal.language) if pilot else hit.score / best
        if pilot and share < NEAR_CARD:
            continue
        past = proposals.get(str(pilot.proposal_id) if pilot else hit.object_id)
        key = str(past.pk) if past else hit.object_id
        if key not in found and past:
            found[key] = _past_case(past, own, share)
        elif key not in found and pilot and pilot.is_archive:
            found[key] = _archive_case(pilot, own, proposal.language, share)
        if len(found) == SHOWN_CASES:
            break
    return list(found.values())


def _text(proposal: Proposal) -> str:
    return f"{proposal.summary} {proposal.answers.get('description') or ''}"


def _past_case(past: Proposal, own: Mapping[str, str], share: float) -> SimilarCase:
    decisions = list(past.decisions.all())
    words = analysis.words_in_common(own, f"{past.title} {_text(past)}", past.language)
    return SimilarCase(past.title, past.language, past.organisation.legal_name, past, decisions[-1] if decisions else None, getattr(past, "pilot", None), words, share)


def _archive_case(pilot: Pilot, own: Mapping[str, str], language: str, share: float) -> SimilarCase:
    return SimilarCase(pilot.public_title, "", pilot.archive_organisation, None, None, pilot, analysis.words_in_common(own, _card(pilot, language), language), share)


def _card(pilot: Pilot, language: str) -> str:
    return f"{in_language(pilot, 'public_title', language)} {in_language(pilot, 'public_summary', language)}"


def _share_of_card(pilot: Pilot, own: Mapping[str, str], language: str) -> float:
    """What share of a card's words the case has too; none where there is but one."""
    stems = analysis.stem_set(_card(pilot, language), language)
    common = len(stems.intersection(analysis.with_synonyms((stem for stem, word in own.items() if len(word) > 3), language)))
    return common / len(stems) if common >= CARD_WORDS else 0.0
