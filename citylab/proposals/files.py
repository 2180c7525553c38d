"""Case files: what is accepted, checked by content, and where it is kept."""

import hashlib
import io
import uuid
import zipfile
import zlib
from collections.abc import Sequence
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
from pypdf.errors import DependencyError, PyPdfError

from citylab.core.errors import DomainError

OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
OPEN_DOCUMENT = ("odt", "ods", "odp")
FOLDERS = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
# Where macros live: VBA, the older sheet macros, and OpenDocument's Basic and scripts.
MACROS = ("vbaproject", "vbadata", "macrosheets/", "basic/", "scripts/")
IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
IMAGE_MAX_PIXELS = 40_000_000
UNPACKED_MAX_BYTES = 400 * 1024 * 1024
# What the readers raise over bytes that somebody else made.
BROKEN_PDF = (PyPdfError, DependencyError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, AssertionError, NotImplementedError, zlib.error, OSError)
BROKEN_IMAGE = (UnidentifiedImageError, OSError, SyntaxError, ValueError)


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
    """What a p7m wraps, where it is a real CMS SignedData with a signer and the document inside; None otherwise."""
    try:
        info = cms.ContentInfo.load(content)
        if info["content_type"].native != "signed_data" or not len(info["content"]["signer_infos"]):
            return None
        inner = info["content"]["encap_content_info"]["content"].native
        return bytes(inner) if inner else None  # without it the signature stands beside the document, which nobody has then
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def _pdf(content: bytes) -> PdfReader:
    """A PDF that opens without a password and has a page. Raises one of BROKEN_PDF, or DomainError."""
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise _refuse("file_encrypted", _("This PDF is protected with a password. Send it without."))
    if len(reader.pages) < 1:
        raise _refuse("file_broken", _("This PDF has no pages."))
    return reader


def pdf_is_signed(content: bytes) -> bool:
    """Whether a PDF carries a signature field with a signature in it (PAdES)."""
    try:
        fields = _pdf(content).get_fields() or {}
    except (*BROKEN_PDF, DomainError):
        return False
    return any(field.get("/FT") == "/Sig" and field.get("/V") for field in fields.values())


def _check_pdf(content: bytes) -> None:
    try:
        _pdf(content)
    except BROKEN_PDF as error:
        raise _refuse("file_broken", _("This PDF cannot be opened: it is damaged or cut short. Export it again.")) from error


def _check_office(extension: str, content: bytes) -> None:
    """A real document of its extension, without macros, that does not unpack to something enormous. Nothing but its type is unpacked here."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = [entry.filename.lower() for entry in entries]
            marker = "mimetype" if extension in OPEN_DOCUMENT else "[content_types].xml"
            found = next((entry for entry in entries if entry.filename.lower() == marker), None)
            if sum(entry.file_size for entry in entries) > UNPACKED_MAX_BYTES:
                raise _refuse("file_too_large", _("This document unpacks to something far too large."))
            kind = archive.read(found)[:100_000].lower() if found and found.file_size < 1_000_000 else b""
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, OSError, EOFError, OverflowError) as error:
        raise _refuse("file_broken", _("This document cannot be opened: it is damaged.")) from error
    if b"macroenabled" in kind or any(part in name for name in names for part in MACROS):
        raise _refuse("file_has_macros", _("This document contains macros. Save it without macros, or as PDF."))
    genuine = kind.strip() == OFFICE[extension].encode() if extension in OPEN_DOCUMENT else kind and any(name.startswith(FOLDERS[extension]) for name in names)
    if not genuine:
        raise _refuse("file_broken", _("This file is not what its name says."))


def _check_image(content: bytes) -> str:
    """The type of an image that opens to its last line. Raises DomainError, or one of BROKEN_IMAGE where it is none."""
    with Image.open(io.BytesIO(content), formats=list(IMAGES)) as image:
        if image.width * image.height > IMAGE_MAX_PIXELS:
            raise _refuse("image_too_large", _("This image has too many pixels: at most %(limit)s million.") % {"limit": IMAGE_MAX_PIXELS // 1_000_000})
        kind = IMAGES[image.format or ""]
        try:
            image.draft("L", (64, 64))  # a JPEG is then read small: all of it, but quickly
            image.load()
        except (OSError, SyntaxError, ValueError) as error:
            raise _refuse("file_broken", _("This image cannot be opened: it is damaged or cut short.")) from error
    return kind


def content_type_of(name: str, content: bytes) -> str:
    """The type of a case file, decided by its content; DomainError with what is accepted where it is none of them.

    Accepted (design: Files): PDF, p7m checked as ASN.1 (with one of the others inside), images, office documents without macros.
    """
    extension = PurePath(name).suffix.lower().lstrip(".")
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return "application/pdf"
    if extension == "p7m":
        inner = signed_content(content)
        if inner is None:
            raise _refuse("file_not_signed", _("This file is called p7m but holds no digital signature."))
        content_type_of(PurePath(name).stem, inner)
        return "application/pkcs7-mime"
    if content.startswith(b"PK") and extension in OFFICE:
        _check_office(extension, content)
        return OFFICE[extension]
    try:
        return _check_image(content)
    except Image.DecompressionBombError as error:
        raise _refuse("image_too_large", _("This image has too many pixels: at most %(limit)s million.") % {"limit": IMAGE_MAX_PIXELS // 1_000_000}) from error
    except BROKEN_IMAGE as error:
        raise _refuse("file_type", _("This kind of file is not accepted. Send a PDF, a p7m, an image (JPEG, PNG, WebP) or an office document without macros.")) from error


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


def store_all(uploads: Sequence[Any], code: str) -> list[tuple[str, StoredFile]]:
    """The files, checked and kept, each with its name: all of them or none. Raises DomainError(code) that names the one which was refused."""
    stored: list[tuple[str, StoredFile]] = []
    for upload in uploads:
        try:
            stored.append((upload.name[-200:], store(upload)))
        except DomainError as error:
            for _name, file in stored:
                forget(file.key)
            raise DomainError(code, f"{upload.name}: {error.message}") from error
    return stored


def opened(key: str) -> Any:
    """The stored file, open for reading."""
    return storages["case_files"].open(key, "rb")


def forget(key: str) -> None:
    """Delete a stored file that nothing refers to any more."""
    storages["case_files"].delete(key)
