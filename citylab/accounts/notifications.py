from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class InvitationSent(Notification):
    code = "invitation"
    category = "organisation"
    mandatory = True  # the person asked for is not here yet, or has to decide
    label = _("Invitation to an organisation")
    template = "accounts/messages/invitation"


class AccessAsked(Notification):
    code = "access_asked"
    category = "organisation"
    mandatory = True
    label = _("Somebody asks to join")
    template = "accounts/messages/access_asked"


class AccessAnswered(Notification):
    code = "access_answered"
    category = "organisation"
    mandatory = True
    label = _("Answer to a request to join")
    template = "accounts/messages/access_answered"


class AccountLetter(Notification):
    """About signing in; nobody can do without them. Their links are keys: once they are sent, the row forgets them."""

    category = "formal"
    mandatory = True
    is_secret = True


class ConfirmAddress(AccountLetter):
    code = "confirm_address"
    label = _("Confirm an address")
    template = "accounts/messages/confirm_address"


class NewPassword(AccountLetter):
    code = "new_password"
    label = _("Choose a new password")
    template = "accounts/messages/new_password"


class AccountExists(AccountLetter):
    code = "account_exists"
    label = _("The address has an account already")
    template = "accounts/messages/account_exists"


class NoAccount(AccountLetter):
    code = "no_account"
    label = _("The address has no account")
    template = "accounts/messages/no_account"


class SecondFactorReset(Notification):
    code = "second_factor_reset"
    category = "formal"
    mandatory = True
    label = _("Your second factor was removed")
    template = "accounts/messages/second_factor_reset"
