"""Who may do what with a site. Bookings follow a pilot's moves, whose own rules say who may make them."""

from typing import Any

import rules

from citylab.accounts.models import Role


@rules.predicate
def is_editor(user: Any) -> bool:
    return user.is_authenticated and (user.has_role(Role.EDITOR) or user.has_role(Role.ADMINISTRATOR))


rules.add_perm("testbeds.edit", is_editor)
