"""The menus that editors keep."""

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from .models import MenuItem

KEY = "cms:menus"


def menus(request: HttpRequest) -> dict[str, Any]:
    """`menu` and `footer_menu`: the editors' entries, or empty where the fixed ones stand."""
    items = cache.get(KEY)
    if items is None:
        items = list(MenuItem.objects.all())
        cache.set(KEY, items)
    return {"menu": [item for item in items if item.place == "header"], "footer_menu": [item for item in items if item.place == "footer"]}
