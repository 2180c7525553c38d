"""What the tests of the portal share: a start-up that is signed in, its pages in English, and a form as somebody typed it."""

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import translation

from citylab.portal.questions import typed
from citylab.proposals import form
from tests import factories


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _case_files(settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "case_files": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}}


@pytest.fixture
def draft(db: Any) -> Any:
    """A draft that is complete."""
    return factories.draft()


@pytest.fixture
def owner(draft: Any) -> Any:
    return factories.owner_of(draft.organisation)


@pytest.fixture
def as_owner(owner: Any) -> Client:
    return signed_in(owner)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def errors_of(response: Any, name: str) -> list[str]:
    """What the page says below the field of this name."""
    box = soup(response).find(id=f"q-{name}-e")
    return [line.get_text(strip=True) for line in box.find_all(class_="tcl-error")] if box else []


def typed_in(response: Any, name: str) -> Any:
    """What stands in the field of this name on the page."""
    field = soup(response).find(["input", "textarea", "select"], attrs={"name": name})
    if field is None:
        return None
    if field.name == "select":
        chosen = field.find("option", selected=True)
        return chosen["value"] if chosen else ""
    return field.get_text().removeprefix("\n") if field.name == "textarea" else field.get("value")


def typed_section(code: str, answers: dict[str, Any]) -> dict[str, Any]:
    """A section as a browser sends it when these are its answers."""
    section = form.current().section(code)
    assert section is not None
    data: dict[str, Any] = {}
    for question in section.fields:
        value = answers.get(question.name)
        if question.kind == "rows":
            for index, row in enumerate(value or []):
                data |= {f"{question.name}-{index}-{sub.name}": typed(sub, row.get(sub.name)) for sub in question.rows}
        elif question.is_box:
            data |= {question.name: "on"} if value else {}
        elif question.kind == "choices":
            data[question.name] = value or []
        elif question.kind != "boolean" or value is not None:
            data[question.name] = typed(question, value)
    return data
