"""Who could answer a challenge or a site that is still being written: for editors, who see no casework.

What is said about an organisation comes from its profile and its public pilots alone. Proposals only add to a number.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from django.db.models import Count, Q
from django.utils.html import strip_tags

from citylab.accounts.models import Organisation
from citylab.challenges.models import Challenge
from citylab.core.bilingual import LANGUAGES
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal
from citylab.proposals.workflow import State
from citylab.testbeds.models import Site

from . import analysis, sentences
from .documents import proposal_texts
from .engines import Engine, TextQuery, get_engine
from .matching import Line, Match
from .offers import names_of_terms
from .policy import ChallengeOffer, Group, Need, SiteOffer, TextScore, Verdict, judge_challenge, judge_site
from .ranking import nearest, ranked_proposals

# A title and the rest, in one language.
Text = tuple[str, str]
# How many of the nearest pilots and proposals are looked at in each language.
LOOKED_AT = 50
# A text counts as near from this share of the best one's score, and with so many words in common.
NEAR = 0.25
WORDS = 2
# A proposal only adds to a number, which nobody can check: it has to be nearer, by so much of what the best one scores, with as many words in common.
NEAR_PROPOSAL = 0.5
# What of an organisation is judged; the whole of it is read of those shown alone.
PROFILE = ("legal_name", "kind", "language", "description", "sector_codes", "technology_codes")
# Pilots whose card anyone may read, and that have really run.
PUBLIC = Q(pilots__public_confirmed_by_city_at__isnull=False, pilots__public_confirmed_by_startup_at__isnull=False, pilots__started_on__isnull=False)


@dataclass(frozen=True)
class Candidate:
    """An organisation that could answer: its match, the names of its sectors, and how many public pilots it has run."""

    match: Match
    sectors: tuple[str, ...]
    public_pilots: int


@dataclass(frozen=True)
class Answers:
    """Those who could answer, best first, how many more organisations have proposals on the same things, and whether a reserve engine answered."""

    candidates: list[Candidate]
    more: int
    is_degraded: bool = False


def who_could_answer(offer: Challenge | Site, record: str = "", limit: int = 10) -> Answers:
    """Organisations for a challenge or a site as it is being written; it need not be complete. `record` is its id, once it was saved."""
    texts = {language: text for language in LANGUAGES if " ".join(text := _text(offer, language)).strip()}
    if not texts:
        return Answers([], 0)
    organisations = {str(found.pk): found for found in Organisation.objects.only(*PROFILE)}
    engine = get_engine()
    scores = _text_scores(engine, texts, organisations)
    judge = _judge(offer)
    judged = [(organisation, judge(organisation, scores.get(key, TextScore()))) for key, organisation in organisations.items()]
    order = list(Group)
    answering = sorted(
        ((o, verdict) for o, verdict in judged if any(reason.code in ("text", "technology") for reason in verdict.reasons)),
        key=lambda pair: (order.index(pair[1].group), -pair[1].score, pair[0].legal_name),
    )[:limit]
    whole: dict[Any, Any] = Organisation.objects.annotate(public_pilots=Count("pilots", filter=PUBLIC, distinct=True)).in_bulk([o.pk for o, _verdict in answering])
    names = names_of_terms()
    kinds = {value: str(label) for value, label in Organisation.Kind.choices}
    shown = [
        Candidate(
            _match(whole[organisation.pk], verdict, names, kinds),
            tuple(names[f"sector:{code}"] for code in organisation.sector_codes if f"sector:{code}" in names),
            whole[organisation.pk].public_pilots,
        )
        for organisation, verdict in answering
    ]
    place = (str(offer._meta.model_name), record) if record else None
    more = len(_with_proposals(engine, texts, place) - {str(candidate.match.record.pk) for candidate in shown})
    return Answers(shown, more, engine.is_degraded)


def _text(offer: Challenge | Site, language: str) -> Text:
    fields = ("title", "summary", "description", "expected") if isinstance(offer, Challenge) else ("name", "summary", "description")
    title, *rest = (strip_tags(getattr(offer, f"{field}_{language}") or "") for field in fields)
    return title, " ".join(rest)


def _text_scores(engine: Engine, texts: Mapping[str, Text], organisations: Mapping[str, Any]) -> dict[str, TextScore]:
    """Each organisation's nearest text among its profile and its public pilots, with the words in common."""
    scores: dict[str, TextScore] = {}
    for language, text in texts.items():
        own = analysis.words_by_stem(" ".join(text), language)
        profiles = {key: found.description for key, found in organisations.items() if found.language == language and found.description}
        pilots = _public_pilots(engine, text, language)
        for score, key, theirs in [*_profile_scores(own, profiles, language), *pilots]:
            if score < NEAR or score <= scores.get(key, TextScore()).share:
                continue
            words = analysis.words_in_common(own, theirs, language)
            if len(words) >= WORDS:
                scores[key] = TextScore(score, words)
    return scores


