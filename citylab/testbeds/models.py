"""Testbed places: sites, what they offer, and who has them when. Like challenges, the record is edited in Wagtail; bookings
are services' rows and live in their own table."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.fields import RichTextField
from wagtail.models import DraftStateMixin, LockableMixin, RevisionMixin, WorkflowMixin

from citylab.core.bilingual import Bilingual
from citylab.core.previews import BilingualPreviewMixin

RICH_TEXT_FEATURES = ["h3", "h4", "bold", "italic", "ol", "ul", "link", "document-link"]


class Site(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, BilingualPreviewMixin, ClusterableModel):
    class Kind(models.TextChoices):
        PARK = "park", _("Park")
        STREET = "street", _("Street")
        SQUARE = "square", _("Square")
        CAMPUS = "campus", _("Campus")
        BUILDING = "building", _("Building")
        LAB = "lab", _("Laboratory")
        RIVER = "river", _("River")
        MARKET = "market", _("Market")
        NEIGHBOURHOOD = "neighbourhood", _("Neighbourhood")

    code = models.SlugField(_("code"), max_length=20, unique=True, help_text=_("Permanent; used in short addresses and QR codes."))
    slug = models.SlugField(_("address"), max_length=120, unique=True, help_text=_("Earlier addresses keep leading here."))
    name_it = models.CharField(_("name (Italian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    summary_it = models.TextField(_("summary (Italian)"), max_length=300)
    summary_en = models.TextField(_("summary (English)"), max_length=300)
    description_it = RichTextField(_("description (Italian)"), features=RICH_TEXT_FEATURES)
    description_en = RichTextField(_("description (English)"), features=RICH_TEXT_FEATURES)
    accessibility_it = models.TextField(_("accessibility (Italian)"), blank=True)
    accessibility_en = models.TextField(_("accessibility (English)"), blank=True)
    owner_it = models.CharField(_("owning department (Italian)"), max_length=160, blank=True)
    owner_en = models.CharField(_("owning department (English)"), max_length=160, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    latitude = models.FloatField(_("latitude"), null=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(_("longitude"), null=True, validators=[MinValueValidator(-180), MaxValueValidator(180)])
    area_m2 = models.PositiveIntegerField(_("area, in square metres"), null=True, blank=True)
    district = models.PositiveSmallIntegerField(_("district"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(8)])
    surface = models.CharField(_("surface or road class"), max_length=120, blank=True)
    indoor = models.BooleanField(_("indoors"), default=False)
    capacity = models.PositiveSmallIntegerField(_("pilots at the same time"), default=1, validators=[MaxValueValidator(50)])
    available_from = models.DateField(_("available from"), null=True, blank=True)
    available_until = models.DateField(_("available until"), null=True, blank=True)
    constraints = models.JSONField(_("constraints"), default=list, blank=True)
    sectors = ParentalManyToManyField("taxonomy.Sector", verbose_name=_("sectors"), blank=True, related_name="sites")
    source = models.CharField(_("source"), max_length=120, blank=True)
    assumed = models.JSONField(_("assumed fields"), default=list, blank=True)

    name = Bilingual("name")
    summary = Bilingual("summary")
    description = Bilingual("description")
    accessibility = Bilingual("accessibility")
    owner = Bilingual("owner")

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name_it"]
        constraints = [
            models.CheckConstraint(  # a draft may lack them
                condition=models.Q(live=False) | models.Q(latitude__isnull=False, longitude__isnull=False),
                name="site_live_has_position",
                violation_error_message=_("A published site has a position."),
            )
        ]

    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Wagtail publishes outside a transaction; the record, its outbox message and its audit entry belong together."""
        with transaction.atomic():
            super().publish(*args, **kwargs)

    def unpublish(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().unpublish(*args, **kwargs)

    def get_preview_template(self, request: Any, mode_name: str) -> str:
        return "public/site_preview.html"

    def get_preview_context(self, request: Any, mode_name: str) -> dict[str, Any]:
        points = [{"lat": self.latitude, "lon": self.longitude, "name": self.name, "address": "#main"}] if self.latitude is not None else []
        return {**super().get_preview_context(request, mode_name), "site": self, "points": points, "constraints": [SITE_CONSTRAINTS.get(code, code) for code in self.constraints]}

    def get_absolute_url(self) -> str:
        return reverse("public:site", args=[self.slug])

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"


# What may stand in Site.assumed: said by us, still to be confirmed by the office.
ASSUMABLE = {
    "latitude": _("latitude"),
    "longitude": _("longitude"),
    "district": _("district"),
    "area_m2": _("area"),
    "surface": _("surface or road class"),
    "capacity": _("pilots at the same time"),
    "constraints": _("constraints"),
    "permits": _("permits"),
    "accessibility": _("accessibility"),
    "blackouts": _("closed periods"),
    "owner": _("owning department"),
}

# What may stand in Site.constraints.
SITE_CONSTRAINTS = {
    "heritage": _("Heritage protection"),
    "noise": _("Noise limits"),
    "airspace": _("Airspace limits"),
    "trees": _("Protected trees"),
    "ztl": _("Limited traffic zone"),
    "market_days": _("Market days"),
    "crowds": _("Large crowds"),
    "schools": _("Schools nearby"),
    "water": _("Riverside rules"),
}


class Asset(models.Model):
    """Something a site offers. `quantity` is in the capability's unit; empty means it is there, uncounted."""

    site = ParentalKey(Site, on_delete=models.CASCADE, related_name="assets")
    capability = models.ForeignKey("taxonomy.Capability", models.PROTECT, verbose_name=_("capability"), related_name="assets")
    quantity = models.PositiveIntegerField(_("quantity"), null=True, blank=True)
    note_it = models.CharField(_("note (Italian)"), max_length=200, blank=True)
    note_en = models.CharField(_("note (English)"), max_length=200, blank=True)
    assumed = models.BooleanField(_("assumed, to be confirmed"), default=False)

    note = Bilingual("note")

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["capability__position", "id"]

    def __str__(self) -> str:
        return str(self.capability)


class RequiredPermit(models.Model):
    """An authorisation that pilots here usually need, with its office and lead time in days."""

    site = ParentalKey(Site, on_delete=models.CASCADE, related_name="permits")
    authority_it = models.CharField(_("office (Italian)"), max_length=160)
    authority_en = models.CharField(_("office (English)"), max_length=160)
    kind_it = models.CharField(_("permit (Italian)"), max_length=160)
    kind_en = models.CharField(_("permit (English)"), max_length=160)
    lead_days = models.PositiveSmallIntegerField(_("lead time, in days"), default=30)

    authority = Bilingual("authority")
    kind = Bilingual("kind")

    class Meta:
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.kind)


