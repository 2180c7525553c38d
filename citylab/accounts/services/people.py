"""What administrators do for accounts: a lost second factor, switching off and on."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed
from citylab.core import outbox
from citylab.core.errors import Conflict
from citylab.core.locks import locked

from ..models import User
from .roles import last_administrator_stays


def second_factor_reset(*, user_id: int, actor: Any) -> None:
    """Forget a lost second factor with its recovery codes; the person hears of it and sets up another at the next sign-in.

    Raises Conflict where there is none, NotAllowed for anyone but an administrator.
    """
    with transaction.atomic():
        user = locked(User, user_id)
        check_allowed(actor, "accounts.manage_accounts", user)
        deleted, _rows = Authenticator.objects.filter(user=user).delete()
        if not deleted:
            raise Conflict("no_second_factor", _("This person has no second factor."))
        audit.append(case_kind="user", case_id=user.pk, action="reset_second_factor", actor=actor)
        outbox.publish("user.second_factor_reset", user.pk)


def account_switch(*, user_id: int, active: bool, actor: Any) -> User:
    """Switch an account off, which ends its sessions too, or on again. Raises DomainError("last_administrator"), Conflict, NotAllowed."""
    with transaction.atomic():
        if not active:
            last_administrator_stays(user_id)
        user = locked(User, user_id)
        check_allowed(actor, "accounts.manage_accounts", user)
        if user.is_active == active:
            raise Conflict("account_switched", _("Somebody has done this already."))
        user.is_active = active
        user.save(update_fields=["is_active"])
        audit.append(case_kind="user", case_id=user.pk, action="reactivate" if active else "deactivate", actor=actor)
    return user
