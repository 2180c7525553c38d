"""Who is told what of a pilot's money, once, and with which address."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from citylab.accounts.models import Membership
from citylab.core import clock, outbox
from citylab.notifications.models import NotificationPreference, OutgoingMessage
from citylab.payments.models import Charge, Receipt, Refund
from citylab.payments.news import reminders_send
from citylab.payments.providers import sandbox, signing
from citylab.payments.services import charging, deposits, events, paying, refunding
from tests import factories

SINCE = date(2020, 1, 1)  # in force whenever the test runs
DAY = timedelta(days=1)

from .living import begun, charge, chosen, paid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _case_files(settings, tmp_path):
    settings.STORAGES = {**settings.STORAGES, "case_files": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}}


@pytest.fixture
def people():
    return factories.city(officer=factories.person("officer", language="en"))


@pytest.fixture
def pilot(people):
    """In preparation on a site with a flat fee of 250 euro and a deposit of 1,000; what was told until now is put aside."""
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE)
    owner = factories.person("startup", language="en")
    made = factories.pilot_in("preparation", factories.organisation(owner), people=people, at=site, starts_on=clock.today() + 60 * DAY)
    return made


@pytest.fixture
def told(pilot):
    """Call it for the messages since the last call: (whose, kind, text), the start-up's owner first."""
    owner = factories.owner_of(pilot.organisation)
    seen = set()

    def since():
        outbox.drain()
        found = OutgoingMessage.objects.filter(kind__startswith="money").exclude(pk__in=seen).order_by("pk")
        rows = [("start-up" if message.user == owner else "officer", message.kind, " ".join(message.text.split())) for message in found]
        seen.update(found.values_list("pk", flat=True))
        return rows

    since()
    return since


def owner(pilot):
    return factories.owner_of(pilot.organisation)


def decided(pilot, people, released, reasons="", uploads=()):
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    return deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=released, reasons=reasons, uploads=uploads)


def test_new_sums_are_told_with_their_due_dates_and_where_to_pay(pilot):
    outbox.drain()
    message = OutgoingMessage.objects.get(kind="money_terms")
    due = clock.today() + 60 * DAY
    text = " ".join(message.text.split())
    assert message.user == owner(pilot)
    assert f"- Deposit: €1,000.00, by {due.day} {due:%B %Y}" in text
    assert f"- Stamp duty on the decision: €16.00, by {clock.today().day} {clock.today():%B %Y}" in text
    assert f"/en/my-area/pilots/{pilot.pk}/?tab=money" in text


def test_readers_are_not_told(pilot, told):
    reader = factories.member(pilot.organisation, Membership.Role.READER)
    paid(pilot, "fee")
    told()
    assert not OutgoingMessage.objects.filter(user=reader).exists()


def test_a_payment_is_told_once_with_its_receipt(pilot, told):
    paid(pilot, "fee", "deposit")
    (who, kind, text), *others = told()
    receipt = Receipt.objects.get()
    assert (who, kind, others) == ("start-up", "money_news", [])
    assert "Your payment has arrived. - Deposit: €1,000.00 - Entry: €250.00" in text or "Your payment has arrived. - Entry: €250.00 - Deposit: €1,000.00" in text
    assert f"Receipt of payment: {receipt}" in text
    assert f"/receipts/{receipt.pk}/" in text


def test_a_payment_that_does_not_arrive_is_told_and_a_cancelled_one_is_not(pilot, told):
    chosen(begun(pilot, "fee"), "pay_later", "fail")
    assert [(who, "has not arrived" in text) for who, _kind, text in told()] == [("start-up", True)]
    checkout = begun(pilot, "fee")
    paying.checkout_cancel(checkout_id=checkout.pk, actor=owner(pilot))
    paying.checkouts_tidy()
    assert told() == []


def test_a_sum_that_comes_back_is_told_when_owed_and_when_sent(pilot, told, people):
    paid(pilot, "fee")
    told()
    charging.fee_give_back(charge_id=charge(pilot, "fee").pk, actor=people.officer, cents=50_00, reason="Less space was used.")
    assert [text.split(": ", 1)[1].split(" Reason")[0].rsplit(": ", 1) for _who, _kind, text in told() if "€50.00" in text][0][1] == "€50.00"
    refunding.refunds_send()
    assert ["sent back to you" in text for _who, _kind, text in told()] == [True]


