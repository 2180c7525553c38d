"""Receipts and notices: what they say, in which language, as a page and as PDF/A, and who may read them."""

import io
import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from citylab.accounts.models import Membership, Organisation, Role
from citylab.core import clock
from citylab.payments import papers, typesetting
from citylab.payments.models import Notice, Receipt, Refund
from citylab.payments.services import deposits, refunding
from tests import factories

from .living import begun, charge, money_pilot, notice_paid, paid

pytestmark = pytest.mark.django_db
HOSTILE = r"#quote *_\ $x$ <script>alert(1)</script> @tag //c /*c*/ `raw` [a](b) 🦊👩‍🚀 日本語 " + "W" * 80
LIMIT = "€77.47"


@pytest.fixture
def people():
    """A demo account needs no second factor."""
    return factories.city(officer=factories.person(Role.OFFICER, is_demo=True))


def reader(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(pdf):
    """The words of a PDF, on one line; a long word that was broken is whole again."""
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\u200b", "").split())


def is_pdf_a_2b(pdf):
    xmp = PdfReader(io.BytesIO(pdf)).xmp_metadata.stream.get_data().decode()
    return "<pdfaid:part>2</pdfaid:part>" in xmp and "<pdfaid:conformance>B</pdfaid:conformance>" in xmp


def pdf_of(receipt):
    return papers.receipt_download(receipt).content


def test_a_receipt_says_who_paid_whom_what_for_when_and_how(people):
    pilot = money_pilot(people, name_en="Dora Foundation", name_it="Fondazione Dora", tax_code="97600000015", address="Via Dora 1, Torino")
    paid(pilot, "fee", "deposit")
    receipt = Receipt.objects.get()
    text = text_of(pdf_of(receipt))
    payer = pilot.organisation
    for words in (
        f"Receipt no. 1/{clock.today().year}", "Received by Dora Foundation", "Received from", "Tax code 97600000015", "Via Dora 1, Torino", payer.legal_name, payer.tax_code or payer.vat_number,
        f"Pilot {pilot.code}", f"Site {pilot.site.name_en}", "Test provider: no real money has moved", f"Payment {receipt.payment.external_id}",
        "Entry", "Act: DCC 1/2027", "Outside VAT", "€250.00", "Deposit: no VAT", "€1,000.00", "Total received €1,250.00", "This receipt is not an invoice",
    ):  # fmt: skip
        assert words in text
    assert is_pdf_a_2b(pdf_of(receipt))


def test_a_receipt_is_in_the_language_in_which_it_was_paid_whoever_reads_it(people):
    pilot = money_pilot(people)
    paid(pilot, "fee", language="it")
    receipt = Receipt.objects.get()
    assert (receipt.language, PdfReader(io.BytesIO(pdf_of(receipt))).trailer["/Root"]["/Lang"]) == ("it", "it")
    page = reader(factories.owner_of(pilot.organisation)).get(reverse("portal:receipt_page", args=[receipt.pk])).content.decode()
    assert '<html lang="en"' in page and '<article lang="it"' in page and "Accesso" in page


def test_receipts_are_numbered_in_the_name_of_each_payee_without_gaps(people):
    for code in ("dora", "po"):
        pilot = money_pilot(people, code=code)
        paid(pilot, "fee")
        paid(pilot, "deposit")
    assert list(Receipt.objects.order_by("pk").values_list("payee__code", "number")) == [("host-dora", 1), ("host-dora", 2), ("host-po", 1), ("host-po", 2)]


@pytest.mark.parametrize(("fee", "stamp"), [(77_47, 0), (77_48, 2_00)])
def test_stamp_duty_on_a_receipt_begins_above_its_limit(people, fee, stamp):
    paid(money_pilot(people, fee=fee), "fee")
    receipt = Receipt.objects.get()
    assert receipt.stamp_cents == stamp
    said = "The payer owes it (Civil Code, art. 1199)" if stamp else f"is not more than {LIMIT}"
    assert said in text_of(pdf_of(receipt))


@pytest.mark.parametrize(
    ("kinds", "deposit", "base", "stamp"),
    [(("fee",), 50_00, 0, 0), (("fee", "deposit"), 50_00, 50_00, 0), (("fee", "deposit"), 80_00, 80_00, 2_00)],
)  # fmt: skip
def test_what_is_subject_to_vat_does_not_count_towards_the_stamp(people, kinds, deposit, base, stamp):
    paid(money_pilot(people, fee=500_00, deposit=deposit, fees_with_vat=True), *kinds)
    receipt = Receipt.objects.get()
    assert (receipt.data["stamp"]["base_cents"], receipt.stamp_cents) == (base, stamp)


@pytest.mark.parametrize(
    ("kind", "payee", "exempt_by"),
    [
        (Organisation.Kind.NONPROFIT, {}, "D.Lgs. 117/2017, art. 82, c. 5"),
        (Organisation.Kind.SME, {"stamp_exempt_by": "D.Lgs. 117/2017, art. 82, c. 5"}, "D.Lgs. 117/2017, art. 82, c. 5"),
        (Organisation.Kind.PUBLIC, {"provider": "notice"}, "DPR 642/1972, tabella B, art. 16"),
        (Organisation.Kind.PUBLIC, {}, ""),
        (Organisation.Kind.SME, {"provider": "notice"}, ""),
    ],
)  # fmt: skip
def test_the_law_frees_some_payers_and_payees_from_the_stamp(people, kind, payee, exempt_by):
    pilot = money_pilot(people, **payee)
    Organisation.objects.filter(pk=pilot.organisation_id).update(kind=kind)
    if payee.get("provider") == "notice":
        notice_paid(begun(pilot, "fee"))
    else:
        paid(pilot, "fee")
    receipt = Receipt.objects.get()
    assert (receipt.data["stamp"]["exempt_by"], receipt.stamp_cents) == (exempt_by, 0 if exempt_by else 2_00)
    assert not exempt_by or f"Exempt: {exempt_by}." in text_of(pdf_of(receipt))


def test_what_goes_back_later_stands_beside_the_receipt_and_never_on_it(people):
    pilot = money_pilot(people)
    paid(pilot, "deposit")
    receipt = Receipt.objects.get()
    before = pdf_of(receipt)
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=700_00, reasons="A broken lamp.")
    assert papers.refund_notes(receipt) == ["To be given back: €700.00."]
    refunding.refunds_send()
    page = reader(people.officer).get(reverse("desk:receipt_page", args=[receipt.pk])).content.decode()
    assert Refund.objects.get().state == "done" and "€700.00." in page and "The receipt itself stays as it was" in page
    assert pdf_of(Receipt.objects.get()) == before


