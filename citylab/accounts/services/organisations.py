"""Organisations and who belongs to them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.core.locks import locked

from .. import identifiers
from ..models import AccessRequest, Identifier, Invitation, Membership, Organisation, Role, User
from .roles import role_grant

CASE = "organisation"
INVITATION_DAYS = 14


class IdentifierRegistered(DomainError):
    """The identifier belongs to an organisation that is here already. Nothing of it is disclosed; access can be asked for."""

    def __init__(self) -> None:
        super().__init__("identifier_registered", _("An organisation with this identifier is already registered. You can ask its owners, or an officer, to let you in."))


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    """The profile with its identifiers compact and valid. Raises DomainError named after the field."""
    country = (data.get("country") or "IT").upper()
    values = {
        **data,
        "country": country,
        "vat_number": identifiers.vat_number(data.get("vat_number") or "", country),
        "tax_code": identifiers.tax_code(data.get("tax_code") or "", country),
        "foreign_identifier": identifiers.foreign_identifier(data.get("foreign_identifier") or "") if country != "IT" else "",
    }
    if "representative_tax_code" in data:
        values["representative_tax_code"] = identifiers.personal_tax_code(data["representative_tax_code"] or "", country)
    if country == "IT" and not (values["vat_number"] or values["tax_code"]):
        raise DomainError("vat_number", _("Write the VAT number or the tax code."))
    if country != "IT" and not (values["vat_number"] or values["foreign_identifier"]):
        raise DomainError("foreign_identifier", _("Write the VAT number or the identifier of your country's register."))
    return values


def _with_identifier(data: Mapping[str, Any]) -> QuerySet[Identifier]:
    values = [data[name] for name in ("vat_number", "tax_code", "foreign_identifier") if data.get(name)]
    return Identifier.objects.filter(country=data["country"], value__in=values)


def _identifiers_keep(organisation: Organisation, before: set[tuple[str, str]]) -> None:
    """Take the identifiers that are new; the database refuses one that another organisation has taken, also a moment ago."""
    after = organisation.named_by()
    for country, value in before - after:
        organisation.identifiers.filter(country=country, value=value).delete()
    # In one order for everybody, so that two who take the same pair do not wait for each other.
    Identifier.objects.bulk_create([Identifier(organisation=organisation, country=country, value=value) for country, value in sorted(after - before)])


def organisation_create(*, actor: User, data: Mapping[str, Any]) -> Organisation:
    """Register an organisation; whoever does becomes its owner. `data` holds model fields.

    Raises IdentifierRegistered, or DomainError named after the field that is wrong.
    """
    values = _checked(data)
    if _with_identifier(values).exists():
        raise IdentifierRegistered
    moment = clock.now()
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(**values, created_at=moment, updated_at=moment)
            _identifiers_keep(organisation, set())
            Membership.objects.create(user=actor, organisation=organisation, role=Membership.Role.OWNER, joined_at=moment)
            role_grant(user=actor, role=Role.STARTUP, actor=None)
            audit.append(case_kind=CASE, case_id=organisation.pk, action="create", actor=actor)
            outbox.publish("organisation.updated", organisation.pk)
    except IntegrityError as error:
        raise IdentifierRegistered from error
    _forget(actor)
    return organisation


def organisation_update(*, organisation_id: Any, actor: User, data: Mapping[str, Any], version: int) -> Organisation:
    """Change the profile. Raises Conflict when somebody else saved since `version`, DomainError, NotAllowed, IdentifierRegistered."""
    values = _checked(data)
    try:
        with transaction.atomic():
            organisation = locked(Organisation, organisation_id)
            check_allowed(actor, "accounts.change_organisation_profile", organisation)
            if organisation.version != version:
                raise Conflict("profile_changed", _("A colleague saved this profile meanwhile. What you typed is still here: compare, and save again."))
            before = organisation.named_by()
            changed = [name for name, value in values.items() if getattr(organisation, name) != value]
            for name, value in values.items():
                setattr(organisation, name, value)
            organisation.version += 1
            organisation.updated_at = clock.now()
            organisation.save()
            _identifiers_keep(organisation, before)
            audit.append(case_kind=CASE, case_id=organisation.pk, action="update", actor=actor, data={"fields": changed})
            outbox.publish("organisation.updated", organisation.pk)
    except IntegrityError as error:
        raise IdentifierRegistered from error
    return organisation


def member_invite(*, organisation_id: Any, actor: User, email: str, role: str) -> Invitation:
    """Invite a colleague by mail; the link lasts fourteen days. Raises DomainError("already_member"), NotAllowed."""
    with transaction.atomic():
        organisation = locked(Organisation, organisation_id)
        check_allowed(actor, "accounts.manage_members", organisation)
        if organisation.memberships.filter(user__email__iexact=email).exists():
            raise DomainError("already_member", _("This person already belongs to the organisation."))
        moment = clock.now()
        organisation.invitations.filter(email__iexact=email, accepted_at__isnull=True, revoked_at__isnull=True).update(revoked_at=moment)
        invitation = Invitation.objects.create(
            organisation=organisation, email=email.lower(), role=role, invited_by=actor, invited_at=moment, expires_at=moment + timedelta(days=INVITATION_DAYS)
        )
        audit.append(case_kind=CASE, case_id=organisation.pk, action="invite", actor=actor, data={"invitation": invitation.pk, "role": role})
        outbox.publish("invitation.created", invitation.pk)
    return invitation


def invitation_revoke(*, invitation_id: int, actor: User) -> None:
    """Take an invitation back before it is accepted."""
    with transaction.atomic():
        invitation = locked(Invitation, invitation_id)
        check_allowed(actor, "accounts.manage_members", invitation)
        if invitation.accepted_at is None and invitation.revoked_at is None:
            invitation.revoked_at = clock.now()
            invitation.save(update_fields=["revoked_at"])
            locked(Organisation, invitation.organisation_id)
            audit.append(case_kind=CASE, case_id=invitation.organisation_id, action="revoke_invitation", actor=actor, data={"invitation": invitation.pk})


def invitation_fault(invitation: Invitation, actor: User) -> DomainError | None:
    """Why this person cannot accept an invitation; None where they can."""
    if invitation.accepted_at or invitation.revoked_at:
        return Conflict("invitation_used", _("This invitation has already been used or was taken back."))
    if invitation.expires_at < clock.now():
        return DomainError("invitation_expired", _("This invitation has expired. Ask for a new one."))
    if invitation.email.lower() != actor.email.lower():
        return DomainError("invitation_address", _("This invitation was sent to another e-mail address. Sign in with that one."))
    return None


def invitation_accept(*, token: str, actor: User) -> Membership:
    """Join with the link of an invitation. Raises DomainError("invitation_…") for an unknown, used, expired or somebody else's link."""
    with transaction.atomic():
        found = Invitation.objects.filter(token=token).first()
        if found is None:
            raise DomainError("invitation_unknown", _("This invitation does not exist."))
        invitation = locked(Invitation, found.pk)
        fault = invitation_fault(invitation, actor)
        if fault:
            raise fault
        locked(Organisation, invitation.organisation_id)
        membership, _created = Membership.objects.get_or_create(
            user=actor, organisation_id=invitation.organisation_id, defaults={"role": invitation.role, "joined_at": clock.now()}
        )
        invitation.accepted_at = clock.now()
        invitation.save(update_fields=["accepted_at"])
        role_grant(user=actor, role=Role.STARTUP, actor=None)
        audit.append(case_kind=CASE, case_id=invitation.organisation_id, action="join", actor=actor, data={"invitation": invitation.pk, "role": membership.role})
    _forget(actor)
    return membership


