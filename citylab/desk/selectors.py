from typing import Any

from django.db.models import Q, QuerySet

from .models import SavedFilter


def filters_for(user: Any) -> QuerySet[SavedFilter]:
    """One's own saved filters and those that colleagues share."""
    return SavedFilter.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")
