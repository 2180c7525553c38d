"""django-allauth, adapted: whoever signs up is a start-up, and mail comes in the reader's language."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, override

from .models import Role, User
from .services.roles import role_grant


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        user.language = (get_language() or "it")[:2]
        saved: User = super().save_user(request, user, form, commit)
        if commit:
            role_grant(user=saved, role=Role.STARTUP, actor=None)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        user = context.get("user") or User.objects.filter(email__iexact=email).first()
        # allauth's letters name the site: by its name, not by its address.
        site = SimpleNamespace(name=settings.CITY["product"], domain=urlsplit(settings.SITE_URL).netloc)
        with override(user.language if user else get_language()):
            super().send_mail(template_prefix, email, {**context, "current_site": site})
