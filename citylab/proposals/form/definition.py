"""What a question is: plain data, from which pages, checks, summaries and columns are made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

Text = Promise | str
Options = tuple[tuple[str, Text], ...]

TEXT, LONG_TEXT, CHOICE, CHOICES, INTEGER, MONEY, DATE, BOOLEAN, ROWS, DECIMAL = (
    "text", "long_text", "choice", "choices", "integer", "money", "date", "boolean", "rows", "decimal",
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One question. `maximum` is characters for texts, the highest value for numbers, the most choices or rows for lists.

    `options` are fixed; `choices` names a list that exists only at run time (sectors, sites …). `shown_when` is (other field, value):
    the question is asked only then. `declaration` marks a box that must be ticked before handing in, and is never copied.
    """

    name: str
    kind: str
    label: Text
    help: Text = ""
    required: bool = False
    maximum: int | None = None
    minimum: int | None = None
    options: Options = ()
    choices: str = ""
    shown_when: tuple[str, Any] | None = None
    rows: tuple["Field", ...] = ()
    autocomplete: str = "off"
    declaration: bool = False

    @property
    def is_box(self) -> bool:
        """A box to tick: what must be declared. Every other question of yes or no has both to choose from."""
        return self.kind == BOOLEAN and self.required

    def applies(self, answers: Mapping[str, Any]) -> bool:
        """Whether the question is asked, given the other answers."""
        if self.shown_when is None:
            return True
        name, value = self.shown_when
        given = answers.get(name)
        return value in given if isinstance(given, list) else given == value


@dataclass(frozen=True)
class Section:
    number: int
    code: str
    title: Text
    lead: Text
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class AttachmentKind:
    """A kind of file that may be attached; `needed_when` as Field.shown_when, () for always."""

    code: str
    label: Text
    help: Text = ""
    needed_when: tuple[str, Any] | tuple[()] | None = None


@dataclass(frozen=True)
class FormDefinition:
    version: int
    sections: tuple[Section, ...]
    attachments: tuple[AttachmentKind, ...]
    by_name: dict[str, tuple[Section, Field]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {question.name: (section, question) for section, question in self.questions()})

    def questions(self) -> Iterator[tuple[Section, Field]]:
        """Every question with its section, in order."""
        for section in self.sections:
            for question in section.fields:
                yield section, question

    def section(self, code: str) -> Section | None:
        return next((section for section in self.sections if section.code == code), None)
