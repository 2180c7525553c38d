"""Every field of the proposal's form: what cannot be right is said below it, in the reader's words, and stays as it was typed."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from citylab.core import clock
from citylab.proposals import form
from citylab.proposals.models import Proposal
from citylab.taxonomy.models import Technology
from tests import factories

from .conftest import errors_of, signed_in, soup, typed_in, typed_section

pytestmark = pytest.mark.django_db

WHOLE = "Write a whole number, such as 850."
MONEY = "Write an amount in euro, such as 1.250,00."
NUMBER = "Write a number, such as 12.5."
DATE = "Write a date as day/month/year, such as 12/05/2027."
ONE = "Choose one of the list."
LISTED = "Choose from the list."
VEHICLE = {"special_means": ["automated_vehicle"]}
DRONE = {"special_means": ["drone"]}
PARTNERS = {"is_partnership": True, "partners": [{"name": "Politecnico", "identifier": "00518460019", "part": "Misure"}]}
INSTALLATION = {"has_installation": True}
PERSONAL_DATA = {"has_personal_data": True}


def long(limit: int) -> tuple[str, str]:
    return "x" * (limit + 1), f"Too long by 1 character: at most {limit}."


def too_low(limit: str) -> str:
    return f"The lowest value is {limit}."


def too_high(limit: str) -> str:
    return f"The highest value is {limit}."


# section, field, what is typed, what the page says, other answers that bring the field up
TABLE: list[tuple[str, str, Any, str, dict[str, Any]]] = [
    ("applicant", "contact_name", *long(160), {}),
    ("applicant", "contact_email", "not an address", "This is not an e-mail address, such as name@example.org.", {}),
    ("applicant", "contact_email", *long(160), {}),
    ("applicant", "contact_phone", *long(40), {}),
    ("applicant", "test_manager", *long(200), {}),
    ("applicant", "partners-0-name", *long(200), PARTNERS),
    ("applicant", "partners-0-identifier", *long(40), PARTNERS),
    ("applicant", "partners-0-part", *long(300), PARTNERS),
    ("idea", "title", *long(120), {}),
    ("idea", "summary", *long(1000), {}),
    ("idea", "description", *long(5000), {}),
    ("idea", "sector", "alchemy", ONE, {}),
    ("idea", "s3_area", "alchemy", ONE, {}),
    ("idea", "technologies", ["alchemy"], LISTED, {}),
    ("idea", "technologies", ["iot", "t1", "t2", "t3", "t4", "t5"], "Choose at most 5.", {}),
    ("idea", "trl_now", "12", ONE, {}),
    ("idea", "trl_target", "0", ONE, {}),
    ("idea", "trl_target", "5", "The level after the pilot cannot be lower than the level now.", {}),
    ("idea", "novelty", *long(3000), {}),
    ("idea", "earlier_tests", *long(2000), {}),
    ("plan", "starts_on", "soon", DATE, {}),
    ("plan", "starts_on", "31/02/2030", DATE, {}),
    ("plan", "starts_on", "2020-01-01", "The first day must lie in the future.", {}),
    ("plan", "ends_on", "later", DATE, {}),
    ("plan", "ends_on", "2020-01-02", "The last day comes before the first.", {}),
    ("plan", "plan", *long(5000), {}),
    ("plan", "phases-0-name", *long(160), {}),
    ("plan", "phases-0-starts_on", "soon", DATE, {}),
    ("plan", "phases-0-ends_on", "later", DATE, {}),
    ("plan", "phases-0-ends_on", "2020-01-02", "The last day comes before the first.", {}),
    ("plan", "phases-0-ends_on", "2099-01-02", "This phase lies outside the days on site.", {}),
    ("plan", "phases-0-description", *long(500), {}),
    ("plan", "resources", *long(3000), {}),
    ("plan", "budget", "a lot", MONEY, {}),
    ("plan", "budget", "-1", too_low("0"), {}),
    ("plan", "budget", "100000001", too_high("100,000,000"), {}),
    ("plan", "requested", "half", MONEY, {}),
    ("plan", "requested", "-1", too_low("0"), {}),
    ("plan", "requested", "100000001", too_high("100,000,000"), {}),
    ("plan", "requested", "30000", "The contribution cannot be higher than the budget.", {}),
    ("plan", "team", *long(3000), {}),
    ("plan", "scale_up", *long(3000), {}),
    ("city_assets", "sites", ["atlantis"], LISTED, {}),
    ("city_assets", "sites", ["s1", "s2", "s3", "s4"], "Choose at most 3.", {}),
    ("city_assets", "own_place", *long(300), {}),
    ("city_assets", "own_place_coordinates", "near the river", "Write latitude and longitude, such as 45.0703, 7.6869.", {}),
    ("city_assets", "own_place_coordinates", "95.1, 7.6", "Write latitude and longitude, such as 45.0703, 7.6869.", {}),
    ("city_assets", "own_place_coordinates", *long(60), {}),
    ("city_assets", "capabilities", ["teleport"], LISTED, {}),
    ("city_assets", "area_m2", "some", WHOLE, {}),
    ("city_assets", "area_m2", "-5", too_low("0"), {}),
    ("city_assets", "area_m2", "1000001", too_high("1,000,000"), {}),
    ("city_assets", "height_m", "high", WHOLE, {}),
    ("city_assets", "height_m", "501", too_high("500"), {}),
    ("city_assets", "power_kw", "2,5", WHOLE, {}),
    ("city_assets", "power_kw", "10001", too_high("10,000"), {}),
    ("city_assets", "city_data", *long(2000), {}),
    ("city_assets", "city_staff", *long(2000), {}),
    ("city_assets", "daily_schedule", *long(300), {}),
    ("city_assets", "dismantling", *long(2000), INSTALLATION),
    ("city_assets", "dismantling_cost", "cheap", MONEY, INSTALLATION),
    ("city_assets", "dismantling_cost", "10000001", too_high("10,000,000"), INSTALLATION),
    ("people", "co_creation", *long(3000), {}),
    ("people", "involvement", *long(3000), {}),
    ("people", "accessibility", *long(2000), {}),
    ("people", "minors_measures", *long(2000), {"has_minors": True}),
    ("safety", "risks", *long(3000), {}),
    ("safety", "mitigations", *long(3000), {}),
    ("safety", "monitoring", *long(2000), {}),
    ("safety", "insurance", *long(500), {}),
    ("safety", "special_means", ["submarine"], LISTED, {}),
    ("safety", "vehicle_owner", *long(200), VEHICLE),
    ("safety", "road_sections", *long(2000), VEHICLE),
    ("safety", "weather_limits", *long(500), VEHICLE),
    ("safety", "insurance_factor", "plenty", NUMBER, VEHICLE),
    ("safety", "insurance_factor", "101", too_high("100"), VEHICLE),
    ("safety", "insurance_factor", "3.5", "Automated vehicles need cover of at least four times the ordinary minimum.", VEHICLE),
    ("safety", "supervisor", *long(300), VEHICLE),
    ("safety", "enac_authorisation", *long(200), DRONE),
    ("safety", "flight_route", *long(2000), DRONE),
    ("safety", "drone_pilot", *long(200), DRONE),
    ("data", "data_roles", *long(2000), PERSONAL_DATA),
    ("data", "dpia", "perhaps", ONE, PERSONAL_DATA),
    ("data", "hosting", *long(300), {}),
    ("data", "security", *long(2000), {}),
    ("data", "interoperability", *long(2000), {}),
    ("data", "open_data", *long(2000), {}),
    ("data", "ai_use", *long(2000), {"uses_ai": True}),
    ("data", "ethics", *long(2000), {}),
    ("impact", "indicators-0-name", *long(160), {}),
    ("impact", "indicators-0-unit", *long(20), {}),
    ("impact", "indicators-0-baseline", "unknown", NUMBER, {}),
    ("impact", "indicators-0-baseline", "1000000001", too_high("1,000,000,000"), {}),
    ("impact", "indicators-0-target", "more", NUMBER, {}),
    ("impact", "indicators-0-target", "-1000000001", too_low("-1,000,000,000"), {}),
    ("impact", "indicators-0-method", *long(300), {}),
    ("impact", "environmental_impact", *long(2000), {}),
    ("impact", "social_impact", *long(2000), {}),
    ("declarations", "de_minimis", "none", WHOLE, {}),
    ("declarations", "de_minimis", "-1", too_low("0"), {}),
    ("declarations", "de_minimis", "100000001", too_high("100,000,000"), {}),
]


def _after(code: str) -> str:
    codes = [section.code for section in form.current().sections]
    return codes[codes.index(code) + 1]


@pytest.mark.parametrize(("section", "name", "value", "message", "others"), TABLE, ids=[f"{row[1]}-{index}" for index, row in enumerate(TABLE)])
def test_what_cannot_be_right_is_said_below_its_field_and_stays_as_typed(as_owner: Any, draft: Any, section: str, name: str, value: Any, message: str, others: dict[str, Any]) -> None:
    if message.startswith("Choose at most"):
        for code in value:
            factories.site(code) if name == "sites" else factories.term(Technology, code)
    data = typed_section(section, {**draft.answers, **others}) | {"version": draft.version, name: value, "next": _after(section)}
    response = as_owner.post(reverse("portal:section", args=[draft.pk, section]), data)
    assert response.status_code == 422
    assert errors_of(response, name) == [message]
    assert message in soup(response).find(class_="alert-danger").get_text()
    if isinstance(value, str) and message != ONE:
        assert typed_in(response, name) == value
        assert typed_in(as_owner.get(reverse("portal:section", args=[draft.pk, section])), name) == value


def _fields_that_can_be_wrong() -> set[str]:
    names = set()
    for _section, question in form.current().questions():
        if question.kind == "rows":
            names |= {f"{question.name}-0-{sub.name}" for sub in question.rows}
        elif question.kind != "boolean":
            names.add(question.name)
    return names


def test_the_table_covers_every_field_that_can_be_wrong() -> None:
    assert {row[1] for row in TABLE} == _fields_that_can_be_wrong()


@pytest.mark.parametrize("name", ["partners", "phases", "indicators"])
def test_a_list_takes_twelve_rows_and_no_more(as_owner: Any, draft: Any, name: str) -> None:
    section, question = form.current().by_name[name]
    first = (clock.today() + timedelta(days=91)).isoformat()
    row = {sub.name: {"date": first, "decimal": "1"}.get(sub.kind, "testo") for sub in question.rows}
    others = {**draft.answers, "is_partnership": True}
    for count, status in ((12, 302), (13, 422)):
        data = typed_section(section.code, {**others, name: [row] * count}) | {"version": draft.version + 1, "next": _after(section.code)}
        response = as_owner.post(reverse("portal:section", args=[draft.pk, section.code]), data)
        assert response.status_code == status
    assert errors_of(response, name) == ["At most 12 rows."]


@pytest.mark.parametrize("code", [section.code for section in form.current().sections if section.fields])
def test_a_complete_section_is_saved_and_leads_to_the_next(as_owner: Any, draft: Any, code: str) -> None:
    before = dict(draft.answers)
    response = as_owner.post(reverse("portal:section", args=[draft.pk, code]), typed_section(code, before) | {"version": draft.version, "next": _after(code)})
    assert response.status_code == 302
    assert response.url == reverse("portal:section", args=[draft.pk, _after(code)])
    after = Proposal.objects.get(pk=draft.pk).answers
    assert {name: after.get(name) for name in before} == before


@pytest.mark.parametrize("code", [section.code for section in form.current().sections if section.fields])
def test_an_empty_section_can_be_left_and_says_what_is_missing(db: Any, code: str) -> None:
    empty = factories.draft(complete=False)
    client = signed_in(factories.owner_of(empty.organisation))
    address = reverse("portal:section", args=[empty.pk, code])
    assert client.post(address, {"next": _after(code)}).status_code == 302
    needed = {question.name for question in form.current().section(code).fields if question.required and question.shown_when is None}
    links = {link["href"].removeprefix("#field-") for link in soup(client.get(address)).select("#index-wide .tcl-missing a")}
    assert needed <= links


def test_the_way_back_is_open_whatever_is_wrong(as_owner: Any, draft: Any) -> None:
    data = typed_section("plan", draft.answers) | {"version": draft.version, "budget": "a lot", "next": "idea"}
    response = as_owner.post(reverse("portal:section", args=[draft.pk, "plan"]), data)
    assert (response.status_code, response.url) == (302, reverse("portal:section", args=[draft.pk, "idea"]))
    assert Proposal.objects.get(pk=draft.pk).answers["budget"] == "a lot"


def test_a_question_of_yes_or_no_is_unanswered_until_one_is_chosen(db: Any) -> None:
    empty = factories.draft(complete=False)
    client = signed_in(factories.owner_of(empty.organisation))
    address = reverse("portal:section", args=[empty.pk, "city_assets"])
    client.post(address, {"version": 0, "area_m2": "20"})
    assert "has_installation" not in Proposal.objects.get(pk=empty.pk).answers
    assert soup(client.get(address)).select("#index-wide a[href='#field-has_installation']")
    client.post(address, {"version": 1, "area_m2": "20", "has_installation": "off"})
    assert Proposal.objects.get(pk=empty.pk).answers["has_installation"] is False
    assert not soup(client.get(address)).select("#index-wide a[href='#field-has_installation']")


def test_sites_are_kept_in_the_order_of_preference(as_owner: Any, draft: Any) -> None:
    codes = [factories.site().code for _ in range(3)]
    wished = [codes[2], codes[0], codes[1]]
    data = typed_section("city_assets", draft.answers) | {"version": draft.version, "sites": wished}
    as_owner.post(reverse("portal:section", args=[draft.pk, "city_assets"]), data)
    saved = Proposal.objects.get(pk=draft.pk)
    assert saved.answers["sites"] == wished
    assert [wish.site.code for wish in saved.wished_sites.all()] == wished
    chosen = [select.find("option", selected=True)["value"] for select in soup(as_owner.get(reverse("portal:section", args=[draft.pk, "city_assets"]))).find_all("select", attrs={"name": "sites"})]
    assert chosen == wished


def test_rows_are_added_and_removed_without_a_script(as_owner: Any, draft: Any) -> None:
    address = reverse("portal:section", args=[draft.pk, "plan"])
    day = (clock.today() + timedelta(days=92)).isoformat()
    two = [{"name": "Uno", "starts_on": day, "ends_on": day, "description": ""}, {"name": "Due", "starts_on": day, "ends_on": day, "description": ""}]
    response = as_owner.post(address, typed_section("plan", {**draft.answers, "phases": two}) | {"version": draft.version, "add-row": "phases"})
    assert response.status_code == 200
    assert len(soup(response).select("#field-phases > [data-row]")) == 3
    assert typed_in(response, "phases-1-name") == "Due"
    response = as_owner.post(address, typed_section("plan", {**draft.answers, "phases": two}) | {"version": draft.version + 1, "remove-row": "phases-0"})
    assert [row["name"] for row in Proposal.objects.get(pk=draft.pk).answers["phases"]] == ["Due"]
    assert typed_in(response, "phases-0-name") == "Due"