def test_a_refused_refund_asks_the_start_up_for_an_account_and_then_the_officer_for_the_transfer(pilot, told, people):
    chosen(paid(pilot, "fee"), "refuse_refunds")
    told()
    charging.fee_give_back(charge_id=charge(pilot, "fee").pk, actor=people.officer, cents=50_00, reason="Less space was used.")
    refunding.refunds_send()
    refund = Refund.objects.get()
    assert f"/refunds/{refund.pk}/account/" in told()[-1][2]
    for holder in ("Prova S.r.l.", "Prova Uno S.r.l."):
        refunding.refund_iban_set(refund_id=refund.pk, actor=owner(pilot), account_holder=holder, iban="IT60X0542811101000000123456")
    assert [(who, kind) for who, kind, _text in told()] == [("officer", "money_desk")]
    refunding.refund_transfer_record(refund_id=refund.pk, actor=people.officer, transferred_on=clock.today(), reference="CRO 123")
    assert [(who, "CRO 123" in text) for who, _kind, text in told()] == [("start-up", True)]


def test_a_deposit_kept_in_part_is_told_with_its_reasons_and_the_answer_reaches_the_officer(pilot, told, people):
    paid(pilot, "deposit")
    told()
    decision = decided(pilot, people, 700_00, "A broken lamp.", [SimpleUploadedFile("lamp.pdf", factories.pdf())])
    [(who, kind, text)] = told()
    assert (who, kind) == ("start-up", "money_terms")
    assert "Comes back: €700.00 Kept: €300.00 Reasons: A broken lamp." in text
    deposits.deposit_answer(decision_id=decision.pk, actor=owner(pilot), answer="It was broken before.")
    [(who, kind, text)] = told()
    assert (who, kind, "Answer: It was broken before." in text) == ("officer", "money_desk", True)


def test_a_waived_sum_is_told_with_its_act_and_an_exempt_one_is_not(pilot, told, people):
    charging.charge_waive(charge_id=charge(pilot, "fee").pk, actor=people.officer, act="DGC 1/2027", reason="A public interest.")
    assert [(who, "Act: DGC 1/2027 Reason: A public interest." in text) for who, _kind, text in told()] == [("start-up", True)]


def test_an_exempt_organisation_is_not_told_of_what_it_never_owed(people):
    pilot = factories.pilot_in("agreement", factories.organisation(kind="nonprofit"), people=people)
    outbox.drain()
    assert charge(pilot, "stamp_duty").state == "waived"
    assert not OutgoingMessage.objects.filter(kind__startswith="money").exists()


def test_a_dispute_of_two_sums_is_told_to_the_officer_once_and_so_is_its_end(pilot, told):
    checkout = paid(pilot, "fee", "deposit")
    told()
    chosen(checkout, "dispute")
    assert [(who, "disputed with the payer's bank" in text) for who, _kind, text in told()] == [("officer", True)]
    chosen(checkout, "win")
    assert [(who, "the payment stands" in text) for who, _kind, text in told()] == [("officer", True)]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(-8, None), (-7, "due soon"), (-3, "due soon"), (0, None), (1, "overdue"), (5, "overdue"), (7, "overdue"), (21, "overdue"), (34, "overdue"), (35, None)],
)
def test_reminders_go_out_before_and_after_the_due_date_also_when_a_day_was_missed(pilot, told, travel, days, sentence):
    travel(clock.now() + (60 + days) * DAY)
    Charge.objects.filter(pilot=pilot, kind="stamp_duty").update(state="withdrawn")
    reminders_send()
    assert [(kind, sentence in text) for _who, kind, text in told()] == ([("money_reminder", True)] if sentence else [])


def test_each_reminder_goes_out_once_however_often_it_is_tried(pilot, told, travel):
    start = clock.now()
    due = charge(pilot, "fee").due_on
    counts = {}
    for day in range(50, 110):
        travel(start + day * DAY)
        reminders_send()
        reminders_send()
        texts = [text for _who, kind, text in told() if kind == "money_reminder" and "Entry" in text]
        if texts:
            counts[(clock.today() - due).days] = len(texts)
    assert counts == {-7: 1, 1: 1, 7: 1, 21: 1}


def test_what_is_paid_or_on_its_way_is_not_reminded_of(pilot, told, travel):
    paid(pilot, "fee")
    chosen(begun(pilot, "deposit"), "pay_later")
    told()
    travel(clock.now() + 61 * DAY)
    reminders_send()
    assert [("Entry" in text, "Deposit" in text) for _who, _kind, text in told()] == []


def test_a_sum_asked_for_within_its_last_week_is_not_reminded_of_at_once(people, travel):
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    factories.pilot_in("agreement", people=people, at=site, starts_on=clock.today() + 3 * DAY)
    outbox.drain()
    travel(clock.now() + DAY)
    reminders_send()
    assert [" ".join(text.split()) for text in OutgoingMessage.objects.filter(kind="money_reminder", text__contains="Accesso").values_list("text", flat=True)] == []


def test_whoever_switched_payments_off_still_gets_the_formal_acts(pilot, told, people):
    NotificationPreference.objects.create(user=owner(pilot), category="payments", email=False)
    paid(pilot, "deposit")
    assert told() == []
    decided(pilot, people, 1_000_00)
    assert [kind for _who, kind, _text in told()] == ["money_terms"]
