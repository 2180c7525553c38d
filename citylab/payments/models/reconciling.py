"""What each comparison of our records with the providers' found."""

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class ReconcileRun(models.Model):
    """One comparison over a period, and of everything that is still open."""

    first = models.DateField()
    last = models.DateField()
    repairs = models.BooleanField()  # whether it was to mend what is safe to mend
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")  # None: the clock, or the command line
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)  # None: it broke off, so what it did not find means nothing
    compared = models.PositiveIntegerField(default=0)  # checkouts that both sides were asked about

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"


class Difference(models.Model):
    """One thing that the two sides, or our records and the ledger, do not agree on. `code` is one of reconciling.CAUSES."""

    run = models.ForeignKey(ReconcileRun, models.CASCADE, related_name="differences")
    code = models.CharField(max_length=40)
    provider = models.CharField(max_length=10, blank=True)  # "": within our own books
    account = models.CharField(max_length=40, blank=True)
    pilot = models.UUIDField(null=True, blank=True)
    data = models.JSONField(encoder=DjangoJSONEncoder)  # the ids and sums that it is about
    is_repairable = models.BooleanField()
    is_repaired = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.code} {self.data}"

    @property
    def ids(self) -> list[tuple[str, Any]]:
        """What it is about, without the sums and the states."""
        return [(name, value) for name, value in self.data.items() if name in ("checkout", "external_id", "payment", "refund", "charge", "event", "key") and value]
