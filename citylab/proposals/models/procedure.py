"""The proceeding: screening, requests for changes, notices, formal messages and internal notes."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .proposal import Proposal
from .submission import ProposalVersion, RegisterEntry

USER = settings.AUTH_USER_MODEL


class ScreeningCheck(models.Model):
    """One line of the admissibility checklist, for one version."""

    class Result(models.TextChoices):
        PASSED = "passed", _("In order")
        FAILED = "failed", _("Not in order")
        NOT_APPLICABLE = "not_applicable", _("Does not apply")

    version = models.ForeignKey(ProposalVersion, models.PROTECT, related_name="screening_checks")
    item = models.CharField(max_length=40)
    result = models.CharField(max_length=20, choices=Result.choices)
    note = models.TextField(blank=True)
    checked_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "item"], name="screening_item_once")]


class Communication(models.Model):
    """A formal message of the case. Clocks use `legally_received_on`, never the time it was written."""

    class Channel(models.TextChoices):
        PORTAL = "portal", _("Portal")
        PEC = "pec", _("PEC")

    class Direction(models.TextChoices):
        TO_APPLICANT = "to_applicant", _("To the start-up")
        FROM_APPLICANT = "from_applicant", _("From the start-up")

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="communications")
    kind = models.CharField(max_length=40)  # receipt, changes_requested, refusal_notice, decision, message …
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.PORTAL)
    direction = models.CharField(max_length=20, choices=Direction.choices, default=Direction.TO_APPLICANT)
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    sent_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField()
    legally_received_on = models.DateField(null=True, blank=True)  # PEC: filled when the receipt of delivery arrives
    register_entry = models.OneToOneField(RegisterEntry, models.PROTECT, null=True, related_name="communication")

    class Meta:
        ordering = ["sent_at", "id"]


class ChangeRequest(models.Model):
    """A request for additions: item by item; stops the clock once (law 241/1990 art. 2 c. 7)."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="change_requests")
    communication = models.OneToOneField(Communication, models.PROTECT, related_name="change_request")
    clock_stopped_on = models.DateField(null=True, blank=True)  # empty: the clock had already been stopped once
    answer_due_on = models.DateField()
    answered_on = models.DateField(null=True, blank=True)
    resumed_on = models.DateField(null=True, blank=True)  # answered, or run out by itself
    answers = models.ForeignKey(ProposalVersion, models.PROTECT, null=True, blank=True, related_name="+")  # the version that answered

    class Meta:
        ordering = ["id"]


class ChangeRequestItem(models.Model):
    request = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="items")
    section = models.CharField(max_length=40)
    field = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    reply = models.TextField(blank=True)
    settled = models.BooleanField(default=False)  # the officer's word on the reply

    class Meta:
        ordering = ["id"]


class RefusalNotice(models.Model):
    """The reasons that stand in the way, before a refusal (law 241/1990 art. 10-bis; open mode only)."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="refusal_notices")
    communication = models.OneToOneField(Communication, models.PROTECT, related_name="refusal_notice")
    reasons = models.TextField()
    suspended_on = models.DateField()
    observations_due_on = models.DateField()
    observations = models.TextField(blank=True)
    observations_received_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)  # back to evaluation, or rejected

    class Meta:
        ordering = ["id"]


class Note(models.Model):
    """An internal note of the office; the start-up never sees it."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="notes")
    author = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-written_at"]
