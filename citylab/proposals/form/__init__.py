"""The proposal's questions: a versioned definition in code, and what is done with the answers."""

from collections.abc import Mapping
from typing import Any

from . import version_1_care as care
from . import version_1_idea as start
from .answers import (
    PROFILE,
    Change,
    Choices,
    Line,
    Problem,
    Progress,
    SectionSummary,
    columns,
    coordinates,
    difference,
    fault_of,
    problems,
    progress,
    read_section,
    rows_text,
    shown,
    summary_rows,
)
from .definition import Field, FormDefinition, Section

VERSION_1 = FormDefinition(
    version=1,
    sections=(start.applicant, start.idea, start.plan, start.city_assets, care.people, care.safety, care.data, care.impact, care.declarations, care.attachments),
    attachments=care.ATTACHMENTS,
)
DEFINITIONS = {1: VERSION_1}


def current() -> FormDefinition:
    """The form that a new proposal gets."""
    return DEFINITIONS[max(DEFINITIONS)]


def definition(version: int) -> FormDefinition:
    """The form of a version. Raises KeyError for one that never existed."""
    return DEFINITIONS[version]


def migrate(answers: Mapping[str, Any], from_version: int) -> tuple[dict[str, Any], list[str]]:
    """A draft's answers in the current form, and notices of what the new form asks besides: answers to questions that are gone are dropped."""
    new, old = current(), definition(from_version)
    kept = {name: value for name, value in answers.items() if name in new.by_name}
    added = [str(question.label) for _section, question in new.questions() if question.name not in old.by_name]
    return kept, added


def declaration_names(form: FormDefinition) -> set[str]:
    """The declarations: never copied from one proposal to another."""
    return {question.name for _section, question in form.questions() if question.declaration}


def attachment_kinds(form: FormDefinition) -> list[str]:
    return [kind.code for kind in form.attachments]


__all__ = [
    "PROFILE", "Change", "Choices", "Field", "FormDefinition", "Line", "Problem", "Progress", "Section", "SectionSummary", "attachment_kinds", "columns", "coordinates", "current",
    "declaration_names", "definition", "difference", "fault_of", "migrate", "problems", "progress", "read_section", "rows_text", "shown", "summary_rows",
]  # fmt: skip
