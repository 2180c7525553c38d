"""The proposal's questions as a page shows them: each with its value as typed, its options, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from citylab.accounts.models import Organisation
from citylab.proposals import form
from citylab.proposals.form.definition import BOOLEAN, CHOICE, CHOICES, DATE, DECIMAL, INTEGER, LONG_TEXT, MONEY, ROWS, TEXT
from citylab.proposals.services.drafting import fingerprint

WIDGETS = {TEXT: "text", LONG_TEXT: "textarea", CHOICE: "choice", CHOICES: "choices", INTEGER: "number", DECIMAL: "number", MONEY: "number", DATE: "date", ROWS: "rows"}
# Up to five options are radio buttons, more a list (Modello Comuni).
RADIO_LIMIT = 5
# What stands for the row's number in the template that the script copies.
ROW_NUMBER = "__row__"


@dataclass
class Question:
    """One question on the page. `name` is the name of its form field; rows hold lists of questions."""

    name: str
    widget: str
    label: Any
    help: Any
    required: bool
    value: Any
    options: list[tuple[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    maximum: int | None = None
    shown_when: str = ""
    rows: list[list["Question"]] = field(default_factory=list)
    blank_row: list["Question"] = field(default_factory=list)
    autocomplete: str = "off"

    @property
    def identifier(self) -> str:
        return f"q-{self.name}"

    @property
    def is_group(self) -> bool:
        """Several boxes or buttons: a fieldset with a legend."""
        return self.widget in ("choices", "yes_no", "ranked") or (self.widget == "choice" and len(self.options) <= RADIO_LIMIT)

    @property
    def is_optional(self) -> bool:
        return not self.required and self.widget != "yes_no"

    @property
    def is_tall(self) -> bool:
        return (self.maximum or 0) > 2500

    @property
    def described_by(self) -> str:
        """The ids of what a screen reader says after the label: help, counter and error."""
        counter = f"{self.identifier}-c" if self.widget == "textarea" else ""
        return " ".join(part for part in (f"{self.identifier}-h" if self.help else "", counter, f"{self.identifier}-e") if part)

    @property
    def places(self) -> list[tuple[int, str]]:
        """For a ranked list: (1, first choice), (2, second) …, "" where there is none yet."""
        return [(number + 1, self.value[number] if number < len(self.value) else "") for number in range(self.maximum or 0)]

    @property
    def rows_left(self) -> bool:
        return len(self.rows) < (self.maximum or 12)


def typed(question: form.Field, value: Any) -> Any:
    """The answer as it stands in its form field."""
    if question.kind == MONEY and isinstance(value, int):
        return f"{value // 100}" + (f",{value % 100:02d}" if value % 100 else "")
    if question.kind == BOOLEAN and not question.is_box:
        return "" if value is None else "on" if value else "off"
    # A number as text: the template would group its digits.
    return "" if value is None else str(value) if isinstance(value, int) and question.kind != BOOLEAN else value


def _widget(question: form.Field) -> str:
    if question.kind == BOOLEAN:
        return "box" if question.is_box else "yes_no"
    # Sites are asked for in order of preference.
    return "ranked" if question.choices == "sites" else WIDGETS[question.kind]


def _one(question: form.Field, name: str, value: Any, errors: Mapping[str, list[str]], choices: form.Choices) -> Question:
    options = list(question.options) or list((choices.get(question.choices) or {}).items())
    condition = ""
    if question.shown_when:
        wanted = question.shown_when[1]
        condition = f"{question.shown_when[0]}={'on' if wanted is True else wanted}"
    maximum = question.maximum if question.kind in (TEXT, LONG_TEXT, ROWS) or question.choices == "sites" else None
    return Question(
        name=name, widget=_widget(question), label=question.label, help=question.help, required=question.required, value=typed(question, value), options=options,
        errors=list(errors.get(name, [])), maximum=maximum, shown_when=condition, autocomplete=question.autocomplete,
    )  # fmt: skip


def _row(question: form.Field, index: Any, row: Mapping[str, Any], errors: Mapping[str, list[str]], choices: form.Choices) -> list[Question]:
    return [_one(sub, f"{question.name}-{index}-{sub.name}", row.get(sub.name), errors, choices) for sub in question.rows]


def questions(section: form.Section, answers: Mapping[str, Any], problems: Sequence[form.Problem], choices: form.Choices, *, blank_rows_of: str = "") -> list[Question]:
    """The questions of a section with their values and errors. A list without rows, and the one named, ends with an empty row to fill in."""
    errors: dict[str, list[str]] = {}
    for problem in problems:
        if problem.code not in ("missing", form.PROFILE):
            errors.setdefault(problem.field, []).append(problem.message)
    found = []
    for question in section.fields:
        item = _one(question, question.name, answers.get(question.name), errors, choices)
        if question.kind == ROWS:
            given = list(answers.get(question.name) or [])
            if not given or question.name == blank_rows_of:
                given.append({})
            item.rows = [_row(question, index, row, errors, choices) for index, row in enumerate(given)]
            item.blank_row = _row(question, ROW_NUMBER, {}, {}, choices)
        found.append(item)
    return found


def seen_marks(section: form.Section, answers: Mapping[str, Any]) -> dict[str, str]:
    """The fingerprints of the answers as shown, for the save to know what was touched."""
    return {question.name: fingerprint(answers.get(question.name)) for question in section.fields}


@dataclass(frozen=True)
class Missing:
    """A thing to mend, in the words of its question, with its field: within its section, or in the organisation's profile."""

    section: form.Section
    field: str
    label: Any
    message: str
    is_missing: bool
    in_profile: bool


def missing(definition: form.FormDefinition, problems: Sequence[form.Problem]) -> list[Missing]:
    """What is missing or wrong, as a list of links."""
    return [
        Missing(section, p.field, _label(definition, p), p.message, p.code in ("missing", form.PROFILE), p.code == form.PROFILE)
        for p in problems
        if (section := definition.section(p.section))
    ]


def _label(definition: form.FormDefinition, problem: form.Problem) -> Any:
    """The question's own words for a problem; a row's question with its number for rows, the kind of file for attachments, the field of the profile."""
    if problem.code == form.PROFILE:
        return _("Organisation's profile: %(field)s") % {"field": Organisation._meta.get_field(problem.field).verbose_name}
    if problem.field in definition.by_name:
        return definition.by_name[problem.field][1].label
    kinds = {kind.code: kind.label for kind in definition.attachments}
    if problem.field in kinds:
        return kinds[problem.field]
    name, index, sub = problem.field.split("-", 2)
    question = definition.by_name[name][1]
    return next((f"{question.label} {int(index) + 1}: {row.label}" for row in question.rows if row.name == sub), question.label)
