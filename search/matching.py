"""Matches of a proposal: the engine says whose text is near, the policy judges the fetched rows, both directions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import get_language

from citylab.accounts.models import Organisation
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import status, visible_challenges
from citylab.core import clock
from citylab.core.bilingual import in_language
from citylab.proposals import form
from citylab.proposals.models import Proposal
from citylab.proposals.workflow import State
from citylab.taxonomy.models import Capability, Sector, Technology
from citylab.testbeds.calendar import Period
from citylab.testbeds.models import Site
from citylab.testbeds.selectors import availability, calendars

from . import analysis, sentences
from .engines import Hit, get_engine
from .policy import Blocker, ChallengeOffer, Group, Need, Reason, SiteOffer, TextScore, Verdict, judge_challenge, judge_site, metres_between

LANGUAGES = ("it", "en")
# Pilots that have really been there: what is being prepared has proved nothing yet, and is nobody's business.
HAVE_RUN = Count("pilots", filter=Q(pilots__started_on__isnull=False) | Q(pilots__is_archive=True))
# How many of each group a panel shows; the counts are of all.
SHOWN = 5


@dataclass(frozen=True)
class Line:
    """A reason or a blocker, ready to read. `note` is its strength in words, or the remedy, which may lead to an `address`."""

    text: Any
    note: str
    code: str
    share: float = 0.0
    address: str = ""


@dataclass(frozen=True)
class Match:
    """A site or a challenge with its verdict, ready to show."""

    record: Any
    name: str
    group: Group
    score: float
    reasons: tuple[Line, ...]
    blockers: tuple[Line, ...]

    @property
    def met(self) -> int:
        """How many criteria speak for it."""
        return len(self.reasons)

    @property
    def total(self) -> int:
        """How many criteria speak for it or against it."""
        return len(self.reasons) + len(self.blockers)


@dataclass(frozen=True)
class MatchPanel:
    """What fits a proposal now: lists by group, best first, and how many there are of each. A proposal for a challenge meets only that one."""

    sites: Mapping[str, list[Match]]
    challenges: Mapping[str, list[Match]]
    counts: Mapping[str, int]
    computed_at: Any
    more_sites: int = 0
    more_challenges: int = 0


def need_of(proposal: Proposal) -> Need:
    """What a proposal needs, from its columns and answers (two queries for the lists)."""
    answers = proposal.answers
    requested = answers.get("requested")
    return Need(
        sector=proposal.sector.code if proposal.sector else "",
        technologies=frozenset(code for code in answers.get("technologies") or [] if isinstance(code, str)),
        capabilities=frozenset(code for code in answers.get("capabilities") or [] if isinstance(code, str)),
        starts_on=proposal.starts_on,
        ends_on=proposal.ends_on,
        area_m2=proposal.area_m2,
        trl_now=proposal.trl_now,
        applicant_kind=proposal.organisation.kind,
        requested_cents=requested if isinstance(requested, int) else None,
        point=form.coordinates(str(answers.get("own_place_coordinates") or "")),
    )


def text_of(proposal: Proposal) -> str:
    """The proposal's own words, the title counted twice."""
    return " ".join(str(proposal.answers.get(name) or "") for name in ("title", "title", "summary", "description", "novelty"))


def _scores(hits: list[Hit], text: str, language: str, texts: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], TextScore]:
    """Each hit's share of the best one's score, and the words that both texts have."""
    best = max((hit.score for hit in hits), default=0) or 1
    own = {token.stem: token.word for token in analysis.tokens(text, language)}
    found = {}
    for hit in hits:
        theirs = {token.stem for token in analysis.tokens(texts.get((hit.kind, hit.object_id), ""), language)}
        words = [word for stem, word in own.items() if stem in theirs and len(word) > 3]
        found[hit.kind, hit.object_id] = TextScore(max(0.0, hit.score / best), tuple(words[:6]))
    return found


