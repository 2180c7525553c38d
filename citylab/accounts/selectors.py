"""Who belongs where."""

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Q, QuerySet

from citylab.core import clock

from .models import AccessRequest, Invitation, Membership, Organisation, User


def memberships_of(user: Any) -> dict[Any, str]:
    """Organisation id → role of this person; read once for each user object."""
    if not hasattr(user, "_memberships"):
        user._memberships = dict(Membership.objects.filter(user_id=user.pk).values_list("organisation_id", "role"))
    return user._memberships


def membership_role(user: Any, organisation_id: Any) -> str | None:
    """owner, editor, reader, or None for somebody outside."""
    return memberships_of(user).get(organisation_id) if user.is_authenticated else None


def organisations_of(user: Any) -> QuerySet[Organisation]:
    """The organisations that this person belongs to, by name."""
    return Organisation.objects.filter(memberships__user=user).order_by("legal_name")


def users_with_role(role: str) -> QuerySet[User]:
    """Active people who have a role, by name."""
    return User.objects.filter(is_active=True, role_grants__role=role).order_by("name", "email")


def people_to_write_to() -> QuerySet[User]:
    """Active people who have confirmed the address that their mail goes to."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email__iexact=OuterRef("email"), verified=True)
    return User.objects.filter(Exists(confirmed), is_active=True)


def people_list(*, text: str = "", role: str = "") -> QuerySet[User]:
    """Everybody with an account, by name, with their roles."""
    people = User.objects.prefetch_related("role_grants")
    if role:
        people = people.filter(role_grants__role=role)
    for word in text.split():
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return people.order_by("name", "email")


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    return organisation.memberships.select_related("user").order_by("joined_at")


def invitations_for(user: Any) -> QuerySet[Invitation]:
    """The invitations that wait for this person, found by the e-mail address."""
    waiting = Invitation.objects.filter(email__iexact=user.email, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=clock.now())
    return waiting.select_related("organisation").order_by("invited_at")


def access_requests_for(user: Any) -> QuerySet[AccessRequest]:
    """The requests to join that this person, as an owner, has to answer."""
    owned = [pk for pk, role in memberships_of(user).items() if role == Membership.Role.OWNER]
    return AccessRequest.objects.filter(organisation__in=owned, answered_at__isnull=True).select_related("organisation", "user")


def waiting_access_requests() -> QuerySet[AccessRequest]:
    """All requests to join that nobody has answered, the oldest first, each with whether an active owner could (`has_owner`)."""
    owners = Membership.objects.filter(organisation=OuterRef("organisation"), role=Membership.Role.OWNER, user__is_active=True)
    return AccessRequest.objects.filter(answered_at__isnull=True).select_related("organisation", "user").annotate(has_owner=Exists(owners)).order_by("asked_at")


def pending_access_requests(organisation: Organisation) -> QuerySet[AccessRequest]:
    return organisation.access_requests.filter(answered_at__isnull=True).select_related("user")
