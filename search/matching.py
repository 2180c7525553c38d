"""Matches of a proposal: the engine says whose text is near, the policy judges the fetched rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from citylab.accounts.models import Organisation
from citylab.challenges.selectors import visible_challenges
from citylab.core import clock
from citylab.proposals import form
from citylab.proposals.models import Proposal
from citylab.testbeds.calendar import Period
from citylab.testbeds.models import Site

from . import analysis, sentences
from .documents import TELLING, challenge_texts, site_texts
from .engines import Constraints, Engine, Hit, TextQuery, Wanted, get_engine
from .offers import Particulars, have_run, particulars
from .places import Places
from .policy import Blocker, Group, Need, Reason, SiteOffer, TextScore, Verdict, judge_challenge, judge_site
from .ranking import ranked

# From a site's code to where its page is; only those that a blocker leads to are asked.
Address = Callable[[str], str]
# How many of each group a panel shows; the counts are of all.
SHOWN = 5
# How many are judged: the best of those that satisfy every hard constraint, and of the others.
FITTING, OTHERS = 50, 20


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
    is_degraded: bool = False  # a reserve engine answered
    # What is marked “not relevant” for a saved proposal: ids by kind.
    not_relevant: Mapping[str, set[int]] = field(default_factory=dict)


def need_of(proposal: Proposal) -> Need:
    """What a proposal needs, from its columns and answers."""
    answers = proposal.answers
    requested = answers.get("requested")
    challenge = proposal.challenge
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
        centre=(challenge.latitude, challenge.longitude) if challenge and challenge.latitude is not None and challenge.longitude is not None else None,
        maximum_metres=challenge.maximum_distance_metres if challenge else None,
    )


def text_of(proposal: Proposal) -> str:
    """The proposal's own words."""
    return query_of(proposal).whole


def query_of(proposal: Proposal) -> TextQuery:
    """The proposal's title and text, as engines are asked for what is near them."""
    answers = proposal.answers
    return TextQuery(str(answers.get("title") or ""), " ".join(str(answers.get(name) or "") for name in TELLING), proposal.language)


def _scores(hits: list[Hit], text: str, language: str, texts: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], TextScore]:
    """Each hit's share of the best one's score, and the words that the other text has too, or their synonyms."""
    best = max((hit.score for hit in hits), default=0) or 1
    words = _words_of(text, language)
    found = {}
    for hit in hits:
        theirs = analysis.meant(texts.get((hit.kind, hit.object_id), ""), language)
        found[hit.kind, hit.object_id] = TextScore(max(0.0, hit.score / best), _in_common(words, theirs))
    return found


def _words_of(text: str, language: str) -> dict[str, str]:
    """Stem → word as written, the telling ones first: acronyms, then the longest."""
    words = {token.stem: token.word for token in reversed(analysis.tokens(text, language)) if len(token.word) > 2 or _is_acronym(token.word)}
    return dict(sorted(words.items(), key=lambda item: (not _is_acronym(item[1]), -len(item[1]), item[1])))


def _in_common(words: Mapping[str, str], stems: Collection[str]) -> tuple[str, ...]:
    return tuple(word for stem, word in words.items() if stem in stems)[:6]


def _is_acronym(word: str) -> bool:
    """V2X, 5G, AI: short, and telling all the same."""
    return len(word) < 6 and not word.isdigit() and word == word.upper()


def constraints_of(need: Need, moment: datetime) -> Constraints:
    """The hard constraints of a need, as engines filter by them; the point and its distance are those that a site must keep to."""
    return Constraints(
        moment, need.capabilities, need.applicant_kind, need.starts_on, need.ends_on, need.area_m2, need.trl_now, need.requested_cents,
        need.centre or need.point, need.maximum_metres if need.centre else None,
    )  # fmt: skip


@dataclass(frozen=True)
class _Candidates:
    """The records of a kind that are worth judging, their texts' scores, and how many records there are that satisfy every constraint, and in all."""

    hits: list[Hit]
    fitting: int
    total: int

    @property
    def keys(self) -> list[str]:
        return [hit.object_id for hit in self.hits]


def _candidates(engine: Engine, query: TextQuery, need: Need, moment: datetime, challenge_id: Any) -> tuple[_Candidates, _Candidates]:
    """Of sites and of challenges the best of those that fit, and the best texts among the rest: only these get blockers, and what would remove them."""
    constraints = constraints_of(need, moment)
    # A proposal for a challenge meets only that one, whatever stands in the way and however many are nearer; the others are what it is measured by.
    challenge = Wanted("challenge", 1, others=OTHERS, chosen=(str(challenge_id),)) if challenge_id else Wanted("challenge", FITTING, constraints, OTHERS)
    sites, challenges = ranked(engine, query, [Wanted("site", FITTING, constraints, OTHERS), challenge])
    near = [_Candidates([*found.hits, *found.others], found.total, found.total + found.others_total) for found in (sites, challenges)]
    return near[0], _Candidates(near[1].hits, 1, 1) if challenge_id else near[1]


