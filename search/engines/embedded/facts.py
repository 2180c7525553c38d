"""Hard constraints as a query over the facts that the embedded index holds. The policy has the last word over the rows that are fetched."""

from math import cos, radians
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import ASin, Cos, Radians, Sin, Sqrt

from ...models import SearchFact, SearchPeriod, SearchRecord
from ...policy import EARTH_RADIUS_METRES
from .. import Constraints


def satisfying(records: QuerySet[SearchRecord], asked: Constraints) -> QuerySet[SearchRecord]:
    """Those that break no hard constraint; what is not said, on either side, limits nothing."""
    limits = Q(opens_at__isnull=True) | Q(opens_at__lte=asked.now)
    limits &= Q(closes_at__isnull=True) | Q(closes_at__gte=asked.now.replace(second=0, microsecond=0))
    if asked.area_m2:
        limits &= Q(area_m2__isnull=True) | Q(area_m2__gte=asked.area_m2)
    if asked.trl_now is not None:
        limits &= Q(trl_min__isnull=True) | Q(trl_min__lte=asked.trl_now, trl_max__gte=asked.trl_now)
    if asked.requested_cents:
        limits &= Q(budget_max_cents__isnull=True) | Q(budget_max_cents__gte=asked.requested_cents)
    facts: Any = SearchFact.objects.using(records.db)
    if asked.applicant_kind:
        kinds = facts.filter(name="applicant_kind")
        limits &= ~Q(pk__in=kinds.values("record")) | Q(pk__in=kinds.filter(value=asked.applicant_kind).values("record"))
    if asked.capabilities:
        having = facts.filter(name="capability", value__in=asked.capabilities).values("record").annotate(held=Count("pk")).filter(held=len(asked.capabilities))
        limits &= Q(pk__in=having.values("record")) | Q(kind="challenge")
    if asked.starts_on and asked.ends_on:
        free = SearchPeriod.objects.using(records.db).filter(starts_on__lte=asked.starts_on, ends_on__gte=asked.ends_on)
        limits &= Q(has_calendar=False) | Q(pk__in=free.values("record"))
    if asked.point:
        limits &= _near(asked.point, asked.maximum_metres)
    return records.filter(limits)


def _near(point: tuple[float, float], maximum_metres: int | None) -> Q:
    """Within the distance that is allowed: by a challenge from its place, or by what is asked."""
    placed = SearchRecord.objects.exclude(latitude=None).annotate(metres=_metres_from(point))
    limits = Q(maximum_metres__isnull=True) | Q(latitude__isnull=True)
    limits |= Q(pk__in=placed.exclude(maximum_metres=None).filter(metres__lt=F("maximum_metres") + 0.5).values("pk"))
    if maximum_metres is not None:
        limits &= Q(pk__in=placed.filter(metres__lt=maximum_metres + 0.5).values("pk"))
    return limits


def _metres_from(point: tuple[float, float]) -> Any:
    """The great-circle distance, as `policy.metres_between` has it before it is rounded."""
    latitude, longitude = map(radians, point)
    north, east = (Sin((Radians(F(name)) - Value(value)) / Value(2.0)) for name, value in (("latitude", latitude), ("longitude", longitude)))
    part = north * north + Value(cos(latitude)) * Cos(Radians(F("latitude"))) * east * east
    return ExpressionWrapper(Value(2 * EARTH_RADIUS_METRES) * ASin(Sqrt(part)), FloatField())
