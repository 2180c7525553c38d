"""The office's side of money: what a pilot's Money tab offers, everybody's money on one page, and receipts of notices from a file."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.audit.models import AuditEntry
from citylab.core import clock, outbox
from citylab.payments import ledger
from citylab.payments.models import Charge, Checkout, DepositDecision, Difference, Notice, NoticeReceipt, Payment, ReconcileRun, Refund
from citylab.payments.providers.notice import number_of
from citylab.payments.services import deposits, events, paying, refunding
from citylab.pilots.models import Gate, Pilot
from tests import factories
from tests.remembering import remembered

from .conftest import signed_in, text_of

pytestmark = pytest.mark.django_db
SINCE = date(2020, 1, 1)


@pytest.fixture
def pilot(people: SimpleNamespace) -> Pilot:
    """In preparation: a fee of 250 euro and a deposit of 1,000, owed to a foundation that is paid online."""
    return owing(people, "online")


@remembered
def owing(people: SimpleNamespace, provider: str) -> Pilot:
    site = factories.site()
    payee = factories.payee(provider, provider=provider)
    factories.flat_fee(site, 250_00, valid_from=SINCE, payee=payee)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE, payee=payee)
    made = factories.pilot_in("preparation", people.organisation, people=SimpleNamespace(officer=people.officer, evaluator=people.evaluator), at=site, actor=people.owner)
    outbox.drain()
    return made


def charge(pilot: Pilot, kind: str) -> Charge:
    return Charge.objects.get(pilot=pilot, kind=kind)


def act(pilot: Pilot, code: str, item: Any = None) -> str:
    return reverse("desk:pilot_act_on", args=[pilot.pk, code, item]) if item else reverse("desk:pilot_act", args=[pilot.pk, code])


def tab(pilot: Pilot) -> str:
    return f"{reverse('desk:pilot', args=[pilot.pk])}?tab=money"


@remembered
def checked(pilot: Pilot) -> Pilot:
    """Paid, and its place found in order."""
    factories.charges_paid(pilot)
    Pilot.objects.filter(pk=pilot.pk).update(state="reporting")
    return Pilot.objects.get(pk=pilot.pk)


def notice_of(pilot: Pilot, people: SimpleNamespace, *kinds: str) -> Checkout:
    return paying.checkout_enter(paying.checkout_begin(charge_ids=[charge(pilot, kind).pk for kind in kinds], actor=people.owner, language="en"))


# --- who may ----------------------------------------------------------------------------------------------------------------------

PAGES = ("tab", "waive", "give-back", "deposit", "charges", "money", "receipts")
OPEN = {"officer": set(PAGES), "administrator": set(PAGES), "colleague": set(PAGES), "insider": {"money", "receipts"}}


@pytest.mark.parametrize("role", ["officer", "administrator", "colleague", "insider", "department", "evaluator", "editor", "owner"])
def test_only_the_office_sees_and_decides_money(people: SimpleNamespace, pilot: Pilot, role: str) -> None:
    client = signed_in(getattr(people, role))
    addresses = {
        "tab": tab(pilot), "waive": act(pilot, "waive", charge(pilot, "fee").pk), "give-back": act(pilot, "give-back", charge(pilot, "fee").pk),
        "deposit": act(pilot, "deposit", charge(pilot, "deposit").pk), "charges": act(pilot, "charges"), "money": reverse("desk:money"), "receipts": reverse("desk:money_receipts"),
    }  # fmt: skip
    # 409: allowed, though there is nothing to give back or decide yet.
    found = {name for name, address in addresses.items() if client.get(address).status_code in (200, 409)}
    assert found == OPEN.get(role, set())


def test_the_documents_of_a_decision_are_for_the_office_alone(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    checked(pilot)
    decision = deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=0, reasons="Rotto.", uploads=[factories.upload("verbale.pdf")])
    address = reverse("desk:deposit_file", args=[pilot.pk, decision.documents.get().pk])
    assert {role: signed_in(getattr(people, role)).get(address).status_code for role in ("officer", "insider", "department")} == {"officer": 200, "insider": 403, "department": 403}


# --- the tab ----------------------------------------------------------------------------------------------------------------------


def test_the_tab_shows_the_sums_their_trail_and_the_books(pilot: Pilot, officer: Any) -> None:
    factories.charges_paid(pilot, "fee")
    said = text_of(officer.get(tab(pilot)))
    assert "Sum worked out" in said and "Payment begun" in said
    assert "With the provider" in said and "The provider's fee" in said
    entries = ledger.LedgerEntry.objects.filter(transaction__pilot=pilot.pk)
    assert sum(entry.amount_cents for entry in entries) == 0


def test_the_tab_costs_as_many_queries_for_many_sums_as_for_few(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    officer.get(tab(pilot))
    with CaptureQueriesContext(connection) as few:
        officer.get(tab(pilot))
    for number in range(10):
        pattern = charge(pilot, "deposit")
        Charge.objects.create(**{name: getattr(pattern, name) for name in ("pilot", "payee", "line", "amount_cents", "due_on", "made_at")}, kind="fee", part=f"copy:{number}")
    with CaptureQueriesContext(connection) as many:
        officer.get(tab(pilot))
    assert len(many) == len(few)


def test_a_requirement_that_follows_from_money_is_not_set_by_hand(pilot: Pilot, officer: Any) -> None:
    page = officer.get(f"{reverse('desk:pilot', args=[pilot.pk])}?tab=requirements").content.decode()
    assert act(pilot, "gate", "fees") not in page and act(pilot, "gate", "permits") in page
    assert "Set by itself from what is paid or waived." in page
    response = officer.get(act(pilot, "gate", "deposit"))
    assert response.status_code == 409 and "follows from what is paid" in text_of(response)


# --- waiving and giving back --------------------------------------------------------------------------------------------------------


def test_a_waiver_shows_what_is_sent_asks_once_and_turns_the_gate(pilot: Pilot, officer: Any) -> None:
    factories.charges_paid(pilot, "stamp_duty")
    fee, data = charge(pilot, "fee"), {"act": "DGC 7/2027", "reason": "Interesse pubblico."}
    shown = officer.post(act(pilot, "waive", fee.pk), data)
    assert shown.status_code == 200 and "The city has waived a sum of yours." in text_of(shown) and charge(pilot, "fee").state == "due"
    assert officer.post(act(pilot, "waive", fee.pk), {**data, "confirmed": "yes"}).url == tab(pilot)
    fee.refresh_from_db()
    assert (fee.state, fee.waived_act, fee.ended_reason) == ("waived", "DGC 7/2027", "Interesse pubblico.")
    assert Gate.objects.get(pilot=pilot, kind="fees").result == "green"
    again = officer.post(act(pilot, "waive", fee.pk), {**data, "confirmed": "yes"})
    assert again.status_code == 409


@pytest.mark.parametrize(("data", "field"), [({"act": "", "reason": "Perché sì."}, "act"), ({"act": "DGC 7/2027", "reason": " "}, "reason")])
def test_a_waiver_without_act_or_reason_is_refused_and_keeps_what_was_typed(pilot: Pilot, officer: Any, data: dict[str, str], field: str) -> None:
    response = officer.post(act(pilot, "waive", charge(pilot, "fee").pk), data)
    assert response.status_code == 422 and set(response.context["form"].errors) == {field}
    assert all(value.strip() in text_of(response) for value in data.values())


def test_stamp_duty_is_never_waived(pilot: Pilot, officer: Any) -> None:
    assert officer.get(act(pilot, "waive", charge(pilot, "stamp_duty").pk)).status_code == 409


def test_a_fee_goes_back_in_part(pilot: Pilot, officer: Any) -> None:
    factories.charges_paid(pilot)
    fee = charge(pilot, "fee")
    assert officer.post(act(pilot, "give-back", fee.pk), {"amount": "100,50", "reason": "Meno giorni.", "confirmed": "yes"}).status_code == 302
    assert (Refund.objects.get().amount_cents, charge(pilot, "fee").state) == (100_50, "refund_owed")


@pytest.mark.parametrize("amount", ["-5", "250,01", "0", "molto", ""])
def test_a_fee_never_goes_back_beyond_itself(pilot: Pilot, officer: Any, amount: str) -> None:
    factories.charges_paid(pilot)
    response = officer.post(act(pilot, "give-back", charge(pilot, "fee").pk), {"amount": amount, "reason": "Meno giorni."})
    assert response.status_code == 422 and set(response.context["form"].errors) == {"amount"}
    assert "Meno giorni." in text_of(response) and response.context["form"]["amount"].value() == amount
    assert not Refund.objects.exists()


def test_working_out_again_replaces_what_has_changed_and_is_not_paid(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    before = charge(pilot, "deposit").pk
    rule = charge(pilot, "deposit").rule_version.rule.depositrule
    rule.fixed_cents = 1_200_00
    factories.rule_save(rule=rule, actor=factories.person("editor"), seen_version=rule.version)
    assert officer.get(act(pilot, "charges")).status_code == 200
    assert officer.post(act(pilot, "charges"), {"confirmed": "yes"}).url == tab(pilot)
    assert Charge.objects.get(pk=before).state == "withdrawn"
    assert Charge.objects.get(pilot=pilot, kind="deposit", state="due").amount_cents == 1_200_00


# --- deposits ---------------------------------------------------------------------------------------------------------------------


def decide(client: Any, pilot: Pilot, **data: Any) -> Any:
    return client.post(act(pilot, "deposit", charge(pilot, "deposit").pk), {"released": "1000", "reasons": "", "seen": "0", **data})


def test_a_deposit_is_not_decided_before_the_check(pilot: Pilot, officer: Any) -> None:
    factories.charges_paid(pilot)
    assert officer.get(act(pilot, "deposit", charge(pilot, "deposit").pk)).status_code == 409
    assert "once the check of the place is passed" in text_of(officer.get(tab(pilot)))


def test_a_part_is_kept_with_reasons_and_documents_that_the_startup_reads(pilot: Pilot, officer: Any) -> None:
    checked(pilot)
    data = {"released": "700,00", "reasons": "Un lampione rotto."}
    shown = decide(officer, pilot, **data)
    assert shown.status_code == 200 and not DepositDecision.objects.exists()
    assert "€700.00 goes back, €300.00 stays." in text_of(shown) and 'type="file"' in shown.content.decode()
    assert decide(officer, pilot, **data, confirmed="yes", documents=factories.upload("verbale.pdf")).url == tab(pilot)
    decision = DepositDecision.objects.get()
    assert (decision.released_cents, decision.kept_cents, decision.documents.get().name) == (700_00, 300_00, "verbale.pdf")
    deposits.deposit_answer(decision_id=decision.pk, actor=factories.owner_of(pilot.organisation), answer="Era già rotto.")
    refunding.refunds_send()
    said = text_of(officer.get(tab(pilot)))
    assert "Era già rotto." in said and "Give more of it back" in said
    assert decide(officer, pilot, released="300.00", seen="1", confirmed="yes").status_code == 302
    refunding.refunds_send()
    assert charge(pilot, "deposit").state == "refunded" and ledger.balances().get("retained", 0) == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"released": "-1", "reasons": "Rotto."}, "released"), ({"released": "1000,01", "reasons": "Rotto."}, "released"), ({"released": "dieci", "reasons": "Rotto."}, "released"),
        ({"released": "", "reasons": "Rotto."}, "released"), ({"released": "700", "reasons": ""}, "reasons"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_decision_stands_beside_its_field(pilot: Pilot, officer: Any, data: dict[str, str], field: str) -> None:
    checked(pilot)
    response = decide(officer, pilot, **data)
    assert response.status_code == 422 and set(response.context["form"].errors) == {field}
    assert {name: response.context["form"][name].value() for name in data} == data
    assert not DepositDecision.objects.exists()


def test_a_document_that_is_refused_keeps_the_last_page_with_everything_on_it(pilot: Pilot, officer: Any) -> None:
    checked(pilot)
    response = decide(officer, pilot, released="700", reasons="Rotto.", confirmed="yes", documents=SimpleUploadedFile("foto.exe", b"MZ"))
    assert response.status_code == 422 and set(response.context["form"].errors) == {"documents"}
    said = text_of(response)
    assert "foto.exe" in said and "Rotto." in said and 'name="confirmed"' in said
    assert not DepositDecision.objects.exists()


def test_two_officers_on_one_deposit_meet_cleanly(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    checked(pilot)
    assert decide(signed_in(people.colleague), pilot, released="700", reasons="Rotto.", confirmed="yes").status_code == 302
    refunding.refunds_send()
    late = decide(officer, pilot, released="200", reasons="Altro.", confirmed="yes")
    assert late.status_code == 409 and "Somebody else has decided on this deposit meanwhile" in text_of(late) and "Altro." in text_of(late)
    assert DepositDecision.objects.count() == 1


def test_closing_waits_for_the_deposit(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    factories.ending.final_report_submit(pilot_id=checked(pilot).pk, actor=people.owner, results="Bene.", lessons="Poche.")
    page = text_of(officer.get(act(pilot, "close")))
    assert "A deposit is still held or on its way back" in page
    response = officer.post(act(pilot, "close"), {"outcome": "adopt", "reasons": "Utile.", "channel": "portal", "confirmed": "yes"})
    assert response.status_code == 422 and "Release it or keep it with reasons" in text_of(response)
    assert "Decide on the deposit" in text_of(officer.get(reverse("desk:pilot", args=[pilot.pk])))


# --- notices and transfers ----------------------------------------------------------------------------------------------------------


def test_a_receipt_is_recorded_by_hand_and_pays(people: SimpleNamespace, officer: Any) -> None:
    pilot = owing(people, "notice")
    checkout = notice_of(pilot, people, "fee")
    data = {"receipt_id": "IUR1", "amount": "250,00", "paid_on": clock.today().isoformat()}
    assert "Pays what the notice asks for." in text_of(officer.post(act(pilot, "receipt", checkout.external_id), data))
    assert not NoticeReceipt.objects.exists()
    assert officer.post(act(pilot, "receipt", checkout.external_id), {**data, "confirmed": "yes"}).url == tab(pilot)
    events.events_handle()
    assert charge(pilot, "fee").state == "paid"
    entry = AuditEntry.objects.get(case_kind="checkout", action="record_receipt")
    assert (entry.actor_id, entry.data["receipt"], entry.data["cents"]) == (people.officer.pk, "IUR1", 250_00)


def test_a_receipt_of_another_amount_says_what_it_does(people: SimpleNamespace, officer: Any) -> None:
    pilot = owing(people, "notice")
    checkout = notice_of(pilot, people, "fee")
    shown = officer.post(act(pilot, "receipt", checkout.external_id), {"receipt_id": "IUR1", "amount": "200", "paid_on": clock.today().isoformat()})
    assert "Another amount than the notice asks for" in text_of(shown)


@pytest.mark.parametrize(
    ("data", "field"), [({"amount": "0"}, "amount"), ({"amount": "-3"}, "amount"), ({"receipt_id": ""}, "receipt_id"), ({"paid_on": "2999-01-01"}, "paid_on"), ({"paid_on": "x"}, "paid_on")]
)
def test_a_receipt_typed_wrongly_is_refused(people: SimpleNamespace, officer: Any, data: dict[str, str], field: str) -> None:
    pilot = owing(people, "notice")
    checkout = notice_of(pilot, people, "fee")
    response = officer.post(act(pilot, "receipt", checkout.external_id), {"receipt_id": "IUR1", "amount": "250", "paid_on": clock.today().isoformat(), **data})
    assert response.status_code == 422 and set(response.context["form"].errors) == {field}


def test_a_bank_transfer_is_recorded_once_its_account_is_known(people: SimpleNamespace, officer: Any) -> None:
    pilot = checked(owing(people, "notice"))
    deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=1_000_00)
    refund = Refund.objects.get()
    assert officer.get(act(pilot, "transfer", refund.pk)).status_code == 409
    refunding.refund_iban_set(refund_id=refund.pk, actor=people.owner, account_holder="Nuvola Lenta", iban="IT60X0542811101000000123456")
    assert "IT60X0542811101000000123456" in text_of(officer.get(f"{reverse('desk:money')}?section=refunds"))
    wrong = officer.post(act(pilot, "transfer", refund.pk), {"transferred_on": (clock.today() + timedelta(days=1)).isoformat(), "reference": "CRO 1"})
    assert wrong.status_code == 422 and set(wrong.context["form"].errors) == {"transferred_on"}
    assert officer.post(act(pilot, "transfer", refund.pk), {"transferred_on": clock.today().isoformat(), "reference": "CRO 1"}).url == tab(pilot)
    assert (Refund.objects.get().state, charge(pilot, "deposit").state) == ("transferred", "refunded")


# --- a file of receipts -------------------------------------------------------------------------------------------------------------


def sent(client: Any, text: str) -> Any:
    return client.post(reverse("desk:money_receipts"), {"file": SimpleUploadedFile("ricevute.csv", text.encode())})


def test_a_file_is_shown_line_by_line_and_recorded_once(people: SimpleNamespace, officer: Any) -> None:
    pilot = owing(people, "notice")
    number = notice_of(pilot, people, "fee", "deposit").external_id
    day = clock.today().strftime("%d/%m/%Y")
    text = "\n".join(
        [
            "avviso;ricevuta;importo;data", f"{number};IUR1;1.250,00;{day}", f"{number};IUR1;1.250,00;{day}", f"{number};IUR1;3,00;{day}", f"{number_of(999_999)};IUR2;250,00;{day}",
            f"123;IUR3;250,00;{day}", f"{number};IUR4;poco;{day}", f"{number};IUR5;-1;{day}", f"{number};IUR6;1,00;31/02/2027", f"{number};IUR7;1,00;01/01/2099", "una;sola",
        ]
    )  # fmt: skip
    response = sent(officer, text)
    lines = response.context["lines"]
    assert [(line.number, str(line.fate or ""), line.is_bad) for line in lines] == [
        (2, "pays", False), (3, "known", False), (4, "other_receipt", True), (5, "unknown", True), (6, "", True), (7, "", True), (8, "", True), (9, "", True), (10, "future", True),
        (11, "", True),
    ]  # fmt: skip
    assert not NoticeReceipt.objects.exists()
    done = officer.post(reverse("desk:money_receipts"), {"text": response.context["text"], "confirmed": "yes"})
    assert (done.context["recorded"], NoticeReceipt.objects.count(), "No notice of ours has this number" in text_of(done)) == (1, 1, True)
    events.events_handle()
    assert charge(pilot, "fee").state == "paid"
    again = officer.post(reverse("desk:money_receipts"), {"text": response.context["text"], "confirmed": "yes"})
    assert (again.context["recorded"], NoticeReceipt.objects.count()) == (0, 1)


def test_a_notice_that_is_paid_already_is_told_before_it_is_recorded(people: SimpleNamespace, officer: Any) -> None:
    checkout = notice_of(owing(people, "notice"), people, "fee")
    factories.checkout_paid(checkout)
    (line,) = sent(officer, f"{checkout.external_id};IUR9;250,00;{clock.today():%d/%m/%Y}").context["lines"]
    assert (line.fate, line.will_record) == ("not_due", True)


def test_nobody_records_a_receipt_of_their_own_organisation(people: SimpleNamespace) -> None:
    number = notice_of(owing(people, "notice"), people, "fee").external_id
    insider, text = signed_in(people.insider), f"{number};IUR1;250,00;{clock.today():%d/%m/%Y}"
    assert [line.fate for line in sent(insider, text).context["lines"]] == ["conflict"]
    insider.post(reverse("desk:money_receipts"), {"text": text, "confirmed": "yes"})
    assert not NoticeReceipt.objects.exists()


@pytest.mark.parametrize("text", ["", "avviso;ricevuta;importo;data\n", "x;y;1;2\n" * 1001, "a" * 200_001])
def test_a_file_without_lines_or_with_too_many_is_refused(officer: Any, text: str) -> None:
    response = sent(officer, text)
    assert response.status_code == 422 and set(response.context["form"].errors) == {"file"}


# --- everybody's money --------------------------------------------------------------------------------------------------------------

SECTIONS = ("deposits", "overdue", "refunds", "disputes", "notices", "differences", "books")


def many(pilot: Pilot, numbers: range) -> None:
    """For each number an overdue fee, a held deposit, an open notice, and a disputed payment with a refund that is owed."""
    pattern, moment = Charge.objects.get(pilot=pilot, kind="deposit", amount_cents=1_000_00), clock.now()
    values = {name: getattr(pattern, name) for name in ("pilot", "payee", "line", "made_at")} | {"amount_cents": 10_00, "due_on": clock.today() - timedelta(days=3)}
    begun = {"pilot": pilot, "payee": pattern.payee, "amount_cents": 5_00, "language": "it", "opened_at": moment}
    for number in numbers:
        Charge.objects.bulk_create([Charge(**values, kind=kind, part=f"copy-{kind}:{number}", state=state, paid_at=moment) for kind, state in (("fee", "due"), ("deposit", "paid"))])
        Checkout.objects.bulk_create([Checkout(**begun, provider="notice", external_id=f"n{number}", state="open"), Checkout(**begun, provider="test", external_id=f"t{number}", state="paid")])
        checkout = Checkout.objects.get(external_id=f"t{number}")
        payment = Payment.objects.create(checkout=checkout, provider="test", external_id=f"p{number}", amount_cents=5_00, disputed="open", disputed_cents=5_00, received_at=moment, recorded_at=moment)
        Refund.objects.bulk_create([Refund(payment=payment, amount_cents=5_00, reason="twice", owed_at=moment)])
        run = ReconcileRun.objects.first() or ReconcileRun.objects.create(first=clock.today(), last=clock.today(), repairs=False, started_at=moment, finished_at=moment)
        Difference.objects.create(run=run, code="payment_missing", provider="test", pilot=pilot.pk, data={"checkout": f"t{number}"}, is_repairable=True)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_costs_the_same_for_three_rows_and_for_thirty(pilot: Pilot, officer: Any, section: str) -> None:
    address = f"{reverse('desk:money')}?section={section}"
    many(pilot, range(3))
    officer.get(address)
    with CaptureQueriesContext(connection) as few:
        officer.get(address)
    many(pilot, range(3, 30))
    with CaptureQueriesContext(connection) as lots:
        response = officer.get(address)
    assert len(few) == len(lots) <= 15
    if section != "books":
        assert response.context["current"]["count"] == 30 and len(response.context["page"].object_list) == 25


def test_deposits_stand_oldest_first_with_the_day_of_the_check(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    factories.charges_paid(pilot)
    other = owing(people, "online")
    with clock.travelling_to(clock.now() - timedelta(days=9)):
        factories.charges_paid(other)
    Pilot.objects.filter(pk=other.pk).update(state="restoration")
    checked_on = clock.today() - timedelta(days=4)
    factories.ending.restoration_check_record(pilot_id=other.pk, actor=people.officer, checked_on=checked_on, passed=True)
    response = officer.get(reverse("desk:money"))
    assert [(row.pilot_id, row.checked_on) for row in response.context["page"].object_list] == [(other.pk, checked_on), (pilot.pk, None)]
    assert response.context["current"]["cents"] == 2_000_00 and "4 days ago" in text_of(response)


def test_filters_narrow_rows_figures_and_books(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    factories.charges_paid(pilot)
    factories.charges_paid(owing(people, "notice"))
    address = reverse("desk:money")
    assert officer.get(f"{address}?payee=notice").context["current"]["count"] == 1
    assert officer.get(f"{address}?words={pilot.code}").context["current"]["count"] == 1
    assert officer.get(f"{address}?words=nuvola+lenta").context["current"]["count"] == 2
    assert officer.get(f"{address}?words=nessuno").context["current"]["count"] == 0
    assert officer.get(f"{address}?payee=unknown&section=nonsense").context["code"] == "deposits"
    books = officer.get(f"{address}?section=books&payee=notice")
    assert books.context["debit_cents"] == books.context["credit_cents"] > 0 and "Balanced" in text_of(books)


def test_what_is_late_disputed_or_announced_stands_in_its_section(people: SimpleNamespace, pilot: Pilot, officer: Any) -> None:
    Charge.objects.filter(pilot=pilot, kind="fee").update(due_on=clock.today() - timedelta(days=12))
    notice_of(owing(people, "notice"), people, "fee")
    disputed = owing(people, "online")
    factories.charges_paid(disputed, "deposit")
    checkout = Checkout.objects.get(pilot=disputed, provider="test")
    told = factories.sandbox.choose(checkout.external_id, "dispute")
    events.event_store("test", told)
    events.events_handle()
    address = reverse("desk:money")
    assert "12 days late" in text_of(officer.get(f"{address}?section=overdue"))
    assert Notice.objects.get().number in text_of(officer.get(f"{address}?section=notices"))
    assert "€1,000.00" in text_of(officer.get(f"{address}?section=disputes"))
