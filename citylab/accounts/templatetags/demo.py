from typing import Any

from django import template
from django.conf import settings

from citylab.accounts.models import User

register = template.Library()


@register.simple_tag
def demo_users() -> list[Any]:
    """The demo's accounts for the buttons of the sign-in page; none where the settings have none."""
    return list(User.objects.filter(is_demo=True, is_active=True).order_by("date_joined", "pk")) if settings.DEMO_ACCOUNTS else []
