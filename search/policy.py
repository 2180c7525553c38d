"""What fits what, and why: pure Python over plain values. No engine, no database, no language.

Hard constraints become blockers, each with what would remove it; soft signals become reasons with their share of the score. What a draft
does not say yet never counts against it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Any

from . import weights

EARTH_RADIUS_METRES = 6_371_000
# A signal's code, its value and what it says.
Signal = tuple[str, float, Mapping[str, Any]]


class Group(StrEnum):
    FITS = "fits"
    NEARLY = "nearly"
    NOT = "not"


@dataclass(frozen=True)
class Need:
    """What a proposal needs. Empty or None: not said yet."""

    sector: str = ""
    technologies: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    starts_on: date | None = None
    ends_on: date | None = None
    area_m2: int | None = None
    trl_now: int | None = None
    applicant_kind: str = ""
    requested_cents: int | None = None
    point: tuple[float, float] | None = None
    # Where the challenge is that it answers, and how far from there a site may be.
    centre: tuple[float, float] | None = None
    maximum_metres: int | None = None


@dataclass(frozen=True)
class SiteOffer:
    """What a site offers. `free_places` and `next_free` are about the need's own dates; None where it has none."""

    code: str
    sectors: frozenset[str]
    capabilities: frozenset[str]
    area_m2: int | None
    point: tuple[float, float]
    free_places: int | None = None
    next_free: date | None = None
    past_pilots: int = 0


@dataclass(frozen=True)
class ChallengeOffer:
    """What a challenge asks for. `status` is not_yet_open, open or closed."""

    code: str
    sector: str
    technologies: frozenset[str]
    capabilities: frozenset[str]
    status: str
    opens_on: date | None
    trl_min: int
    trl_max: int
    applicant_kinds: frozenset[str]
    budget_max_cents: int | None
    past_pilots: int = 0
    point: tuple[float, float] | None = None
    maximum_metres: int | None = None


@dataclass(frozen=True)
class TextScore:
    """How well the texts agree, 0–1 of the best found, and the words in which they do."""

    share: float = 0.0
    words: tuple[str, ...] = ()

    @property
    def signals(self) -> "list[Signal]":
        """Without a word in common the likeness is chance and says nothing; with one it says a little, however faint an engine finds it."""
        return [("text", weights.TEXT * max(self.share, weights.FAINT), {"words": self.words})] if self.words else []


@dataclass(frozen=True)
class Reason:
    code: str
    share: float  # of the whole score, 0–1
    params: Mapping[str, Any]

    @property
    def strength(self) -> str:
        """The share in words: decisive, helps or little."""
        return "decisive" if self.share >= weights.DECISIVE else "helps" if self.share >= weights.HELPS else "little"


@dataclass(frozen=True)
class Blocker:
    """A broken constraint; `removable` where the applicant can do something about it, said by `remedy`."""

    code: str
    params: Mapping[str, Any]
    remedy: str = ""

    @property
    def removable(self) -> bool:
        return bool(self.remedy)


@dataclass(frozen=True)
class Verdict:
    group: Group
    score: float
    reasons: tuple[Reason, ...]
    blockers: tuple[Blocker, ...]


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> int:
    """Great-circle distance in metres between two (latitude, longitude)."""
    (lat1, lon1), (lat2, lon2) = ((radians(x) for x in point) for point in (a, b))
    part = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_RADIUS_METRES * asin(sqrt(part)))


def _verdict(signals: list[Signal], blockers: list[Blocker]) -> Verdict:
    total = sum(value for _code, value, _params in signals)
    reasons = sorted((Reason(code, value / total, params) for code, value, params in signals if value > 0), key=lambda r: (-r.share, r.code))
    group = Group.FITS if not blockers else Group.NEARLY if all(b.removable for b in blockers) and len(blockers) <= 2 else Group.NOT
    return Verdict(group, round(min(1.0, total), 4), tuple(reasons), tuple(blockers))


def _shared(code: str, weight: float, wanted: frozenset[str], offered: frozenset[str]) -> list[Signal]:
    common = wanted & offered
    return [(code, weight * len(common) / len(wanted), {"codes": tuple(sorted(common))})] if common else []


