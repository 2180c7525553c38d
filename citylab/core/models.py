"""The outbox: facts that services published, and which consumer has dealt with them."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

PENDING = models.Q(done_at__isnull=True, failed_at__isnull=True)


class OutboxMessage(models.Model):
    """A fact, written in the transaction that made it true."""

    topic = models.CharField(max_length=80)
    key = models.CharField(max_length=64)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)  # empty: at once
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=PENDING, name="outbox_due"),
            models.Index(fields=["key", "id"], name="outbox_by_record"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key} #{self.pk}"

    @property
    def told(self) -> dict[str, Any]:
        """What its consumers get: the payload, and which fact it was ("topic", and "message", which is another each time)."""
        return {**self.payload, "topic": self.topic, "message": self.pk}


class OutboxDelivery(models.Model):
    """A consumer has dealt with a message: written in the same transaction as its effects."""

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="deliveries")
    consumer = models.CharField(max_length=200)
    done_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "consumer"], name="outbox_once_per_consumer")]
