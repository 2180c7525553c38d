"""Who may do what with a pilot: the start-up its side, the city its own. The state decides what is possible (workflow)."""

from typing import Any

import rules

from citylab.accounts.models import Membership, Role
from citylab.accounts.selectors import membership_role

from .workflow import State


@rules.predicate
def is_member(user: Any, pilot: Any) -> bool:
    return user.is_authenticated and pilot.organisation_id is not None and membership_role(user, pilot.organisation_id) is not None


@rules.predicate
def can_write_for(user: Any, pilot: Any) -> bool:
    """An owner or an editor of the organisation; readers only look."""
    return (
        user.is_authenticated
        and pilot.organisation_id is not None
        and membership_role(user, pilot.organisation_id) in (Membership.Role.OWNER, Membership.Role.EDITOR)
    )


@rules.predicate
def works_on_cases(user: Any) -> bool:
    return user.is_authenticated and (user.has_role(Role.OFFICER) or user.has_role(Role.ADMINISTRATOR))


@rules.predicate
def is_department(user: Any) -> bool:
    return user.is_authenticated and user.has_role(Role.DEPARTMENT)


@rules.predicate
def is_case(user: Any, pilot: Any) -> bool:
    """A case of ours, not an archive record."""
    return not pilot.is_archive


@rules.predicate
def awaits_check(user: Any, pilot: Any) -> bool:
    return pilot.state == State.RESTORATION


# An officer who belongs to the start-up has a conflict of interest (law 241/1990 art. 6-bis) and stays out of its cases.
is_city = works_on_cases & is_case & ~is_member
is_startup = can_write_for & is_case
is_checker = is_city | (is_department & awaits_check & ~is_member)

rules.add_perm("pilots.view", is_member | is_city | (is_department & is_case & awaits_check & ~is_member))
rules.add_perm("pilots.use_desk", works_on_cases)
rules.add_perm("pilots.note_internally", is_city)
rules.add_perm("pilots.write_note", is_city | is_startup)
rules.add_perm("pilots.process", is_city)
rules.add_perm("pilots.act_for_startup", is_startup)
rules.add_perm("pilots.record", is_city | is_startup)
rules.add_perm("pilots.complete", is_city | is_startup)
rules.add_perm("pilots.check_restoration", is_checker)
rules.add_perm("pilots.edit_public_card", is_city | is_startup)
rules.add_perm("pilots.hand_over", works_on_cases)

# Which permission each transition of the workflow needs. Signing is one move with two hands: each signs its own side.
PERMISSIONS = {
    "sign_agreement": "pilots.record",
    "declare_ready": "pilots.process",
    "start": "pilots.process",
    "suspend": "pilots.process",
    "restart": "pilots.process",
    "complete": "pilots.complete",
    "terminate": "pilots.act_for_startup",
    "revoke": "pilots.process",
    "begin_restoration": "pilots.process",
    "confirm_restoration": "pilots.check_restoration",
    "close": "pilots.process",
    "withdraw": "pilots.act_for_startup",
}