def test_a_hostile_name_stays_text_on_page_and_pdf(people):
    pilot = money_pilot(people)
    Organisation.objects.filter(pk=pilot.organisation_id).update(legal_name=HOSTILE)
    paid(pilot, "fee")
    receipt = Receipt.objects.get()
    pdf = pdf_of(receipt)
    drawn = "".join(character if character not in "🦊👩‍🚀日本語" else "□" for character in HOSTILE)
    assert drawn.replace(" ", "") in text_of(pdf).replace(" ", "") and is_pdf_a_2b(pdf)
    page = reader(people.officer).get(reverse("desk:receipt_page", args=[receipt.pk])).content.decode()
    assert "<script>alert" not in page and "🦊" in page


def test_a_pdf_has_the_same_bytes_each_time_and_is_made_at_once(people):
    paid(money_pilot(people), "fee", "deposit")
    receipt = Receipt.objects.get()
    first = pdf_of(receipt)
    began = time.perf_counter()
    again = pdf_of(receipt)
    assert again == first
    assert time.perf_counter() - began < 1.0  # a tenth of that as a rule


def test_only_the_payers_people_and_the_office_read_a_receipt(people):
    pilot = money_pilot(people)
    paid(pilot, "fee")
    receipt = Receipt.objects.get()
    insider = factories.person(Role.OFFICER, is_demo=True)
    Membership.objects.create(user=insider, organisation=pilot.organisation, role=Membership.Role.READER, joined_at=clock.now())
    readers = {"owner": factories.owner_of(pilot.organisation), "stranger": factories.owner_of(factories.organisation()), "officer": people.officer, "insider": insider}
    seen = {
        name: [reader(user).get(reverse(f"{room}:{paper}", args=[receipt.pk])).status_code for room in ("portal", "desk") for paper in ("receipt_page", "receipt_pdf")]
        for name, user in readers.items()
    }
    assert seen == {"owner": [200, 200, 403, 403], "stranger": [404, 404, 403, 403], "officer": [404, 404, 200, 200], "insider": [200, 200, 403, 403]}


