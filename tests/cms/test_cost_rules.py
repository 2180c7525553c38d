"""Editors keep the rules of costs in Wagtail: what is saved, what is refused beside its field, and the example beside the form."""

import pytest
from django.urls import reverse
from django.utils import translation

from citylab.accounts.models import Role
from citylab.payments.models import DepositRule, Exemption, FeeRule, Payee, Rule, RuleVersion
from tests import factories

from .conftest import signed_in
from .forms import errors, url

WORDS = {"name_it": "Canone", "name_en": "Fee", "text_it": "Si paga.", "text_en": "It is paid.", "act": "DCC 1/2027", "valid_from": "2027-01-01", "valid_until": "", "source": ""}


@pytest.fixture
def site():
    return factories.site("dora")


def fee_form(at, **changes):
    return {
        **WORDS, "site": at.pk, "payee": factories.payee().pk, "kind": "area_fee", "rate": "2.00", "coefficient": "1.5", "zone_it": "centro", "zone_en": "centre", "free_days": "1",
        "minimum_cents": "50.00", "maximum_cents": "", "flat_cents": "", "due_days_before": "10", "seen_version": "0", **changes,
    }  # fmt: skip


def test_an_editor_adds_a_fee_and_it_is_version_one(anna, site):
    response = anna.post(url(FeeRule, "add"), fee_form(site))
    assert response.status_code == 302, response.context["form"].errors
    fee = FeeRule.objects.get()
    assert (fee.kind, str(fee.rate), fee.minimum_cents, fee.maximum_cents, fee.version) == ("area_fee", "2.00000", 50_00, None, 1)
    assert fee.versions.get().saved_by == anna.user.pk


def test_an_edit_is_the_next_version(anna, site):
    fee = factories.area_fee(site)
    assert anna.post(url(fee, "edit"), fee_form(site, rate="3.00", seen_version="1")).status_code == 302
    assert [(version.number, version.data["rate"]) for version in fee.versions.all()] == [(1, "2.00"), (2, "3.00")]


def test_saving_over_anothers_change_is_refused_and_keeps_what_was_typed(anna, bruno, site):
    fee = factories.area_fee(site)
    bruno.post(url(fee, "edit"), fee_form(site, rate="3.00", seen_version="1"))
    response = anna.post(url(fee, "edit"), fee_form(site, rate="9.00", seen_version="1"))
    assert response.status_code == 200 and "Somebody else has saved this rule meanwhile" in errors(response)["__all__"][0]
    assert response.context["form"]["rate"].value() == "9.00" and str(FeeRule.objects.get().rate) == "3.00000"


def test_an_overlap_is_told_at_the_first_day_of_validity(anna, site):
    factories.area_fee(site)
    response = anna.post(url(FeeRule, "add"), fee_form(site, valid_from="2027-06-01"))
    assert errors(response)["valid_from"][0].startswith("“Fee · Place dora” is of the same kind and in force on some of these days")
    assert Rule.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"rate": ""}, "rate"), ({"rate": "-1"}, "rate"), ({"kind": "flat_fee"}, "flat_cents"), ({"maximum_cents": "10.00"}, "maximum_cents"), ({"valid_until": "2026-01-01"}, "valid_until"), ({"site": ""}, "site")],
)  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field(anna, site, changes, field):
    response = anna.post(url(FeeRule, "add"), fee_form(site, **changes))
    assert response.status_code == 200 and field in errors(response)


def test_an_editor_adds_a_deposit_an_exemption_and_a_payee(anna, site):
    payee = {"code": "ente", "name_it": "Ente", "name_en": "Body", "tax_code": "", "assumed": "on", "address": "", "fee_vat_it": "a", "fee_vat_en": "a", "deposit_vat_it": "a", "deposit_vat_en": "a"}
    payee |= {"provider": "online", "account": "acct_1Partner", "fees_with_vat": "on", "stamp_exempt_by": "D.Lgs. 117/2017, art. 82, c. 5"}
    deposit = {
        **WORDS, "site": site.pk, "payee": factories.payee().pk, "fixed_cents": "", "share_percent": "30", "minimum_cents": "", "maximum_cents": "", "due_days_before": "0",
        "returned_within_days": "30", "seen_version": "0",
    }  # fmt: skip
    exemption = {**WORDS, "subjects": ["fee"], "applicant_kinds": ["startup"], "sites": [site.pk], "challenges": [], "seen_version": "0"}
    for model, data in ((Payee, payee), (DepositRule, deposit), (Exemption, exemption)):
        response = anna.post(url(model, "add"), data)
        assert response.status_code == 302, (model, response.context["form"].errors)
    assert (DepositRule.objects.get().kind, Exemption.objects.get().kind) == ("deposit", "exemption")
    assert RuleVersion.objects.get(rule__kind="exemption").data["sites"] == ["dora"]
    ente = Payee.objects.get(code="ente")
    assert (ente.provider, ente.account, ente.fees_with_vat, ente.stamp_exempt_by) == ("online", "acct_1Partner", True, "D.Lgs. 117/2017, art. 82, c. 5")


def test_the_worked_example_follows_the_form_and_saves_nothing(anna, site):
    response = anna.post(reverse("worked_example", args=["feerule"]), fee_form(site, valid_from="2027-03-01"))
    text = " ".join(response.content.decode().split())
    assert "10 m² × 6 days × €2.00 × 1.5 (centre) = €180.00" in text and "By 19/02/2027" in text
    assert not Rule.objects.exists()
    assert "€4,000.00 = €" not in text


def test_a_form_half_filled_in_has_no_example_yet(anna, site):
    text = anna.post(reverse("worked_example", args=["feerule"]), fee_form(site, rate="", payee="", site="")).content.decode()
    assert "Write the kind of rule and its amount: the example appears here." in text


@pytest.mark.parametrize(("kind", "status"), [("depositrule", 200), ("exemption", 404)])
def test_a_deposit_has_an_example_and_an_exemption_none(anna, kind, status):
    assert anna.post(reverse("worked_example", args=[kind]), {"fixed_cents": "500", "valid_from": "2027-03-01"}, follow=True).status_code == status


def test_the_form_shows_the_example_and_the_versions(anna, site):
    fee = factories.area_fee(site)
    page = anna.get(url(fee, "edit")).content.decode()
    assert reverse("worked_example", args=["feerule"]) in page and "Version 1" in page and 'name="seen_version" value="1"' in page


def test_a_rule_that_has_been_in_force_cannot_be_deleted_but_one_to_come_can(anna, site, travel):
    travel("2027-03-01 10:00")
    begun, to_come = factories.area_fee(site, valid_until="2027-12-31"), factories.area_fee(site, valid_from="2028-01-01")
    for rule in (begun, to_come):
        anna.post(url(rule, "delete"))
    assert list(Rule.objects.values_list("pk", flat=True)) == [begun.pk]


@pytest.mark.parametrize("model", [FeeRule, DepositRule, Exemption, Payee])
@pytest.mark.parametrize("role", [Role.STARTUP, Role.OFFICER, Role.EVALUATOR, Role.DEPARTMENT, Role.EDITOR, Role.ADMINISTRATOR])
def test_only_editors_and_administrators_open_the_rules(model, role):
    may = role in (Role.EDITOR, Role.ADMINISTRATOR)
    client = signed_in(factories.person(role, language="en"))
    with translation.override("en"):
        assert {client.get(url(model, page)).status_code == 200 for page in ("list", "add")} == {may}
