"""Small PDF files for the attachments of invented proposals: one page of text, plainly marked as a demonstration."""

from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile


def _escaped(line: str) -> bytes:
    text = line.encode("cp1252", "replace")
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def pdf(lines: Sequence[str]) -> bytes:
    """A one-page A4 PDF with these lines of text, the first in a larger type."""
    text = b"BT /F1 16 Tf 56 780 Td (" + _escaped(lines[0]) + b") Tj /F1 11 Tf" + b"".join(b" 0 -20 Td (" + _escaped(line) + b") Tj" for line in lines[1:]) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(text) + text + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(content))


def paper(name: str, title: str, *lines: str) -> SimpleUploadedFile:
    """An upload of such a PDF."""
    return SimpleUploadedFile(name, pdf([title, *lines, "", "Documento dimostrativo, senza valore. · Demonstration document, without value."]), "application/pdf")
