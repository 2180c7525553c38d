"""django-allauth, adapted: whoever signs up is a start-up, and mail comes in the reader's language."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language

from citylab.notifications.services import notify

from . import notifications
from .models import Role, User
from .services.roles import role_grant

# Which message stands for each of allauth's letters, and which of its addresses it leads to.
LETTERS = {
    "account/email/email_confirmation": (notifications.ConfirmAddress, "activate_url"),
    "account/email/email_confirmation_signup": (notifications.ConfirmAddress, "activate_url"),
    "account/email/password_reset_key": (notifications.NewPassword, "password_reset_url"),
    "account/email/account_already_exists": (notifications.AccountExists, "password_reset_url"),
    "account/email/unknown_account": (notifications.NoAccount, "signup_url"),
}


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        user.language = (get_language() or "it")[:2]
        saved: User = super().save_user(request, user, form, commit)
        if commit:
            role_grant(user=saved, role=Role.STARTUP, actor=None)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's letters are messages like all others: a row, which a worker sends and tries again, in the reader's language."""
        kind, link = LETTERS[template_prefix]
        user = context.get("user") or User.objects.filter(email__iexact=email).first()
        language = user.language if user else (get_language() or "it")[:2]
        path = urlsplit(context[link])._replace(scheme="", netloc="").geturl()
        notify(
            kind=kind,
            user=user,
            address=email,
            language=language,
            dedupe=f"{kind.code}:{uuid4()}",
            context={"email": email, "link": translate_url(path, language)},
        )
