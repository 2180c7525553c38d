"""What the demo is made of: files beside this one, read once."""

import tomllib
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.html import escape

from citylab.core import clock

DATA = Path(__file__).parent / "data"


@cache
def read(name: str) -> dict[str, Any]:
    """A file of the data folder by its name without ending."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def ideas() -> tuple[dict[str, Any], ...]:
    """All invented proposals, in the order of the files."""
    return tuple(idea for name in ("mobility", "energy", "people") for idea in read(f"ideas_{name}")["ideas"])


def rich(text: str) -> str:
    """HTML from plain text: paragraphs between empty lines, lines with "- " as a list, lines with "## " as headings."""
    parts: list[str] = []
    for block in text.strip().split("\n\n"):
        lines = block.strip().splitlines()
        words = [line for line in lines if not line.startswith(("- ", "## "))]
        items = [line[2:] for line in lines if line.startswith("- ")]
        parts += [f"<h3>{escape(line[3:])}</h3>" for line in lines if line.startswith("## ")]
        if words:
            parts.append(f"<p>{escape(' '.join(words))}</p>")
        if items:
            parts.append("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>")
    return "".join(parts)


def moment(days: int, hour: int = 9, minute: int = 0) -> datetime:
    """A time in Rome, `days` from today."""
    return datetime.combine(clock.today() + timedelta(days=days), time(hour, minute), clock.rome)
