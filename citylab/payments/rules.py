"""Who may keep the rules that say what a pilot costs, who pays, and who decides about money. What it costs, anyone may work out."""

from typing import Any

import rules

from citylab.accounts.models import Role
from citylab.pilots.rules import is_city, is_startup, works_on_cases


@rules.predicate
def is_editor(user: Any) -> bool:
    return user.is_authenticated and (user.has_role(Role.EDITOR) or user.has_role(Role.ADMINISTRATOR))


rules.add_perm("payments.keep_rules", is_editor)
# These are asked of a pilot.
rules.add_perm("payments.pay", is_startup)
rules.add_perm("payments.process", is_city)
# Every case's money at once.
rules.add_perm("payments.see_accounts", works_on_cases)
