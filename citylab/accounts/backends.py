"""Who somebody is, with their roles and memberships: nearly every page of theirs asks for all three, so they come in one query."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import F

from .models import User


class Accounts(AuthenticationBackend):
    """By address and password, as allauth has it."""

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session, from a row for each role and membership, of which there are few."""
        granted = {"_role": F("role_grants__role"), "_organisation": F("memberships__organisation_id"), "_membership": F("memberships__role")}
        rows = list(User.objects.filter(pk=user_id).annotate(**granted).order_by("memberships__joined_at"))
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        user: Any = rows[0]
        user._roles = frozenset(row._role for row in rows if row._role)
        user._memberships = {row._organisation: row._membership for row in rows if row._organisation}
        return user
