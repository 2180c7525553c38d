"""The proposal's questions as a page shows them: each with its value as typed, its options, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from citylab.proposals import form
from citylab.proposals.form.definition import BOOLEAN, CHOICE, CHOICES, DATE, DECIMAL, INTEGER, LONG_TEXT, MONEY, ROWS, TEXT
from citylab.proposals.services.drafting import fingerprint

WIDGETS = {TEXT: "text", LONG_TEXT: "textarea", CHOICE: "choice", CHOICES: "choices", INTEGER: "number", DECIMAL: "number", MONEY: "number", DATE: "date", BOOLEAN: "boolean", ROWS: "rows"}
# Up to five options are radio buttons, more a list (Modello Comuni).
RADIO_LIMIT = 5


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
    autocomplete: str = "off"

    @property
    def identifier(self) -> str:
        return f"q-{self.name}"

    @property
    def as_radio(self) -> bool:
        return len(self.options) <= RADIO_LIMIT


def typed(question: form.Field, value: Any) -> Any:
    """The answer as it stands in its form field."""
    if question.kind == MONEY and isinstance(value, int):
        return f"{value // 100}" + (f",{value % 100:02d}" if value % 100 else "")
    return "" if value is None else value


def _one(question: form.Field, name: str, value: Any, errors: Mapping[str, list[str]], choices: form.Choices) -> Question:
    options = list(question.options) or list((choices.get(question.choices) or {}).items())
    condition = ""
    if question.shown_when:
        wanted = question.shown_when[1]
        condition = f"{question.shown_when[0]}={'on' if wanted is True else wanted}"
    return Question(
        name=name, widget=WIDGETS[question.kind], label=question.label, help=question.help, required=question.required, value=typed(question, value), options=options,
        errors=list(errors.get(name, [])), maximum=question.maximum if question.kind in (TEXT, LONG_TEXT) else None, shown_when=condition, autocomplete=question.autocomplete,
    )  # fmt: skip


def questions(section: form.Section, answers: Mapping[str, Any], problems: Sequence[form.Problem], choices: form.Choices, *, extra_rows: Mapping[str, int] | None = None) -> list[Question]:
    """The questions of a section with their values and errors. Lists of rows end with one empty row, or with `extra_rows` of them."""
    errors: dict[str, list[str]] = {}
    for problem in problems:
        if problem.code != "missing":
            errors.setdefault(problem.field, []).append(problem.message)
    found = []
    for question in section.fields:
        item = _one(question, question.name, answers.get(question.name), errors, choices)
        if question.kind == ROWS:
            given = list(answers.get(question.name) or [])
            blank = (extra_rows or {}).get(question.name, 1 if len(given) < (question.maximum or 12) else 0)
            item.value = given
            item.rows = [
                [_one(sub, f"{question.name}-{index}-{sub.name}", row.get(sub.name), errors, choices) for sub in question.rows]
                for index, row in enumerate([*given, *({} for _blank in range(blank))])
            ]
        found.append(item)
    return found


def seen_marks(section: form.Section, answers: Mapping[str, Any]) -> dict[str, str]:
    """The fingerprints of the answers as shown, for the save to know what was touched."""
    return {question.name: fingerprint(answers.get(question.name, _EMPTY.get(question.kind, ""))) for question in section.fields}


_EMPTY: dict[str, Any] = {BOOLEAN: False, CHOICES: [], ROWS: []}
