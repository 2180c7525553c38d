"""Rules in the database: versions, overlaps, two editors at once, who may keep them, and how they reach the arithmetic."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from citylab.accounts.models import Role
from citylab.audit import services as audit
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.payments.arithmetic import Facts
from citylab.payments.models import DepositRule, Exemption, FeeRule, Payee, Rule, RuleVersion
from citylab.payments.selectors import estimates, overlapping, proposal_facts, terms_of
from citylab.payments.services.keeping_rules import payee_save, rule_save
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return factories.site("dora")


@pytest.fixture
def editor():
    return factories.person(Role.EDITOR)


def test_each_saved_change_is_a_version_and_the_earlier_ones_stay(site, editor):
    fee = factories.area_fee(site, "2.00")
    fee.rate = Decimal("2.50")
    rule_save(rule=fee, actor=editor, seen_version=1)
    kept = {version.number: version.data for version in fee.versions.all()}
    assert {number: (data["rate"], data["site"], data["payee"]) for number, data in kept.items()} == {1: ("2.00", "dora", "city"), 2: ("2.50", "dora", "city")}
    assert [(entry.action, entry.data) for entry in audit.trail("cost_rule", fee.pk)] == [("save", {"version": 1, "kind": "area_fee"}), ("save", {"version": 2, "kind": "area_fee"})]
    assert fee.versions.get(number=2).saved_by == editor.pk


def test_a_version_of_an_exemption_keeps_whom_it_names(site):
    challenge = factories.challenge("pioggia")
    found = factories.exemption("fee", "deposit", applicant_kinds=["startup"], sites=[site], challenges=[challenge])
    data = RuleVersion.objects.get(rule=found).data
    assert (data["subjects"], data["applicant_kinds"], data["sites"], data["challenges"]) == (["fee", "deposit"], ["startup"], ["dora"], ["pioggia"])


def test_the_database_refuses_to_change_a_version(site):
    version = factories.area_fee(site).versions.get()
    with pytest.raises(DatabaseError, match="a version of a rule never changes"), transaction.atomic():
        RuleVersion.objects.filter(pk=version.pk).update(data={})


def test_an_overlap_is_refused_with_the_rule_and_its_days(site):
    factories.area_fee(site, valid_until=date(2027, 12, 31))
    with pytest.raises(DomainError) as refusal:
        factories.area_fee(site, valid_from=date(2027, 12, 31))
    assert refusal.value.code == "rules_overlap"
    assert str(refusal.value).startswith("“Fee · Place dora” is of the same kind and in force on some of these days: from 01/01/2027, until 31/12/2027.")
    assert Rule.objects.count() == RuleVersion.objects.count() == 1


@pytest.mark.parametrize(("first", "last"), [(date(2028, 1, 1), None), (date(2026, 1, 1), date(2026, 12, 31))])
def test_rules_may_follow_each_other_without_a_gap(site, first, last):
    factories.area_fee(site, valid_until=date(2027, 12, 31))
    assert factories.area_fee(site, valid_from=first, valid_until=last).version == 1


def test_other_kinds_and_other_sites_do_not_overlap(site):
    factories.area_fee(site)
    for made in (factories.flat_fee(site), factories.deposit(site), factories.area_fee(factories.site()), factories.exemption(), factories.exemption()):
        assert made.version == 1
    assert overlapping(Rule.objects.get(kind=Rule.Kind.FLAT_FEE)) is None


@pytest.mark.parametrize("ends", [None, date(2027, 6, 30)])
def test_the_database_itself_refuses_an_overlap(site, ends):
    factories.area_fee(site, valid_until=ends)
    fee = FeeRule(kind="area_fee", site=site, payee=factories.payee(), rate=1, valid_from=date(2027, 6, 1), name_it="a", name_en="a", text_it="a", text_en="a", act="a")
    with pytest.raises(IntegrityError, match="rule_no_overlap"), transaction.atomic():
        fee.save()


def test_the_database_refuses_to_move_a_rule_onto_another(site):
    factories.area_fee(site, valid_until=date(2027, 6, 30))
    later = factories.area_fee(site, valid_from=date(2027, 7, 1))
    with pytest.raises(IntegrityError, match="rule_no_overlap"), transaction.atomic():
        Rule.objects.filter(pk=later.pk).update(valid_from=date(2027, 6, 30))


def test_whoever_saves_over_anothers_change_is_told(site, editor):
    fee = factories.area_fee(site)
    mine, theirs = FeeRule.objects.get(pk=fee.pk), FeeRule.objects.get(pk=fee.pk)
    theirs.rate = 5
    rule_save(rule=theirs, actor=editor, seen_version=1)
    mine.rate = 9
    with pytest.raises(Conflict) as conflict:
        rule_save(rule=mine, actor=editor, seen_version=1)
    assert conflict.value.code == "rule_changed"
    assert (FeeRule.objects.get().rate, FeeRule.objects.get().version) == (5, 2)


MAY = {Role.EDITOR, Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", list(Role))
def test_only_editors_and_administrators_keep_rules_and_payees(site, role):
    fee, someone = factories.area_fee(site), factories.person(role)
    for keep in (lambda: rule_save(rule=fee, actor=someone, seen_version=1), lambda: payee_save(payee=Payee(code="x", name_it="x", name_en="x"), actor=someone)):
        if role in MAY:
            keep()
        else:
            with pytest.raises(NotAllowed):
                keep()
    assert fee.versions.count() == (2 if role in MAY else 1)


def test_nobody_at_all_keeps_no_rule(site):
    with pytest.raises(NotAllowed):
        rule_save(rule=factories.area_fee(site), actor=None, seen_version=1)


def test_site_and_payee_of_a_rule_cannot_be_deleted(site):
    fee = factories.area_fee(site)
    for used in (fee.site, fee.payee):
        with pytest.raises(ProtectedError):
            used.delete()


@pytest.mark.parametrize(
    ("model", "fields", "wrong"),
    [
        (FeeRule, {"kind": "area_fee"}, "rate"),
        (FeeRule, {"kind": "area_fee", "rate": 1, "flat_cents": 5}, "flat_cents"),
        (FeeRule, {"kind": "flat_fee"}, "flat_cents"),
        (FeeRule, {"kind": "flat_fee", "flat_cents": 5, "rate": 1}, "rate"),
        (FeeRule, {"kind": "flat_fee", "flat_cents": 5, "free_days": 1}, "free_days"),
        (FeeRule, {"kind": "area_fee", "rate": -1}, "rate"),
        (FeeRule, {"kind": "area_fee", "rate": 1, "zone_it": "centro"}, "zone_en"),
        (FeeRule, {"kind": "area_fee", "rate": 1, "minimum_cents": 2, "maximum_cents": 1}, "maximum_cents"),
        (FeeRule, {"kind": "area_fee", "rate": 1, "valid_until": date(2026, 12, 31)}, "valid_until"),
        (DepositRule, {"kind": "deposit"}, "fixed_cents"),
        (DepositRule, {"kind": "deposit", "fixed_cents": 1, "share_percent": 1}, "fixed_cents"),
        (DepositRule, {"kind": "deposit", "fixed_cents": 1, "minimum_cents": 1}, "minimum_cents"),
        (DepositRule, {"kind": "deposit", "share_percent": 201}, "share_percent"),
        (Exemption, {"kind": "exemption", "subjects": []}, "subjects"),
        (Exemption, {"kind": "exemption", "subjects": ["stamp_duty"]}, "subjects"),
        (Exemption, {"kind": "exemption", "subjects": ["fee"], "applicant_kinds": ["king"]}, "applicant_kinds"),
    ],
)
def test_a_rule_that_does_not_hold_together_is_refused_beside_its_field(site, model, fields, wrong):
    place = {} if model is Exemption else {"site": site, "payee": factories.payee()}
    with pytest.raises(ValidationError) as refusal:
        factories.cost_rule(model, **place, **fields)
    assert wrong in refusal.value.message_dict


@pytest.mark.parametrize(("tax_code", "assumed", "is_right"), [("00514490010", False, True), ("00514490011", False, False), ("", False, False), ("", True, True)])
def test_a_payee_has_a_valid_tax_code_unless_it_is_assumed(tax_code, assumed, is_right):
    payee = Payee(code="a", name_it="a", name_en="a", tax_code=tax_code, assumed=assumed, fee_vat_it="a", fee_vat_en="a", deposit_vat_it="a", deposit_vat_en="a")
    if is_right:
        payee.full_clean()
    else:
        with pytest.raises(ValidationError) as refusal:
            payee.full_clean()
        assert list(refusal.value.message_dict) == ["tax_code"]


def test_rules_in_the_database_come_to_the_same_sums(site):
    factories.area_fee(site, "2.00", coefficient="1.5", zone_it="centro", zone_en="centre", free_days=1, due_days_before=10)
    factories.deposit(site, "30", minimum_cents=300_00)
    factories.exemption("deposit", applicant_kinds=["research"], sites=[site])
    facts = {"asked_on": date(2027, 1, 1), "starts_on": date(2027, 3, 1), "ends_on": date(2027, 3, 12), "area_m2": 25, "dismantling_cost_cents": 4_000_00}
    (_place, found), (_place, researcher) = estimates(Facts(**facts), [site])[0], estimates(Facts(**facts, applicant_kind="research"), [site])[0]
    assert [line.amount_cents for line in found.lines] == [16_00, 16_00, 825_00, 1_200_00]
    assert [line.amount_cents for line in researcher.lines] == [16_00, 16_00, 825_00, 0]
    assert {line.version for line in found.lines[2:]} == {1}
    assert (found.lines[2].payee.vat["it"], found.lines[3].payee.vat["it"]) == ("Fuori campo IVA", "Cauzione: senza IVA")


def test_what_is_owed_to_an_assumed_payee_is_to_be_confirmed(site):
    factories.flat_fee(site, payee=factories.payee("gestore", tax_code="", assumed=True))
    ((_place, found),) = estimates(Facts(date(2027, 1, 1), date(2027, 3, 1), date(2027, 3, 2)), [site])
    assert [line.assumed for line in found.lines] == [False, False, True]


def test_the_rules_of_thirty_sites_cost_as_many_queries_as_those_of_three():
    counts = []
    sites = []
    for wanted in (3, 30):
        while len(sites) < wanted:
            site = factories.site()
            factories.area_fee(site)
            factories.deposit(site)
            factories.exemption(sites=[site])
            sites.append(site)
        with CaptureQueriesContext(connection) as captured:
            terms_of(sites)
        counts.append(len(captured))
    assert counts == [1, 1]


def test_a_draft_that_installs_nothing_has_nothing_to_dismantle():
    draft = factories.draft()
    draft.dismantling_cost_cents = None
    draft.answers = {**draft.answers, "has_installation": False}
    assert proposal_facts(draft).dismantling_cost_cents == 0
    draft.answers.pop("has_installation")
    assert proposal_facts(draft).dismantling_cost_cents is None
