"""What a pilot costs, as anyone reads it: the page that works it out, and the panel on a site's page."""

import re
from datetime import date

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from citylab.payments.models import Rule
from tests import factories

ADDRESS = "/en/costs/"
FACTS = {"site": "dora", "starts_on": "2027-03-01", "ends_on": "2027-03-12", "area": "25", "dismantling": "4000"}


@pytest.fixture
def rules(town, travel):
    travel("2027-01-11 09:00")
    factories.area_fee(town.site, "2.00", coefficient="1.5", zone_it="centro", zone_en="centre", free_days=1, due_days_before=10, assumed=True)
    return factories.deposit(town.site, "30", due_days_before=10)


def words(response):
    return " ".join(BeautifulSoup(response.content.decode(), "html.parser").find(id="main").get_text(" ").split())


def test_the_page_works_out_each_line_with_its_rule_and_its_terms(client, rules):
    text = words(client.get(ADDRESS, FACTS))
    assert "Due before the start €2,057.00 Of this, comes back €1,200.00 Remains as a cost €857.00" in text
    assert "Fee 01/03/2027 – 12/03/2027, 12 days €825.00 Free days: 1 day 25 m² × 11 days × €2.00 × 1.5 (centre) = €825.00 Due: By 19/02/2027 · to be confirmed" in text
    assert "Act DCC 1/2027 (rule" in text and "version 1" in text and "Owed to Body city, tax code 00514490010 VAT Outside VAT" in text
    assert "Comes back: Within 30 days of the check of the place, after 12/03/2027" in text
    assert "A simulation: nothing is owed yet." in text and "come from a rule that the office has not confirmed" in text


def test_the_same_sums_in_italian(client, rules):
    text = words(client.get("/it/costi/", FACTS))
    assert "2.057,00 €" in text and "25 m² × 11 giorni × 2,00 € × 1,5 (centro) = 825,00 €" in text


def test_the_site_alone_says_line_by_line_what_is_missing(client, rules):
    response = client.get(ADDRESS, {"site": "dora"})
    assert response.status_code == 200
    text = words(response)
    assert "at least €32.00" in text
    assert "Cannot be worked out yet: the dates are missing." in text and "Cannot be worked out yet: the cost of dismantling is missing." in text


def test_a_site_without_rules_is_not_called_free(client, town):
    assert "No fee or deposit is recorded for this site yet. That does not mean that it is free: ask the office." in words(client.get(ADDRESS, {"site": "dora"}))


def test_without_a_question_the_page_explains_itself(client, town):
    response = client.get(ADDRESS)
    assert (response.status_code, "Choose a site to see the amounts." in words(response)) == (200, True)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("area", "-5", "An area cannot be less than zero."), ("area", "12.5", "Write a whole number of square metres, such as 850."), ("dismantling", "$100", "Amounts are in euro: change it into euro first."),
        ("ends_on", "2027-02-01", "The last day comes before the first."), ("starts_on", "30/02/2027", "Write a date as day/month/year, such as 12/05/2027."),
    ],
)  # fmt: skip
def test_bad_input_is_told_at_its_field_and_stays_as_typed(client, rules, field, typed, said):
    response = client.get(ADDRESS, {**FACTS, field: typed})
    page = BeautifulSoup(response.content.decode(), "html.parser")
    box = page.find(attrs={"name": field})
    assert response.status_code == 422
    assert (box["value"], box["aria-invalid"]) == (typed, "true")
    assert page.find(id=f"id_{field}-e").get_text(strip=True) == said and f"id_{field}-e" in box["aria-describedby"]
    assert page.find(class_="tcl-sums") is None


def test_an_unpublished_site_is_not_offered(client, rules, town):
    hidden = factories.site("nascosto", publish=False)
    assert client.get(ADDRESS, {"site": hidden.code}).status_code == 422


def test_an_exemption_reaches_the_applicant_and_the_challenge_chosen(client, rules, town):
    factories.exemption("fee", applicant_kinds=["startup"], challenges=[town.challenge], name_en="Early tests", act="DGC 9/2027")
    assert "Early tests" not in words(client.get(ADDRESS, FACTS))
    text = words(client.get(ADDRESS, {**FACTS, "applicant": "startup", "challenge": "pioggia"}))
    assert "Exempt, 11 days: Early tests (DGC 9/2027)" in text and "Due before the start €1,232.00" in text


def test_a_third_sector_body_pays_no_stamp_duty(client, rules):
    assert "Exempt by law: D.Lgs. 117/2017, art. 82, c. 5" in words(client.get(ADDRESS, {**FACTS, "applicant": "nonprofit"}))


def test_the_sites_page_shows_an_example_and_leads_to_ones_own(client, rules):
    response = client.get("/en/sites/dora/")
    text = words(response)
    assert "For example: 10 m² from 12 March 2027 to 10 April 2027, with €1,000.00 declared for dismantling." in text
    assert "Due before the start €1,202.00" in text  # 16 + 16 + 10 × 29 × 2.00 × 1.5 + 300
    link = re.search(r'href="(/en/costs/[^"]+)"', response.content.decode())[1].replace("&amp;", "&")
    assert Client().get(link).status_code == 200 and "€902.00" in words(Client().get(link))


def test_working_out_takes_at_most_ten_queries_and_a_sites_page_too(client, rules, town):
    counts = {ADDRESS: [], "/en/sites/dora/": []}
    for wanted in (3, 30):
        while Rule.objects.filter(kind=Rule.Kind.EXEMPTION).count() < wanted:
            factories.exemption(sites=[factories.site()], challenges=[town.challenge])
        for address, found in counts.items():
            client.get(address, FACTS if address == ADDRESS else {})
            with CaptureQueriesContext(connection) as captured:
                client.get(address, FACTS if address == ADDRESS else {})
            found.append(len(captured))
    assert all(few == many <= 10 for few, many in counts.values()), counts


def test_a_tariff_that_ends_in_the_middle_is_said(client, town):
    factories.area_fee(town.site, "2.00", valid_until=date(2027, 3, 5))
    text = words(client.get(ADDRESS, FACTS))
    assert "25 m² × 5 days × €2.00 = €250.00" in text and "no rule is set for these days. From 06/03/2027 to 12/03/2027." in text
