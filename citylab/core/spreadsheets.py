"""What goes into a cell of a table that a spreadsheet opens."""

from typing import Any

# What a spreadsheet reads as the beginning of a formula.
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: Any) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(BEGINNINGS) else text
