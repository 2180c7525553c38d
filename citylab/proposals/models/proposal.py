"""The proposal itself: its answers as JSON and, as columns, whatever is filtered, matched or computed."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import Organisation
from citylab.challenges.models import Challenge
from citylab.testbeds.models import Site

from ..workflow import ProposalWorkflow, State


def new_salt() -> str:
    return secrets.token_hex(16)


class Turn(models.TextChoices):
    """Who owes the next step."""

    APPLICANT = "applicant", _("The start-up")
    OFFICE = "office", _("The city")
    NOBODY = "nobody", _("Nobody")


# The order of the desk's queue, which is an index: a page of it costs the same however many cases wait. What the city owes comes first, by the
# day it is due (in descending order "office" stands before "nobody" and "applicant"); SQLite's indexes know no NULLS LAST.
QUEUE_ORDER = (models.F("turn").desc(), IsNull(models.F("due_on"), True), models.F("due_on"), models.F("submitted_at"), models.F("id"))


class Proposal(ProposalWorkflow):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("number"), max_length=20, null=True, blank=True, unique=True)  # given at submission
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="proposals")
    challenge = models.ForeignKey(Challenge, models.PROTECT, null=True, blank=True, related_name="proposals")
    programme = models.ForeignKey("taxonomy.Programme", models.PROTECT, null=True, blank=True, related_name="proposals")
    mode = models.CharField(max_length=20, choices=Challenge.Mode.choices, default=Challenge.Mode.OPEN)
    language = models.CharField(max_length=2, choices=[("it", _("Italian")), ("en", _("English"))], default="it")
    form_version = models.PositiveSmallIntegerField(default=1)
    answers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)  # counts saves: a stale one is a conflict
    field_versions = models.JSONField(default=dict)  # which save last changed each field, who made it, and from which page: {"title": [12, 34, "a1b2"]}

    title = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    sector = models.ForeignKey("taxonomy.Sector", models.PROTECT, null=True, blank=True, related_name="+")
    s3_area = models.ForeignKey("taxonomy.S3Area", models.PROTECT, null=True, blank=True, related_name="+")
    technologies = models.ManyToManyField("taxonomy.Technology", blank=True, related_name="+")
    capabilities = models.ManyToManyField("taxonomy.Capability", blank=True, related_name="+")
    trl_now = models.PositiveSmallIntegerField(null=True, blank=True)
    trl_target = models.PositiveSmallIntegerField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    area_m2 = models.PositiveIntegerField(null=True, blank=True)
    budget_cents = models.PositiveBigIntegerField(null=True, blank=True)
    dismantling_cost_cents = models.PositiveBigIntegerField(null=True, blank=True)

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField()

    submitted_at = models.DateTimeField(null=True, blank=True)
    received_on = models.DateField(null=True, blank=True)
    term_days = models.PositiveSmallIntegerField(default=30)  # law 241/1990 art. 2: thirty days unless a rule says otherwise
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("responsible officer"))
    turn = models.CharField(max_length=20, choices=Turn.choices, default=Turn.APPLICANT)
    due_on = models.DateField(null=True, blank=True, db_index=True)  # what the queue sorts by; services keep it in step with the clock
    decided_on = models.DateField(null=True, blank=True)
    # The site that the city chose instead of the one asked for; what was submitted stays as it was.
    assigned_site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("assigned site"))
    audit_salt = models.CharField(max_length=32, default=new_salt, editable=False)

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-updated_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state=State.DRAFT) | models.Q(number__isnull=False), name="proposal_numbered_once_submitted"),
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True) | models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="proposal_ends_after_start",
                violation_error_message=_("The pilot ends before it starts."),
            ),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="proposal_state_known"),
        ]
        indexes = [
            models.Index(*QUEUE_ORDER, name="proposal_queue_order"),
            models.Index(fields=["state", "turn", "due_on", "officer"], name="proposal_queue_figures"),  # all that the figures over the queue count by
            models.Index(fields=["officer", "state", "due_on"], name="proposal_officer_state_due"),
            models.Index(fields=["organisation", "-updated_at"], name="proposal_org_updated"),
        ]

    def __str__(self) -> str:
        return " · ".join([self.number or str(_("Draft")), self.title or str(_("Untitled"))])


class ProposalSite(models.Model):
    """A site that the proposal asks for, in order of preference."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="wished_sites")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["rank", "id"]
        constraints = [models.UniqueConstraint(fields=["proposal", "site"], name="proposal_site_once")]


class CaseCounter(models.Model):
    """The last case number given in a year."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)


class DraftReminder(models.Model):
    """A reminder sent about a draft: once for each deadline and each number of days before it."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="reminders")
    closes_at = models.DateTimeField()
    days_before = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "closes_at", "days_before"], name="draft_reminder_once")]
