"""From typed text to answers, and from answers to what is missing, to columns, summaries and differences. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citylab.core.numbers import whole

from .definition import BOOLEAN, CHOICE, CHOICES, DATE, DECIMAL, INTEGER, LONG_TEXT, MONEY, ROWS, TEXT, Field, FormDefinition, Section

# Smart Road decree art. 11 (domain C1): at least four times the ordinary minimum cover.
INSURANCE_FACTOR = 4
Choices = Mapping[str, Mapping[str, Any]]  # list name → code → label


# --- reading what was typed ---------------------------------------------------------------------------------------------------


def read_money(text: str) -> int | str:
    """Cents from “1.234,56”, “1234.56” or “1 234”; the text itself where it is no amount."""
    plain = re.sub(r"[\s€\u00a0']", "", text)
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d{1,2})?|-?\d+(,\d{1,2})", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d{1,2})?", plain):
        plain = plain.replace(",", "")
    if not re.fullmatch(r"-?\d{1,13}(\.\d{1,2})?", plain):
        return text
    return int(Decimal(plain) * 100)


def read_date(text: str) -> str:
    """The ISO form of “2027-05-12” or “12/05/2027”; the text itself where it is no date."""
    for pattern, order in ((r"(\d{4})-(\d{1,2})-(\d{1,2})", (1, 2, 3)), (r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", (3, 2, 1))):
        found = re.fullmatch(pattern, text.strip())
        if found:
            try:
                return date(*(int(found[part]) for part in order)).isoformat()
            except ValueError:
                return text
    return text


def read_value(question: Field, typed: Sequence[str]) -> Any:
    """The answer to one question (rows excepted) from the values of its form field; what cannot be read is kept as typed."""
    if question.kind == CHOICES:
        return list(dict.fromkeys(value for value in typed if value))
    if question.kind == BOOLEAN:
        return bool(typed) and typed[-1] not in ("", "off", "false")
    text = typed[-1].replace("\r\n", "\n") if typed else ""
    if question.kind in (TEXT, LONG_TEXT, CHOICE) or not text.strip():
        return text.strip() if question.kind != LONG_TEXT else text.rstrip()
    if question.kind == DATE:
        return read_date(text)
    if question.kind == MONEY:
        return read_money(text)
    if question.kind == INTEGER:
        plain = re.sub(r"[\s.\u00a0']", "", text)
        return int(plain) if re.fullmatch(r"-?\d{1,12}", plain) else text
    plain = text.strip().replace(",", ".")
    return plain if re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", plain) else text


def read_section(section: Section, data: Any) -> dict[str, Any]:
    """The answers of a section from a QueryDict. Rows come as `name-index-sub`; wholly empty rows are dropped.

    A box that is not ticked and a list of which nothing is chosen send nothing: they are answers all the same. A question of yes or no is
    not, until one of them is chosen.
    """
    answers: dict[str, Any] = {}
    for question in section.fields:
        if question.kind != ROWS:
            if question.kind == CHOICES or question.is_box or question.name in data:
                answers[question.name] = read_value(question, data.getlist(question.name))
            continue
        pattern = re.compile(rf"{question.name}-(\d+)-")
        indexes = sorted({int(found[1]) for key in data if (found := pattern.match(key))})[:50]
        rows = [{sub.name: read_value(sub, data.getlist(f"{question.name}-{index}-{sub.name}")) for sub in question.rows} for index in indexes]
        answers[question.name] = [row for row in rows if any(value not in ("", None) for value in row.values())]
    return answers


# --- what is wrong or missing -------------------------------------------------------------------------------------------------


# The code of a problem that is mended in the organisation's profile, not in the form.
PROFILE = "profile"


@dataclass(frozen=True)
class Problem:
    """Something to mend before handing in: where, what (code) and how (message in the reader's language)."""

    section: str
    field: str
    code: str
    message: str


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value is False


def fault_of(question: Field, value: Any, choices: Choices | None = None) -> tuple[str, str] | None:
    """What is wrong with a given answer, as (code, message); None where it is fine or empty."""
    if is_empty(value):
        return None
    kind = question.kind
    if kind in (TEXT, LONG_TEXT):
        if question.maximum and len(value) > question.maximum:
            over = len(value) - question.maximum
            return "too_long", ngettext("Too long by %(count)s character: at most %(limit)s.", "Too long by %(count)s characters: at most %(limit)s.", over) % {"count": over, "limit": question.maximum}
        if question.autocomplete == "email":
            try:
                validate_email(value)
            except ValidationError:
                return "email", _("This is not an e-mail address, such as name@example.org.")
        return None
    if kind == DATE:
        return None if re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)) else ("date", _("Write a date as day/month/year, such as 12/05/2027."))
    if kind in (INTEGER, MONEY, DECIMAL):
        return _number_fault(question, value)
    if kind == CHOICE:
        known = dict(question.options) if question.options else (choices or {}).get(question.choices)
        return ("choice", _("Choose one of the list.")) if known is not None and value not in known else None
    if kind == CHOICES:
        known = dict(question.options) if question.options else (choices or {}).get(question.choices)
        if known is not None and any(code not in known for code in value):
            return "choice", _("Choose from the list.")
        if question.maximum and len(value) > question.maximum:
            return "too_many", _("Choose at most %(limit)s.") % {"limit": question.maximum}
    if kind == ROWS and question.maximum and len(value) > question.maximum:
        return "too_many", _("At most %(limit)s rows.") % {"limit": question.maximum}
    return None


