"""Case files: what is accepted, checked by content, and where it is kept."""

import hashlib
import io
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from asn1crypto import cms
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from citylab.core.errors import DomainError

OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True)
class StoredFile:
    """A case file in its storage."""

    key: str
    sha256: str
    size: int
    content_type: str


def _refuse(code: str, message: str) -> DomainError:
    return DomainError(code, message)


def signed_content(content: bytes) -> bytes | None:
    """What a p7m wraps, where it is a real CMS SignedData with a signer; None otherwise."""
    try:
        info = cms.ContentInfo.load(content)
        if info["content_type"].native != "signed_data" or not len(info["content"]["signer_infos"]):
            return None
        inner = info["content"]["encap_content_info"]["content"]
        return bytes(inner.native or b"")
    except (ValueError, TypeError, KeyError):
        return None


def pdf_is_signed(content: bytes) -> bool:
    """Whether a PDF carries a signature field with a signature in it (PAdES)."""
    try:
        fields = PdfReader(io.BytesIO(content)).get_fields() or {}
    except (PyPdfError, ValueError, KeyError, TypeError):
        return False
    return any(field.get("/FT") == "/Sig" and field.get("/V") for field in fields.values())


def content_type_of(name: str, content: bytes) -> str:
    """The type of a case file, decided by its content; DomainError with what is accepted where it is none of them.

    Accepted (design: Files): PDF, p7m checked as ASN.1, images, office documents without macros.
    """
    extension = PurePath(name).suffix.lower().lstrip(".")
    if content.startswith(b"%PDF-"):
        try:
            if len(PdfReader(io.BytesIO(content)).pages) < 1:
                raise _refuse("file_broken", _("This PDF has no pages."))
        except (PyPdfError, ValueError, KeyError, TypeError) as error:
            raise _refuse("file_broken", _("This PDF cannot be opened: it is damaged or cut short. Export it again.")) from error
        return "application/pdf"
    if extension == "p7m":
        if signed_content(content) is None:
            raise _refuse("file_not_signed", _("This file is called p7m but holds no digital signature."))
        return "application/pkcs7-mime"
    if content.startswith(b"PK") and extension in OFFICE:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile as error:
            raise _refuse("file_broken", _("This document cannot be opened: it is damaged.")) from error
        if any("vbaproject" in entry.lower() or entry.lower().startswith("basic/") for entry in names):
            raise _refuse("file_has_macros", _("This document contains macros. Save it without macros, or as PDF."))
        return OFFICE[extension]
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
            kind = IMAGES.get(image.format or "")
            if kind:
                return kind
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        pass  # not an image: refused below like everything else that is not accepted
    raise _refuse("file_type", _("This kind of file is not accepted. Send a PDF, a p7m, an image (JPEG, PNG, WebP) or an office document without macros."))


def store(upload: "BinaryIO | Any") -> StoredFile:
    """Check an uploaded file and keep it under a random key.

    Takes a file with `.name`, `.size` and `.read()`. Raises DomainError for an empty, too large or unaccepted file.
    """
    if not upload.size:
        raise _refuse("file_empty", _("This file is empty."))
    if upload.size > settings.CASE_FILE_MAX_BYTES:
        raise _refuse("file_too_large", _("This file is larger than %(limit)s.") % {"limit": filesizeformat(settings.CASE_FILE_MAX_BYTES)})
    content = upload.read()
    kind = content_type_of(upload.name, content)
    key = storages["case_files"].save(f"{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}", ContentFile(content))
    return StoredFile(key=key, sha256=hashlib.sha256(content).hexdigest(), size=len(content), content_type=kind)


def opened(key: str) -> Any:
    """The stored file, open for reading."""
    return storages["case_files"].open(key, "rb")


def forget(key: str) -> None:
    """Delete a stored file that nothing refers to any more."""
    storages["case_files"].delete(key)