class Blackout(models.Model):
    """Days on which the whole site is not available; both ends included. Yearly ones repeat on the same days."""

    site = ParentalKey(Site, on_delete=models.CASCADE, related_name="blackouts")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    yearly = models.BooleanField(_("every year"), default=False)
    reason_it = models.CharField(_("reason (Italian)"), max_length=160, blank=True)
    reason_en = models.CharField(_("reason (English)"), max_length=160, blank=True)

    reason = Bilingual("reason")

    class Meta:
        verbose_name = _("closed period")
        verbose_name_plural = _("closed periods")
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="blackout_ends_after_start", violation_error_message=_("The last day comes before the first.")
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"


class Booking(models.Model):
    """Who has a numbered place (1 … capacity) of a site, dates inclusive, with set-up and removal in them.

    The database refuses two active bookings of the same place on the same day: an exclusion constraint on PostgreSQL,
    triggers on SQLite (migration 0002).
    """

    class State(models.TextChoices):
        HELD = "held", _("Held")
        CONFIRMED = "confirmed", _("Confirmed")
        FREED = "freed", _("Freed")

    site = models.ForeignKey(Site, models.PROTECT, related_name="bookings")
    case_id = models.UUIDField(db_index=True)  # the pilot; this room does not know pilots
    label = models.CharField(max_length=40, blank=True)  # the case's number, for the calendar
    place = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    starts_on = models.DateField()
    ends_on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.HELD)
    created_at = models.DateTimeField()
    freed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="booking_ends_after_start"),
            models.CheckConstraint(condition=models.Q(place__gte=1), name="booking_place_from_one"),
            models.UniqueConstraint(fields=["case_id"], condition=~models.Q(state="freed"), name="booking_one_active_per_case"),
        ]
        indexes = [models.Index(fields=["site", "state", "starts_on"], name="booking_site_state_starts")]

    def __str__(self) -> str:
        return f"{self.label} {self.starts_on} – {self.ends_on}"


class SiteAddress(models.Model):
    """A slug this site once had: it keeps leading to its page."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="addresses")
    slug = models.SlugField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.slug
