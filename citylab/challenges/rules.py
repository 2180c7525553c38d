"""Who may do what with a challenge."""

from typing import Any

import rules

from citylab.accounts.models import Membership, Role


@rules.predicate
def is_editor(user: Any) -> bool:
    return user.is_authenticated and (user.has_role(Role.EDITOR) or user.has_role(Role.ADMINISTRATOR))


@rules.predicate
def belongs_to_an_organisation(user: Any) -> bool:
    """Any member may ask, readers too: a question commits nobody."""
    return user.is_authenticated and Membership.objects.filter(user=user).exists()


rules.add_perm("challenges.edit", is_editor)
rules.add_perm("challenges.extend", is_editor)
rules.add_perm("challenges.close", is_editor)
rules.add_perm("challenges.answer_question", is_editor)
rules.add_perm("challenges.ask_question", belongs_to_an_organisation)
