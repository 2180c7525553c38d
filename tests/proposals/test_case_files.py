"""Case files: what is accepted is decided by what is in them, not by what they are called."""

import hashlib
import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from asn1crypto import algos, cms, core, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from citylab.core.errors import DomainError
from citylab.proposals import files
from citylab.proposals.services import submitting
from tests import factories


def office(extension="docx", **entries):
    """A small document of that kind; further entries with their content."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if extension in ("odt", "ods", "odp"):
            archive.writestr("mimetype", files.OFFICE[extension], zipfile.ZIP_STORED)
            archive.writestr("content.xml", "<x/>")
        else:
            archive.writestr("[Content_Types].xml", f"<Types><Override ContentType='{files.OFFICE[extension]}.main+xml'/></Types>")
            archive.writestr({"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}[extension], "<x/>")
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def image(kind="PNG", size=(40, 30)):
    target = io.BytesIO()
    Image.new("RGB", size, "green").save(target, kind)
    return target.getvalue()


def enormous_png(width, height):
    """The header of a PNG of that size and nothing to draw."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def signed(content):
    """A p7m around `content`: CMS SignedData with a certificate made for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = certificates.Name([certificates.NameAttribute(certificates.NameOID.COMMON_NAME, "Legale rappresentante")])
    valid = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
    made = certificates.CertificateBuilder(name, name, key.public_key(), 1, *valid).sign(key, hashes.SHA256())
    certificate = x509.Certificate.load(made.public_bytes(serialization.Encoding.DER))
    signer = cms.SignerInfo({
        "version": "v1", "sid": cms.SignerIdentifier({"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}}),
        "digest_algorithm": {"algorithm": "sha256"}, "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        "signature": key.sign(content or b"", ec.ECDSA(hashes.SHA256())),
    })  # fmt: skip
    inside = {"content_type": "data"} if content is None else {"content_type": "data", "content": core.OctetString(content)}
    data = cms.SignedData({"version": "v1", "digest_algorithms": [{"algorithm": "sha256"}], "encap_content_info": inside, "certificates": [certificate], "signer_infos": [signer]})
    return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()


def signed_pdf(*, filled=True):
    """A PDF with a signature field, as PAdES has it; `filled` with a signature in it."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(factories.pdf())))
    field = DictionaryObject({
        NameObject("/FT"): NameObject("/Sig"), NameObject("/T"): TextStringObject("Firma"), NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Widget"),
        NameObject("/Rect"): ArrayObject([NumberObject(0)] * 4),
    })  # fmt: skip
    if filled:
        field[NameObject("/V")] = writer._add_object(DictionaryObject({
            NameObject("/Type"): NameObject("/Sig"), NameObject("/Filter"): NameObject("/Adobe.PPKLite"), NameObject("/SubFilter"): NameObject("/ETSI.CAdES.detached"),
            NameObject("/Contents"): ByteStringObject(signed(b"digest")), NameObject("/ByteRange"): ArrayObject([NumberObject(n) for n in (0, 10, 20, 10)]),
        }))  # fmt: skip
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): ArrayObject([writer._add_object(field)]), NameObject("/SigFlags"): NumberObject(3)})
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def protected_pdf(password):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(factories.pdf())))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("scheda.pdf", factories.pdf(), "application/pdf"),
        ("SCHEDA.PDF", factories.pdf(), "application/pdf"),
        ("senza estensione", factories.pdf(), "application/pdf"),
        ("firmata.pdf", signed_pdf(), "application/pdf"),
        ("protetta contro le modifiche.pdf", protected_pdf(""), "application/pdf"),
        ("scheda.pdf.p7m", signed(factories.pdf()), "application/pkcs7-mime"),
        ("scheda.pdf.p7m.p7m", signed(signed(factories.pdf())), "application/pkcs7-mime"),
        ("scheda.docx.P7M", signed(office()), "application/pkcs7-mime"),
        ("piano.docx", office(), files.OFFICE["docx"]),
        ("costi.xlsx", office("xlsx"), files.OFFICE["xlsx"]),
        ("idea.pptx", office("pptx"), files.OFFICE["pptx"]),
        ("piano.odt", office("odt"), files.OFFICE["odt"]),
        ("foto.png", image(), "image/png"),
        ("foto.jpg", image("JPEG"), "image/jpeg"),
        ("foto.webp", image("WEBP"), "image/webp"),
    ],
)
def test_accepted(name, content, kind):
    assert files.content_type_of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("testo.pdf", b"Questo non e un PDF", "file_type"),
        ("rotto.pdf", b"%PDF-1.7\n" + b"rubbish " * 50, "file_broken"),
        ("tagliato.pdf", factories.pdf()[:60], "file_broken"),
        ("chiuso.pdf", protected_pdf("segreta"), "file_encrypted"),
        ("finto.p7m", b"Questo non e un p7m", "file_not_signed"),
        ("finto.pdf.p7m", factories.pdf()[5:], "file_not_signed"),
        ("certificato.p7m", cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"x")}).dump(), "file_not_signed"),
        ("staccata.pdf.p7m", signed(None), "file_not_signed"),
        ("programma.exe.p7m", signed(b"MZ" + b"\0" * 100), "file_type"),
        ("macro.docx.p7m", signed(office(**{"word/vbaProject.bin": "x"})), "file_has_macros"),
        ("macro.docx", office(**{"word/vbaProject.bin": "x"}), "file_has_macros"),
        ("macro.xlsx", office("xlsx", **{"xl/macrosheets/sheet1.xml": "x"}), "file_has_macros"),
        ("macro.docx", office(**{"[content_types].xml": "application/vnd.ms-word.document.macroEnabled.main+xml"}).replace(b"[Content_Types].xml", b"[Xontent_Types].xml"), "file_has_macros"),
        ("macro.odt", office("odt", **{"Basic/Standard/Modulo.xml": "x"}), "file_has_macros"),
        ("script.odt", office("odt", **{"Scripts/python/x.py": "x"}), "file_has_macros"),
        ("archivio.docx", office("odt"), "file_broken"),
        ("foglio.docx", office("xlsx"), "file_broken"),
        ("piano.odt", office("ods"), "file_broken"),
        ("tagliato.docx", office()[:-30], "file_broken"),
        ("macro.docm", office(), "file_type"),
        ("vecchio.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_type"),
        ("disegno.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "file_type"),
        ("animata.gif", image("GIF"), "file_type"),
        ("foto.tiff", image("TIFF"), "file_type"),
        ("pagina.html", b"<script>alert(1)</script>", "file_type"),
        ("tagliata.jpg", image("JPEG", (400, 400))[:-500], "file_broken"),
        ("enorme.png", enormous_png(50_000, 50_000), "image_too_large"),
        ("grande.png", enormous_png(9_000, 9_000), "image_too_large"),
        ("niente.zip", office(), "file_type"),
    ],
)
def test_refused(name, content, code):
    with pytest.raises(DomainError) as refused:
        files.content_type_of(name, content)
    assert refused.value.code == code


