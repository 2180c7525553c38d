"""Which charges a pilot gets in the unusual cases, who its payees are, and where money goes when it goes by bank transfer."""

from datetime import timedelta

import pytest
from django.utils import translation

from citylab.core import clock
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.payments import ledger
from citylab.payments.models import Charge, Checkout, LedgerEntry, Notice
from citylab.payments.providers import notice
from citylab.payments.services import charging, events, paying, refunding, stamps
from citylab.pilots.models import Gate
from tests import factories

from .books import sound

pytestmark = pytest.mark.django_db

SINCE = clock.today() - timedelta(days=400)
SERIAL = "01230000000042"


def pilot_on(site, **how):
    made = factories.pilot_in("preparation", at=site, **how)
    charging.charges_bring_up(pilot_id=made.pk)
    return made


def owed(pilot):
    return {kind: (cents, state) for kind, cents, state in Charge.objects.filter(pilot=pilot).values_list("kind", "amount_cents", "state")}


def gates(pilot):
    return {kind: (result, follows) for kind, result, follows in Gate.objects.filter(pilot=pilot, kind__in=["fees", "deposit"]).values_list("kind", "result", "follows_money")}


def test_what_an_exemption_frees_is_a_charge_of_nothing_that_names_its_act():
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE)
    factories.exemption("fee", "deposit", act="DGC 9/2027", valid_from=SINCE)
    pilot = pilot_on(site)
    assert owed(pilot) == {"fee": (0, "waived"), "deposit": (0, "waived"), "stamp_duty": (16_00, "due")}
    fee = Charge.objects.get(kind="fee")
    assert "DGC 9/2027" in fee.waived_act
    assert gates(pilot) == {"fees": ("red", True), "deposit": ("not_needed", True)}
    assert set(LedgerEntry.objects.values_list("charge", flat=True)) == {Charge.objects.get(kind="stamp_duty").pk}
    sound()


def test_where_free_days_cover_everything_no_fee_is_charged():
    site = factories.site("dora")
    factories.area_fee(site, "2.00", free_days=200, valid_from=SINCE)
    pilot = pilot_on(site)
    assert set(owed(pilot)) == {"stamp_duty"}


def test_where_a_rule_is_missing_for_some_days_an_officer_sets_the_gates_by_hand():
    site = factories.site("dora")
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE)
    pilot = factories.pilot_in("preparation", at=site)
    known_until = pilot.ends_on - timedelta(days=5)
    factories.area_fee(site, "2.00", valid_from=SINCE, valid_until=known_until)
    charging.charges_bring_up(pilot_id=pilot.pk)
    assert {kind: follows for kind, (_result, follows) in gates(pilot).items()} == {"fees": False, "deposit": False}
    deposit = Charge.objects.get(kind="deposit")
    assert (deposit.amount_cents, deposit.state) == (1_000_00, "due")
    factories.area_fee(site, "2.00", valid_from=known_until + timedelta(days=1))
    charging.charges_bring_up(pilot_id=pilot.pk)
    assert gates(pilot) == {"fees": ("red", True), "deposit": ("red", True)}


def test_a_site_without_rules_leaves_the_gates_to_the_officer():
    pilot = pilot_on(factories.site("dora"))
    assert set(owed(pilot)) == {"stamp_duty"}
    assert {kind: follows for kind, (_result, follows) in gates(pilot).items()} == {"fees": False, "deposit": False}


def test_one_checkout_never_mixes_payees():
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE, payee=factories.payee("host"))
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE, payee=factories.payee("city"))
    pilot = pilot_on(site)
    with pytest.raises(DomainError) as refused:
        paying.checkout_begin(charge_ids=Charge.objects.filter(kind__in=["fee", "deposit"]).values_list("pk", flat=True), actor=factories.owner_of(pilot.organisation), language="it")
    assert refused.value.code == "payees_mixed"
    assert (Checkout.objects.count(), set(Charge.objects.values_list("state", flat=True))) == (0, {"due"})


def test_one_checkout_never_mixes_pilots_nor_takes_what_does_not_exist():
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    other = factories.site("parco")
    factories.flat_fee(other, 250_00, valid_from=SINCE)
    mine, others = pilot_on(site), pilot_on(other)
    ours = Charge.objects.get(pilot=mine, kind="fee").pk
    for wanted in ([ours, Charge.objects.get(pilot=others, kind="fee").pk], [ours, "6b8f0f9e-7a8e-4a53-9d3e-0d6c1b6e5f10"], ["nothing"]):
        with pytest.raises(DomainError) as refused:
            paying.checkout_begin(charge_ids=wanted, actor=factories.owner_of(mine.organisation), language="it")
        assert refused.value.code == "charge_unknown"
    with pytest.raises(NotAllowed):
        paying.checkout_begin(charge_ids=[ours], actor=factories.owner_of(others.organisation), language="it")


