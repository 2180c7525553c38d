"""The audit trail: rows that are only ever added. The database itself refuses to change or delete them (see triggers)."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class AuditEntry(models.Model):
    """Who did what to a case. Ids, codes and salted digests only, never a person's words, so that erasing a person breaks nothing."""

    case_kind = models.CharField(max_length=40)
    case_id = models.CharField(max_length=64)
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)  # no constraint: the trail outlives the person
    actor_role = models.CharField(max_length=80, blank=True)
    action = models.CharField(max_length=60)
    from_state = models.CharField(max_length=40, blank=True)
    to_state = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["case_kind", "case_id", "sequence"]
        constraints = [models.UniqueConstraint(fields=["case_kind", "case_id", "sequence"], name="audit_sequence_once")]

    def __str__(self) -> str:
        return f"{self.case_kind} {self.case_id} #{self.sequence}"


class AuditSeal(models.Model):
    """The day's seal: the heads of all chains that grew since the seal before, which it is chained to."""

    day = models.DateField(unique=True)
    heads = models.JSONField(default=dict)  # {case_kind: {case_id: [sequence, hash]}}
    entries = models.PositiveBigIntegerField()  # rows of the whole trail at that moment
    last_entry = models.PositiveBigIntegerField()  # id of the newest of them, 0 for an empty trail
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
