"""What our own two providers keep, as a provider of the outside world keeps it in a house of its own: nothing else reads these tables."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class SandboxCheckout(models.Model):
    """A checkout at the test provider, whose page lets somebody choose how the payment ends."""

    external_id = models.CharField(max_length=40, unique=True)
    reference = models.CharField(max_length=64, unique=True)
    account = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=12)  # providers.CheckoutStatus
    amount_cents = models.PositiveBigIntegerField()
    items = models.JSONField(encoder=DjangoJSONEncoder)  # [[name, cents]]
    payee_name = models.CharField(max_length=160)
    language = models.CharField(max_length=2)
    success_url = models.CharField(max_length=500)
    cancel_url = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    fee_cents = models.PositiveBigIntegerField(default=0)
    disputed = models.CharField(max_length=10, blank=True)
    refuses_refunds = models.BooleanField(default=False)
    refunds = models.JSONField(default=list)  # [{id, reference, amount_cents, status, reason}]
    told = models.JSONField(default=list, encoder=DjangoJSONEncoder)  # the events that it told us, or should have: [providers.Event as values]

    class Meta:
        ordering = ["id"]


class Notice(models.Model):
    """A payment notice in the manner of pagoPA: whoever owes pays it where they like, and the receipt comes later."""

    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CLOSED = "closed"

    number = models.CharField(max_length=18, unique=True)
    reference = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    amount_cents = models.PositiveBigIntegerField()
    items = models.JSONField(encoder=DjangoJSONEncoder)  # [[name, cents]]
    payee_name = models.CharField(max_length=160)
    payee_tax_code = models.CharField(max_length=16, blank=True)
    language = models.CharField(max_length=2)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class NoticeReceipt(models.Model):
    """That a notice was paid (ricevuta telematica), as an officer recorded it or a file brought it; twice paid, two receipts."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="receipts")
    receipt_id = models.CharField(max_length=40, unique=True)  # the payment's own identifier (IUR)
    amount_cents = models.PositiveBigIntegerField()
    paid_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
