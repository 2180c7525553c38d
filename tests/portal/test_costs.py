"""What the pilot of a draft would cost, beside the form."""

import pytest
from django.urls import reverse

from citylab.proposals.services import drafting
from tests import factories

from .conftest import signed_in, soup
from .test_query_counts import queries

pytestmark = pytest.mark.django_db


def words(response):
    return " ".join(soup(response).get_text(" ").split())


@pytest.fixture
def site():
    return factories.site("dora")


@pytest.fixture
def draft(site):
    """A complete draft that wishes for the site."""
    return factories.draft(sites=[site.code], own_place="", area_m2=10)


def costs(draft, **headers):
    return signed_in(factories.owner_of(draft.organisation)).get(reverse("portal:costs", args=[draft.pk]), **headers)


def test_the_draft_says_what_it_would_cost_on_its_site(draft, site):
    factories.area_fee(site, "2.00", valid_from=draft.starts_on)
    days = (draft.ends_on - draft.starts_on).days + 1
    response = costs(draft, HTTP_HX_REQUEST="true")
    euros = f"{draft.area_m2 * days * 2:,}.00"
    assert response.status_code == 200 and f"€{euros}" in words(response)
    assert soup(response).find("h1") is None and soup(costs(draft)).find("h1").get_text() == "What it would cost"


def test_a_draft_that_lacks_dates_and_area_is_told_what_is_missing(draft, site):
    factories.area_fee(site, "2.00", valid_from=draft.starts_on)
    drafting.answers_save(proposal_id=draft.pk, actor=factories.owner_of(draft.organisation), answers={"starts_on": "", "area_m2": ""}, base_version=draft.version)
    assert "Cannot be worked out yet: the dates are missing." in words(costs(draft))


def test_each_site_that_is_wished_for_has_its_own_sum(draft, site):
    other = factories.site("altro")
    factories.flat_fee(site, 100_00, valid_from=draft.starts_on)
    factories.flat_fee(other, 200_00, valid_from=draft.starts_on)
    drafting.answers_save(proposal_id=draft.pk, actor=factories.owner_of(draft.organisation), answers={"sites": [site.code, "altro"]}, base_version=draft.version)
    text = words(costs(draft))
    assert "due before the start €132.00" in text and "due before the start €232.00" in text and "the sums are not added up" in text


def test_without_a_site_the_fragment_says_where_to_choose_one(draft):
    draft.wished_sites.all().delete()
    assert "Choose a site in the section “What you ask of the city”" in words(costs(draft))


def test_the_organisations_kind_and_the_challenge_count(draft, site):
    factories.flat_fee(site, 100_00, valid_from=draft.starts_on)
    factories.exemption("fee", applicant_kinds=[draft.organisation.kind], valid_from=draft.starts_on, name_en="Early tests")
    assert "Exempt: Early tests" in words(costs(draft))


def test_a_stranger_finds_nothing(draft):
    assert signed_in(factories.person("startup")).get(reverse("portal:costs", args=[draft.pk])).status_code == 404


@pytest.mark.parametrize(("code", "count"), [("plan", 1), ("city_assets", 1), ("idea", 0)])
def test_the_sections_about_days_and_place_hold_it(as_owner, draft, code, count):
    page = soup(as_owner.get(reverse("portal:section", args=[draft.pk, code])))
    assert len(page.select(f'[hx-get="{reverse("portal:costs", args=[draft.pk])}"]')) == count


def test_it_takes_as_many_queries_for_three_sites_as_for_one(draft, site):
    client, counts = signed_in(factories.owner_of(draft.organisation)), []
    factories.area_fee(site, valid_from=draft.starts_on)
    for codes in ([site.code], [site.code, "b", "c"]):
        for code in codes[1:]:
            factories.area_fee(factories.site(code), valid_from=draft.starts_on)
        draft.refresh_from_db()
        drafting.answers_save(proposal_id=draft.pk, actor=factories.owner_of(draft.organisation), answers={"sites": codes}, base_version=draft.version)
        address = reverse("portal:costs", args=[draft.pk])
        client.get(address)  # what is remembered for a while may just have been forgotten
        counts.append(queries(client, address, HTTP_HX_REQUEST="true"))
    assert counts[0] == counts[1] <= 15
