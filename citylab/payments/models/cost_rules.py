"""What a pilot costs: the rules that say so, who is owed, and who is exempt. Editors keep them; each saved change is a version of its own."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from citylab.accounts.identifiers import tax_code
from citylab.accounts.models import Organisation
from citylab.core.bilingual import Bilingual
from citylab.core.errors import DomainError
from citylab.testbeds.models import Site


class Payee(models.Model):
    """To whom a sum is owed, with the data that go on its papers, how it is paid, and how it treats VAT."""

    class Provider(models.TextChoices):
        ONLINE = "online", _("Online: card, bank, wallet")
        NOTICE = "notice", _("pagoPA notice")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_it = models.CharField(_("name (Italian)"), max_length=160)
    name_en = models.CharField(_("name (English)"), max_length=160)
    tax_code = models.CharField(_("tax code or VAT number"), max_length=16, blank=True, help_text=_("May be missing only while the payee is assumed."))
    address = models.CharField(_("address"), max_length=200, blank=True)
    fee_vat_it = models.CharField(_("VAT on fees (Italian)"), max_length=200, help_text=_("As it stands on every line that is owed to this payee."))
    fee_vat_en = models.CharField(_("VAT on fees (English)"), max_length=200)
    deposit_vat_it = models.CharField(_("VAT on deposits (Italian)"), max_length=200)
    deposit_vat_en = models.CharField(_("VAT on deposits (English)"), max_length=200)
    assumed = models.BooleanField(_("assumed, to be confirmed"), default=False)
    provider = models.CharField(
        _("how it is paid"), max_length=10, choices=Provider.choices, default=Provider.ONLINE,
        help_text=_("What is owed to a public administration itself is paid by pagoPA notice (D.Lgs. 82/2005, art. 5)."),
    )  # fmt: skip
    account = models.CharField(
        _("connected account"), max_length=40, blank=True, validators=[RegexValidator(r"^acct_[A-Za-z0-9]+$", _("A connected account looks like acct_1A2b3C."))],
        help_text=_("The payee's own account at the online provider, if it has one. Empty: the money goes to the account of the platform."),
    )  # fmt: skip

    fees_with_vat = models.BooleanField(
        _("VAT is charged on fees"), default=False, help_text=_("What is subject to VAT does not count towards the stamp duty on receipts (DPR 642/1972, table B, art. 6).")
    )
    stamp_exempt_by = models.CharField(
        _("receipts exempt from stamp duty by"), max_length=200, blank=True,
        help_text=_("The law that frees this payee's receipts, such as D.Lgs. 117/2017, art. 82, c. 5 for third-sector bodies. Empty: stamp duty is due as for anyone."),
    )  # fmt: skip

    name = Bilingual("name")

    class Meta:
        verbose_name = _("payee")
        verbose_name_plural = _("payees")
        ordering = ["name_it"]

    def __str__(self) -> str:
        return str(self.name)

    def clean(self) -> None:
        if self.account and self.provider == self.Provider.NOTICE:
            raise ValidationError({"account": _("Who is paid by notice has no account at the online provider: leave it empty.")})
        try:
            self.tax_code = tax_code(self.tax_code, "IT")
        except DomainError as error:
            raise ValidationError({"tax_code": str(error)}) from error
        if not self.tax_code and not self.assumed:
            raise ValidationError({"tax_code": _("A payee that is not assumed has a tax code.")})


class Rule(models.Model):
    """What all rules have in common. On one site at most one rule of a kind is in force on any day: the database refuses two
    (an exclusion constraint on PostgreSQL, triggers on SQLite: migration 0002)."""

    class Kind(models.TextChoices):
        AREA_FEE = "area_fee", _("Fee by area and time")
        FLAT_FEE = "flat_fee", _("Flat fee")
        DEPOSIT = "deposit", _("Deposit")
        EXEMPTION = "exemption", _("Exemption")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, verbose_name=_("site"), related_name="cost_rules")
    payee = models.ForeignKey(Payee, models.PROTECT, null=True, blank=True, verbose_name=_("payee"), related_name="rules")
    name_it = models.CharField(_("name (Italian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    text_it = models.TextField(_("text (Italian)"), max_length=600, help_text=_("The rule in plain words, as people read it beside each amount."))
    text_en = models.TextField(_("text (English)"), max_length=600)
    act = models.CharField(_("act"), max_length=200, help_text=_("The act that sets it, with number and date: “Council resolution 12/2027 of 3 March 2027”."))
    valid_from = models.DateField(_("first day of validity"))
    valid_until = models.DateField(
        _("last day of validity"), null=True, blank=True, help_text=_("Empty: until further notice. A new tariff is a new rule; this one gets its last day.")
    )
    source = models.CharField(_("source"), max_length=120, blank=True)
    assumed = models.BooleanField(_("assumed, to be confirmed"), default=False, help_text=_("Amounts that come from it are shown as “to be confirmed”."))
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)  # counts saved changes; zero before the first

    name = Bilingual("name")
    text = Bilingual("text")

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["site__name_it", "kind", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=models.F("valid_from")),
                name="rule_ends_after_start",
                violation_error_message=_("The last day of validity comes before the first."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="exemption", site__isnull=True, payee__isnull=True)
                | (~models.Q(kind="exemption") & models.Q(site__isnull=False, payee__isnull=False)),
                name="rule_has_site_and_payee",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["area_fee", "flat_fee", "deposit", "exemption"]), name="rule_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.site.name}" if self.site else str(self.name)

    def clean(self) -> None:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValidationError({"valid_until": _("The last day of validity comes before the first.")})

    def needs(self, *fields: str) -> None:
        """Raises ValidationError beside each of these fields that is empty."""
        empty = {field: _("This kind of rule needs it.") for field in fields if getattr(self, field) is None}
        if empty:
            raise ValidationError(empty)

    def has_no(self, *fields: str) -> None:
        """Raises ValidationError beside each of these fields that says something."""
        given = {field: _("This kind of rule has none: leave it empty.") for field in fields if getattr(self, field)}
        if given:
            raise ValidationError(given)


def _limits(record: Any) -> None:
    if record.minimum_cents is not None and record.maximum_cents is not None and record.maximum_cents < record.minimum_cents:
        raise ValidationError({"maximum_cents": _("The maximum is lower than the minimum.")})


# Wide enough for any tariff, and so narrow that no sum outgrows a column of cents.
RATES = [MinValueValidator(0), MaxValueValidator(10_000)]
FACTORS = [MinValueValidator(0), MaxValueValidator(100)]
DUE_HELP = _("Days before the first day on site. Zero: by that day.")


class FeeRule(Rule):
    """What the use of a site costs: area × days × rate × the factor of its zone or road class, or a flat sum for each pilot."""

    rate = models.DecimalField(_("rate in euro, for each square metre and day"), max_digits=10, decimal_places=5, null=True, blank=True, validators=RATES)
    zone_it = models.CharField(_("zone or road class (Italian)"), max_length=120, blank=True)
    zone_en = models.CharField(_("zone or road class (English)"), max_length=120, blank=True)
    coefficient = models.DecimalField(_("factor of the zone or road class"), max_digits=6, decimal_places=3, default=1, validators=FACTORS)
    free_days = models.PositiveSmallIntegerField(_("free days"), default=0, help_text=_("The first days on site, for which nothing is owed."))
    flat_cents = models.PositiveBigIntegerField(_("flat sum"), null=True, blank=True)
    minimum_cents = models.PositiveBigIntegerField(_("minimum"), null=True, blank=True)
    maximum_cents = models.PositiveBigIntegerField(_("maximum"), null=True, blank=True)
    due_days_before = models.PositiveSmallIntegerField(_("due, in days"), default=0, help_text=DUE_HELP)

    zone = Bilingual("zone")

    class Meta:
        verbose_name = _("fee")
        verbose_name_plural = _("fees")

    def clean(self) -> None:
        super().clean()
        if self.kind == Rule.Kind.AREA_FEE:
            self.needs("rate")
            self.has_no("flat_cents")
        elif self.kind == Rule.Kind.FLAT_FEE:
            self.needs("flat_cents")
            self.has_no("rate", "zone_it", "zone_en", "free_days", "minimum_cents", "maximum_cents")
        if bool(self.zone_it) != bool(self.zone_en):
            raise ValidationError({"zone_en" if self.zone_it else "zone_it": _("Write it in both languages.")})
        _limits(self)


class DepositRule(Rule):
    """What is paid in before the start and comes back after the place has been given back: a fixed sum, or a share of the declared cost of dismantling."""

    fixed_cents = models.PositiveBigIntegerField(_("fixed sum"), null=True, blank=True)
    share_percent = models.DecimalField(
        _("share of the declared cost of dismantling, in per cent"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(200)],
    )
    minimum_cents = models.PositiveBigIntegerField(_("minimum"), null=True, blank=True)
    maximum_cents = models.PositiveBigIntegerField(_("maximum"), null=True, blank=True)
    due_days_before = models.PositiveSmallIntegerField(_("due, in days"), default=0, help_text=DUE_HELP)
    returned_within_days = models.PositiveSmallIntegerField(
        _("given back within, in days"), default=30, help_text=_("Days after the check that the place was left as it was.")
    )

    class Meta:
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")

    def clean(self) -> None:
        super().clean()
        if (self.fixed_cents is None) == (self.share_percent is None):
            raise ValidationError({"fixed_cents": _("Write either a fixed sum or a share of the cost of dismantling.")})
        if self.fixed_cents is not None:
            self.has_no("minimum_cents", "maximum_cents")
        _limits(self)


class Exemption(Rule):
    """Who owes no fee or no deposit, and by which act. An empty list means all of them. Stamp duty is the State's: no act of the city touches it."""

    class Subject(models.TextChoices):
        FEE = "fee", _("Fees")
        DEPOSIT = "deposit", _("Deposits")

    subjects = models.JSONField(_("what it exempts from"), default=list)
    applicant_kinds = models.JSONField(_("kinds of applicant"), default=list, blank=True)
    challenges = models.ManyToManyField("challenges.Challenge", verbose_name=_("challenges"), blank=True, related_name="+")
    sites = models.ManyToManyField(Site, verbose_name=_("sites"), blank=True, related_name="+")

    class Meta:
        verbose_name = _("exemption")
        verbose_name_plural = _("exemptions")

    def clean(self) -> None:
        super().clean()
        if not self.subjects or set(self.subjects) - set(self.Subject.values):
            raise ValidationError({"subjects": _("Choose at least one.")})
        if set(self.applicant_kinds) - set(Organisation.Kind.values):
            raise ValidationError({"applicant_kinds": _("Choose from the list.")})


class RuleVersion(models.Model):
    """A rule as it was saved once. Never changed: the database refuses it (migration 0002)."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    data = models.JSONField(encoder=DjangoJSONEncoder)
    saved_by = models.BigIntegerField(null=True)  # no constraint: erasing a person must not touch the row
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["rule", "number"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_number_once")]
