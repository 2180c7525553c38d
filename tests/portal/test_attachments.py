"""Files of a proposal: what is refused and in which words, and what can be done with those that are kept."""

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from citylab.proposals import files
from citylab.proposals.models import Attachment, Proposal
from tests import factories

from .conftest import signed_in, soup

pytestmark = pytest.mark.django_db
ACCEPTED = "This kind of file is not accepted. Send a PDF, a p7m, an image (JPEG, PNG, WebP) or an office document without macros."


def office(*names: str, kind: str = "") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        if kind:
            archive.writestr("mimetype", kind)
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


def picture(kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, kind)
    return target.getvalue()


WRONG = [
    ("empty.pdf", b"", "This file is empty."),
    ("short.pdf", b"%PDF-1.7 and then nothing", "This PDF cannot be opened: it is damaged or cut short. Export it again."),
    ("scan.p7m", b"not signed at all", "This file is called p7m but holds no digital signature."),
    ("offer.docx", b"PK\x03\x04 broken", "This document cannot be opened: it is damaged."),
    ("macro.docx", office("word/document.xml", "word/vbaProject.bin"), "This document contains macros. Save it without macros, or as PDF."),
    ("macro.odt", office("content.xml", "Basic/Standard/Module1.xml"), "This document contains macros. Save it without macros, or as PDF."),
    ("macro.docm", office("word/document.xml"), ACCEPTED),
    ("picture.docx", office("picture.png"), "This file is not what its name says."),
    ("archive.zip", office("a.txt"), ACCEPTED),
    ("page.html", b"<script>alert(1)</script>", ACCEPTED),
    ("tool.exe", b"MZ\x90\x00", ACCEPTED),
    ("picture.png", b"not a picture", ACCEPTED),
    ("picture.gif", picture("GIF"), ACCEPTED),
]


@pytest.mark.parametrize(("name", "content", "message"), WRONG, ids=[row[0] + f"-{index}" for index, row in enumerate(WRONG)])
def test_a_wrong_file_is_refused_where_it_was_chosen(as_owner: Client, draft: Proposal, name: str, content: bytes, message: str) -> None:
    response = as_owner.post(reverse("portal:attach", args=[draft.pk]), {"kind": "budget", "file": factories.upload(name, content)})
    assert response.status_code == 422
    page = soup(response)
    assert page.find(id="file-e").get_text(strip=True) == f"{name}: {message}"
    assert page.find(id="kind").find("option", selected=True)["value"] == "budget"
    assert not Attachment.objects.filter(proposal=draft, kind="budget").exists()


def test_no_file_an_unknown_kind_and_one_too_large_are_refused(as_owner: Client, draft: Proposal, settings: Any) -> None:
    address = reverse("portal:attach", args=[draft.pk])
    assert soup(as_owner.post(address, {"kind": "budget"})).find(id="file-e").get_text(strip=True) == "Choose a file."
    response = as_owner.post(address, {"kind": "poem", "file": factories.upload()})
    assert soup(response).find(id="file-e").get_text(strip=True) == "scheda.pdf: Choose what this file is."
    settings.CASE_FILE_MAX_BYTES = 100
    response = as_owner.post(address, {"kind": "budget", "file": factories.upload()})
    assert "scheda.pdf: This file is larger than 100" in soup(response).find(id="file-e").get_text(strip=True)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.jpg", picture("JPEG"), "image/jpeg"), ("a.png", picture("PNG"), "image/png"), ("a.webp", picture("WEBP"), "image/webp"),
        ("a.xlsx", office("[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), ("a.odt", office("content.xml", kind="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    ],
)  # fmt: skip
def test_what_is_accepted_is_kept_under_its_true_type(as_owner: Client, draft: Proposal, name: str, content: bytes, kind: str) -> None:
    response = as_owner.post(reverse("portal:attach", args=[draft.pk]), {"kind": "other", "file": factories.upload(name, content)}, follow=True)
    assert f"“{name}” is attached." in response.content.decode()
    kept = Attachment.objects.get(proposal=draft, kind="other")
    assert (kept.name, kept.content_type, kept.size) == (name, kind, len(content))


