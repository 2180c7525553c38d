"""Row locks: the first step of every move."""

from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def locked(source: "type[Row] | models.QuerySet[Row]", pk: Any) -> Row:
    """The row, locked until the transaction ends.

    PostgreSQL locks the row itself, not what it points at: rows of `select_related` may be from before the wait, so what others change
    under this lock is read after it. SQLite has one writer, because its transactions are
    IMMEDIATE. Raises the model's DoesNotExist. Must be called inside `transaction.atomic()`.
    """
    queryset = source if isinstance(source, models.QuerySet) else source._default_manager.all()
    return queryset.select_for_update(of=("self",)).get(pk=pk)
