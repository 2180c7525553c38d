"""Predicates about people: their role for the city and their place in an organisation."""

from typing import Any

import rules

from .models import Membership, Organisation, Role
from .selectors import membership_role


def has_role(role: str) -> Any:
    """A predicate: the person has this role."""

    @rules.predicate(f"has_role:{role}")
    def check(user: Any) -> bool:
        return bool(user.is_authenticated and user.has_role(role))

    return check


is_officer = has_role(Role.OFFICER)
is_evaluator = has_role(Role.EVALUATOR)
is_department = has_role(Role.DEPARTMENT)
is_editor = has_role(Role.EDITOR)
is_administrator = has_role(Role.ADMINISTRATOR)


def organisation_role(*wanted: str) -> Any:
    """A predicate over an organisation, or over anything with `organisation_id`: the person has one of these roles in it."""

    @rules.predicate("organisation_role:" + "|".join(wanted))
    def check(user: Any, record: Any) -> bool:
        organisation_id = record.pk if isinstance(record, Organisation) else record.organisation_id
        return bool(user.is_authenticated and membership_role(user, organisation_id) in wanted)

    return check


is_owner = organisation_role(Membership.Role.OWNER)
can_write_for = organisation_role(Membership.Role.OWNER, Membership.Role.EDITOR)
is_member = organisation_role(*Membership.Role.values)

rules.add_perm("accounts.view_organisation_profile", is_member | is_officer | is_administrator)
rules.add_perm("accounts.change_organisation_profile", can_write_for)
rules.add_perm("accounts.write_for_organisation", can_write_for)
rules.add_perm("accounts.manage_members", is_owner)
rules.add_perm("accounts.answer_access_request", is_owner | is_officer)
rules.add_perm("accounts.grant_roles", is_administrator)
rules.add_perm("accounts.manage_accounts", is_administrator)
