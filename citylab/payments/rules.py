"""Who may keep the rules that say what a pilot costs. What it costs, anyone may work out."""

from typing import Any

import rules

from citylab.accounts.models import Role


@rules.predicate
def is_editor(user: Any) -> bool:
    return user.is_authenticated and (user.has_role(Role.EDITOR) or user.has_role(Role.ADMINISTRATOR))


rules.add_perm("payments.keep_rules", is_editor)
