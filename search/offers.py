"""What sites and challenges offer, for the policy to judge. For a panel all that does not stand in their own rows is read in one query."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, CharField, Count, DateField, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import get_language

from citylab.challenges.models import Challenge
from citylab.challenges.selectors import status
from citylab.core import clock
from citylab.pilots.models import Pilot
from citylab.taxonomy.models import Capability, Sector, Technology
from citylab.testbeds.calendar import Availability, Period
from citylab.testbeds.models import Asset, Site
from citylab.testbeds.selectors import calendars_of, closed, taken

from .models import MatchFeedback
from .policy import ChallengeOffer, SiteOffer

VOCABULARIES: tuple[tuple[str, Any], ...] = (("sector", Sector), ("technology", Technology), ("capability", Capability))


def have_run(place: str) -> Any:
    """How many pilots have really been at a site, or for a challenge: what is being prepared has proved nothing yet, and is nobody's business."""
    pilots = Pilot.objects.filter(Q(started_on__isnull=False) | Q(is_archive=True), **{place: OuterRef("pk")}).order_by().values(place)
    return Coalesce(Subquery(pilots.annotate(count=Count("pk")).values("count")), 0)


def site_offer(site: Any, free: Availability | None, sectors: Iterable[str] | None = None, capabilities: Iterable[str] | None = None) -> SiteOffer:
    """With the codes that were read apart, or those of the prefetched relations."""
    return SiteOffer(
        code=site.code, sectors=frozenset(sectors if sectors is not None else (sector.code for sector in site.sectors.all())),
        capabilities=frozenset(capabilities if capabilities is not None else (asset.capability.code for asset in site.assets.all())),
        area_m2=site.area_m2, point=(site.latitude, site.longitude), free_places=free.free_places if free else None,
        next_free=free.next_free.starts_on if free and free.next_free else None, past_pilots=site.past,
    )  # fmt: skip


def challenge_offer(challenge: Any, moment: datetime, technologies: Iterable[str] | None = None, capabilities: Iterable[str] | None = None) -> ChallengeOffer:
    """With the codes that were read apart, or those of the prefetched relations."""
    return ChallengeOffer(
        code=challenge.code, sector=challenge.sector.code, technologies=frozenset(technologies if technologies is not None else (t.code for t in challenge.technologies.all())),
        capabilities=frozenset(capabilities if capabilities is not None else (c.code for c in challenge.capabilities.all())), status=status(challenge, moment),
        opens_on=challenge.opens_at.astimezone(clock.rome).date() if challenge.opens_at else None, trl_min=challenge.trl_min, trl_max=challenge.trl_max,
        applicant_kinds=frozenset(challenge.applicant_kinds or []), budget_max_cents=challenge.budget_max_cents, past_pilots=challenge.past,
        point=(challenge.latitude, challenge.longitude) if challenge.latitude is not None and challenge.longitude is not None else None, maximum_metres=challenge.maximum_distance_metres,
    )  # fmt: skip


def names_of_terms() -> dict[str, str]:
    """Sectors, technologies and capabilities with their names in the reader's language, by kind:code; two kinds may share a code."""
    first, *others = _names()
    return {f"{row.sort}:{row.code}": row.name for row in map(Row._make, first.union(*others, all=True))}


class Row(NamedTuple):
    """One of the many small things around sites and challenges. `sort` says what it is, `owner` whose."""

    sort: str
    owner: int | None = None
    code: str | None = None
    name: str | None = None
    slug: str | None = None
    number: int | None = None
    first: date | None = None
    last: date | None = None
    latitude: float | None = None
    longitude: float | None = None


_TYPES: Mapping[str, Any] = {
    "owner": BigIntegerField(), "code": CharField(), "name": CharField(), "slug": CharField(), "number": BigIntegerField(), "first": DateField(), "last": DateField(),
    "latitude": FloatField(), "longitude": FloatField(),
}  # fmt: skip


def _rows(sort: str, rows: QuerySet[Any], **columns: Any) -> QuerySet[Any, Any]:
    """A part of the one query: every part has all columns, of the same types."""
    found = {name: Cast(columns.get(name, Value(None)), kind) for name, kind in _TYPES.items()}
    return rows.order_by().annotate(row_sort=Value(sort), **{f"row_{name}": value for name, value in found.items()}).values_list("row_sort", *(f"row_{name}" for name in found))


def _names() -> list[QuerySet[Any, Any]]:
    name = f"name_{(get_language() or 'it')[:2]}"
    return [_rows(kind, model.objects.all(), code=F("code"), name=F(name)) for kind, model in VOCABULARIES]