def test_a_receipt_is_downloaded_under_a_name_that_says_which(people):
    paid(money_pilot(people), "fee")
    answer = reader(people.officer).get(reverse("desk:receipt_pdf", args=[Receipt.objects.get().pk]))
    assert (answer["Content-Type"], answer["Content-Disposition"]) == ("application/pdf", f'attachment; filename="receipt-host-dora-{clock.today().year}-1.pdf"')


# --- notices -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def noticed(people):
    """A checkout that is a notice."""
    return begun(money_pilot(people, provider="notice", name_en="Dora Council", tax_code="97600000015"), "fee", "deposit")


def test_a_notice_holds_number_amount_payee_and_the_square_code(noticed):
    notice = Notice.objects.get()
    assert papers.notice_code(notice) == f"PAGOPA|002|{notice.number}|97600000015|125000"
    pdf = papers.notice_download(notice, noticed, "en").content
    text = text_of(pdf)
    grouped = " ".join(notice.number[place : place + 4] for place in range(0, 18, 4))
    for words in ("Payment notice", f"Notice number {grouped}", "Dora Council", "97600000015", "Amount €1,250.00", noticed.pilot.organisation.legal_name, "Scan the square code", "Entry", "€250.00"):
        assert words in text
    assert is_pdf_a_2b(pdf)


def test_a_notice_is_in_the_readers_language(noticed):
    client = reader(factories.owner_of(noticed.pilot.organisation))
    for language in ("it", "en"):
        with translation.override(language):
            pdf = client.get(reverse("portal:notice_pdf", args=[noticed.external_id])).content
        assert PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/Lang"] == language


def test_a_notice_without_the_payees_tax_code_has_no_square_code_and_says_why(people):
    checkout = begun(money_pilot(people, provider="notice", tax_code="", assumed=True), "fee")
    pdf = papers.notice_download(Notice.objects.get(), checkout, "en").content
    assert "The tax code of the payee is still to be confirmed" in text_of(pdf)


def test_a_notice_that_is_paid_says_so(noticed):
    notice_paid(noticed)
    assert "This notice has been paid: do not pay it again." in text_of(papers.notice_download(Notice.objects.get(), noticed, "en").content)


def test_only_the_payers_people_and_the_office_read_a_notice(noticed, people):
    stranger = factories.owner_of(factories.organisation())
    seen = [
        reader(user).get(reverse(f"{room}:notice_pdf", args=[noticed.external_id])).status_code
        for user in (factories.owner_of(noticed.pilot.organisation), stranger, people.officer) for room in ("portal", "desk")
    ]  # fmt: skip
    assert seen == [200, 403, 404, 403, 404, 200]


def test_what_typst_itself_cannot_set_is_an_error_and_not_an_empty_paper():
    with pytest.raises(typesetting.typst.TypstError):
        typesetting.pdf({"title": "Half a paper"}, clock.now())