def match_proposal(proposal: Proposal, shown: int | None = None) -> MatchPanel:
    """Sites and challenges for a proposal, in groups of at most so many, each with its reasons and what stands in the way."""
    language = proposal.language
    moment = clock.now()
    need = need_of(proposal)
    engine = get_engine()
    query = query_of(proposal)
    near_sites, near_challenges = _candidates(engine, query, need, moment, proposal.challenge_id)
    sites = list(Site.objects.filter(live=True, pk__in=near_sites.keys).annotate(past=have_run("site")))
    wanted = [proposal.challenge_id] if proposal.challenge_id else near_challenges.keys
    challenges = list(visible_challenges(moment).filter(pk__in=wanted).annotate(past=have_run("challenge")))
    # Where others than those fetched may have what is needed, they are asked for; else those fetched are all there are.
    needed = need.capabilities if near_sites.total > len(near_sites.hits) else frozenset()
    period = Period(need.starts_on, need.ends_on) if need.starts_on and need.ends_on else None
    around = particulars(sites, challenges, language, period, needed, proposal.pk)
    texts = {("site", str(site.pk)): " ".join(site_texts(site, language, around.site_terms(site.pk))) for site in sites}
    texts |= {("challenge", str(c.pk)): " ".join(challenge_texts(c, language, around.challenge_terms(c.pk))) for c in challenges}
    # Together: a text that is far from every site is no reason for the least far one.
    scores = _scores([*near_sites.hits, *near_challenges.hits], query.whole, language, texts)
    offers = {site.code: around.site(site) for site in sites}
    nearest_with, names, address = _elsewhere(need, sites, offers, around)
    kinds: Mapping[str, str] = {value: str(label) for value, label in Organisation.Kind.choices}

    def text(kind: str, record: Any) -> TextScore:
        return scores.get((kind, str(record.pk)), TextScore())

    site_matches = [_match(site, site.name, judge_site(need, offers[site.code], text("site", site), nearest_with), names, kinds, address) for site in sites]
    challenge_matches = [_match(c, c.title, judge_challenge(need, around.challenge(c, moment), text("challenge", c)), names, kinds) for c in challenges]
    grouped_sites, grouped_challenges = _grouped(site_matches, shown or SHOWN), _grouped(challenge_matches, shown or SHOWN)
    counts = dict.fromkeys((group.value for group in Group), 0)
    for near, found in ((near_sites, site_matches), (near_challenges, challenge_matches)):
        for group, count in _counts(near, found).items():
            counts[group] += count
    more = [max(near.total, len(found)) - sum(map(len, grouped.values())) for near, found, grouped in (
        (near_sites, site_matches, grouped_sites), (near_challenges, challenge_matches, grouped_challenges))]  # fmt: skip
    return MatchPanel(grouped_sites, grouped_challenges, counts, moment, *more, is_degraded=engine.is_degraded, not_relevant=around.not_relevant)


def _elsewhere(need: Need, sites: Sequence[Site], offers: Mapping[str, SiteOffer], around: Particulars) -> tuple[Any, dict[str, str], Address]:
    """Which other site has what one lacks: the nearest one; the names of everything; and the address of a site."""
    slugs = {site.code: site.slug for site in sites} | {row.code or "": row.slug or "" for row in around.having}
    names = {**around.names, **{row.code or "": row.name or "" for row in around.having}, **{site.code: site.name for site in sites}}
    places = Places(
        [(code, offer.point) for code, offer in offers.items() if need.capabilities <= offer.capabilities]
        + [(row.code or "", (row.latitude or 0.0, row.longitude or 0.0)) for row in around.having if row.code not in offers]
    )

    def nearest_with(_capabilities: frozenset[str], but: str) -> tuple[str, int] | None:
        return places.nearest(offers[but].point, but)

    return nearest_with, names, lambda code: Site(slug=slugs[code]).get_absolute_url()


def _counts(near: _Candidates, found: list[Match]) -> dict[str, int]:
    """How many there are of each group: of those that were not fetched, the engine knows whether they fit, and the others are far."""
    counts = {group.value: sum(match.group == group for match in found) for group in Group}
    counts[Group.FITS] = max(counts[Group.FITS], near.fitting if near.fitting > FITTING else 0)
    counts[Group.NOT] += max(0, near.total - sum(counts.values()))
    return counts


def _grouped(matches: list[Match], shown: int) -> dict[str, list[Match]]:
    ordered = sorted(matches, key=lambda m: (-m.score, m.name))
    return {group.value: [m for m in ordered if m.group == group][:shown] for group in Group}


def _match(record: Any, name: str, verdict: Verdict, names: Mapping[str, str], kinds: Mapping[str, str], address: Address | None = None) -> Match:
    reasons = tuple(_reason(reason, names) for reason in verdict.reasons)
    return Match(record, name, verdict.group, verdict.score, reasons, tuple(_blocker(blocker, names, kinds, address) for blocker in verdict.blockers))


def _reason(reason: Reason, names: Mapping[str, str]) -> Line:
    return Line(sentences.reason_sentence(reason, names), sentences.strength(reason), reason.code, reason.share)


def _blocker(blocker: Blocker, names: Mapping[str, str], kinds: Mapping[str, str], address: Address | None) -> Line:
    where = address(blocker.params["site"]) if address and blocker.remedy == "other_site" else ""
    return Line(sentences.blocker_sentence(blocker, names, kinds), sentences.remedy_sentence(blocker, names), blocker.code, address=where)
