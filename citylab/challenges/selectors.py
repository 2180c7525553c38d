"""Reading challenges: what the public sees, whether one takes proposals now, and by which criteria it is scored."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from .models import Challenge, ChallengeAddress, ChallengeProgress, Question


class Status(models.TextChoices):
    """Whether a published challenge takes proposals."""

    NOT_YET_OPEN = "not_yet_open", _("Opens later")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


# For proposals without a challenge and challenges without criteria of their own. CommuniCity's weights (domain §4), but no
# minimum: a sportello has no ranking and no threshold by criterion.
DEFAULT_CRITERIA: tuple[dict[str, Any], ...] = (
    {"code": "impact", "name_it": "Impatto", "name_en": "Impact", "weight": 25, "minimum": 0},
    {"code": "implementation", "name_it": "Attuazione", "name_en": "Implementation", "weight": 15, "minimum": 0},
    {"code": "excellence", "name_it": "Qualità dell'idea", "name_en": "Excellence", "weight": 20, "minimum": 0},
    {"code": "co_creation", "name_it": "Co-creazione", "name_en": "Co-creation", "weight": 30, "minimum": 0},
    {"code": "technology", "name_it": "Tecnologia", "name_en": "Technology", "weight": 10, "minimum": 0},
)


def progress_of(challenge: Challenge) -> ChallengeProgress | None:
    """What services changed about the challenge; None before its first publication."""
    return getattr(challenge, "progress", None)


def status(challenge: Challenge, now: datetime) -> Status:
    """Whether `challenge` takes proposals at `now`. A deadline includes its last minute (design: the clock is law)."""
    progress = progress_of(challenge)
    if progress and progress.closed_at and progress.closed_at <= now:
        return Status.CLOSED
    closes_at = challenge.effective_closes_at
    if closes_at and closes_at < _minute(now):
        return Status.CLOSED
    if challenge.opens_at and challenge.opens_at > now:
        return Status.NOT_YET_OPEN
    return Status.OPEN


def closing_moment(challenge: Challenge) -> datetime | None:
    """When the challenge closes or closed: with any extension, earlier where an editor closed it early; None while it is always open."""
    progress = progress_of(challenge)
    return progress.closed_at if progress and progress.closed_at else challenge.effective_closes_at


def is_open(challenge: Challenge, now: datetime) -> bool:
    """A published challenge that takes proposals at `now`."""
    return challenge.live and status(challenge, now) == Status.OPEN


def visible_challenges(now: datetime) -> QuerySet[Challenge]:
    """Everything published, for the public list: `effective_closing` and `status_now` as columns to filter and sort by."""
    minute = _minute(now)
    return (
        Challenge.objects.filter(live=True)
        .select_related("sector", "s3_area", "programme", "progress")
        .annotate(effective_closing=Coalesce(F("progress__closes_at"), F("closes_at")))
        .annotate(
            status_now=Case(
                When(Q(progress__closed_at__lte=now) | Q(effective_closing__lt=minute), then=Value(Status.CLOSED.value)),
                When(opens_at__gt=now, then=Value(Status.NOT_YET_OPEN.value)),
                default=Value(Status.OPEN.value),
                output_field=models.CharField(),
            )
        )
    )


def open_challenges(now: datetime) -> QuerySet[Challenge]:
    """The published challenges that take proposals at `now`, those that close first first."""
    return visible_challenges(now).filter(status_now=Status.OPEN).order_by(F("effective_closing").asc(nulls_last=True), "code")


def challenge_detail(slug: str, now: datetime) -> Challenge | None:
    """A published challenge by its present address, with everything its page shows, in five queries; None without one."""
    return visible_challenges(now).prefetch_related("technologies", "capabilities", "criteria").filter(slug=slug).first()


def moved_to(slug: str) -> Challenge | None:
    """The published challenge that had the address `slug` before; its present address is where to send the reader."""
    address = ChallengeAddress.objects.filter(slug=slug, challenge__live=True).select_related("challenge").first()
    return address.challenge if address and address.challenge.slug != slug else None


def by_code(code: str) -> Challenge | None:
    """The published challenge behind a short address."""
    return Challenge.objects.filter(code=code, live=True).first()


def published_questions(challenge: Challenge) -> QuerySet[Question]:
    """The questions that were answered and not set aside, newest first: they stand on the page without who asked."""
    return challenge.questions.filter(answered_at__isnull=False, set_aside_at__isnull=True).order_by("-answered_at", "-id")


def waiting_questions() -> QuerySet[Question]:
    """The questions that an editor still has to answer, oldest first."""
    return Question.objects.filter(answered_at__isnull=True, set_aside_at__isnull=True).select_related("challenge", "organisation").order_by("asked_at", "id")


def criteria_rows(challenge: Challenge) -> list[dict[str, Any]]:
    """The criteria of the record as it is in memory (a draft's own ones while it is being published)."""
    return [
        {"code": c.code, "name_it": c.name_it, "name_en": c.name_en, "weight": c.weight, "minimum": c.minimum}
        for c in sorted(challenge.criteria.all(), key=lambda c: (c.position, c.pk or 0))
    ]


def criteria_of(challenge: Challenge | None) -> list[dict[str, Any]]:
    """The criteria that count: frozen since the first submission, else the published ones, else the default five."""
    if challenge is None:
        return [dict(row) for row in DEFAULT_CRITERIA]
    progress = progress_of(challenge)
    if progress and progress.criteria_frozen_at:
        return list(progress.frozen_criteria)
    return criteria_rows(challenge) or [dict(row) for row in DEFAULT_CRITERIA]


def same_minute(one: datetime | None, other: datetime | None) -> bool:
    """Whether two closing times, or their absence, are the same to the minute, which is all that a page shows and a form sends."""
    return one == other if one is None or other is None else _minute(one) == _minute(other)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