def _too_far(metres: int, maximum: int, remedy: str) -> list[Blocker]:
    return [Blocker("too_far", {"metres": metres, "maximum": maximum}, remedy)] if metres > maximum else []


def judge_site(need: Need, offer: SiteOffer, text: TextScore, nearest_with: Callable[[frozenset[str], str], tuple[str, int] | None]) -> Verdict:
    """How a site fits a need. `nearest_with(capabilities, but)` names the nearest other site that has them all, with metres, or None."""
    blockers = []
    missing = need.capabilities - offer.capabilities
    if missing:
        found = nearest_with(need.capabilities, offer.code)
        params = {"codes": tuple(sorted(missing)), "site": found[0] if found else "", "metres": found[1] if found else 0}
        blockers.append(Blocker("capability_missing", params, "other_site" if found else "do_without" if len(missing) == 1 else ""))
    if need.starts_on and need.ends_on and offer.free_places == 0:
        blockers.append(Blocker("no_place", {"next_free": offer.next_free}, "move_dates" if offer.next_free else ""))
    if need.area_m2 and offer.area_m2 and need.area_m2 > offer.area_m2:
        blockers.append(Blocker("area_too_small", {"offered": offer.area_m2, "needed": need.area_m2}, "less_area" if need.area_m2 <= 2 * offer.area_m2 else ""))
    if need.centre and need.maximum_metres is not None:
        blockers += _too_far(metres_between(need.centre, offer.point), need.maximum_metres, "")
    signals = text.signals
    if need.sector and need.sector in offer.sectors:
        signals.append(("sector", weights.SECTOR, {"code": need.sector}))
    signals += _shared("capability", weights.CAPABILITY, need.capabilities, offer.capabilities)
    if need.point:
        metres = metres_between(need.point, offer.point)
        if metres < 3000:
            signals.append(("near", weights.NEARNESS * (1 - metres / 3000), {"metres": metres}))
    if offer.past_pilots:
        signals.append(("history", weights.HISTORY, {"count": offer.past_pilots}))
    return _verdict(signals, blockers)


def judge_challenge(need: Need, offer: ChallengeOffer, text: TextScore) -> Verdict:
    """How a challenge fits a need."""
    blockers = []
    if offer.status == "closed":
        blockers.append(Blocker("closed", {}))
    elif offer.status == "not_yet_open":
        blockers.append(Blocker("opens_later", {"on": offer.opens_on}, "wait"))
    if offer.applicant_kinds and need.applicant_kind and need.applicant_kind not in offer.applicant_kinds:
        blockers.append(Blocker("applicant_kind", {"kinds": tuple(sorted(offer.applicant_kinds))}, "add_partner"))
    if need.trl_now is not None and not offer.trl_min <= need.trl_now <= offer.trl_max:
        near = min(abs(need.trl_now - offer.trl_min), abs(need.trl_now - offer.trl_max)) == 1
        blockers.append(
            Blocker("trl", {"now": need.trl_now, "min": offer.trl_min, "max": offer.trl_max}, "raise_trl" if near and need.trl_now < offer.trl_min else "")
        )
    if offer.budget_max_cents is not None and need.requested_cents and need.requested_cents > offer.budget_max_cents:
        blockers.append(Blocker("budget", {"limit": offer.budget_max_cents}, "ask_less"))
    if need.point and offer.point and offer.maximum_metres is not None:
        blockers += _too_far(metres_between(need.point, offer.point), offer.maximum_metres, "nearer_place")
    signals = text.signals
    if need.sector and need.sector == offer.sector:
        signals.append(("sector", weights.SECTOR, {"code": need.sector}))
    signals += _shared("technology", weights.TECHNOLOGY, need.technologies, offer.technologies)
    signals += _shared("capability", weights.CAPABILITY, need.capabilities, offer.capabilities)
    if offer.past_pilots:
        signals.append(("history", weights.HISTORY, {"count": offer.past_pilots}))
    return _verdict(signals, blockers)
