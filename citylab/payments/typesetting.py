"""Papers as PDF/A-2b, set by typst from one template. What goes on them is data: nothing of it is read as markup."""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).with_name("typst")
STANDARD = "a-2b"
# Stands for a character that no font of typst's own has: PDF/A may not show what it cannot draw.
MISSING = "□"
# The words of typst's refusal then.
UNDRAWABLE = "could not be displayed"


def pdf(paper: dict[str, Any], at: datetime) -> bytes:
    """The paper as PDF/A-2b, always with the same bytes for the same paper and moment."""
    try:
        return _compiled(paper, at)
    except typst.TypstError as error:
        if UNDRAWABLE not in str(error):
            raise
        return _compiled(_drawable(paper), at)


def _compiled(paper: dict[str, Any], at: datetime) -> bytes:
    made: bytes = typst.compile(
        TEMPLATES / "paper.typ", root=TEMPLATES, format="pdf", sys_inputs={"paper": json.dumps(paper)}, pdf_standards=[STANDARD], ignore_system_fonts=True, timestamp=int(at.timestamp())
    )
    return made


def _drawable(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(character if character.isascii() and character.isprintable() or _is_drawable(character) else MISSING for character in value)
    if isinstance(value, dict):
        return {name: _drawable(inner) for name, inner in value.items()}
    return [_drawable(inner) for inner in value]


@lru_cache(maxsize=4096)
def _is_drawable(character: str) -> bool:
    """Whether typst can set it by itself; what only joins others (as in an emoji of several) is left out with them."""
    if not character.isprintable():
        return False
    try:
        typst.compile(b"#sys.inputs.one", format="pdf", sys_inputs={"one": character}, pdf_standards=[STANDARD], ignore_system_fonts=True)
    except typst.TypstError:
        return False
    return True
