"""Who may do what with a proposal. Start-ups act through their membership, the city through its roles."""

from typing import Any

import rules

from citylab.accounts.models import Role
from citylab.accounts.rules import can_write_for, is_administrator, is_member, is_officer

from .workflow import PENDING, State


@rules.predicate
def is_draft(user: Any, proposal: Any) -> bool:
    return proposal.state == State.DRAFT


@rules.predicate
def awaits_changes(user: Any, proposal: Any) -> bool:
    return proposal.state == State.CHANGES_REQUESTED


@rules.predicate
def is_pending(user: Any, proposal: Any) -> bool:
    return proposal.state in PENDING


@rules.predicate
def is_assigned_evaluator(user: Any, proposal: Any) -> bool:
    return user.is_authenticated and user.has_role(Role.EVALUATOR) and any(
        a.evaluator_id == user.pk and a.taken_off_at is None for a in proposal.assignments.all()
    )


@rules.predicate
def is_cleared_evaluator(user: Any, proposal: Any) -> bool:
    """Assigned, and declared to have no conflict of interest: until then the file stays locked (domain §4)."""
    return (
        user.is_authenticated
        and user.has_role(Role.EVALUATOR)
        and any(a.evaluator_id == user.pk and a.taken_off_at is None and a.declared_at and a.has_conflict is False for a in proposal.assignments.all())
    )


# An officer who belongs to the applicant has a conflict of interest (law 241/1990 art. 6-bis) and stays out of its cases.
is_case_officer = (is_officer | is_administrator) & ~is_member & ~is_draft

rules.add_perm("proposals.view", is_member | is_case_officer | is_cleared_evaluator)
# What services ask: the person alone. Whether the state admits it is the workflow's word, told as a Conflict.
rules.add_perm("proposals.write", can_write_for)
# What pages ask before they offer something: the person and the state.
rules.add_perm("proposals.edit", can_write_for & (is_draft | awaits_changes))
rules.add_perm("proposals.delete_draft", can_write_for & is_draft)
rules.add_perm("proposals.submit", can_write_for & is_draft)
rules.add_perm("proposals.answer_changes", can_write_for & awaits_changes)
rules.add_perm("proposals.observe", can_write_for)
rules.add_perm("proposals.withdraw", can_write_for & is_pending)
rules.add_perm("proposals.process", is_case_officer)
rules.add_perm("proposals.note", is_case_officer)
rules.add_perm("proposals.see_assignment", is_assigned_evaluator)
rules.add_perm("proposals.evaluate", is_cleared_evaluator)
rules.add_perm("proposals.use_desk", is_officer | is_administrator)
