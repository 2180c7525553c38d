from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from citylab.core import clock

from .classes import CATEGORIES
from .models import NotificationPreference, OutgoingMessage


def messages_of_case(case_kind: str, case_id: Any) -> QuerySet[OutgoingMessage]:
    """The messages sent about a case, newest first."""
    return OutgoingMessage.objects.filter(case_kind=case_kind, case_id=str(case_id)).defer("text", "html")


def messages_of(user: Any) -> QuerySet[OutgoingMessage]:
    """The messages a person was sent, newest first."""
    return OutgoingMessage.objects.filter(user=user).defer("html")


def failed_messages() -> QuerySet[OutgoingMessage]:
    """The messages of the last thirty days that were given up, newest first; each carries its last error."""
    return OutgoingMessage.objects.filter(delivery=OutgoingMessage.State.FAILED, created_at__gte=clock.now() - timedelta(days=30)).defer("html")


def preferences_of(user: Any) -> dict[str, bool]:
    """Category → wanted by mail."""
    off = set(NotificationPreference.objects.filter(user=user, email=False).values_list("category", flat=True))
    return {category: category not in off or category == "formal" for category in CATEGORIES}
