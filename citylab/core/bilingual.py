"""Records that exist in Italian and English side by side."""

from typing import Any

from django.utils.translation import get_language

LANGUAGES = ("it", "en")


def in_language(record: Any, field: str, language: str) -> str:
    """The text of `field` in `language`, or in the other language where that one is empty."""
    other = "en" if language == "it" else "it"
    return getattr(record, f"{field}_{language}") or getattr(record, f"{field}_{other}")


class Bilingual:
    """Attribute that reads `<field>_it` or `<field>_en`, whichever the reader's language asks for."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        language = (get_language() or "it")[:2]
        return in_language(record, self.field, language if language in LANGUAGES else "it")
