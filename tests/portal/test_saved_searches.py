"""Saving a search from the public lists, and the page that keeps them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.core import outbox
from citylab.notifications.models import NotificationPreference
from search.alerts import alert_switch
from search.models import SavedSearch
from tests import factories

from .conftest import signed_in, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return factories.person("startup")


@pytest.fixture
def client(ada: Any) -> Client:
    return signed_in(ada)


def fields(form: Any) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in form.find_all("input"):
        data.setdefault(field["name"], []).append(field.get("value", ""))
    return data


def save_form(response: Any) -> Any:
    return soup(response).find("form", action=reverse("portal:search_save"))


@pytest.mark.parametrize(
    ("page", "query", "kind", "words", "filters"),
    [
        ("public:challenge_list", "?q=rain&sector=mobility&mode=open", "challenge", "rain", {"sector": ["mobility"], "mode": ["open"]}),
        ("public:site_list", "?capability=power&view=map", "site", "", {"capability": ["power"]}),
        ("public:search", "?q=rain", "all", "rain", {}),
    ],
)
def test_a_list_is_saved_as_it_stands(client: Any, ada: Any, page: str, query: str, kind: str, words: str, filters: dict[str, Any]) -> None:
    factories.challenge(title_en="Rain"), factories.site()
    while outbox.drain():
        pass
    form = save_form(client.get(reverse(page) + query))
    response = client.post(form["action"], fields(form) | {"name": "Mine"})
    assert response.status_code == 302 and response["Location"] == reverse("portal:searches")
    search = SavedSearch.objects.get(user=ada)
    assert (search.name, search.kind, search.words, search.filters, search.language) == ("Mine", kind, words, filters, "en")


def test_a_list_proposes_a_name(client: Any) -> None:
    factories.challenge(title_en="Rain")
    while outbox.drain():
        pass
    for query, name in (("?q=rain&sector=mobility&status=open", "rain, Open, Mobility"), ("?sector=mobility", "Mobility"), ("?q=rain", "rain"), ("", "")):
        form = save_form(client.get(reverse("public:challenge_list") + query))
        assert form.find("input", {"name": "name"})["value"] == name


def test_a_search_that_finds_nothing_yet_keeps_its_filters(client: Any, ada: Any) -> None:
    form = save_form(client.get(reverse("public:challenge_list") + "?q=snow&sector=mobility&status=open&page=2&name=x&list=pilot"))
    client.post(form["action"], fields(form) | {"name": "Snow"})
    search = SavedSearch.objects.get(user=ada)
    assert (search.kind, search.words, search.filters) == ("challenge", "snow", {"sector": ["mobility"], "status": ["open"]})


def test_who_has_not_signed_in_is_led_there_and_back() -> None:
    factories.challenge()
    page = soup(Client().get(reverse("public:challenge_list") + "?q=rain"))
    link = page.select_one(".tcl-save-search a")["href"]
    assert link == reverse("account_login") + "?next=/en/challenges/%3Fq%3Drain"


def test_a_refusal_stands_next_to_the_name_and_nothing_is_lost(client: Any, ada: Any) -> None:
    data = {"list": "challenge", "q": "rain", "sector": ["mobility", "energy"], "name": "Mine"}
    client.post(reverse("portal:search_save"), data)
    response = client.post(reverse("portal:search_save"), data)
    assert response.status_code == 422
    form = save_form(response)
    assert "already have a search of this name" in form.find(id="search-name-e").get_text()
    assert fields(form) | {"csrfmiddlewaretoken": []} == {"csrfmiddlewaretoken": [], "list": ["challenge"], "q": ["rain"], "sector": ["mobility", "energy"], "name": ["Mine"]}
    assert client.post(form["action"], fields(form) | {"name": "Mine too"}).status_code == 302
    assert SavedSearch.objects.filter(user=ada).count() == 2


def test_a_search_is_renamed_paused_resumed_and_deleted_on_its_page(client: Any, ada: Any) -> None:
    client.post(reverse("portal:search_save"), {"list": "challenge", "q": "rain", "name": "Mine"})
    search = SavedSearch.objects.get()
    address = reverse("portal:search_change", args=[search.pk])
    for action, expected in (("pause", True), ("resume", False)):
        client.post(address, {"action": action})
        search.refresh_from_db()
        assert search.is_paused is expected
        assert ("Paused" in soup(client.get(reverse("portal:searches"))).find(id=f"search-{search.pk}").get_text()) is expected
    client.post(address, {"action": "rename", "name": "Rain everywhere"})
    search.refresh_from_db()
    assert search.name == "Rain everywhere"
    client.post(address, {"action": "delete"})
    assert not SavedSearch.objects.exists()
    assert client.post(address, {"action": "delete"}).status_code == 404


def test_a_name_that_is_refused_stays_typed(client: Any, ada: Any) -> None:
    for name in ("Rain", "Snow"):
        client.post(reverse("portal:search_save"), {"list": "challenge", "q": name, "name": name})
    snow = SavedSearch.objects.get(name="Snow")
    response = client.post(reverse("portal:search_change", args=[snow.pk]), {"action": "rename", "name": "RAIN"})
    assert response.status_code == 422
    box = soup(response).find(id=f"search-{snow.pk}")
    assert box.find("input", {"name": "name"})["value"] == "RAIN" and box.details.has_attr("open")
    assert "already have a search of this name" in box.find(class_="tcl-error").get_text()


def test_the_search_of_another_does_not_exist(client: Any) -> None:
    other = factories.person("startup")
    signed_in(other).post(reverse("portal:search_save"), {"list": "challenge", "q": "", "name": "Theirs"})
    search = SavedSearch.objects.get()
    assert client.post(reverse("portal:search_change", args=[search.pk]), {"action": "delete"}).status_code == 404
    assert "Theirs" not in client.get(reverse("portal:searches")).content.decode()


def test_who_has_switched_the_messages_off_is_reminded(client: Any, ada: Any) -> None:
    assert "switched these messages off" not in client.get(reverse("portal:searches")).content.decode()
    NotificationPreference.objects.create(user=ada, category="alerts", email=False)
    assert "switched these messages off" in client.get(reverse("portal:searches")).content.decode()


def test_the_page_takes_the_same_queries_for_two_searches_and_for_twenty(client: Any, ada: Any) -> None:
    factories.challenge(), factories.site()
    organisation = factories.organisation(ada)
    counts = []
    for more in (2, 18):
        for turn in range(more):
            name = f"{more} {turn}"
            client.post(reverse("portal:search_save"), {"list": "challenge" if turn % 2 else "site", "q": "", "sector": "mobility", "name": name})
            draft = factories.draft(organisation, complete=False)
            alert_switch(user=ada, organisation=organisation, proposal=draft, on=True)
        client.get(reverse("portal:searches"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("portal:searches"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
