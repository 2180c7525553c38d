"""What stands on a receipt and on a notice, as plain text in one language: the page and the PDF show the same."""

from typing import Any

import segno
from django.conf import settings
from django.http import HttpResponse
from django.utils import formats
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.core.clock import rome

from . import typesetting
from .arithmetic import euros, in_language
from .models import Checkout, Notice, Receipt, Refund
from .workflow import RefundState

Part = dict[str, Any]


def receipt_context(receipt: Receipt) -> Part:
    """What the printable page of a receipt shows."""
    return {"paper": receipt_paper(receipt), "refunds": refund_notes(receipt)}


def receipt_download(receipt: Receipt) -> HttpResponse:
    """As it stood when the money came: what was given back later changes nothing on it."""
    with override(receipt.language):
        name = _("receipt")
    return _download(typesetting.pdf(receipt_paper(receipt), receipt.issued_at), f"{name}-{receipt.payee.code}-{receipt.year}-{receipt.number}")


def notice_download(notice: Notice, checkout: Checkout, language: str) -> HttpResponse:
    with override(language):
        name = _("notice")
    return _download(typesetting.pdf(notice_paper(notice, checkout, language), notice.created_at), f"{name}-{notice.number}")


def _download(pdf: bytes, name: str) -> HttpResponse:
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=f"{name}.pdf")})


def receipt_paper(receipt: Receipt) -> Part:
    """The receipt in the payer's language."""
    data = receipt.data
    with override(receipt.language):
        number = f"{receipt.number}/{receipt.year}"
        payee = in_language(data["payee"]["name"], receipt.language)
        return {
            "language": receipt.language,
            "head": payee,
            "issuer": payee,
            "title": _("Receipt no. %(number)s") % {"number": number},
            "lead": _("Numbered in the name of the payee, without gaps, anew each year."),
            "state": "",
            "parties": [_party(_("Received by"), [payee, *_identifiers(data["payee"]), data["payee"]["address"]]), _party(_("Received from"), _payer(data["payer"]))],
            "facts": _receipt_facts(receipt),
            "qr": "",
            "qr_alt": "",
            "columns": [_("For"), _("VAT"), _("Amount")],
            "lines": [_line(line, receipt.language) for line in data["lines"]],
            "total": [_("Total received"), euros(data["total_cents"])],
            "notes": [
                _party(_("Stamp duty on this receipt"), [_stamp_note(receipt)]),
                _party(_("This receipt is not an invoice"), [_("It says that the money has come. Where an invoice or another tax document is due, the payee issues it separately.")]),
            ],
            "footer": f"{payee} · {_('Receipt no. %(number)s') % {'number': number}}",
        }


def refund_notes(receipt: Receipt) -> list[str]:
    """What went back of the payment afterwards, in the reader's language: on the page, never on the receipt."""
    words = {RefundState.DONE: _("Given back on %(day)s: %(amount)s."), RefundState.TRANSFERRED: _("Given back by bank transfer on %(day)s: %(amount)s.")}
    owed = _("To be given back: %(amount)s.")
    found: list[Refund] = list(receipt.payment.refunds.order_by("owed_at", "pk"))
    return [words.get(RefundState(refund.state), owed) % {"amount": euros(refund.amount_cents), "day": _day(refund.done_at) if refund.done_at else ""} for refund in found]


def notice_code(notice: Notice) -> str:
    """What the square code on a notice holds (pagoPA, "L'avviso di pagamento analogico"); "" while the payee's tax code is to be confirmed."""
    return f"PAGOPA|002|{notice.number}|{notice.payee_tax_code}|{notice.amount_cents}" if notice.payee_tax_code else ""


def notice_paper(notice: Notice, checkout: Checkout, language: str) -> Part:
    charges = [line.charge for line in checkout.lines.select_related("charge")]
    with override(language):
        payee = in_language(charges[0].line["payee"]["name"], language)
        code = notice_code(notice)
        grouped = " ".join(notice.number[place : place + 4] for place in range(0, len(notice.number), 4))
        states = {
            Notice.Status.PAID: _("This notice has been paid: do not pay it again."),
            Notice.Status.CLOSED: _("This notice is closed: do not pay it. What is still due has another notice."),
        }
        due = min((charge.due_on for charge in charges if charge.due_on), default=None)
        facts = [[_("Notice number"), grouped], [_("Tax code of the payee"), notice.payee_tax_code or "–"], [_("Amount"), euros(notice.amount_cents)]]
        facts += [[_("To be paid by"), formats.date_format(due)]] if due else []
        facts += [[_("Pilot"), checkout.pilot.code], [_("Issued on"), _day(notice.created_at)]]
        return {
            "language": language,
            "head": payee,
            "issuer": payee,
            "title": _("Payment notice"),
            "lead": checkout.pilot.title,
            "state": states.get(Notice.Status(notice.status), ""),
            "parties": [_party(_("To be paid to"), [payee, notice.payee_tax_code]), _party(_("Owed by"), _payer(payer_data(checkout)))],
            "facts": facts,
            "qr": segno.make(code, error="m", micro=False).svg_inline(border=2, scale=4) if code else "",
            "qr_alt": _("Square code with the number of the notice, the payee's tax code and the amount"),
            "columns": [_("For"), _("Amount")],
            "lines": [{"what": in_language(charge.line["label"], language), "more": [charge.line["act"]] * bool(charge.line["act"]), "vat": "", "amount": euros(charge.amount_cents)} for charge in charges],
            "total": [_("To be paid"), euros(notice.amount_cents)],
            "notes": [_party(_("How to pay"), notice_instructions(notice)), _party(_("Afterwards"), [_("Once word of the payment has reached the city, your area shows the sum as paid.")])],
            "footer": " · ".join([settings.CITY["name"], _("Notice number"), grouped]),
        }  # fmt: skip