def test_type_and_size_are_stated_before_and_each_kind_says_whether_it_is_there(as_owner: Client, draft: Proposal) -> None:
    page = soup(as_owner.get(reverse("portal:section", args=[draft.pk, "attachments"])))
    assert page.find(id="file-h").get_text(strip=True) == "PDF, p7m, JPEG, PNG, WebP or an office document without macros, at most 20 MB."
    assert page.find(id="file")["aria-describedby"] == "file-h file-e"
    assert "Attached" in page.find(id="field-technical_sheet").get_text()
    assert page.find(id="field-signed_summary") is None


def test_a_file_that_is_owed_is_named(db: Any) -> None:
    empty = factories.draft(complete=False)
    page = soup(signed_in(factories.owner_of(empty.organisation)).get(reverse("portal:section", args=[empty.pk, "attachments"])))
    assert "Missing" in page.find(id="field-technical_sheet").get_text()
    assert "Missing" not in page.find(id="field-budget").get_text()


def test_removing_names_the_file_and_takes_it_off(as_owner: Client, draft: Proposal) -> None:
    kept = Attachment.objects.get(proposal=draft)
    page = soup(as_owner.get(reverse("portal:section", args=[draft.pk, "attachments"])))
    assert page.find("button", string="Remove scheda.pdf")
    response = as_owner.post(reverse("portal:detach", args=[draft.pk, kept.pk]), follow=True)
    assert "“scheda.pdf” is removed." in response.content.decode()
    assert not draft.attachments.filter(removed_at__isnull=True).exists()


def test_a_download_brings_the_same_bytes_under_the_same_name(as_owner: Client, draft: Proposal) -> None:
    kept = Attachment.objects.get(proposal=draft)
    response = as_owner.get(reverse("portal:download", args=[draft.pk, kept.pk]))
    assert b"".join(response.streaming_content) == factories.pdf()
    assert response["Content-Disposition"] == 'attachment; filename="scheda.pdf"'
    assert response["Content-Type"] == "application/pdf"


def test_a_file_of_another_proposal_does_not_exist_here(as_owner: Client, draft: Proposal) -> None:
    other = factories.draft()
    foreign = Attachment.objects.get(proposal=other)
    for name in ("download", "detach"):
        client_call = as_owner.get if name == "download" else as_owner.post
        assert client_call(reverse(f"portal:{name}", args=[draft.pk, foreign.pk])).status_code == 404
    assert other.attachments.filter(removed_at__isnull=True).count() == 1


HANDED_IN = "The proposal went on while you were writing"


def test_attaching_after_a_colleague_handed_it_in_is_told_and_changes_nothing(as_owner: Client, draft: Proposal) -> None:
    factories.handed_in(draft)
    before = list(draft.attachments.values_list("pk", "removed_at"))
    response = as_owner.post(reverse("portal:attach", args=[draft.pk]), {"kind": "budget", "file": factories.upload("conti.pdf")})
    page = soup(response)
    assert response.status_code == 409 and page.find("h2", string=HANDED_IN)
    assert "“conti.pdf” was not attached. You still have the file; what was handed in is as it was." in page.find(attrs={"data-conflict": True}).get_text()
    assert page.find("a", string="Open the case in a new window")["href"] == reverse("portal:case", args=[draft.pk])
    assert list(draft.attachments.values_list("pk", "removed_at")) == before


def test_handed_in_while_the_file_was_on_its_way_leaves_no_file_behind(as_owner: Client, draft: Proposal, monkeypatch: Any, tmp_path: Any) -> None:
    store = files.store

    def late(upload: Any) -> Any:
        kept = store(upload)
        monkeypatch.setattr(files, "store", store)
        factories.handed_in(draft)
        return kept

    monkeypatch.setattr(files, "store", late)
    response = as_owner.post(reverse("portal:attach", args=[draft.pk]), {"kind": "budget", "file": factories.upload("conti.pdf")})
    assert response.status_code == 409 and "“conti.pdf” was not attached." in response.content.decode()
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(draft.attachments.values_list("key", flat=True))


def test_removing_after_a_colleague_handed_it_in_is_told_and_the_file_stays(as_owner: Client, draft: Proposal) -> None:
    kept = Attachment.objects.get(proposal=draft)
    factories.handed_in(draft)
    response = as_owner.post(reverse("portal:detach", args=[draft.pk, kept.pk]))
    page = soup(response)
    assert response.status_code == 409 and page.find("h2", string=HANDED_IN)
    assert "“scheda.pdf” was not removed: it belongs to what was handed in." in page.find(attrs={"data-conflict": True}).get_text()
    kept.refresh_from_db()
    assert kept.removed_at is None
