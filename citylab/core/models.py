"""The outbox: what must happen outside the database, written in the same transaction as the fact itself."""

from django.db import models


class OutboxMessage(models.Model):
    """A published fact. `key` names the record, `payload` holds ids and codes only."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    key = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="outbox_due", condition=models.Q(done_at__isnull=True, failed_at__isnull=True)),
            models.Index(fields=["key", "topic"], name="outbox_key_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.topic} {self.key}"


class OutboxDelivery(models.Model):
    """One consumer's effect of one message: the row exists exactly when the effect does, because both commit together."""

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="deliveries")
    consumer = models.CharField(max_length=160)
    done_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "consumer"], name="outbox_effect_once")]
