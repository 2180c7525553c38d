"""Tables for the accounts office: charges, payments, refunds and the ledger's entries of a period, as CSV and as XLSX."""

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.core.spreadsheets import safe
from citylab.pilots.models import Pilot

from .arithmetic import in_language
from .models import Charge, LedgerEntry, Payment, Refund

# A workbook is made whole before it is sent, so it has an end; CSV goes out row by row.
MOST_XLSX_ROWS = 50_000
CHUNK = 500
WIDTH = 18
FORMATS = {Decimal: "#,##0.00", date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss"}
Column = tuple[Promise, Callable[[Any], Any]]


@dataclass(frozen=True)
class Table:
    label: Promise
    rows: Callable[[datetime, datetime], QuerySet[Any]]
    columns: tuple[Column, ...]


def euro(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents) / 100


def moment(value: datetime | None) -> datetime | None:
    """As the clocks of Rome showed it."""
    return value.astimezone(clock.rome).replace(tzinfo=None, microsecond=0) if value else None


def receipt_number(payment: Payment) -> str:
    return str(payment.receipt) if hasattr(payment, "receipt") else ""


def of_pilot(pilot: Callable[[Any], Pilot], payee: Callable[[Any], Any]) -> tuple[Column, ...]:
    """Whose it is."""
    return (
        (_("Pilot"), lambda row: pilot(row).code),
        (_("Organisation"), lambda row: pilot(row).organisation.legal_name),
        (_("Tax code"), lambda row: pilot(row).organisation.tax_code),
        (_("VAT number"), lambda row: pilot(row).organisation.vat_number),
        (_("Payee"), lambda row: str(payee(row) or _("Italian State"))),
    )


def _charges(begins: datetime, ends: datetime) -> QuerySet[Charge]:
    return Charge.objects.filter(made_at__gte=begins, made_at__lt=ends).select_related("pilot__organisation", "payee", "allocation__payment__receipt").order_by("made_at", "pk")


def _payments(begins: datetime, ends: datetime) -> QuerySet[Payment]:
    return Payment.objects.filter(received_at__gte=begins, received_at__lt=ends).select_related("checkout__pilot__organisation", "checkout__payee", "receipt").order_by("received_at", "pk")


def _refunds(begins: datetime, ends: datetime) -> QuerySet[Refund]:
    return Refund.objects.filter(owed_at__gte=begins, owed_at__lt=ends).select_related("payment__checkout__pilot__organisation", "payment__checkout__payee").order_by("owed_at", "pk")


def _entries(begins: datetime, ends: datetime) -> QuerySet[LedgerEntry]:
    code = Pilot.objects.filter(pk=OuterRef("transaction__pilot")).values("code")
    entries = LedgerEntry.objects.filter(transaction__at__gte=begins, transaction__at__lt=ends).select_related("transaction__payee")
    return entries.annotate(pilot_code=Subquery(code)).order_by("pk")


TABLES = {
    "charges": Table(
        _("Charges"),
        _charges,
        (
            (_("Made on"), lambda row: moment(row.made_at)),
            *of_pilot(lambda row: row.pilot, lambda row: row.payee),
            (_("Kind"), lambda row: row.get_kind_display()),
            (_("For"), lambda row: row.line["label"]),
            (_("VAT"), lambda row: row.line["payee"]["vat"]),
            (_("Act"), lambda row: row.line["act"]),
            (_("Amount"), lambda row: euro(row.amount_cents)),
            (_("Currency"), lambda row: row.currency),
            (_("State"), lambda row: row.get_state_display()),
            (_("Due on"), lambda row: row.due_on),
            (_("Paid on"), lambda row: moment(row.paid_at)),
            (_("Receipt of payment"), lambda row: receipt_number(row.allocation.payment) if hasattr(row, "allocation") else ""),
            (_("Waived by"), lambda row: row.waived_act),
            (_("Identifier"), lambda row: str(row.pk)),
        ),
    ),
    "payments": Table(
        _("Payments"),
        _payments,
        (
            (_("Money received on"), lambda row: moment(row.received_at)),
            *of_pilot(lambda row: row.checkout.pilot, lambda row: row.checkout.payee),
            (_("Amount"), lambda row: euro(row.amount_cents)),
            (_("The provider's fee"), lambda row: euro(row.fee_cents)),
            (_("Currency"), lambda row: row.checkout.currency),
            (_("Provider"), lambda row: row.provider),
            (_("Account"), lambda row: row.account),
            (_("The provider's identifier"), lambda row: row.external_id),
            (_("Receipt of payment"), receipt_number),
            (_("Stamp duty on the receipt"), lambda row: euro(row.receipt.stamp_cents) if hasattr(row, "receipt") else None),
            (_("Disputed"), lambda row: euro(row.disputed_cents) if row.disputed else None),
        ),
    ),
    "refunds": Table(
        _("Refunds"),
        _refunds,
        (
            (_("Owed since"), lambda row: moment(row.owed_at)),
            *of_pilot(lambda row: row.payment.checkout.pilot, lambda row: row.payment.checkout.payee),
            (_("Amount"), lambda row: euro(row.amount_cents)),
            (_("Currency"), lambda row: row.payment.checkout.currency),
            (_("Reason"), lambda row: row.get_reason_display()),
            (_("State"), lambda row: row.get_state_display()),
            (_("Given back on"), lambda row: moment(row.done_at)),
            (_("Payment"), lambda row: row.payment.external_id),
            (_("The provider's identifier"), lambda row: row.external_id),
            (_("Account holder"), lambda row: row.account_holder),
            (_("IBAN"), lambda row: row.iban),
            (_("Transferred on"), lambda row: row.transferred_on),
            (_("Reference of the transfer"), lambda row: row.transfer_reference),
            (_("Identifier"), lambda row: str(row.pk)),
        ),
    ),
    "ledger": Table(
        _("Ledger entries"),
        _entries,
        (
            (_("Written on"), lambda row: moment(row.transaction.at)),
            (_("Transaction"), lambda row: row.transaction.key),
            (_("Pilot"), lambda row: row.pilot_code or ""),
            (_("Payee"), lambda row: str(row.transaction.payee or _("Italian State"))),
            (_("Account"), lambda row: row.get_account_display()),
            (_("Debit"), lambda row: euro(row.amount_cents) if row.amount_cents > 0 else None),
            (_("Credit"), lambda row: euro(-row.amount_cents) if row.amount_cents < 0 else None),
            (_("Currency"), lambda row: row.currency),
            (_("Charge"), lambda row: str(row.charge or "")),
        ),
    ),
}


def rows_of(table: Table, first: date, last: date) -> QuerySet[Any]:
    """What happened on these days, inclusive, as Rome counts them."""
    begins, ends = (datetime.combine(day, time(), clock.rome) for day in (first, last + timedelta(days=1)))
    return table.rows(begins, ends)


def as_csv(table: Table, rows: QuerySet[Any], language: str) -> Iterator[str]:
    """Line by line: with a byte-order mark, “;” between cells, and the decimal sign of the reader's language."""
    writer = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")
    with override(language):
        titles = [str(title) for title, _value in table.columns]
    yield "\ufeff" + str(writer.writerow(titles))
    for row in rows.iterator(chunk_size=CHUNK):
        with override(language):  # for as long as a row takes: between two of them other pages may be made
            cells = [_said(cell) for cell in _cells(table, row, language)]
        yield str(writer.writerow(cells))


def as_xlsx(table: Table, rows: QuerySet[Any], language: str) -> Any:
    """An open temporary file. Raises DomainError("too_many_rows")."""
    if rows.count() > MOST_XLSX_ROWS:
        raise DomainError("too_many_rows", _("These are more than 50,000 rows: choose fewer days, or CSV."))
    book = Workbook(write_only=True)
    with override(language):
        sheet = book.create_sheet(str(table.label))
        sheet.freeze_panes = "A2"
        for place in range(len(table.columns)):
            sheet.column_dimensions[chr(ord("A") + place)].width = WIDTH
        sheet.append([_title(sheet, title) for title, _value in table.columns])
        for row in rows.iterator(chunk_size=CHUNK):
            sheet.append([_cell(sheet, cell) for cell in _cells(table, row, language)])
    target = tempfile.TemporaryFile()
    book.save(target)
    target.seek(0)
    return target


class _Echo:
    """A file for csv.writer that gives each line back."""

    def write(self, line: str) -> str:
        return line


def _cells(table: Table, row: Any, language: str) -> Iterable[Any]:
    for _title, value in table.columns:
        found = value(row)
        yield in_language(found, language) if isinstance(found, dict) else found


def _said(cell: Any) -> str:
    """Dates as every spreadsheet knows them, numbers without groups."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:.2f}".replace(".", formats.get_format("DECIMAL_SEPARATOR"))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else safe(cell)


def _title(sheet: Any, title: Promise) -> Any:
    cell = WriteOnlyCell(sheet, str(title))
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, safe(ILLEGAL_CHARACTERS_RE.sub("", value)))
        cell.data_type = "s"
        return cell
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = FORMATS[type(value)]
    return cell
