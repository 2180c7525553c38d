"""How charges are paid: checkouts at a provider, the money that came, what goes back, what the providers told us, and receipts."""

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from citylab.pilots.models import Pilot

from ..workflow import CheckoutWorkflow, RefundWorkflow
from .charges import Charge
from .cost_rules import Payee

USER = settings.AUTH_USER_MODEL


class Checkout(CheckoutWorkflow):
    """One attempt to pay some charges of one payee. It is written before the provider is asked; its id is our identifier there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="checkouts")
    payee = models.ForeignKey(Payee, models.PROTECT, null=True, blank=True, related_name="checkouts")
    provider = models.CharField(max_length=10)
    account = models.CharField(max_length=40, blank=True)  # the payee's connected account at that time
    external_id = models.CharField(max_length=100, blank=True)  # empty until the provider has answered
    url = models.URLField(max_length=2000, blank=True)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    language = models.CharField(max_length=2)
    opened_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)  # when the provider was last asked to open or close it
    trouble = models.CharField(max_length=300, blank=True)  # what the provider said the last time it refused

    class Meta:
        ordering = ["opened_at"]
        constraints = [models.UniqueConstraint(fields=["provider", "account", "external_id"], condition=~models.Q(external_id=""), name="checkout_external_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.amount_cents} {self.state}"


class CheckoutLine(models.Model):
    checkout = models.ForeignKey(Checkout, models.PROTECT, related_name="lines")
    charge = models.ForeignKey(Charge, models.PROTECT, related_name="checkout_lines")
    amount_cents = models.PositiveBigIntegerField()
    is_open = models.BooleanField(default=True)  # while this checkout may still pay the charge

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["charge"], condition=models.Q(is_open=True), name="charge_in_one_checkout")]


class Payment(models.Model):
    """Money that arrived, as the provider says."""

    checkout = models.ForeignKey(Checkout, models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=10)
    account = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=100)
    amount_cents = models.PositiveBigIntegerField()
    fee_cents = models.PositiveBigIntegerField(null=True, blank=True)  # what the provider kept of it
    disputed = models.CharField(max_length=10, blank=True)  # providers.DisputeStatus
    disputed_cents = models.PositiveBigIntegerField(default=0)  # what was taken back when the dispute was opened
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["provider", "account", "external_id"], name="payment_once")]

    def __str__(self) -> str:
        return f"{self.external_id} {self.amount_cents}"


class Allocation(models.Model):
    """Which charge a payment paid. Each charge is paid once; money that finds none is a refund owed."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="allocations")
    charge = models.OneToOneField(Charge, models.PROTECT, related_name="allocation")
    amount_cents = models.PositiveBigIntegerField()


class Refund(RefundWorkflow):
    """Money that goes back. Its id is our identifier at the provider; no two of them ever exceed what was paid."""

    class Reason(models.TextChoices):
        DEPOSIT = "deposit", _("Deposit released")
        DATES = "dates", _("Less is due for the new dates")
        TWICE = "twice", _("Paid twice")
        NOT_DUE = "not_due", _("Paid when it was no longer due")
        AMOUNT = "amount", _("Another amount than the one asked for")
        OFFICE = "office", _("Decided by the office")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, blank=True, related_name="refunds")  # None: money that paid no charge
    amount_cents = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.CharField(max_length=600, blank=True)
    external_id = models.CharField(max_length=100, blank=True)
    owed_at = models.DateTimeField()
    owed_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    came_back = models.PositiveSmallIntegerField(default=0)  # how often the provider gave it back and then could not after all
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)  # the provider's word for why it refused
    # A bank transfer that takes the place of a refund.
    account_holder = models.CharField(max_length=160, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    transfer_reference = models.CharField(max_length=60, blank=True)
    transferred_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["owed_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="refund_is_a_sum"),
            models.UniqueConstraint(fields=["payment", "external_id"], condition=~models.Q(external_id=""), name="refund_external_once"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_cents} {self.state}"


class ProviderEvent(models.Model):
    """What a provider told us, stored once before anything is done about it."""

    class Outcome(models.TextChoices):
        ACTED = "acted", _("Looked up and brought into step")
        UNKNOWN_KIND = "unknown_kind", _("Of no use to us")
        UNKNOWN_OBJECT = "unknown_object", _("About something that we do not know")
        WRONG_MODE = "wrong_mode", _("From the other mode (test or live)")

    provider = models.CharField(max_length=10)
    account = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=20, blank=True)
    object_id = models.CharField(max_length=100, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    payment_id = models.CharField(max_length=100, blank=True)
    live = models.BooleanField()
    created_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["provider", "account", "external_id"], name="provider_event_once")]
        indexes = [models.Index(fields=["handled_at", "next_attempt_at"], name="provider_event_due")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.external_id}"


class ReceiptCounter(models.Model):
    """The last receipt number given in a year in the name of a payee; its row is locked while the next is taken, so numbers have no gaps."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payee", "year"], name="receipt_counter_once")]


class Receipt(models.Model):
    """That a payee got some money, as it stood on that day. Not an invoice."""

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="receipt")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="receipts")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=2)
    issued_at = models.DateTimeField()
    stamp_cents = models.PositiveIntegerField(default=0)  # stamp duty on the receipt itself
    data = models.JSONField(encoder=DjangoJSONEncoder)  # payer, payee, lines, method: as they stood

    class Meta:
        ordering = ["payee", "year", "number"]
        constraints = [models.UniqueConstraint(fields=["payee", "year", "number"], name="receipt_number_once")]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"