def test_a_document_that_unpacks_to_something_enormous_is_refused_unread():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for part in range(5):
            archive.writestr(f"word/{part}.xml", b"0" * (files.UNPACKED_MAX_BYTES // 4))
    assert len(target.getvalue()) < 1_000_000
    with pytest.raises(DomainError) as refused:
        files.content_type_of("bomba.docx", target.getvalue())
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize(("size", "code"), [(0, "file_empty"), (1025, "file_too_large")])
def test_too_small_and_too_large(settings, size, code):
    settings.CASE_FILE_MAX_BYTES = 1024
    with pytest.raises(DomainError) as refused:
        files.store(factories.upload(content=b"x" * size))
    assert refused.value.code == code


def test_a_stored_file_has_a_random_key_and_its_hash(db):
    first, second = files.store(factories.upload()), files.store(factories.upload())
    assert first.key != second.key
    assert "scheda" not in first.key
    with files.opened(first.key) as handle:
        content = handle.read()
    assert (first.sha256, first.size, content) == (hashlib.sha256(content).hexdigest(), len(content), factories.pdf())


def test_which_pdf_is_signed():
    assert files.pdf_is_signed(signed_pdf())
    assert not files.pdf_is_signed(signed_pdf(filled=False))
    assert not files.pdf_is_signed(factories.pdf())
    assert not files.pdf_is_signed(b"%PDF-1.7 rubbish")


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "name", "content"), [("pdf", "firmata.pdf", signed_pdf()), ("p7m", "firmata.pdf.p7m", signed(factories.pdf()))])
def test_a_digital_signature_is_handed_in(kind, name, content):
    draft = factories.draft()
    owner = factories.owner_of(draft.organisation)
    document = submitting_file(draft, owner, name, content)
    submitted = submitting.proposal_submit(
        proposal_id=draft.pk, actor=owner, signature=submitting.SignatureGiven(kind, "Legale rappresentante", document), stamp=submitting.StampGiven(exemption="onlus")
    )
    signature = submitted.versions.get().signature
    assert (signature.kind, signature.document) == (kind, document)


def submitting_file(draft, owner, name, content):
    from citylab.proposals.services import drafting

    return drafting.attachment_add(proposal_id=draft.pk, actor=owner, kind="signed_summary", upload=factories.upload(name, content))


SAMPLES = [("a.pdf", signed_pdf()), ("a.pdf", protected_pdf("")), ("a.pdf.p7m", signed(factories.pdf())), ("a.docx", office()), ("a.odt", office("odt")), ("a.png", image()), ("a.jpg", image("JPEG")), ("a.webp", image("WEBP"))]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(sample=st.sampled_from(SAMPLES), cuts=st.lists(st.tuples(st.integers(0, 1_000_000), st.binary(max_size=6)), min_size=1, max_size=6), end=st.integers(0, 1_000_000))
def test_whatever_was_done_to_a_file_it_is_accepted_or_refused_in_words(sample, cuts, end):
    name, content = sample
    damaged = bytearray(content)
    for where, new in cuts:
        at = where % len(damaged)
        damaged[at : at + len(new)] = new
    damaged = bytes(damaged[: max(1, end % (2 * len(damaged)))])
    try:
        files.content_type_of(name, damaged)
    except DomainError as error:
        assert str(error)
    assert files.pdf_is_signed(damaged) in (True, False)
