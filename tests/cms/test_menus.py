"""Every entry of the menus leads somewhere: for each role, in the editors' room and in the header of the product."""

import re

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation
from wagtail.admin.menu import admin_menu

from citylab.accounts.models import Role
from cms.models import StoryIndexPage
from tests import factories

from .conftest import signed_in


def entries(client, menu=admin_menu):
    """(label, address) of each entry that this person is shown, submenus included."""
    request = RequestFactory().get("/editing/")
    request.user = client.user
    for item in menu.menu_items_for_request(request):
        if hasattr(item, "menu"):
            yield from entries(client, item.menu)
        elif item.url != "#":
            yield str(item.label), str(item.url)


def shown(client):
    with translation.override("en"):
        return dict(entries(client))


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMINISTRATOR])
def test_no_entry_of_the_editors_menu_leads_to_a_refusal(role):
    client = signed_in(factories.person(role, language="en"))
    ours = {label: address for label, address in shown(client).items() if address.startswith("/")}
    assert len(ours) > 20
    assert {label: client.get(address).status_code for label, address in ours.items()} == dict.fromkeys(ours, 200)


def test_administrators_keep_redirects_and_find_people_at_the_desk(admin, anna):
    assert dict(shown(admin).items() - shown(anna).items()) == {"Redirects": reverse("wagtailredirects:index"), "People and roles": "/en/desk/people/"}


def test_a_redirect_leads_from_an_old_address_to_a_page(admin, client):
    stories = StoryIndexPage.objects.get(locale__language_code="it")
    assert client.get("/it/vecchia-pagina/").status_code == 404
    answer = admin.post(reverse("wagtailredirects:add"), {"old_path": "/it/vecchia-pagina", "is_permanent": "on", "redirect_page": stories.pk})
    assert (answer.status_code, answer["Location"]) == (302, reverse("wagtailredirects:index"))
    found = client.get("/it/vecchia-pagina/")
    assert (found.status_code, found["Location"]) == (301, stories.url)


@pytest.mark.parametrize("role", list(Role))
def test_no_entry_of_the_header_leads_to_a_refusal(role):
    client = signed_in(factories.person(role, language="en"))
    header = client.get("/en/").content.decode().split("</header>")[0]
    addresses = set(re.findall(r'href="(/[^"#?]*)', header))
    assert len(addresses) > 5
    assert {address for address in addresses if client.get(address, follow=True).status_code != 200} == set()


@pytest.mark.parametrize("kind", ["challenges_challenge", "testbeds_site"])
def test_a_list_heads_its_columns_in_the_language_of_whoever_reads_it(kind):
    factories.challenge()
    factories.site()
    address = reverse(f"wagtailsnippets_{kind}:list")
    for language, words in (("it", ("Stato", "Aggiornata")), ("en", ("Status", "Updated")), ("it", ("Stato", "Aggiornata"))):
        heads = signed_in(factories.person(Role.EDITOR, language=language)).get(address).content.decode().split("<thead>")[1].split("</thead>")[0]
        assert all(word in heads for word in words)
