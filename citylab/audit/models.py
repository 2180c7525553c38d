"""The audit trail: one hash chain per case, sealed daily. The database refuses to change or delete a row."""

from django.db import models


class AuditEntry(models.Model):
    """Who did what to a case, from which state to which. Ids, codes and salted digests only: never personal text."""

    id = models.BigAutoField(primary_key=True)
    case_kind = models.CharField(max_length=20)
    case_id = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)  # no constraint: the trail outlives the account
    actor_role = models.CharField(max_length=80, blank=True)
    action = models.CharField(max_length=60)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30, blank=True)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["case_kind", "case_id", "sequence"]
        constraints = [models.UniqueConstraint(fields=["case_kind", "case_id", "sequence"], name="audit_sequence_once")]
        indexes = [models.Index(fields=["at"], name="audit_at")]


class AuditSeal(models.Model):
    """A day's seal over the heads of all chains: a chain cut off at its end, or a whole case gone, breaks it."""

    day = models.DateField(unique=True)
    sealed_at = models.DateTimeField()
    last_entry_id = models.BigIntegerField()
    entries = models.BigIntegerField()
    heads_digest = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["day"]