def _other_owner(membership: Membership) -> bool:
    return Membership.objects.filter(organisation_id=membership.organisation_id, role=Membership.Role.OWNER).exclude(pk=membership.pk).exists()


def _last_owner_stays(membership: Membership) -> None:
    if membership.role == Membership.Role.OWNER and not _other_owner(membership):
        raise DomainError("last_owner", _("An organisation always has an owner: make somebody else an owner first."))


def member_role_change(*, membership_id: int, actor: User, role: str) -> Membership:
    """Change a member's role. Raises DomainError("last_owner"), NotAllowed."""
    with transaction.atomic():
        organisation_id = Membership.objects.values_list("organisation_id", flat=True).get(pk=membership_id)
        locked(Organisation, organisation_id)  # all changes of members queue up here, so the last owner is counted truly
        membership = Membership.objects.select_related("user").get(pk=membership_id)
        check_allowed(actor, "accounts.manage_members", membership)
        if role not in Membership.Role.values:
            raise DomainError("role", _("Choose a role."))
        if role != Membership.Role.OWNER:
            _last_owner_stays(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        audit.append(case_kind=CASE, case_id=organisation_id, action="change_role", actor=actor, data={"member": membership.user_id, "from": before, "to": role})
    return membership


def member_remove(*, membership_id: int, actor: User) -> None:
    """Remove a member, or leave oneself. Raises DomainError("last_owner"), NotAllowed."""
    with transaction.atomic():
        found = Membership.objects.filter(pk=membership_id).first()
        if found is None:
            raise Conflict("not_a_member", _("This person no longer belongs to the organisation."))
        organisation = locked(Organisation, found.organisation_id)
        membership = Membership.objects.filter(pk=membership_id).first()
        if membership is None:
            raise Conflict("not_a_member", _("This person no longer belongs to the organisation."))
        own = membership.user_id == actor.pk
        if not own:
            still = Membership.objects.filter(user_id=actor.pk, organisation=organisation).values_list("role", flat=True).first()
            if still != Membership.Role.OWNER:
                raise NotAllowed("not_allowed", _("Only an owner manages the members."))
        _last_owner_stays(membership)
        audit.append(case_kind=CASE, case_id=organisation.pk, action="leave" if own else "remove_member", actor=actor, data={"member": membership.user_id})
        membership.delete()
    _forget(actor)


def access_request_create(*, actor: User, data: Mapping[str, Any], message: str) -> None:
    """Ask the owners of whatever organisation has these identifiers; the answer says the same whether there is one or not."""
    values = _checked(data)
    with transaction.atomic():
        found = _with_identifier(values).exclude(organisation__memberships__user=actor).select_related("organisation").order_by("pk").first()
        if found is None:
            return
        organisation = found.organisation
        request, created = AccessRequest.objects.get_or_create(
            organisation=organisation, user=actor, answered_at=None, defaults={"message": message.strip()[:1000], "asked_at": clock.now()}
        )
        if created:
            locked(Organisation, organisation.pk)
            audit.append(case_kind=CASE, case_id=organisation.pk, action="ask_access", actor=actor, data={"request": request.pk})
            outbox.publish("access_request.created", request.pk)


def access_request_answer(*, request_id: int, actor: User, accept: bool) -> AccessRequest:
    """Let the person in as a reader, or not. Raises Conflict when answered before."""
    with transaction.atomic():
        request = locked(AccessRequest, request_id)
        check_allowed(actor, "accounts.answer_access_request", request)
        if request.answered_at:
            raise Conflict("answered", _("This request has already been answered."))
        locked(Organisation, request.organisation_id)
        request.answered_at, request.answered_by, request.accepted = clock.now(), actor, accept
        request.save()
        if accept:
            Membership.objects.get_or_create(user=request.user, organisation_id=request.organisation_id, defaults={"role": Membership.Role.READER, "joined_at": clock.now()})
        audit.append(case_kind=CASE, case_id=request.organisation_id, action="answer_access", actor=actor, data={"request": request.pk, "accepted": accept})
        outbox.publish("access_request.answered", request.pk)
    return request


def _forget(user: User) -> None:
    """The memberships that the user object remembers are stale."""
    user.__dict__.pop("_memberships", None)
