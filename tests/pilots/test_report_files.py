"""Files of the final report: checked like every case file, kept until the pilot is closed, read by both sides and nobody else."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import translation

from citylab.audit.services import trail
from citylab.core import outbox
from citylab.core.errors import DomainError
from citylab.pilots.models import FinalReport, Pilot
from citylab.pilots.selectors import report_files
from citylab.pilots.services import ending
from citylab.proposals.models import Attachment
from tests import factories

from .conftest import signed_in
from .test_actions import address, made, words

pytestmark = pytest.mark.pages

TEXTS = {"results": "Ha funzionato.", "lessons": "Servono batterie migliori."}


@pytest.fixture(autouse=True)
def _surroundings(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.STORAGES = {**settings.STORAGES, "case_files": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}}
    with translation.override("en"):
        yield


@pytest.fixture
def pilot(people: SimpleNamespace) -> Pilot:
    return made("reporting", people)


@pytest.fixture
def startup(people: SimpleNamespace) -> Client:
    return signed_in(people.owner)


def handed_in(client: Client, pilot: Pilot, *uploads: Any, **more: Any) -> Any:
    return client.post(address("portal", pilot, "report"), {**TEXTS, "uploads": list(uploads), **more})


def stored() -> int:
    """How many case files there are."""
    storage = storages["case_files"]
    return sum(len(storage.listdir(folder)[1]) for folder in storage.listdir(".")[0])


def names(pilot: Pilot) -> list[str]:
    return [file.name for file in report_files(pilot)]


def test_files_come_with_the_report_and_both_sides_read_them(pilot: Pilot, startup: Client, people: SimpleNamespace) -> None:
    assert handed_in(startup, pilot, factories.upload("dati.pdf"), factories.upload("foto.pdf")).status_code == 302
    assert names(pilot) == ["dati.pdf", "foto.pdf"]
    file = report_files(pilot).first()
    for room, client in (("portal", startup), ("desk", signed_in(people.officer))):
        page = client.get(reverse(f"{room}:pilot", args=[pilot.pk]), {"tab": "ending"})
        here = reverse(f"{room}:pilot_file", args=[pilot.pk, file.pk])
        assert f'<a href="{here}">dati.pdf</a>' in page.content.decode()
        response = client.get(here)
        assert (b"".join(response), response["Content-Type"]) == (factories.pdf(), "application/pdf")
        assert response["Content-Disposition"] == 'attachment; filename="dati.pdf"'
    entry = trail("pilot", pilot.pk)[-1]
    assert entry.data["files"] == {str(file.pk): file.sha256 for file in report_files(pilot)}


def test_without_files_the_report_is_as_good(pilot: Pilot, startup: Client) -> None:
    assert handed_in(startup, pilot).status_code == 302
    assert names(pilot) == [] and FinalReport.objects.get().results == TEXTS["results"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("conti.zip", b"PK", "This kind of file is not accepted. Send a PDF, a p7m, an image (JPEG, PNG, WebP) or an office document without macros."),
        ("vuoto.pdf", b"", "This file is empty."),
        ("corto.pdf", b"%PDF-1.7 and then nothing", "This PDF cannot be opened: it is damaged or cut short. Export it again."),
    ],
)
def test_a_wrong_file_is_refused_beside_its_field_and_none_is_kept(pilot: Pilot, startup: Client, name: str, content: bytes, message: str) -> None:
    response = handed_in(startup, pilot, factories.upload("bene.pdf"), factories.upload(name, content))
    assert (response.status_code, response.context["form"].errors["uploads"]) == (422, [f"{name}: {message}"])
    assert TEXTS["lessons"] in words(response)  # what was typed is still there
    assert not FinalReport.objects.exists() and names(pilot) == []
    assert stored() == Attachment.objects.count()


def test_a_report_that_lacks_its_text_keeps_no_file(pilot: Pilot, people: SimpleNamespace) -> None:
    with pytest.raises(DomainError, match="what you learned"):
        ending.final_report_submit(pilot_id=pilot.pk, actor=people.owner, results="Bene.", lessons=" ", uploads=[factories.upload("dati.pdf")])
    assert stored() == Attachment.objects.count()


def test_files_chosen_beside_a_missing_text_are_asked_for_again(pilot: Pilot, startup: Client) -> None:
    response = handed_in(startup, pilot, factories.upload("dati.pdf"), lessons="")
    assert response.status_code == 422
    assert response.context["form"].errors["uploads"] == ["Choose the files again: the browser does not keep them."]


def test_a_correction_adds_and_takes_off_files(pilot: Pilot, startup: Client) -> None:
    handed_in(startup, pilot, factories.upload("uno.pdf"), factories.upload("due.pdf"))
    first = report_files(pilot).first()
    form = startup.get(address("portal", pilot, "report"))
    assert "uno.pdf" in words(form)
    handed_in(startup, pilot, factories.upload("tre.pdf"), remove=[str(first.pk)])
    assert (first.name, names(pilot)) == ("due.pdf", ["uno.pdf", "tre.pdf"])
    while outbox.drain():
        pass
    assert not storages["case_files"].exists(first.key) and not Attachment.objects.filter(pk=first.pk).exists()
    assert startup.get(reverse("portal:pilot_file", args=[pilot.pk, first.pk])).status_code == 404


def test_nobody_else_reads_them(pilot: Pilot, startup: Client, people: SimpleNamespace) -> None:
    handed_in(startup, pilot, factories.upload("dati.pdf"))
    file = report_files(pilot).get()
    for room, refused in (("portal", ("stranger", "officer", "administrator")), ("desk", ("owner", "insider", "evaluator", "department", "writer"))):
        for who in refused:
            response = signed_in(getattr(people, who)).get(reverse(f"{room}:pilot_file", args=[pilot.pk, file.pk]))
            assert (room, who, response.status_code) == (room, who, 404 if room == "portal" else 403)
    # Nor are the papers of the proposal reached by this address.
    paper = pilot.proposal.attachments.exclude(kind="final_report").first()
    assert startup.get(reverse("portal:pilot_file", args=[pilot.pk, paper.pk])).status_code == 404


def test_nothing_is_taken_off_once_the_pilot_is_closed(pilot: Pilot, startup: Client, people: SimpleNamespace) -> None:
    handed_in(startup, pilot, factories.upload("dati.pdf"))
    ending.pilot_close(pilot_id=pilot.pk, actor=people.officer, outcome="adopt", reasons="Utile.")
    assert handed_in(startup, pilot, remove=[str(report_files(pilot).get().pk)]).status_code == 409
    assert names(pilot) == ["dati.pdf"]
