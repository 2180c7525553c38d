"""What belongs to a pilot: gates, milestones, indicators, incidents, suspensions, extensions, checks and reports."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from citylab.core.bilingual import Bilingual

from .pilot import Pilot

USER = settings.AUTH_USER_MODEL


class Gate(models.Model):
    """A thing that must be green before a pilot may start."""

    class Kind(models.TextChoices):
        SIGNATURES = "signatures", _("Agreement signed by both")
        PERMITS = "permits", _("Permits")
        INSURANCE = "insurance", _("Insurance")
        FEES = "fees", _("Fees and stamp duty")
        DEPOSIT = "deposit", _("Deposit")
        DPIA = "dpia", _("Data protection impact assessment")
        SLOT = "slot", _("Site booked")

    class State(models.TextChoices):
        RED = "red", _("Missing")
        GREEN = "green", _("In order")
        NOT_NEEDED = "not_needed", _("Not needed")

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="gates")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    result = models.CharField(max_length=20, choices=State.choices, default=State.RED)
    follows_money = models.BooleanField(default=False)  # it is kept in step with what was paid, not set by hand
    note = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["pilot", "kind"], name="gate_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.result}"


class Milestone(models.Model):
    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="milestones")
    title = models.CharField(max_length=200)
    due_on = models.DateField()
    done_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self) -> str:
        return self.title


class Indicator(models.Model):
    """A KPI: baseline, target and, over time, readings."""

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="indicators")
    name_it = models.CharField(max_length=160)
    name_en = models.CharField(max_length=160)
    unit = models.CharField(max_length=20, blank=True)
    baseline = models.DecimalField(max_digits=14, decimal_places=4)
    target = models.DecimalField(max_digits=14, decimal_places=4)
    method = models.CharField(max_length=300, blank=True)
    is_public = models.BooleanField(default=True)

    name = Bilingual("name")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def latest_reading(self) -> "Reading | None":
        """The newest reading; costs no query where the readings were prefetched."""
        readings = list(self.readings.all())
        return readings[-1] if readings else None


class Reading(models.Model):
    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="readings")
    read_on = models.DateField()
    value = models.DecimalField(max_digits=14, decimal_places=4)
    note = models.CharField(max_length=300, blank=True)
    entered_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["read_on", "id"]
        constraints = [models.UniqueConstraint(fields=["indicator", "read_on"], name="reading_once_a_day")]

    def __str__(self) -> str:
        return f"{self.read_on}: {self.value}"


class Incident(models.Model):
    class Severity(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="incidents")
    number = models.PositiveSmallIntegerField()
    happened_at = models.DateTimeField()
    severity = models.CharField(max_length=10, choices=Severity.choices)
    text = models.TextField()
    measures = models.TextField(blank=True)
    reported_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    reported_at = models.DateTimeField()
    settled_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-happened_at"]
        constraints = [models.UniqueConstraint(fields=["pilot", "number"], name="incident_number_once")]

    def __str__(self) -> str:
        return f"{self.number} ({self.severity})"


class Suspension(models.Model):
    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="suspensions")
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, blank=True, related_name="suspensions")
    reason = models.TextField()
    restart_conditions = models.TextField()
    suspended_on = models.DateField()
    restarted_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.suspended_on} – {self.restarted_on or ''}"


class ExtensionRequest(models.Model):
    """A request for new dates, with its own state: never a state of the pilot."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Lapsed")  # the pilot left the site before an answer

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="extension_requests")
    ends_on = models.DateField()
    reason = models.TextField()
    requested_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    result = models.CharField(max_length=20, choices=State.choices, default=State.REQUESTED)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["pilot"], condition=models.Q(result="requested"), name="one_pending_extension")]

    def __str__(self) -> str:
        return f"{self.ends_on}: {self.result}"


class SuspensionRequest(models.Model):
    """The start-up may ask for a suspension; the officer decides."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Lapsed")  # the pilot left the site before an answer

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="suspension_requests")
    reason = models.TextField()
    requested_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    result = models.CharField(max_length=20, choices=State.choices, default=State.REQUESTED)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)  # why it was declined; empty when the suspension itself is the answer

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.requested_at}: {self.result}"


class RestorationCheck(models.Model):
    """The city's look at the site after removal."""

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="restoration_checks")
    checked_on = models.DateField()
    passed = models.BooleanField()
    note = models.TextField(blank=True)
    checked_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.checked_on}: {self.passed}"


class FinalReport(models.Model):
    pilot = models.OneToOneField(Pilot, models.CASCADE, related_name="final_report")
    results = models.TextField()
    lessons = models.TextField()
    next_steps = models.TextField(blank=True)
    submitted_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pilot_id}: {self.submitted_at}"


class PilotNote(models.Model):
    """A message between both sides about the running pilot."""

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="notes")
    author = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField()
    internal = models.BooleanField(default=False)

    class Meta:
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return f"{self.written_at}: {self.author_id}"