@dataclass
class Particulars:
    """What was read around the sites and challenges that are judged."""

    names: dict[str, str]
    free: Mapping[int, Availability]
    codes: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    # The names of those terms in the language of the texts.
    terms: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    # The other sites that have all that is needed, where they were asked for.
    having: list[Row] = field(default_factory=list)
    # Ids of what is marked “not relevant” for the proposal, by kind.
    not_relevant: dict[str, set[int]] = field(default_factory=lambda: {"site": set(), "challenge": set()})

    def site(self, site: Any) -> SiteOffer:
        return site_offer(site, self.free.get(site.pk), self.codes["site_sector", site.pk], self.codes["site_capability", site.pk])

    def challenge(self, challenge: Any, moment: datetime) -> ChallengeOffer:
        return challenge_offer(challenge, moment, self.codes["challenge_technology", challenge.pk], self.codes["challenge_capability", challenge.pk])


    def site_terms(self, pk: int) -> list[str]:
        return self.terms["site_sector", pk] + self.terms["site_capability", pk]

    def challenge_terms(self, pk: int) -> list[str]:
        return self.terms["challenge_technology", pk]


def particulars(sites: Sequence[Site], challenges: Sequence[Challenge], language: str, period: Period | None, needed: frozenset[str], proposal_id: Any) -> Particulars:
    """All of it in one query. `language`: of the texts that are compared; `period`: whether the sites are free then; `needed`: which other sites have these capabilities, unless it is empty."""
    ids, others, today = [site.pk for site in sites], [challenge.pk for challenge in challenges], clock.today()
    through: Any = Challenge.technologies.through, Challenge.capabilities.through

    def linked(sort: str, rows: QuerySet[Any], owner: str, term: str) -> QuerySet[Any, Any]:
        in_language, other = (f"{term}__name_{code}" for code in (language, "en" if language == "it" else "it"))
        return _rows(sort, rows, owner=F(owner), code=F(f"{term}__code"), name=Case(When(**{in_language: ""}, then=F(other)), default=F(in_language)))

    parts = [
        *_names(),
        linked("site_sector", Site.sectors.through.objects.filter(site__in=ids), "site", "sector"),
        linked("site_capability", Asset.objects.filter(site__in=ids), "site", "capability"),
        linked("challenge_technology", through[0].objects.filter(challenge__in=others), "challenge", "technology"),
        linked("challenge_capability", through[1].objects.filter(challenge__in=others), "challenge", "capability"),
    ]
    if period:
        start = min(period.starts_on, today)
        parts += [
            _rows("taken", taken(ids, start), owner=F("site"), number=F("place"), first=F("starts_on"), last=F("ends_on")),
            _rows("closed", closed(ids, start), owner=F("site"), number=Case(When(yearly=True, then=1), default=0), first=F("starts_on"), last=F("ends_on")),
        ]
    if needed:
        name = f"name_{(get_language() or 'it')[:2]}"
        parts.append(_rows("having", _sites_with(needed), code=F("code"), name=F(name), slug=F("slug"), latitude=F("latitude"), longitude=F("longitude")))
    if proposal_id:
        marks = MatchFeedback.objects.filter(proposal_id=proposal_id, verdict=MatchFeedback.Verdict.NOT_RELEVANT)
        parts.append(_rows("not_relevant", marks, code=F("object_id"), name=F("kind")))
    read: dict[str, list[Row]] = defaultdict(list)
    for row in map(Row._make, parts[0].union(*parts[1:], all=True)):
        read[row.sort].append(row)
    return _sorted_out(read, sites, period, today)


def _sorted_out(read: Mapping[str, list[Row]], sites: Sequence[Site], period: Period | None, today: date) -> Particulars:
    free: Mapping[int, Availability] = {}
    if period:
        bookings = ((row.owner, row.number, row.first, row.last) for row in read["taken"])
        closures = ((row.owner, bool(row.number), row.first, row.last) for row in read["closed"])
        free = {pk: calendar.availability(period, today) for pk, calendar in calendars_of(sites, bookings, closures).items()}  # type: ignore[arg-type]
    found = Particulars({f"{kind}:{row.code}": row.name or "" for kind, _model in VOCABULARIES for row in read[kind]}, free, having=read["having"])
    for sort in ("site_sector", "site_capability", "challenge_technology", "challenge_capability"):
        for row in read[sort]:
            found.codes[sort, row.owner or 0].append(row.code or "")
            found.terms[sort, row.owner or 0].append(row.name or "")
    for row in read["not_relevant"]:
        found.not_relevant[row.name or ""].add(int(row.code or 0))
    return found


def _sites_with(capabilities: frozenset[str]) -> QuerySet[Site]:
    """The published sites that have all of these."""
    held = Asset.objects.filter(capability__code__in=capabilities).order_by().values("site").annotate(held=Count("capability", distinct=True))
    return Site.objects.filter(live=True, pk__in=held.filter(held=len(capabilities)).values("site"))
