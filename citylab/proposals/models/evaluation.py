"""Who scores, the score sheets, and the decision."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .procedure import Communication
from .proposal import Proposal
from .submission import ProposalVersion

USER = settings.AUTH_USER_MODEL


class Assignment(models.Model):
    """An evaluator asked to score a proposal; the file stays locked until the conflict declaration is signed."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="assignments")
    evaluator = models.ForeignKey(USER, models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    assigned_at = models.DateTimeField()
    declared_at = models.DateTimeField(null=True, blank=True)
    has_conflict = models.BooleanField(null=True)
    conflict_note = models.TextField(blank=True)
    taken_off_at = models.DateTimeField(null=True, blank=True)  # asked no longer, but confirmed sheets of an earlier version stay on file

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["proposal", "evaluator"], name="evaluator_assigned_once")]


class Evaluation(models.Model):
    """A score sheet about one version; once confirmed it does not change."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="evaluations")
    version = models.ForeignKey(ProposalVersion, models.PROTECT, related_name="evaluations")
    reasons = models.TextField(blank=True)
    saved_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["assignment", "version"], name="one_sheet_per_version")]


class Score(models.Model):
    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="scores")
    criterion = models.CharField(max_length=40)
    value = models.PositiveSmallIntegerField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "criterion"], name="one_score_per_criterion"),
            models.CheckConstraint(condition=models.Q(value__lte=5), name="score_from_zero_to_five"),
        ]


class Decision(models.Model):
    """The determination, adopted outside: its outcome, reasons, conditions, number, date and who signed it."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("Approved")
        APPROVED_WITH_CONDITIONS = "approved_with_conditions", _("Approved with conditions")
        APPROVED_SUBJECT_TO_THIRD_PARTY = "approved_subject_to_third_party", _("Approved subject to a third party")
        REJECTED = "rejected", _("Rejected")
        INADMISSIBLE = "inadmissible", _("Inadmissible")
        REOPENED = "reopened", _("Reopened")

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="decisions")
    version = models.ForeignKey(ProposalVersion, models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=40, choices=Outcome.choices)
    reasons = models.TextField()
    conditions = models.TextField(blank=True)
    third_party = models.CharField(max_length=200, blank=True)
    act_number = models.CharField(max_length=40)
    act_date = models.DateField()
    signed_by = models.CharField(max_length=160)
    decided_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField()
    communication = models.OneToOneField(Communication, models.PROTECT, null=True, related_name="decision")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(outcome="approved_with_conditions") | ~models.Q(conditions=""),
                name="decision_conditions_named",
                violation_error_message=_("Write the conditions."),
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome="approved_subject_to_third_party") | ~models.Q(third_party=""),
                name="decision_third_party_named",
                violation_error_message=_("Name the third party."),
            ),
        ]