def _number_fault(question: Field, value: Any) -> tuple[str, str] | None:
    if question.kind == DECIMAL:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return "number", _("Write a number, such as 12.5.")
    elif isinstance(value, int):
        number = Decimal(value)
    else:
        return "number", _("Write an amount in euro, such as 1.250,00.") if question.kind == MONEY else _("Write a whole number, such as 850.")
    factor = 100 if question.kind == MONEY else 1
    if question.minimum is not None and number < question.minimum:
        return "too_low", _("The lowest value is %(limit)s.") % {"limit": formats.number_format(Decimal(question.minimum) / factor)}
    if question.maximum is not None and number > question.maximum:
        return "too_high", _("The highest value is %(limit)s.") % {"limit": formats.number_format(Decimal(question.maximum) / factor)}
    return None


def problems_in(question: Field, section: str, answers: Mapping[str, Any], choices: Choices | None) -> list[Problem]:
    """What is missing or wrong in one question that applies; rows name their field as `phases-0-name`."""
    value = answers.get(question.name)
    # “No” answers a question; a declaration is given or it is not.
    if is_empty(value) or (question.declaration and value is not True):
        if not question.required:
            return []
        message = _("Tick this declaration.") if question.declaration else _("Add at least one row.") if question.kind == ROWS else _("Answer this question.")
        return [Problem(section, question.name, "missing", message)]
    fault = fault_of(question, value, choices)
    if fault:
        return [Problem(section, question.name, *fault)]
    found = []
    if question.kind == ROWS and value:
        for index, row in enumerate(value):
            for sub in question.rows:
                given = row.get(sub.name)
                name = f"{question.name}-{index}-{sub.name}"
                if is_empty(given):
                    if sub.required:
                        found.append(Problem(section, name, "missing", _("Answer this question.")))
                elif fault := fault_of(sub, given, choices):
                    found.append(Problem(section, name, *fault))
    return found


