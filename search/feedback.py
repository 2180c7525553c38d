"""“Not relevant” and “Why not?” next to a match: kept without the person, told to the city as a report on quality."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.testbeds.models import Site

from .matching import Match
from .models import MatchFeedback
from .policy import Group

MODELS: dict[str, Any] = {"challenge": Challenge, "site": Site}
# Fine enough to compare, too coarse to recognise a proposal by it.
STEP = Decimal("0.05")


@dataclass(frozen=True)
class Place:
    """Where a remark is made: on a proposal's matches, or in a session (`seed` is its random word) on those of an organisation's profile."""

    proposal_id: Any = None
    seed: str = ""

    def once(self, kind: str, object_id: Any, verdict: str) -> str:
        """What recognises the same remark made again."""
        where = f"proposal:{self.proposal_id}" if self.proposal_id else f"session:{self.seed}"
        return sha256(f"{where}:{kind}:{object_id}:{verdict}".encode()).hexdigest()


def feedback_record(*, place: Place, kind: str, match: Match, verdict: str, engine: str) -> None:
    """Keep a remark about a match as it was shown, with the name of the engine that answered; the same one again changes nothing.

    Who asks why something fits remarks nothing: that is not kept.
    """
    if verdict == MatchFeedback.Verdict.WHY_NOT and match.group == Group.FITS:
        return
    object_id = str(match.record.pk)
    score = (Decimal(str(match.score)) / STEP).quantize(Decimal(1), ROUND_HALF_UP) * STEP
    try:
        with transaction.atomic():
            MatchFeedback.objects.get_or_create(
                once=place.once(kind, object_id, verdict),
                defaults={
                    "kind": kind, "object_id": object_id, "proposal_id": place.proposal_id, "group": str(match.group), "score": score, "engine": engine,
                    "reasons": [line.code for line in (*match.reasons, *match.blockers)], "verdict": verdict, "day": clock.today(),
                },
            )  # fmt: skip
    except IntegrityError:  # the same click twice in one moment
        return


def feedback_take_back(*, place: Place, kind: str, object_id: Any, verdict: str) -> None:
    """Forget a remark; nothing happens where there is none."""
    MatchFeedback.objects.filter(once=place.once(kind, object_id, verdict)).delete()


def not_relevant(place: Place, records: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    """Which of these (kind, id) are marked “not relevant” here: ids by kind."""
    marks = {place.once(kind, pk, MatchFeedback.Verdict.NOT_RELEVANT): (kind, pk) for kind, pk in records}
    found: dict[str, set[int]] = {kind: set() for kind in MODELS}
    for once in MatchFeedback.objects.filter(once__in=list(marks)).values_list("once", flat=True):
        kind, pk = marks[once]
        found[kind].add(pk)
    return found


@dataclass(frozen=True)
class QualityRow:
    """What was said about a challenge or site. `shown` counts the remarks by the group in which it stood; `record` is None where it is gone."""

    kind: str
    object_id: str
    record: Any
    name: str
    shown: dict[str, int]
    not_relevant: int
    why_not: int


def quality_report(since: date) -> list[QualityRow]:
    """The records that somebody remarked on since that day, the most “not relevant” first; at most three queries."""
    counts = (
        MatchFeedback.objects.filter(day__gte=since)
        .values("kind", "object_id")
        .annotate(
            **{f"shown_{group.value}": Count("pk", filter=Q(group=group.value)) for group in Group},
            refused=Count("pk", filter=Q(verdict=MatchFeedback.Verdict.NOT_RELEVANT)),
            asked=Count("pk", filter=Q(verdict=MatchFeedback.Verdict.WHY_NOT)),
        )
        .order_by("-refused", "-asked", "kind", "object_id")
    )
    rows = list(counts)
    records = {
        (kind, str(pk)): record
        for kind, model in MODELS.items()
        for pk, record in model.objects.in_bulk({int(row["object_id"]) for row in rows if row["kind"] == kind}).items()
    }
    found = []
    for row in rows:
        record = records.get((row["kind"], row["object_id"]))
        name = "" if record is None else record.title if row["kind"] == "challenge" else record.name
        shown = {group.value: row[f"shown_{group.value}"] for group in Group}
        found.append(QualityRow(row["kind"], row["object_id"], record, name, shown, row["refused"], row["asked"]))
    return found
