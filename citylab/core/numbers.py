"""Numbers that pages and addresses name."""


def whole(text: str) -> int | None:
    """The whole number that stands there in digits; None for anything else, and for more digits than a database holds."""
    # isdigit() would take “²” too, of which int() makes no number.
    return int(text) if text.isdecimal() and len(text) <= 18 else None
