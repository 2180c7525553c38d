"""The pilot: an approved proposal being prepared, run and closed; or an archive record of one that ran before this system."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import Organisation
from citylab.challenges.models import Challenge
from citylab.core.bilingual import Bilingual
from citylab.proposals.models import Proposal, Turn
from citylab.proposals.models.proposal import new_salt
from citylab.testbeds.models import Site

from ..workflow import PilotWorkflow, State

USER = settings.AUTH_USER_MODEL
# What anyone may read: archive records, and pilots whose card both sides confirmed.
PUBLIC = models.Q(is_archive=True) | models.Q(public_confirmed_by_city_at__isnull=False, public_confirmed_by_startup_at__isnull=False)


class Pilot(PilotWorkflow):
    class Outcome(models.TextChoices):
        ADOPT = "adopt", _("The city adopts it")
        PROCURE = "procure", _("The city procures it")
        EXTEND = "extend", _("Goes on at the start-up's own cost")
        STOP = "stop", _("Stops here")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(_("code"), max_length=30, unique=True)  # permanent, for short addresses
    slug = models.SlugField(_("address"), max_length=120, unique=True)
    proposal = models.OneToOneField(Proposal, models.PROTECT, null=True, blank=True, related_name="pilot")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="pilots")
    challenge = models.ForeignKey(Challenge, models.PROTECT, null=True, blank=True, related_name="pilots")
    programme = models.ForeignKey("taxonomy.Programme", models.PROTECT, null=True, blank=True, related_name="pilots")
    sector = models.ForeignKey("taxonomy.Sector", models.PROTECT, null=True, blank=True, related_name="pilots")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="pilots")
    title = models.CharField(max_length=200)  # the working title of the case; the public one stands below
    starts_on = models.DateField(null=True, blank=True)  # set-up included
    ends_on = models.DateField(null=True, blank=True)  # removal included
    officer = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    turn = models.CharField(max_length=20, choices=Turn.choices, default=Turn.OFFICE)
    due_on = models.DateField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    audit_salt = models.CharField(max_length=32, default=new_salt, editable=False)

    # Agreement (disciplinare)
    agreement_number = models.CharField(max_length=40, blank=True)
    agreement_city_signed_on = models.DateField(null=True, blank=True)
    agreement_startup_signed_on = models.DateField(null=True, blank=True)
    started_on = models.DateField(null=True, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    removal_due_on = models.DateField(null=True, blank=True)
    holds_deposit = models.BooleanField(default=False)  # a deposit is held or not yet wholly given back: the case stays open
    ending_reason = models.TextField(blank=True)  # why terminated, revoked or withdrawn

    # Closure
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    outcome_reasons = models.TextField(blank=True)
    closed_on = models.DateField(null=True, blank=True)

    # Public card: its own words, confirmed by both sides before it appears; never copied from the proposal.
    public_title_it = models.CharField(max_length=160, blank=True)
    public_title_en = models.CharField(max_length=160, blank=True)
    public_summary_it = models.TextField(max_length=1000, blank=True)
    public_summary_en = models.TextField(max_length=1000, blank=True)
    public_confirmed_by_city = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    public_confirmed_by_city_at = models.DateTimeField(null=True, blank=True)
    public_confirmed_by_startup = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    public_confirmed_by_startup_at = models.DateTimeField(null=True, blank=True)

    # Archive records: sourced facts only, no proposal behind them.
    is_archive = models.BooleanField(default=False)
    archive_organisation = models.CharField(max_length=160, blank=True)
    archive_city = models.CharField(max_length=60, blank=True)
    archive_years = models.CharField(max_length=40, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)
    source_note_it = models.CharField(max_length=300, blank=True)
    source_note_en = models.CharField(max_length=300, blank=True)

    public_title = Bilingual("public_title")
    public_summary = Bilingual("public_summary")
    source_note = Bilingual("source_note")

    class Meta:
        verbose_name = _("pilot")
        verbose_name_plural = _("pilots")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="pilot_state_known"),
            models.CheckConstraint(
                condition=models.Q(is_archive=True, proposal__isnull=True) | models.Q(is_archive=False, proposal__isnull=False), name="pilot_archive_has_no_proposal"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(is_archive=True) | (~models.Q(outcome="") & ~models.Q(outcome_reasons="")),
                name="pilot_closed_with_outcome",
                violation_error_message=_("A pilot is closed with its outcome and the reasons."),
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True) | models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")), name="pilot_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="pilot_state_due"),
            models.Index(fields=["is_archive", "-starts_on"], condition=PUBLIC, name="pilot_public"),  # the public pages never look through the rest
        ]

    def get_absolute_url(self) -> str:
        return reverse("public:pilot", args=[self.slug])

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"

    @property
    def public_indicators(self) -> list[Any]:
        """The indicators that its card shows; costs no query where the indicators were prefetched."""
        return [indicator for indicator in self.indicators.all() if indicator.is_public]

    @property
    def is_public(self) -> bool:
        """Anyone may read its card: an archive record, or one that both sides confirmed."""
        return self.is_archive or bool(self.public_confirmed_by_city_at and self.public_confirmed_by_startup_at)
