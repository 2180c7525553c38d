"""Who may do what with a challenge."""

from typing import Any

import rules

from citylab.accounts.models import Role


@rules.predicate
def is_editor(user: Any) -> bool:
    return user.is_authenticated and (user.has_role(Role.EDITOR) or user.has_role(Role.ADMINISTRATOR))


rules.add_perm("challenges.edit", is_editor)
rules.add_perm("challenges.extend", is_editor)
rules.add_perm("challenges.close", is_editor)
rules.add_perm("challenges.answer_question", is_editor)
rules.add_perm("challenges.ask_question", rules.is_authenticated)  # a question commits nobody
