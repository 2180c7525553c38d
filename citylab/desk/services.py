"""Saved filters of the queue."""

from typing import Any

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from citylab.core import clock
from citylab.core.errors import DomainError

from .models import SavedFilter

KEPT = ("text", "state", "turn", "officer", "sector", "challenge", "late", "today")


def filter_save(*, owner: Any, name: str, query: str, is_shared: bool) -> SavedFilter:
    """Keep a filter under a name. Raises DomainError("filter_name") when the name is taken. Unknown parts of the query are dropped."""
    given = QueryDict(query)
    kept = QueryDict(mutable=True)
    for key in KEPT:
        if given.get(key):
            kept[key] = given[key]
    try:
        with transaction.atomic():
            return SavedFilter.objects.create(owner=owner, name=name.strip(), query=kept.urlencode()[:500], is_shared=is_shared, created_at=clock.now())
    except IntegrityError as error:
        raise DomainError("filter_name", _("You already have a filter with this name.")) from error


def filter_delete(*, saved_filter: SavedFilter) -> None:
    saved_filter.delete()
