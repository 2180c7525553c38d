"""What was handed in: immutable versions, files, signature, stamp duty, and the register of received and sent documents."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .proposal import Proposal


class RegisterCounter(models.Model):
    """The last register number given in a year; its row is locked while the next is taken, so the register has no gaps."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)


class RegisterEntry(models.Model):
    """A document received or sent (DPR 445/2000 art. 53): gapless number within its year."""

    class Direction(models.TextChoices):
        RECEIVED = "received", _("Received")
        SENT = "sent", _("Sent")

    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    direction = models.CharField(max_length=10, choices=Direction.choices)
    registered_at = models.DateTimeField()
    subject = models.CharField(max_length=80)  # a code such as "proposal_submitted"
    case_kind = models.CharField(max_length=20)
    case_id = models.CharField(max_length=40, db_index=True)

    class Meta:
        ordering = ["year", "number"]
        constraints = [models.UniqueConstraint(fields=["year", "number"], name="register_number_once")]

    def __str__(self) -> str:
        return f"{self.number:07d}/{self.year}"


class ProposalVersion(models.Model):
    """One submission exactly as it was: answers, file hashes, challenge text, criteria and weights. Never changed."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    form_version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    answers = models.JSONField()
    organisation = models.JSONField(default=dict)  # the profile as it stood
    files = models.JSONField(default=list)  # [{id, kind, name, size, sha256}]
    challenge = models.JSONField(default=dict)  # code, titles, texts as they stood
    criteria = models.JSONField(default=list)  # [{code, name_it, name_en, weight, minimum}]
    sites = models.JSONField(default=list)  # codes and names of the sites asked for
    digest = models.CharField(max_length=64)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField()
    register_entry = models.OneToOneField(RegisterEntry, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["proposal", "number"], name="proposal_version_number_once")]


class Attachment(models.Model):
    """A case file: random key, SHA-256, never overwritten, kept while any version refers to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="attachments")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    key = models.CharField(max_length=100, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)  # gone from the draft; the file stays while a version names it

    class Meta:
        ordering = ["uploaded_at"]


class Signature(models.Model):
    """The legal representative's signature of a version, as it was given (CAD art. 65)."""

    class Kind(models.TextChoices):
        PDF = "pdf", _("Digitally signed PDF")
        P7M = "p7m", _("Digitally signed p7m")
        HANDWRITTEN = "handwritten", _("Handwritten, with identity document")

    version = models.OneToOneField(ProposalVersion, models.PROTECT, related_name="signature")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    signatory = models.CharField(max_length=160)
    document = models.ForeignKey(Attachment, models.PROTECT, related_name="+")
    identity_document = models.ForeignKey(Attachment, models.PROTECT, null=True, blank=True, related_name="+")


class StampDuty(models.Model):
    """Stamp duty of €16 on the request, or on the decision where no version stands by it (DPR 642/1972): a serial number used once in the whole city,
    or a ground of exemption."""

    class Ground(models.TextChoices):
        ONLUS = "onlus", _("ONLUS or registered third-sector body")
        PUBLIC = "public", _("Public administration")
        INNOVATIVE = "innovative", _("Other ground set by law")

    version = models.OneToOneField(ProposalVersion, models.PROTECT, null=True, blank=True, related_name="stamp_duty")
    serial_number = models.CharField(_("serial number"), max_length=14, null=True, blank=True, unique=True)
    stamped_on = models.DateField(_("date of the stamp"), null=True, blank=True)
    not_reused = models.BooleanField(default=False)
    exemption = models.CharField(max_length=20, choices=Ground.choices, blank=True)
    exemption_note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(serial_number__isnull=False, stamped_on__isnull=False, not_reused=True, exemption="") | (models.Q(serial_number__isnull=True) & ~models.Q(exemption=""))),
                name="stamp_serial_or_exemption",
                violation_error_message=_("Give the serial number with its date and the declaration of no reuse, or the ground of exemption."),
            )
        ]