def notice_instructions(notice: Notice) -> list[str]:
    """In the reader's language; with where to scan the code, once there is one."""
    lines = [_("Pay in your bank's app or site, at a post office, a tobacconist's, a bank counter or cash machine, wherever pagoPA notices are accepted.")]
    if notice.payee_tax_code:
        lines += [_("Scan the square code, or type the number of the notice and the tax code of the payee.")]
    else:
        lines += [_("The tax code of the payee is still to be confirmed: ask the office before you pay.")]
    return [*lines, _("Pay the whole amount at once. Whoever takes the payment may ask for a commission, which is shown before you pay.")]


def payer_data(checkout: Checkout) -> dict[str, str]:
    """Who pays, as a paper says it."""
    organisation = checkout.pilot.organisation
    names = ("legal_name", "tax_code", "vat_number", "foreign_identifier", "address", "postcode", "town", "country")
    return {name: getattr(organisation, name, "") for name in names}


def _party(label: str, lines: list[str]) -> Part:
    return {"label": label, "lines": [line for line in lines if line]}


def _payer(data: dict[str, str]) -> list[str]:
    place = " ".join(part for part in (data["postcode"], data["town"]) if part)
    return [data["legal_name"], *_identifiers(data), ", ".join(part for part in (data["address"], place, data["country"]) if part)]


def _identifiers(data: dict[str, str]) -> list[str]:
    """Tax code and VAT number: once where they are the same."""
    tax, vat, foreign = data.get("tax_code", ""), data.get("vat_number", ""), data.get("foreign_identifier", "")
    found = [_("Tax code and VAT number %(number)s") % {"number": tax}] if tax and tax == vat else []
    if not found:
        found += [_("Tax code %(number)s") % {"number": tax}] * bool(tax) + [_("VAT number %(number)s") % {"number": vat}] * bool(vat)
    return found + [_("Identifier %(number)s") % {"number": foreign}] * bool(foreign)


def _receipt_facts(receipt: Receipt) -> list[list[str]]:
    data = receipt.data
    methods = {"stripe": _("Online, through Stripe"), "test": _("Test provider: no real money has moved"), "notice": _("pagoPA notice")}
    site = in_language(data["site"], receipt.language) if data["site"] else ""
    facts = [[_("Money received on"), _day(receipt.payment.received_at)], [_("Issued on"), _day(receipt.issued_at)], [_("How"), methods[data["provider"]]], [_("Payment"), data["payment"]]]
    facts += [[_("Pilot"), f"{data['pilot']} · {data['title']}"]]
    return facts + [[_("Site"), site]] * bool(site)


def _line(line: Part, language: str) -> Part:
    more = [in_language(line["period"], language) if line["period"] else "", _("Act: %(act)s") % {"act": line["act"]} if line["act"] else ""]
    return {"what": in_language(line["label"], language), "more": [text for text in more if text], "vat": in_language(line["vat"], language), "amount": euros(line["amount_cents"])}


def _stamp_note(receipt: Receipt) -> str:
    stamp = receipt.data["stamp"]
    limit, outside = euros(stamp["above_cents"]), euros(stamp["base_cents"])
    if receipt.stamp_cents:
        return _(
            "%(amount)s, because more than %(limit)s of this receipt is outside VAT: %(outside)s (DPR 642/1972, tariff, part I, art. 13). "
            "The payer owes it (Civil Code, art. 1199) and puts the stamp on the original; payee and payer answer for it together (DPR 642/1972, art. 22)."
        ) % {"amount": euros(receipt.stamp_cents), "limit": limit, "outside": outside}
    if stamp["exempt_by"]:
        return _("Exempt: %(act)s.") % {"act": stamp["exempt_by"]}
    return _("None: what is outside VAT, %(outside)s, is not more than %(limit)s (DPR 642/1972, tariff, part I, art. 13).") % {"limit": limit, "outside": outside}


def _day(moment: Any) -> str:
    return formats.date_format(moment.astimezone(rome).date())
