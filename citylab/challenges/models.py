"""Challenges: needs that the city publishes. The record is edited in Wagtail with drafts and moderation; whatever services
change (extensions, closing, freezing, counters) lives in other tables, because publishing a draft overwrites the whole row."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.fields import RichTextField
from wagtail.models import DraftStateMixin, LockableMixin, RevisionMixin, WorkflowMixin

from citylab.accounts.models import Organisation
from citylab.core import clock
from citylab.core.bilingual import Bilingual
from citylab.core.previews import BilingualPreviewMixin

# What may stand in Challenge.assumed: said by us, still to be confirmed by the office.
ASSUMABLE = {
    "description": _("description"),
    "expected": _("expected result"),
    "plan": _("city plan"),
    "mode": _("mode"),
    "opens_at": _("opening"),
    "closes_at": _("closing"),
    "trl_min": _("lowest TRL"),
    "trl_max": _("highest TRL"),
    "budget_max_cents": _("highest contribution"),
    "co_funding_percent": _("co-funding"),
    "technologies": _("technologies"),
    "capabilities": _("required capabilities"),
    "applicant_kinds": _("admitted applicants"),
    "owner": _("responsible office"),
    "latitude": _("latitude"),
    "longitude": _("longitude"),
}
RICH_TEXT_FEATURES = ["h3", "h4", "bold", "italic", "ol", "ul", "link", "document-link"]


class Challenge(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, BilingualPreviewMixin, ClusterableModel):
    """A need of the city: `open` (a sportello, no ranking) or `competitive` (deadline and ranking)."""

    class Mode(models.TextChoices):
        OPEN = "open", _("Open, no ranking")
        COMPETITIVE = "competitive", _("Competitive, with ranking")

    code = models.SlugField(_("code"), max_length=20, unique=True, help_text=_("Permanent; used in short addresses."))
    slug = models.SlugField(_("address"), max_length=120, unique=True, help_text=_("Earlier addresses keep leading here."))
    city = models.CharField(_("city of origin"), max_length=60, default="Torino", help_text=_("Where this need was first published."))
    title_it = models.CharField(_("title (Italian)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=160)
    summary_it = models.TextField(_("summary (Italian)"), max_length=300)
    summary_en = models.TextField(_("summary (English)"), max_length=300)
    description_it = RichTextField(_("description (Italian)"), features=RICH_TEXT_FEATURES)
    description_en = RichTextField(_("description (English)"), features=RICH_TEXT_FEATURES)
    expected_it = models.TextField(_("expected result (Italian)"), blank=True)
    expected_en = models.TextField(_("expected result (English)"), blank=True)
    plan_it = models.CharField(_("city plan (Italian)"), max_length=200, blank=True)
    plan_en = models.CharField(_("city plan (English)"), max_length=200, blank=True)
    owner_it = models.CharField(_("responsible office (Italian)"), max_length=160, blank=True)
    owner_en = models.CharField(_("responsible office (English)"), max_length=160, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    mode = models.CharField(_("mode"), max_length=20, choices=Mode.choices, default=Mode.OPEN)
    sector = models.ForeignKey("taxonomy.Sector", models.PROTECT, verbose_name=_("sector"), null=True, related_name="challenges")  # a draft may lack it
    s3_area = models.ForeignKey("taxonomy.S3Area", models.PROTECT, verbose_name=_("S3 area"), null=True, blank=True, related_name="challenges")
    programme = models.ForeignKey("taxonomy.Programme", models.PROTECT, verbose_name=_("programme"), null=True, blank=True, related_name="challenges")
    technologies = ParentalManyToManyField("taxonomy.Technology", verbose_name=_("technologies"), blank=True, related_name="challenges")
    capabilities = ParentalManyToManyField("taxonomy.Capability", verbose_name=_("required capabilities"), blank=True, related_name="challenges")
    applicant_kinds = models.JSONField(_("admitted applicants"), default=list, blank=True, help_text=_("Empty: everyone."))
    trl_min = models.PositiveSmallIntegerField(_("lowest TRL"), default=4, validators=[MinValueValidator(1), MaxValueValidator(9)])
    trl_max = models.PositiveSmallIntegerField(_("highest TRL"), default=9, validators=[MinValueValidator(1), MaxValueValidator(9)])
    budget_max_cents = models.PositiveBigIntegerField(_("highest contribution, in cents"), null=True, blank=True)
    co_funding_percent = models.PositiveSmallIntegerField(_("co-funding, per cent"), null=True, blank=True, validators=[MaxValueValidator(100)])
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True, help_text=_("Needed for competitive challenges."))
    latitude = models.FloatField(_("latitude"), null=True, blank=True, help_text=_("Where the need is, if it has a place."))
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    maximum_distance_metres = models.PositiveIntegerField(_("farthest site, in metres"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    assumed = models.JSONField(_("assumed fields"), default=list, blank=True)

    title = Bilingual("title")
    summary = Bilingual("summary")
    description = Bilingual("description")
    expected = Bilingual("expected")
    plan = Bilingual("plan")
    owner = Bilingual("owner")

    class Meta:
        verbose_name = _("challenge")
        verbose_name_plural = _("challenges")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(trl_min__lte=models.F("trl_max")), name="challenge_trl_range", violation_error_message=_("The lowest TRL is above the highest.")
            ),
            models.CheckConstraint(
                condition=models.Q(closes_at__isnull=True) | models.Q(opens_at__isnull=True) | models.Q(closes_at__gt=models.F("opens_at")),
                name="challenge_closes_after_opens",
                violation_error_message=_("The closing time must come after the opening time."),
            ),
            models.CheckConstraint(
                condition=models.Q(live=False) | models.Q(sector__isnull=False), name="challenge_live_has_sector", violation_error_message=_("A published challenge has a sector.")
            ),
        ]

    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Wagtail publishes outside a transaction; the record, its outbox message and its audit entry belong together."""
        with transaction.atomic():
            super().publish(*args, **kwargs)

    def unpublish(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().unpublish(*args, **kwargs)

    def get_preview_template(self, request: Any, mode_name: str) -> str:
        return "public/challenge_preview.html"

    def get_preview_context(self, request: Any, mode_name: str) -> dict[str, Any]:
        """The preview shows the record as it is being written; what lives in other tables is left out."""
        kinds = dict(Organisation.Kind.choices)
        return {
            **super().get_preview_context(request, mode_name),
            "challenge": self, "status": "open", "closes_at": self.closes_at, "days_left": clock.days_until(self.closes_at) if self.closes_at else None,
            "kinds": [kinds[kind] for kind in self.applicant_kinds if kind in kinds],
            "criteria": [{"name_it": c.name_it, "name_en": c.name_en, "weight": c.weight, "minimum": c.minimum} for c in self.criteria.all()],
        }  # fmt: skip

    def get_absolute_url(self) -> str:
        return reverse("public:challenge", args=[self.slug])

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"

    def clean(self) -> None:
        super().clean()
        if self.mode == self.Mode.COMPETITIVE and not self.closes_at:
            raise ValidationError({"closes_at": _("A competitive challenge needs a closing time.")})

    @property
    def effective_closes_at(self):
        """The closing time with any extension (moment, or None for an always-open challenge)."""
        progress = getattr(self, "progress", None)
        return progress.closes_at if progress and progress.closes_at else self.closes_at


class Criterion(models.Model):
    """A weighted line of the score sheet, 0–5; `minimum` is the lowest mean that passes (0: none)."""

    challenge = ParentalKey(Challenge, on_delete=models.CASCADE, related_name="criteria")
    code = models.SlugField(_("code"), max_length=40)
    name_it = models.CharField(_("name (Italian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    weight = models.PositiveSmallIntegerField(_("weight"), validators=[MinValueValidator(1), MaxValueValidator(100)])
    minimum = models.PositiveSmallIntegerField(_("minimum"), default=0, validators=[MaxValueValidator(5)])
    position = models.PositiveSmallIntegerField(default=0)

    name = Bilingual("name")

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return str(self.name)


class ChallengeProgress(models.Model):
    """What services change about a challenge; never touched by publishing a draft."""

    challenge = models.OneToOneField(Challenge, models.CASCADE, related_name="progress")
    published_mode = models.CharField(max_length=20, choices=Challenge.Mode)  # as first published; drafts and the clock of every case follow it
    published_closes_at = models.DateTimeField(null=True, blank=True)  # as first published; from then on only an extension moves it
    closes_at = models.DateTimeField(null=True, blank=True)  # set by an extension
    closed_at = models.DateTimeField(null=True, blank=True)  # closed early by an editor
    criteria_frozen_at = models.DateTimeField(null=True, blank=True)  # the first submission
    frozen_criteria = models.JSONField(default=list)
    proposals_received = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.challenge_id)


class DeadlineExtension(models.Model):
    challenge = models.ForeignKey(Challenge, models.PROTECT, related_name="extensions")
    from_moment = models.DateTimeField()
    to_moment = models.DateTimeField()
    reason = models.TextField(_("reason"))
    extended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    extended_at = models.DateTimeField()

    class Meta:
        ordering = ["extended_at"]
        constraints = [models.CheckConstraint(condition=models.Q(to_moment__gt=models.F("from_moment")), name="extension_goes_later")]

    def __str__(self) -> str:
        return f"{self.from_moment} → {self.to_moment}"


class Question(models.Model):
    """A public question on a challenge and the editor's answer; both stand on its page once answered."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="questions", verbose_name=_("challenge"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.SET_NULL, null=True, blank=True, related_name="+")
    language = models.CharField(_("language"), max_length=2, choices=[("it", _("Italian")), ("en", _("English"))], default="it")
    text = models.TextField(_("question"), max_length=2000)
    asked_at = models.DateTimeField(_("asked"))
    answer_it = models.TextField(_("answer (Italian)"), max_length=4000, blank=True)
    answer_en = models.TextField(_("answer (English)"), max_length=4000, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    set_aside_at = models.DateTimeField(_("set aside"), null=True, blank=True)  # not for the page: neither it nor an answer to it is shown
    set_aside_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    set_aside_reason = models.TextField(_("reason"), max_length=1000, blank=True)

    answer = Bilingual("answer")

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-asked_at"]
        constraints = [models.CheckConstraint(condition=models.Q(set_aside_at__isnull=True) | ~models.Q(set_aside_reason=""), name="question_set_aside_with_reason")]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def answer_language(self) -> str:
        """The language of the answer that a reader is shown: their own, or the only one there is."""
        reader = "en" if (get_language() or "it").startswith("en") else "it"
        return reader if getattr(self, f"answer_{reader}") else ("it" if reader == "en" else "en")


class ChallengeAddress(models.Model):
    """A slug this challenge once had: it keeps leading to its page."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="addresses")
    slug = models.SlugField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.slug