def _profile_scores(own: Mapping[str, str], profiles: Mapping[str, str], language: str) -> list[tuple[float, str, str]]:
    """(share of the best score, organisation, its description): the words in common, rare ones counting more."""
    stems = {key: analysis.meant(text, language) for key, text in profiles.items()}
    frequency = Counter(stem for found in stems.values() for stem in found & own.keys())
    raw = {key: sum(log(1 + len(profiles) / frequency[stem]) for stem in found & own.keys()) for key, found in stems.items()}
    best = max(raw.values(), default=0) or 1
    return [(score / best, key, profiles[key]) for key, score in raw.items() if score]


def _public_pilots(engine: Engine, text: Text, language: str) -> list[tuple[float, str, str]]:
    """(share of the best score, organisation, the card's text) of the public pilots nearest to a text."""
    hits = nearest(*text, language, ("pilot",), LOOKED_AT, engine)
    best = max((hit.score for hit in hits), default=0) or 1
    pilots = {str(pilot.pk): pilot for pilot in Pilot.objects.filter(pk__in=[hit.object_id for hit in hits], organisation__isnull=False) if pilot.is_public}
    found = [(hit.score / best, pilots[hit.object_id]) for hit in hits if hit.object_id in pilots]
    return [
        (score, str(pilot.organisation_id), f"{getattr(pilot, f'public_title_{language}')} {getattr(pilot, f'public_summary_{language}')}")
        for score, pilot in found
    ]


def _with_proposals(engine: Engine, texts: Mapping[str, Text], place: tuple[str, str] | None) -> set[str]:
    """The organisations of received proposals that are for this, as matching ranks them: of a `place` that is indexed, by its share of their interest."""
    hits = ranked_proposals(engine, [TextQuery(*text, language) for language, text in texts.items()], LOOKED_AT, place)
    best = max((hit.score for hit in hits), default=0)
    near = [hit.object_id for hit in hits if hit.score >= NEAR_PROPOSAL * best]
    rows = Proposal.objects.filter(pk__in=near, language__in=texts).exclude(state__in=(State.DRAFT, State.WITHDRAWN)).only("organisation", "language", "title", "answers")
    own = {language: analysis.words_by_stem(" ".join(text), language) for language, text in texts.items()}
    return {str(row.organisation_id) for row in rows if len(analysis.words_in_common(own[row.language], " ".join(proposal_texts(row)), row.language)) >= WORDS}


def _judge(offer: Challenge | Site) -> Callable[[Organisation, TextScore], Verdict]:
    """The policy's word on organisations' profiles. What a profile does not say (dates, TRL, area) never counts against it."""
    if isinstance(offer, Site):
        sectors = frozenset(sector.code for sector in offer.sectors.all())
        place = SiteOffer(code=offer.code, sectors=sectors, capabilities=frozenset(), area_m2=None, point=(offer.latitude or 0, offer.longitude or 0))
        return lambda organisation, text: judge_site(Need(sector=_one(organisation.sector_codes, sectors)), place, text, lambda _capabilities, _but: None)
    wanted = frozenset({offer.sector.code} if offer.sector else ())
    asked = ChallengeOffer(
        code=offer.code, sector=offer.sector.code if offer.sector else "", technologies=frozenset(term.code for term in offer.technologies.all()), capabilities=frozenset(), status="open",
        opens_on=None, trl_min=offer.trl_min, trl_max=offer.trl_max, applicant_kinds=frozenset(offer.applicant_kinds or ()), budget_max_cents=None,
    )  # fmt: skip

    def judge(organisation: Organisation, text: TextScore) -> Verdict:
        technologies = frozenset(organisation.technology_codes)
        return judge_challenge(Need(sector=_one(organisation.sector_codes, wanted), technologies=technologies, applicant_kind=organisation.kind), asked, text)

    return judge


def _one(theirs: Iterable[str], wanted: frozenset[str]) -> str:
    """A need has one sector: the first in common, if there is one."""
    return min(wanted & frozenset(theirs), default="")


def _match(organisation: Organisation, verdict: Verdict, names: Mapping[str, str], kinds: Mapping[str, str]) -> Match:
    reasons = tuple(Line(sentences.reason_sentence(reason, names), sentences.strength(reason), reason.code, reason.share) for reason in verdict.reasons)
    blockers = tuple(Line(sentences.blocker_sentence(blocker, names, kinds), "", blocker.code) for blocker in verdict.blockers)
    return Match(organisation, organisation.legal_name, verdict.group, verdict.score, reasons, blockers)
