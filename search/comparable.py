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
from .matching import SHOWN, Match, match_proposal
from .policy import Group
from .ranking import nearest

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
    is not among the best of its group or not public at present."""

    current: Site | None
    current_choice: SiteChoice | None
    current_free_from: date | None
    others: list[SiteChoice]
    is_degraded: bool = False  # a reserve engine answered


@dataclass(frozen=True)
class SimilarCase:
    """A case of the past whose text is near, with how it ended and the words in which the two agree. Archive pilots have no proposal."""

    title: str
    language: str
    organisation: str
    proposal: Proposal | None
    decision: Decision | None
    pilot: Pilot | None
    words: tuple[str, ...]


def other_sites(proposal: Proposal) -> SiteChoices:
    """Sites that fit a proposal better than its own, or are free earlier; those that do not fit at all are left out."""
    current = site_of(proposal)
    panel = match_proposal(proposal)
    groups = panel.sites
    matches = [match for group in (Group.FITS, Group.NEARLY) for match in groups[group.value]]
    own = next((match for found in groups.values() for match in found if current and match.record.pk == current.pk), None)
    free = _free_from(proposal, [*(match.record for match in matches), *([current] if current else [])])
    now = free.get(current.pk) if current else None
    others = []
    for match in matches:
        if current and match.record.pk == current.pk:
            continue
        day = free.get(match.record.pk)
        better = current is None or _fits_better(match, own, groups)
        earlier = current is not None and day is not None and proposal.starts_on is not None and (now is None or day < now)
        if better or earlier:
            others.append(SiteChoice(match, day, better, earlier))
    return SiteChoices(current, SiteChoice(own, now) if own else None, now, others, panel.is_degraded)


def _fits_better(match: Match, own: Match | None, groups: Mapping[str, list[Match]]) -> bool:
    order = list(Group)
    if own is not None:
        return (order.index(match.group), -match.score) < (order.index(own.group), -own.score)
    # The panel shows the best of each group: what it does not show is behind all that it shows, unless a better group is full.
    return match.group == Group.FITS or len(groups[Group.FITS.value]) < SHOWN


def _free_from(proposal: Proposal, sites: Collection[Site]) -> dict[Any, date | None]:
    if not (proposal.starts_on and proposal.ends_on):
        return {}
    return {pk: found.next_free.starts_on if found.next_free else None for pk, found in availability(sites, proposal.starts_on, proposal.ends_on).items()}


def similar_cases(proposal: Proposal, reader: Any) -> list[SimilarCase]:
    """Proposals that were decided or withdrawn and pilots, archive records too, whose text is nearest. Cases of the reader's own
    organisations are left out: its officers keep out of them."""
    text = _text(proposal)
    scored = nearest(proposal.title, text, proposal.language, ("proposal", "pilot"), LOOKED_AT)
    floor = NEAR * max((hit.score for hit in scored), default=0)
    hits = [hit for hit in scored if hit.object_id != str(proposal.pk) and (hit.kind == "pilot" or hit.score >= floor)]
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
    own = {token.stem: token.word for token in analysis.tokens(f"{proposal.title} {text}", proposal.language)}
    found: dict[str, SimilarCase] = {}
    for hit in hits:
        pilot = pilots.get(hit.object_id)
        if pilot and not _is_near_card(pilot, own, proposal.language):
            continue
        past = proposals.get(str(pilot.proposal_id) if pilot else hit.object_id)
        key = str(past.pk) if past else hit.object_id
        if key not in found and past:
            found[key] = _past_case(past, own)
        elif key not in found and pilot and pilot.is_archive:
            found[key] = _archive_case(pilot, own, proposal.language)
        if len(found) == SHOWN_CASES:
            break
    return list(found.values())


def _text(proposal: Proposal) -> str:
    return f"{proposal.summary} {proposal.answers.get('description') or ''}"


def _past_case(past: Proposal, own: Mapping[str, str]) -> SimilarCase:
    decisions = list(past.decisions.all())
    words = _common(own, f"{past.title} {_text(past)}", past.language)
    return SimilarCase(past.title, past.language, past.organisation.legal_name, past, decisions[-1] if decisions else None, getattr(past, "pilot", None), words)


def _archive_case(pilot: Pilot, own: Mapping[str, str], language: str) -> SimilarCase:
    return SimilarCase(pilot.public_title, "", pilot.archive_organisation, None, None, pilot, _common(own, _card(pilot, language), language))


def _card(pilot: Pilot, language: str) -> str:
    return f"{in_language(pilot, 'public_title', language)} {in_language(pilot, 'public_summary', language)}"


def _is_near_card(pilot: Pilot, own: Mapping[str, str], language: str) -> bool:
    stems = analysis.stem_set(_card(pilot, language), language)
    common = len(stems.intersection(analysis.with_synonyms((stem for stem, word in own.items() if len(word) > 3), language)))
    return common >= CARD_WORDS and common / len(stems) >= NEAR_CARD


def _common(own: Mapping[str, str], text: str, language: str) -> tuple[str, ...]:
    """The words of the case that the other text has too, or their synonyms, in their order."""
    theirs = analysis.meant(text, language)
    return tuple(word for stem, word in own.items() if stem in theirs and len(word) > 3)[:6]