def match_proposal(proposal: Proposal) -> MatchPanel:
    """Sites and challenges for a proposal, in groups, each with its reasons and what stands in the way."""
    language = proposal.language
    moment = clock.now()
    need = need_of(proposal)
    text = text_of(proposal)
    sites = list(Site.objects.filter(live=True).prefetch_related("sectors", "assets__capability").annotate(past=HAVE_RUN))
    offered = visible_challenges(moment)
    if proposal.challenge_id:
        offered = offered.filter(pk=proposal.challenge_id)
    challenges = list(offered.prefetch_related("technologies", "capabilities").annotate(past=HAVE_RUN))
    texts = {("site", str(site.pk)): _site_text(site, language) for site in sites} | {("challenge", str(c.pk)): _challenge_text(c, language) for c in challenges}
    scores = _scores(get_engine().match(text, language, ["site", "challenge"], 100), text, language, texts) if text.strip() else {}
    free = availability(sites, need.starts_on, need.ends_on) if need.starts_on and need.ends_on else {}
    offers = {site.code: _site_offer(site, free.get(site.pk)) for site in sites}
    names = _names(sites)
    addresses = {site.code: site.get_absolute_url() for site in sites}
    kinds: Mapping[str, str] = {value: str(label) for value, label in Organisation.Kind.choices}

    def nearest_with(capabilities: frozenset[str], but: str) -> tuple[str, int] | None:
        here = offers[but].point
        having = [(metres_between(here, o.point), code) for code, o in offers.items() if code != but and capabilities <= o.capabilities]
        return (min(having)[1], min(having)[0]) if having else None

    site_matches = [
        _match(site, site.name, judge_site(need, offers[site.code], scores.get(("site", str(site.pk)), TextScore()), nearest_with), names, kinds, addresses) for site in sites
    ]
    challenge_matches = [
        _match(challenge, challenge.title, judge_challenge(need, _challenge_offer(challenge, moment), scores.get(("challenge", str(challenge.pk)), TextScore())), names, kinds, addresses)
        for challenge in challenges
    ]
    grouped_sites, grouped_challenges = _grouped(site_matches), _grouped(challenge_matches)
    counts = {group.value: sum(match.group == group for match in [*site_matches, *challenge_matches]) for group in Group}
    more = [len(found) - sum(map(len, grouped.values())) for found, grouped in ((site_matches, grouped_sites), (challenge_matches, grouped_challenges))]
    return MatchPanel(grouped_sites, grouped_challenges, counts, moment, *more)


def match_challenge(challenge: Challenge, limit: int = 10) -> list[Match]:
    """The other direction: received proposals that answer a challenge, those that fit first, judged by the same policy. For the city alone."""
    moment = clock.now()
    offer = _challenge_offer(Challenge.objects.select_related("progress", "sector").annotate(past=HAVE_RUN).get(pk=challenge.pk), moment)
    texts = {language: _challenge_text(challenge, language) for language in LANGUAGES}
    return _proposals_for(texts, lambda need, text: judge_challenge(need, offer, text), limit)


def match_site(site: Site, limit: int = 10) -> list[Match]:
    """The other direction: received proposals that a site would suit, those that fit first, judged by the same policy. For the city alone."""
    today = clock.today()
    found = Site.objects.prefetch_related("sectors", "assets__capability").annotate(past=HAVE_RUN).get(pk=site.pk)
    calendar = calendars([found], today)[found.pk]

    def judge(need: Need, text: TextScore) -> Verdict:
        free = calendar.availability(Period(need.starts_on, need.ends_on), today) if need.starts_on and need.ends_on else None
        return judge_site(need, _site_offer(found, free), text, lambda _capabilities, _but: None)

    return _proposals_for({language: _site_text(site, language) for language in LANGUAGES}, judge, limit)