def problems(definition: FormDefinition, answers: Mapping[str, Any], attachment_kinds: Collection[str], choices: Choices | None, today: date) -> list[Problem]:
    """Everything that keeps the proposal from being handed in, in the order of the form."""
    found: list[Problem] = []
    for section in definition.sections:
        for question in section.fields:
            if question.applies(answers):
                found += problems_in(question, section.code, answers, choices)
    mentioned = {problem.field for problem in found}
    found += [problem for problem in _across(answers, today) if problem.field not in mentioned]
    for kind in definition.attachments:
        needed = kind.needed_when is not None and (kind.needed_when == () or answers.get(kind.needed_when[0]) == kind.needed_when[1])
        if needed and kind.code not in attachment_kinds:
            found.append(Problem("attachments", kind.code, "missing", _("Attach this document.")))
    order = {section.code: section.number for section in definition.sections}
    return sorted(found, key=lambda problem: order.get(problem.section, 99))


def _across(answers: Mapping[str, Any], today: date) -> list[Problem]:
    """Rules over several answers."""
    found = []
    starts, ends = _day(answers.get("starts_on")), _day(answers.get("ends_on"))
    if starts and starts <= today:
        found.append(Problem("plan", "starts_on", "past", _("The first day must lie in the future.")))
    if starts and ends and ends < starts:
        found.append(Problem("plan", "ends_on", "reversed", _("The last day comes before the first.")))
    for index, row in enumerate(answers.get("phases") or []):
        first, last = _day(row.get("starts_on")), _day(row.get("ends_on"))
        if first and last and last < first:
            found.append(Problem("plan", f"phases-{index}-ends_on", "reversed", _("The last day comes before the first.")))
        elif (first and starts and first < starts) or (last and ends and last > ends):
            found.append(Problem("plan", f"phases-{index}-ends_on", "outside", _("This phase lies outside the days on site.")))
    now, target = answers.get("trl_now"), answers.get("trl_target")
    if now and target and str(target) < str(now):
        found.append(Problem("idea", "trl_target", "lower", _("The level after the pilot cannot be lower than the level now.")))
    if not answers.get("sites") and not answers.get("own_place"):
        found.append(Problem("city_assets", "sites", "missing", _("Choose a site, or name another place.")))
    if answers.get("own_place_coordinates") and coordinates(answers["own_place_coordinates"]) is None:
        found.append(Problem("city_assets", "own_place_coordinates", "coordinates", _("Write latitude and longitude, such as 45.0703, 7.6869.")))
    if isinstance(answers.get("area_m2"), int) and answers["area_m2"] > 0 and "has_installation" not in answers:
        found.append(Problem("city_assets", "has_installation", "missing", _("Say whether something is installed on the spot.")))
    budget, requested = answers.get("budget"), answers.get("requested")
    if isinstance(budget, int) and isinstance(requested, int) and requested > budget:
        found.append(Problem("plan", "requested", "above_budget", _("The contribution cannot be higher than the budget.")))
    if "automated_vehicle" in (answers.get("special_means") or []):
        try:
            if Decimal(str(answers.get("insurance_factor") or 0)) < INSURANCE_FACTOR:
                found.append(Problem("safety", "insurance_factor", "too_low", _("Automated vehicles need cover of at least four times the ordinary minimum.")))
        except InvalidOperation:
            pass  # not a number: the field's own check says so
    return found


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def coordinates(text: str) -> tuple[float, float] | None:
    """Latitude and longitude from “45.0703, 7.6869”; None where it is none."""
    found = re.fullmatch(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*", text or "")
    if not found:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


# --- what the rest of the program needs ---------------------------------------------------------------------------------------


def columns(definition: FormDefinition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The model columns computed from the answers; what cannot be read yet is empty."""
    text = {name: str(answers.get(name) or "") for name in ("title", "summary", "sector", "s3_area")}
    lists = {name: [code for code in answers.get(name) or [] if isinstance(code, str)] for name in ("technologies", "capabilities", "sites")}
    level = {name: whole(str(answers.get(name) or "")) for name in ("trl_now", "trl_target")}
    days = {name: _day(answers.get(name)) for name in ("starts_on", "ends_on")}
    numbers = {
        column: answers[name] if isinstance(answers.get(name), int) and 0 <= answers[name] <= 2_000_000_000_000 else None
        for column, name in (("area_m2", "area_m2"), ("budget_cents", "budget"), ("dismantling_cost_cents", "dismantling_cost"))
    }
    if numbers["area_m2"] is not None and numbers["area_m2"] > 2_000_000_000:
        numbers["area_m2"] = None
    return {**text, "title": text["title"][:200], **lists, **level, **days, **numbers}


def shown(question: Field, value: Any, choices: Choices | None = None) -> str:
    """An answer as a person reads it, in the active language; "" where it is empty."""
    if question.kind == BOOLEAN:
        return _("Yes") if value else _("No")
    if is_empty(value):
        return ""
    if question.kind == DATE:
        day = _day(value)
        return formats.date_format(day, "SHORT_DATE_FORMAT") if day else str(value)
    if question.kind == MONEY:
        return _("€%(amount)s") % {"amount": formats.number_format(Decimal(value) / 100, 2, force_grouping=True)} if isinstance(value, int) else str(value)
    if question.kind in (CHOICE, CHOICES):
        known = dict(question.options) if question.options else (choices or {}).get(question.choices) or {}
        codes = value if isinstance(value, list) else [value]
        return ", ".join(str(known.get(code, code)) for code in codes)
    if question.kind == INTEGER and isinstance(value, int):
        return formats.number_format(value, force_grouping=True)
    return str(value)


@dataclass(frozen=True)
class Line:
    """A question with its answer as text; a list of rows has `table` (heads, rows) instead."""

    field: str
    label: str
    text: str
    table: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]] | None = None


@dataclass(frozen=True)
class SectionSummary:
    number: int
    code: str
    title: str
    lines: tuple[Line, ...]


def summary_rows(definition: FormDefinition, answers: Mapping[str, Any], choices: Choices | None, language: str) -> list[SectionSummary]:
    """The proposal as text, section by section, only with the questions that apply. Labels come in the active language."""
    found = []
    for section in definition.sections:
        lines = []
        for question in section.fields:
            if not question.applies(answers):
                continue
            value = answers.get(question.name)
            if question.kind == ROWS:
                heads = tuple(str(sub.label) for sub in question.rows)
                rows = tuple(tuple(shown(sub, row.get(sub.name), choices) for sub in question.rows) for row in value or [])
                lines.append(Line(question.name, str(question.label), "", (heads, rows)))
            else:
                lines.append(Line(question.name, str(question.label), shown(question, value, choices)))
        found.append(SectionSummary(section.number, section.code, str(section.title), tuple(lines)))
    return found


@dataclass(frozen=True)
class Change:
    """A question whose answer differs between two versions."""

    section: str
    field: str
    label: str
    before: str
    after: str


def difference(definition: FormDefinition, before: Mapping[str, Any], after: Mapping[str, Any], choices: Choices | None = None) -> list[Change]:
    """What changed between two versions, question by question, as text."""
    found = []
    for section, question in definition.questions():
        old, new = before.get(question.name), after.get(question.name)
        if old == new or (is_empty(old) and is_empty(new)):
            continue
        as_text = rows_text if question.kind == ROWS else shown
        found.append(Change(str(section.title), question.name, str(question.label), as_text(question, old, choices), as_text(question, new, choices)))
    return found


def rows_text(question: Field, rows: Any, choices: Choices | None = None) -> str:
    """Rows as lines of text."""
    return "\n".join(" · ".join(shown(sub, row.get(sub.name), choices) for sub in question.rows) for row in rows or [])


@dataclass(frozen=True)
class Progress:
    """How far a section is."""

    section: Section
    missing: int
    complete: bool


def progress(definition: FormDefinition, found: Sequence[Problem]) -> list[Progress]:
    """Each section with the number of things still missing or wrong in it."""
    counts: dict[str, int] = {}
    for problem in found:
        counts[problem.section] = counts.get(problem.section, 0) + 1
    return [Progress(section, counts.get(section.code, 0), counts.get(section.code, 0) == 0) for section in definition.sections]
