"""What every page needs to know about the city and itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language


def city(request: HttpRequest) -> dict[str, Any]:
    """The city's name and contacts, this page's address in each language, and the settings of the map."""
    language = get_language() or settings.LANGUAGE_CODE
    here = request.get_full_path()
    return {
        "city": {**settings.CITY, "tagline": settings.CITY[f"tagline_{language[:2]}"]},
        "language_addresses": {code: translate_url(here, code) for code, _name in settings.LANGUAGES},
        "demo_accounts": settings.DEMO_ACCOUNTS,
        "map_tiles_url": settings.MAP_TILES_URL,
        "map_tiles_attribution": settings.MAP_TILES_ATTRIBUTION,
    }
