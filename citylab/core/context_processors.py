"""What every page needs to know about the city and itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language


def city(request: HttpRequest) -> dict[str, Any]:
    """`city` (settings.CITY with `tagline` in the reader's language), `product`, the map's tiles, `demo_accounts`, and this same page in
    each language: `language_addresses`, {"it": "/it/…", "en": "/en/…"}."""
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    here = request.get_full_path()
    return {
        "city": {**settings.CITY, "tagline": settings.CITY.get(f"tagline_{language}", settings.CITY["tagline_it"])},
        "product": settings.CITY["product"],
        "map_tiles_url": settings.MAP_TILES_URL,
        "map_tiles_attribution": settings.MAP_TILES_ATTRIBUTION,
        "demo_accounts": settings.DEMO_ACCOUNTS,
        "language_addresses": {code: translate_url(here, code) for code, _name in settings.LANGUAGES},
    }
