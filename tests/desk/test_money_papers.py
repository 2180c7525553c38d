"""The office's tables for the accounts office and its comparison with the providers."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from citylab.accounts.models import Organisation
from citylab.core import clock
from citylab.payments import exports
from citylab.payments.models import Charge, Difference, LedgerEntry, Receipt, ReconcileRun
from citylab.payments.services import charging, refunding
from tests import factories
from tests.payments.living import begun, charge, chosen, money_pilot, paid

from .conftest import signed_in, text_of

pytestmark = pytest.mark.django_db
FORMULAS = ["=1+1", "+39", "-2", "@SUM(A1)", "\tx", "\rx"]


@pytest.fixture
def pilot(people):
    """With a fee that was paid and half of which went back."""
    made = money_pilot(people)
    paid(made, "fee", "deposit")
    charging.fee_give_back(charge_id=charge(made, "fee").pk, actor=people.officer, cents=125_00, reason="Half was enough.")
    refunding.refunds_send()
    return made


def exported(client, what, format="csv", **period):
    today = clock.today()
    return client.get(reverse("desk:money_export"), {"what": what, "format": format, "first": today, "last": today, **period})


def csv_rows(response):
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def xlsx_rows(response):
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    titles, *rows = sheet.iter_rows()
    return [dict(zip([title.value for title in titles], row, strict=True)) for row in rows]


def test_charges_carry_whose_they_are_sums_as_numbers_and_days_as_dates(officer, pilot):
    rows = {row["Kind"]: row for row in csv_rows(exported(officer, "charges"))}
    fee = rows["Fee"]
    assert len(rows) == 3
    assert (fee["Pilot"], fee["Organisation"], fee["Payee"], fee["Amount"], fee["Currency"], fee["State"]) == (
        pilot.code, pilot.organisation.legal_name, "Body host-dora", "250.00", "EUR", "Given back",
    )  # fmt: skip
    assert (fee["For"], fee["VAT"], fee["Act"], fee["Receipt of payment"]) == ("Entry", "Outside VAT", "DCC 1/2027", str(Receipt.objects.get()))
    assert (date.fromisoformat(fee["Due on"]), datetime.fromisoformat(fee["Paid on"]).date()) == (charge(pilot, "fee").due_on, clock.today())
    assert rows["Stamp duty"]["Payee"] == "Italian State"


def test_a_workbook_holds_numbers_and_dates_that_can_be_reckoned_with(officer, pilot):
    (row,) = xlsx_rows(exported(officer, "payments", "xlsx"))
    fee = 1_250_00 * 15 // 1000 + 25
    assert (Decimal(str(row["Amount"].value)), Decimal(str(row["The provider's fee"].value))) == (Decimal("1250"), Decimal(fee) / 100)
    assert (row["Amount"].number_format, row["Money received on"].value.date(), row["Stamp duty on the receipt"].value) == ("#,##0.00", clock.today(), 2)


def test_refunds_and_the_ledger_are_tables_too(officer, pilot):
    (refund,) = csv_rows(exported(officer, "refunds"))
    assert (refund["Amount"], refund["Reason"], refund["State"]) == ("125.00", "Decided by the office", "Given back")
    entries = csv_rows(exported(officer, "ledger"))
    assert len(entries) == LedgerEntry.objects.count()
    assert {row["Pilot"] for row in entries} == {pilot.code}
    assert sum(Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0) for row in entries) == 0


def test_an_italian_reader_gets_italian_titles_and_decimal_commas(officer, pilot):
    with translation.override("it"):
        lines = b"".join(exported(officer, "payments").streaming_content).decode().splitlines()
    assert ";1250,00;" in lines[1]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_cell_is_taken_for_a_formula(officer, pilot, formula, format):
    Organisation.objects.filter(pk=pilot.organisation_id).update(legal_name=formula)
    if format == "csv":
        assert csv_rows(exported(officer, "payments"))[0]["Organisation"] == f"'{formula}"
    else:
        cell = xlsx_rows(exported(officer, "payments", "xlsx"))[0]["Organisation"]
        assert (cell.value, cell.data_type) == (f"'{formula}".replace("\r", "\n"), "s")  # XML knows one end of line


def test_what_no_workbook_may_hold_is_left_out(officer, pilot):
    Organisation.objects.filter(pk=pilot.organisation_id).update(legal_name="Bell\x07 S.r.l.")
    assert xlsx_rows(exported(officer, "payments", "xlsx"))[0]["Organisation"].value == "Bell S.r.l."


def test_both_days_of_a_period_count_and_no_other(officer, pilot):
    today, day = clock.today(), timedelta(days=1)
    counts = [len(csv_rows(exported(officer, "payments", first=first, last=last))) for first, last in ((today, today), (today - day, today - day), (today + day, today + day))]
    assert counts == [1, 0, 0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first": "soon"}, "Write a date as day/month/year"), ({"first": ""}, "Write the first day."), ({"last": "2020-01-01"}, "The last day comes before the first."),
        ({"first": "2020-01-01", "last": "2027-01-01"}, "Choose at most 1100 days."), ({"what": "secrets"}, "Select a valid choice"),
    ],
)  # fmt: skip
def test_a_period_that_makes_no_sense_is_told_beside_its_field_and_what_was_typed_stays(officer, changes, said):
    response = exported(officer, **{"what": "charges", **changes})
    assert response.status_code == 422 and said in text_of(response)
    typed = next(iter(changes.values()))
    assert not typed or typed == "secrets" or f'value="{typed}"' in response.content.decode()


def test_too_many_rows_for_a_workbook_are_told(officer, pilot, monkeypatch):
    monkeypatch.setattr(exports, "MOST_XLSX_ROWS", 2)
    response = exported(officer, "charges", "xlsx")
    assert response.status_code == 422 and "choose fewer days, or CSV" in text_of(response)


@pytest.mark.parametrize("what", list(exports.TABLES))
def test_a_table_costs_the_same_queries_for_one_pilot_and_for_many(people, what):
    def queries():
        rows = exports.rows_of(exports.TABLES[what], clock.today(), clock.today())
        with CaptureQueriesContext(connection) as found:
            lines = list(exports.as_csv(exports.TABLES[what], rows, "en"))
        return len(found), len(lines)

    counts = []
    for number in range(1, 4):
        made = money_pilot(people, code=f"site-{number}")
        paid(made, "fee")
        charging.fee_give_back(charge_id=charge(made, "fee").pk, actor=people.officer, cents=5_00, reason="A part.")
        counts.append(queries())
    assert counts[0][0] == counts[2][0] == 1 and counts[0][1] < counts[2][1]


def test_the_form_comes_with_this_year_so_far(officer):
    response = officer.get(reverse("desk:money_export"))
    assert (response.status_code, response.content.decode().count(f'value="{clock.today().year}-01-01"')) == (200, 1)


@pytest.mark.parametrize("name", ["money_export", "reconcile"])
def test_only_officers_and_administrators_see_all_the_money(people, name):
    answers = {role: signed_in(getattr(people, role)).get(reverse(f"desk:{name}")).status_code for role in ("officer", "administrator", "evaluator", "editor", "department")}
    assert answers == {"officer": 200, "administrator": 200, "evaluator": 403, "editor": 403, "department": 403}
    assert signed_in(people.owner).get(reverse(f"desk:{name}")).status_code == 403


# --- comparing with the providers ------------------------------------------------------------------------------------------------


def compare(client, **given):
    today = clock.today()
    return client.post(reverse("desk:reconcile"), {"first": today - timedelta(days=7), "last": today, **given}, follow=True)


def test_an_officer_compares_sees_the_causes_and_repairs(officer, people):
    made = money_pilot(people)
    chosen(begun(made, "fee"), "pay", told=False)
    found = text_of(compare(officer))
    assert "The provider told us of this event, and it never arrived." in found and "Repairing brings it into step." in found and made.code in found
    assert charge(made, "fee").state == "checkout_open"
    assert "Repaired" in text_of(compare(officer, repair="yes"))
    assert charge(made, "fee").state == "paid"
    assert "In step" in text_of(compare(officer))
    assert list(ReconcileRun.objects.values_list("repairs", "started_by")) == [(False, people.officer.pk), (True, people.officer.pk), (False, people.officer.pk)]


def test_both_sides_sums_stand_beside_each_other(officer, people):
    money_pilot(people)
    Charge.objects.filter(kind="fee").update(state="paid")
    page = text_of(compare(officer))
    assert "€0.00, Paid" in page and "€250.00" in page and "no page can bring this about" in page


@pytest.mark.parametrize(("changes", "said"), [({"first": "soon"}, "Write a date as"), ({"last": "2020-01-01"}, "comes before the first"), ({"first": "2026-01-01", "last": "2026-06-01"}, "at most 31 days")])
def test_a_comparison_over_days_that_make_no_sense_is_refused(officer, changes, said):
    response = compare(officer, **changes)
    assert response.status_code == 422 and said in text_of(response)
    assert not ReconcileRun.objects.exists()


def test_a_comparison_that_broke_off_is_not_called_fine(officer):
    ReconcileRun.objects.create(first=clock.today(), last=clock.today(), repairs=False, started_at=clock.now())
    page = text_of(officer.get(reverse("desk:reconcile")))
    assert "Not finished" in page and "what it does not list means nothing" in page and "In step" not in page


def test_the_page_costs_the_same_queries_for_3_and_for_30_differences(officer, people):
    run = ReconcileRun.objects.create(first=clock.today(), last=clock.today(), repairs=False, started_at=clock.now(), finished_at=clock.now())
    pilots = [factories.pilot_in("agreement", people=people, at=factories.site(f"site-{number}")) for number in range(3)]
    counts = []
    for number in (3, 27):
        Difference.objects.bulk_create(
            Difference(run=run, code="refund_pending", pilot=pilots[place % 3].pk, data={"refund": str(place), "ours_cents": 5_00, "ours_state": "sent"}, is_repairable=False) for place in range(number)
        )
        with CaptureQueriesContext(connection) as found:
            officer.get(reverse("desk:reconcile"))
        counts.append(len(found))
    assert counts[0] == counts[1]
