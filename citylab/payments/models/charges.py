"""What a pilot owes, line by line, each with the rule that made it; and what was decided on its deposit."""

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from citylab.pilots.models import Pilot
from citylab.proposals.models import StampDuty

from ..workflow import ChargeWorkflow
from .cost_rules import Payee, RuleVersion

USER = settings.AUTH_USER_MODEL


class Charge(ChargeWorkflow):
    """One sum owed for a pilot. What stands on it never changes: its rule's text, version, act and arithmetic are copied when it is made."""

    class Kind(models.TextChoices):
        FEE = "fee", _("Fee")
        DEPOSIT = "deposit", _("Deposit")
        STAMP_DUTY = "stamp_duty", _("Stamp duty")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="charges")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    payee = models.ForeignKey(Payee, models.PROTECT, null=True, blank=True, related_name="charges")  # None: the State, for stamp duty
    rule_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="charges")  # None: the law itself
    # arithmetic.Line as it was: label, text, period, act, steps, due, returns, payee (with its VAT treatment), assumed, exempt_by.
    line = models.JSONField(encoder=DjangoJSONEncoder)
    part = models.CharField(max_length=60)  # which part of what the pilot owes: rule and first day, or which stamp duty; charged once
    amount_cents = models.PositiveBigIntegerField(_("amount"))  # zero where an exemption frees it, which the charge then names
    currency = models.CharField(max_length=3, default="EUR")
    due_on = models.DateField(_("due on"), null=True, blank=True, db_index=True)
    made_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    # How an unpaid charge ended: the act and the reason of a waiver, or why it is no longer due.
    waived_act = models.CharField(_("act"), max_length=200, blank=True)
    ended_reason = models.CharField(max_length=600, blank=True)
    ended_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    # A stamp duty that was paid with a stamp.
    stamp = models.OneToOneField(StampDuty, models.PROTECT, null=True, blank=True, related_name="charge")

    class Meta:
        ordering = ["pilot", "due_on", "made_at", "part"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="stamp_duty", payee__isnull=True) | (~models.Q(kind="stamp_duty") & models.Q(payee__isnull=False)),
                name="charge_has_payee",
            ),
            models.UniqueConstraint(fields=["pilot", "part"], condition=~models.Q(state="withdrawn"), name="charge_made_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents} {self.state}"


class DepositDecision(models.Model):
    """What an officer decided on a deposit after the check of the place: how much of it goes back now, and why the rest does not."""

    charge = models.ForeignKey(Charge, models.PROTECT, related_name="decisions")
    released_cents = models.PositiveBigIntegerField()
    kept_cents = models.PositiveBigIntegerField()  # what stays after this decision
    reasons = models.TextField(blank=True)
    decided_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField()
    answer = models.TextField(blank=True)  # the start-up's
    answered_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    documents = models.ManyToManyField("proposals.Attachment", related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=models.Q(kept_cents=0) | ~models.Q(reasons=""), name="kept_with_reasons")]

    def __str__(self) -> str:
        return f"{self.charge_id}: {self.released_cents}"