def test_an_officer_of_the_city_waives_no_stamp_duty_and_nothing_without_act_and_reason():
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    pilot = pilot_on(site)
    officer = factories.person("officer")
    fee, stamp = Charge.objects.get(kind="fee").pk, Charge.objects.get(kind="stamp_duty").pk
    refused = [
        (stamp, "DGC 1/2027", "A public interest.", "stamp_not_ours"), (fee, " ", "A public interest.", "act_missing"), (fee, "DGC 1/2027", " ", "reason_missing"),
    ]  # fmt: skip
    for charge, act, reason, code in refused:
        with pytest.raises(DomainError) as error:
            charging.charge_waive(charge_id=charge, actor=officer, act=act, reason=reason)
        assert error.value.code == code
    with pytest.raises(NotAllowed):
        charging.charge_waive(charge_id=fee, actor=factories.owner_of(pilot.organisation), act="DGC 1/2027", reason="Mine.")
    charging.charge_waive(charge_id=fee, actor=officer, act="DGC 1/2027", reason="A public interest.")
    with pytest.raises(Conflict):
        charging.charge_waive(charge_id=fee, actor=officer, act="DGC 1/2027", reason="Again.")
    sound()


def test_a_stamp_pays_the_duty_closes_its_notice_and_counts_once_in_the_whole_city():
    site, other = factories.site("dora"), factories.site("parco")
    for one in (site, other):
        factories.flat_fee(one, 250_00, valid_from=SINCE)
    pilots = [pilot_on(site), pilot_on(other)]
    duties = [Charge.objects.get(pilot=pilot, kind="stamp_duty") for pilot in pilots]
    owners = [factories.owner_of(pilot.organisation) for pilot in pilots]
    checkout = paying.checkout_enter(paying.checkout_begin(charge_ids=[duties[0].pk], actor=owners[0], language="it"))
    assert checkout.provider == "notice"
    given = {"serial_number": SERIAL, "stamped_on": clock.today(), "not_reused": True}
    stamps.stamp_record(charge_id=duties[0].pk, actor=owners[0], **given)
    with pytest.raises(DomainError) as used:
        stamps.stamp_record(charge_id=duties[1].pk, actor=owners[1], **given)
    assert used.value.code == "stamp_used"
    paying.checkouts_tidy()
    assert [(duty.state, duty.amount_cents) for duty in Charge.objects.filter(kind="stamp_duty").order_by("made_at")] == [("paid", 16_00), ("due", 16_00)]
    assert (Notice.objects.get().status, ledger.balances()["stamps"]) == ("closed", 16_00)
    # Somebody pays the closed notice all the same.
    event = notice.receipt_record(number=checkout.external_id, receipt_id="IUR1", amount_cents=16_00, paid_on=clock.today())
    events.event_store("notice", event)
    events.events_handle()
    refund = Charge.objects.get(pk=duties[0].pk).pilot.checkouts.get().payments.get().refunds.get()
    assert (refund.amount_cents, refund.reason, refund.state) == (16_00, "not_due", "transfer_owed")
    sound()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("IT60X0542811101000000123456", "IT60X0542811101000000123456"),
        ("it60 x054 2811 1010 0000 0123 456", "IT60X0542811101000000123456"),
        ("SM86U0322509800000000270100", "SM86U0322509800000000270100"),
        ("VA59001123000012345678", "VA59001123000012345678"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("FR14 2004 1010 0505 0001 3M02 606", "FR1420041010050500013M02606"),
        ("CH93 0076 2011 6238 5295 7", "CH9300762011623852957"),
        ("GB82-WEST-1234-5698-7654-32", "GB82WEST12345698765432"),
        ("NO93 8601 1117 947", "NO9386011117947"),  # the shortest
        ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "MT84MALT011000012345MTLCAST001S"),
    ],
)
def test_an_iban_of_any_country_is_kept_without_its_blanks(typed, kept):
    assert refunding.checked_iban(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "IT", "IT60X0542811101000000123457", "IT61X0542811101000000123456", "IT60X054281110100000012345", "DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0532 0130",
        "XX82WEST12345698765432", "ZZ", "US64SVBKUS6S3300958879", "GB82 WEST 1234 5698 7654 3", "IT60X05428111010000001234 56; DROP", "é" * 27, "0" * 27, "IT60Y0542811101000000123456",
    ],
)  # fmt: skip
def test_an_iban_with_a_wrong_country_length_or_digit_is_refused(typed):
    with pytest.raises(DomainError) as refused:
        refunding.checked_iban(typed)
    assert refused.value.code == "iban"
