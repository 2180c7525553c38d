"""People, their roles, and the organisations they act for."""

import secrets
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from citylab.core import clock


class Role(models.TextChoices):
    STARTUP = "startup", _("Start-up")
    OFFICER = "officer", _("Officer")
    EVALUATOR = "evaluator", _("Evaluator")
    DEPARTMENT = "department", _("Department")
    EDITOR = "editor", _("Editor")
    ADMINISTRATOR = "administrator", _("Administrator")


# Everyone who acts for the city: these need a second factor.
DESK_ROLES = frozenset({Role.OFFICER, Role.EVALUATOR, Role.DEPARTMENT, Role.ADMINISTRATOR})
CITY_ROLES = DESK_ROLES | {Role.EDITOR}


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, is_staff=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=160, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=[("it", _("Italian")), ("en", _("English"))], default="it")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once", violation_error_message=_("This e-mail address is already registered."))]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email

    @property
    def roles(self) -> frozenset[str]:
        """The codes of this person's roles; read once for each object."""
        if not hasattr(self, "_roles"):
            self._roles = frozenset(self.role_grants.values_list("role", flat=True))
        return self._roles

    def has_role(self, role: str) -> bool:
        return str(role) in self.roles

    @property
    def is_city(self) -> bool:
        """Acts for the city, in any role."""
        return bool(self.roles & CITY_ROLES) or self.is_superuser

    @property
    def works_at_desk(self) -> bool:
        return bool(self.roles & DESK_ROLES)


class RoleGrant(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    granted_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_once")]


class Organisation(models.Model):
    """The applicant, kept once and reused in every proposal."""

    class Kind(models.TextChoices):
        STARTUP = "startup", _("Start-up")
        SME = "sme", _("Small or medium enterprise")
        LARGE = "large", _("Large enterprise")
        RESEARCH = "research", _("University or research body")
        NONPROFIT = "nonprofit", _("Third-sector body")
        PUBLIC = "public", _("Public body")
        PARTNERSHIP = "partnership", _("Partnership")

    class Size(models.TextChoices):
        MICRO = "micro", _("Micro (fewer than 10 people)")
        SMALL = "small", _("Small (10 to 49 people)")
        MEDIUM = "medium", _("Medium (50 to 249 people)")
        LARGE = "large", _("Large (250 people or more)")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    legal_name = models.CharField(_("legal name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    legal_form = models.CharField(_("legal form"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, default="IT")
    vat_number = models.CharField(_("VAT number (P.IVA)"), max_length=20, blank=True)
    tax_code = models.CharField(_("tax code (codice fiscale)"), max_length=16, blank=True)
    foreign_identifier = models.CharField(_("foreign identifier"), max_length=40, blank=True)
    rea = models.CharField(_("REA number"), max_length=20, blank=True)
    pec = models.EmailField(_("PEC"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    website = models.URLField(_("website"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    town = models.CharField(_("town"), max_length=80, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    size = models.CharField(_("size"), max_length=10, choices=Size.choices, blank=True)
    innovative_startup = models.BooleanField(_("innovative start-up (special section of the register)"), default=False)
    impact_startup = models.BooleanField(_("impact start-up"), default=False)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    language = models.CharField(_("language of the description"), max_length=2, choices=[("it", _("Italian")), ("en", _("English"))], default="it")
    description = models.TextField(_("what the organisation does"), max_length=2000, blank=True)
    # Codes of the taxonomy, which stands above this room.
    sector_codes = models.JSONField(_("sectors"), default=list, blank=True)
    technology_codes = models.JSONField(_("technologies"), default=list, blank=True)
    representative_name = models.CharField(_("legal representative"), max_length=160, blank=True)
    representative_role = models.CharField(_("role of the representative"), max_length=80, blank=True)
    representative_tax_code = models.CharField(_("tax code of the representative"), max_length=16, blank=True)
    representative_email = models.EmailField(_("e-mail of the representative"), blank=True)
    test_manager_name = models.CharField(_("test manager"), max_length=160, blank=True)
    test_manager_email = models.EmailField(_("e-mail of the test manager"), blank=True)
    test_manager_phone = models.CharField(_("telephone of the test manager"), max_length=40, blank=True)
    is_demo = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["legal_name"]
        constraints = [
            models.UniqueConstraint(fields=["country", "vat_number"], condition=~models.Q(vat_number=""), name="organisation_vat_once", violation_error_message=_("This identifier is already registered.")),
            models.UniqueConstraint(fields=["country", "tax_code"], condition=~models.Q(tax_code=""), name="organisation_tax_code_once", violation_error_message=_("This identifier is already registered.")),
            models.UniqueConstraint(
                fields=["country", "foreign_identifier"], condition=~models.Q(foreign_identifier=""), name="organisation_foreign_once", violation_error_message=_("This identifier is already registered.")
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name

    def named_by(self) -> set[tuple[str, str]]:
        """The identifiers that it has, each once, with their country."""
        return {(self.country, value) for value in (self.vat_number, self.tax_code, self.foreign_identifier) if value}


class Identifier(models.Model):
    """A number that names an organisation, whichever field it was written in: a company's tax code is as a rule its VAT number."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="identifiers")
    country = models.CharField(max_length=2)
    value = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "value"], name="identifier_once", violation_error_message=_("This identifier is already registered."))
        ]


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        EDITOR = "editor", _("Editor")
        READER = "reader", _("Reader")

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    joined_at = models.DateTimeField()

    class Meta:
        ordering = ["joined_at"]
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_once")]


def new_token() -> str:
    return secrets.token_urlsafe(32)


class Invitation(models.Model):
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Membership.Role.choices)
    token = models.CharField(max_length=60, unique=True, default=new_token)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-invited_at"]


class AccessRequest(models.Model):
    """Somebody gave an identifier that is already registered and asks its owners, or an officer, to be let in."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="access_requests")
    user = models.ForeignKey(User, models.CASCADE, related_name="access_requests")
    message = models.TextField(max_length=1000, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    accepted = models.BooleanField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [models.UniqueConstraint(fields=["organisation", "user"], condition=models.Q(answered_at__isnull=True), name="access_request_once")]
