"""Give and take roles; Wagtail's groups follow."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock
from citylab.core.errors import DomainError, NotAllowed

from ..models import Role, RoleGrant, User

# Wagtail knows groups: an editor writes and moderates (never the own submission: cms forbids that).
GROUPS = {Role.EDITOR: ("Editors", "Moderators"), Role.ADMINISTRATOR: ("Administrators",)}


def _check(actor: Any) -> None:
    if actor is not None and not actor.has_perm("accounts.grant_roles"):
        raise NotAllowed("not_allowed", _("Only an administrator gives and takes roles."))


def role_grant(*, user: User, role: str, actor: Any) -> RoleGrant:
    """Give a role; `actor` None is the system (sign-up, demo). Raises NotAllowed for anyone but an administrator."""
    _check(actor)
    with transaction.atomic():
        grant, created = RoleGrant.objects.get_or_create(user=user, role=role, defaults={"granted_by": actor, "granted_at": clock.now()})
        for name in GROUPS.get(Role(role), ()):
            user.groups.add(Group.objects.get_or_create(name=name)[0])
        if created:
            audit.append(case_kind="user", case_id=user.pk, action="grant_role", actor=actor, data={"role": role})
    user.__dict__.pop("_roles", None)
    return grant


def last_administrator_stays(user_id: int) -> None:
    """Raises DomainError("last_administrator") where nobody else would be left to give roles. All who take one away queue up here."""
    administrators = set(RoleGrant.objects.select_for_update().filter(role=Role.ADMINISTRATOR, user__is_active=True).values_list("user_id", flat=True))
    if administrators == {user_id}:
        raise DomainError("last_administrator", _("This is the last administrator: name another one first."))


def roles_set(*, user: User, wanted: set[str], actor: Any) -> None:
    """Give and take roles until the person has just `wanted`. Raises DomainError("last_administrator") where nobody would be left to give roles."""
    with transaction.atomic():
        if Role.ADMINISTRATOR not in wanted:
            last_administrator_stays(user.pk)
        for role in sorted(wanted - user.roles):
            role_grant(user=user, role=role, actor=actor)
        for role in sorted(user.roles - wanted):
            role_revoke(user=user, role=role, actor=actor)


def role_revoke(*, user: User, role: str, actor: Any) -> None:
    """Take a role away."""
    _check(actor)
    with transaction.atomic():
        deleted, _rows = RoleGrant.objects.filter(user=user, role=role).delete()
        for name in GROUPS.get(Role(role), ()):
            user.groups.remove(*Group.objects.filter(name=name))
        if deleted:
            audit.append(case_kind="user", case_id=user.pk, action="revoke_role", actor=actor, data={"role": role})
    user.__dict__.pop("_roles", None)
