"""The ledger: double entry, only ever added to. The database refuses to change or delete a row (migration 0004)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .cost_rules import Payee


class LedgerTransaction(models.Model):
    """One thing that happened to money. `key` names it, so that it cannot be written twice; its entries sum to zero."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=30)
    pilot = models.UUIDField(db_index=True)
    payee = models.ForeignKey(Payee, models.PROTECT, null=True, related_name="+")  # None: the State
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key


class LedgerEntry(models.Model):
    """A debit (positive) or a credit (negative) of one account."""

    class Account(models.TextChoices):
        RECEIVABLE = "receivable", _("Owed to us")
        CHARGED = "charged", _("Charged, not yet paid")
        PROVIDER = "provider", _("With the provider")
        STAMPS = "stamps", _("Paid with a stamp")
        FEES = "fees", _("Fees")
        DEPOSITS = "deposits", _("Deposits held")
        STAMP_DUTY = "stamp_duty", _("Stamp duty")
        RETAINED = "retained", _("Deposits kept")
        PROVIDER_FEES = "provider_fees", _("The provider's fees")
        REFUNDS = "refunds", _("To be given back")
        BANK = "bank", _("Bank transfers")
        DISPUTED = "disputed", _("Disputed")
        LOSSES = "losses", _("Lost in disputes")

    transaction = models.ForeignKey(LedgerTransaction, models.PROTECT, related_name="entries")
    account = models.CharField(max_length=20, choices=Account.choices)
    charge = models.UUIDField(null=True, db_index=True)
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~models.Q(amount_cents=0), name="ledger_entry_is_a_sum")]
