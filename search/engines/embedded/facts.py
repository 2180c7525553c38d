"""Hard constraints as a query over the facts that the embedded index holds. The policy has the last word over the rows that are fetched."""

from math import cos, radians
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Abs

from ...models import SearchFact, SearchPeriod, SearchRecord
from .. import Constraints

METRES_PER_DEGREE = 111_195


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
    """Within a square around the point whose half side is the distance that is allowed: by a challenge for its place, or by what is asked."""
    latitude, longitude = point
    north, east = (
        Abs(F("latitude") - Value(latitude)) * METRES_PER_DEGREE,
        Abs(F("longitude") - Value(longitude)) * (METRES_PER_DEGREE * cos(radians(latitude))),
    )
    inside = Q(pk__in=SearchRecord.objects.annotate(north=north, east=east).filter(north__lte=F("maximum_metres"), east__lte=F("maximum_metres")).values("pk"))
    limits = Q(maximum_metres__isnull=True) | Q(latitude__isnull=True) | inside
    if maximum_metres is not None:
        limits &= Q(pk__in=SearchRecord.objects.annotate(north=north, east=east).filter(north__lte=maximum_metres, east__lte=maximum_metres).values("pk"))
    return limits