def _proposals_for(texts: Mapping[str, str], judge: Callable[[Need, TextScore], Verdict], limit: int) -> list[Match]:
    hits = [hit for language, text in texts.items() if text.strip() for hit in get_engine().match(text, language, ["proposal"], 100)]
    best = {language: max((hit.score for hit in hits if hit.language == language), default=0) or 1 for language in texts}
    proposals = Proposal.objects.filter(pk__in={hit.object_id for hit in hits}).exclude(state__in=(State.DRAFT, State.WITHDRAWN)).select_related("organisation", "sector")
    by_id = {str(proposal.pk): proposal for proposal in proposals}
    names = _names(list(Site.objects.filter(live=True)))
    kinds: Mapping[str, str] = {value: str(label) for value, label in Organisation.Kind.choices}
    matches = []
    for hit in hits:
        proposal = by_id.get(hit.object_id)
        if proposal is None:
            continue
        wanted = {token.stem for token in analysis.tokens(texts[hit.language], hit.language)}
        own = {token.stem: token.word for token in analysis.tokens(text_of(proposal), hit.language)}
        words = tuple(word for stem, word in own.items() if stem in wanted and len(word) > 3)[:6]
        matches.append(_match(proposal, proposal.title, judge(need_of(proposal), TextScore(hit.score / best[hit.language], words)), names, kinds, {}))
    order = list(Group)
    return sorted(matches, key=lambda m: (order.index(m.group), -m.score, m.name))[:limit]


def _grouped(matches: list[Match]) -> dict[str, list[Match]]:
    ordered = sorted(matches, key=lambda m: (-m.score, m.name))
    return {group.value: [m for m in ordered if m.group == group][:SHOWN] for group in Group}


def _match(record: Any, name: str, verdict: Verdict, names: Mapping[str, str], kinds: Mapping[str, str], addresses: Mapping[str, str]) -> Match:
    reasons = tuple(_reason(reason, names) for reason in verdict.reasons)
    return Match(record, name, verdict.group, verdict.score, reasons, tuple(_blocker(blocker, names, kinds, addresses) for blocker in verdict.blockers))


def _reason(reason: Reason, names: Mapping[str, str]) -> Line:
    return Line(sentences.reason_sentence(reason, names), sentences.strength(reason), reason.code, reason.share)


def _blocker(blocker: Blocker, names: Mapping[str, str], kinds: Mapping[str, str], addresses: Mapping[str, str]) -> Line:
    address = addresses.get(blocker.params["site"], "") if blocker.remedy == "other_site" else ""
    return Line(sentences.blocker_sentence(blocker, names, kinds), sentences.remedy_sentence(blocker, names), blocker.code, address=address)


def _names(sites: list[Site]) -> dict[str, str]:
    """Codes of sites, sectors, technologies and capabilities with their names in the reader's language."""
    column = f"name_{(get_language() or 'it')[:2]}"
    rows = Sector.objects.order_by().values_list("code", column).union(Technology.objects.order_by().values_list("code", column), Capability.objects.order_by().values_list("code", column))
    return {**dict(rows), **{site.code: site.name for site in sites}}


def _site_offer(site: Any, free: Any) -> SiteOffer:
    return SiteOffer(
        code=site.code, sectors=frozenset(sector.code for sector in site.sectors.all()), capabilities=frozenset(asset.capability.code for asset in site.assets.all()),
        area_m2=site.area_m2, point=(site.latitude, site.longitude), free_places=free.free_places if free else None,
        next_free=free.next_free.starts_on if free and free.next_free else None, past_pilots=site.past,
    )  # fmt: skip


def _challenge_offer(challenge: Any, moment: datetime) -> ChallengeOffer:
    return ChallengeOffer(
        code=challenge.code, sector=challenge.sector.code, technologies=frozenset(t.code for t in challenge.technologies.all()),
        capabilities=frozenset(c.code for c in challenge.capabilities.all()), status=status(challenge, moment), opens_on=challenge.opens_at.astimezone(clock.rome).date() if challenge.opens_at else None,
        trl_min=challenge.trl_min, trl_max=challenge.trl_max, applicant_kinds=frozenset(challenge.applicant_kinds or []), budget_max_cents=challenge.budget_max_cents, past_pilots=challenge.past,
    )  # fmt: skip


def _site_text(site: Site, language: str) -> str:
    return " ".join(in_language(site, name, language) for name in ("name", "summary", "description"))


def _challenge_text(challenge: Challenge, language: str) -> str:
    return " ".join(in_language(challenge, name, language) for name in ("title", "summary", "description", "expected"))


