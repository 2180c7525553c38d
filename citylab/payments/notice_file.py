"""A file of receipts of notices: number;receipt id;amount with a comma;date, a line for each; a first line of headings is passed over."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.core.errors import DomainError, NotAllowed
from citylab.proposals.form.answers import read_date, read_money

from .providers.notice import number_is_valid
from .services.notices import RECORDABLE, Fate, Given, receipt_record, receipts_judged

MOST_LINES = 1000
COLUMNS = 4
LONGEST_ID = 40


@dataclass
class Line:
    """One line: what it says, where it can be read, and what became of it or would. `problem` says why nothing does."""

    number: int
    text: str
    given: Given | None = None
    fate: Fate | None = None
    problem: Promise | str = ""

    @property
    def will_record(self) -> bool:
        return self.fate in RECORDABLE and not self.problem

    @property
    def is_bad(self) -> bool:
        return bool(self.problem)

    @property
    def said(self) -> Promise | str:
        return self.problem or (self.fate.label if self.fate else "")


def decoded(content: bytes) -> str:
    """The text of the file, as spreadsheets write it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def lines_of(text: str, *, actor: Any) -> list[Line]:
    """Every line with what it would do. Raises DomainError("file_empty" | "file_too_long")."""
    lines = [_line(number, row) for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=";"), start=1) if any(cell.strip() for cell in row)]
    if lines and not any(character.isdigit() for character in lines[0].text):
        lines = lines[1:]  # headings
    if not lines:
        raise DomainError("file_empty", _("There is no line in this file."))
    if len(lines) > MOST_LINES:
        raise DomainError("file_too_long", _("At most %(limit)s lines: divide the file.") % {"limit": MOST_LINES})
    readable = [line for line in lines if line.given]
    for line, fate in zip(readable, receipts_judged([line.given for line in readable if line.given], actor=actor), strict=True):
        line.fate = fate
        if fate not in (*RECORDABLE, Fate.KNOWN):
            line.problem = fate.label
    return lines


def lines_record(lines: Sequence[Line], *, actor: Any) -> int:
    """Record what can be; how many were. Each line for itself: what a line meets meanwhile is its problem and stops no other."""
    recorded = 0
    for line in lines:
        if not (line.given and line.will_record):
            continue
        try:
            recorded += receipt_record(actor=actor, given=line.given)
        except NotAllowed:
            line.problem = Fate.CONFLICT.label
        except DomainError as error:
            line.problem = error.message
    return recorded


def _line(number: int, row: Sequence[str]) -> Line:
    cells = [cell.strip() for cell in row]
    line = Line(number, ";".join(cells)[:120])
    if len(cells) != COLUMNS:
        line.problem = _("Four columns are needed: number of the notice, identifier of the receipt, amount, date.")
        return line
    notice, receipt_id, amount, day = cells
    cents, iso = read_money(amount), read_date(day)
    if not number_is_valid(notice):
        line.problem = _("This is no number of a notice: eighteen digits, of which the last two check the others.")
    elif not receipt_id or len(receipt_id) > LONGEST_ID:
        line.problem = _("The identifier of the receipt is missing or longer than forty characters.")
    elif not isinstance(cents, int) or cents <= 0:
        line.problem = _("This is no amount above zero in euro, such as 250,00.")
    else:
        try:
            line.given = Given(notice, receipt_id, cents, date.fromisoformat(iso))
        except ValueError:
            line.problem = _("This is no date, such as 12/05/2027.")
    return line
