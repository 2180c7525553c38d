"""Organisations: registering once, and an identifier that is here already discloses nobody."""

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from citylab.accounts.identifiers import EU
from citylab.accounts.models import AccessRequest, Identifier, Membership, Organisation, Role
from citylab.accounts.services import organisations as services
from citylab.accounts.tasks import tell_officers_of_requests
from citylab.core import clock, outbox
from citylab.core.errors import Conflict
from citylab.core.models import OutboxMessage
from citylab.notifications.models import OutgoingMessage
from citylab.portal.forms import OrganisationForm
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def profile(**changes: Any) -> dict[str, Any]:
    return {"legal_name": "Nuova S.r.l.", "kind": "startup", "country": "IT", "vat_number": "00743110157", "language": "it", **changes}


def errors(response: Any) -> dict[str, str]:
    page = BeautifulSoup(response.content.decode(), "html.parser")
    return {line.find_parent(class_="tcl-field")["id"].removeprefix("field-"): line.get_text(strip=True) for line in page.find_all(class_="tcl-error")}


WRONG = [
    ({"legal_name": ""}, {"legal_name": "This field is required."}),
    ({"kind": ""}, {"kind": "This field is required."}),
    ({"country": "XX"}, {"country": "Select a valid choice. XX is not one of the available choices."}),
    ({"vat_number": "12345678901"}, {"vat_number": "This VAT number is not valid: check its digits."}),
    ({"vat_number": ""}, {"vat_number": "Write the VAT number or the tax code."}),
    ({"tax_code": "ABC"}, {"tax_code": "This tax code is not valid: check its characters."}),
    ({"country": "JP", "vat_number": ""}, {"foreign_identifier": "Write the VAT number or the identifier of your country's register."}),
    ({"country": "JP", "vat_number": "", "foreign_identifier": "1"}, {"foreign_identifier": "Write the identifier as your country's register has it, 3 to 40 characters."}),
    ({"representative_tax_code": "XXXXXX00X00X000X"}, {"representative_tax_code": "This tax code is not valid: check its characters."}),
    ({"pec": "pec"}, {"pec": "Enter a valid email address."}),
    ({"email": "posta"}, {"email": "Enter a valid email address."}),
    ({"representative_email": "a@"}, {"representative_email": "Enter a valid email address."}),
    ({"test_manager_email": "a@"}, {"test_manager_email": "Enter a valid email address."}),
    ({"website": "not a site"}, {"website": "Enter a valid URL."}),
    ({"postcode": "101"}, {"postcode": "An Italian postcode has five digits."}),
    ({"founded_on": "2999-01-01"}, {"founded_on": "This day lies in the future."}),
    ({"founded_on": "once"}, {"founded_on": "Enter a valid date."}),
    ({"sector_codes": ["alchemy"]}, {"sector_codes": "Select a valid choice. alchemy is not one of the available choices."}),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=range(len(WRONG)))
def test_each_wrong_field_of_the_profile_is_named_and_the_rest_kept(changes: dict[str, Any], expected: dict[str, str]) -> None:
    response = signed_in(factories.person(Role.STARTUP)).post(reverse("portal:organisation_create"), profile(**{"town": "Torino", **changes}))
    assert response.status_code == 422
    assert errors(response) == expected
    assert BeautifulSoup(response.content.decode(), "html.parser").find(id="id_town")["value"] == "Torino"
    assert not Organisation.objects.exists()


def test_whoever_registers_an_organisation_owns_it() -> None:
    person = factories.person(Role.STARTUP)
    response = signed_in(person).post(reverse("portal:organisation_create"), profile(vat_number="IT 00743110157"))
    assert response.url == reverse("portal:home")
    made = Organisation.objects.get()
    assert (made.vat_number, made.memberships.get().user, made.memberships.get().role) == ("00743110157", person, "owner")


def test_an_applicant_from_abroad_needs_no_italian_number() -> None:
    response = signed_in(factories.person(Role.STARTUP)).post(reverse("portal:organisation_create"), profile(country="JP", vat_number="", foreign_identifier="0100-01-012345"))
    assert response.status_code == 302
    assert Organisation.objects.get().foreign_identifier == "0100-01-012345"


@pytest.mark.parametrize(("language", "ends"), [("it", ["Italia", "Afghanistan", "Zimbabwe"]), ("en", ["Italy", "Afghanistan", "Zimbabwe"])])
def test_an_applicant_may_come_from_any_country(language: str, ends: list[str]) -> None:
    with translation.override(language):
        choices = dict(OrganisationForm().fields["country"].choices)
        assert [*list(choices.values())[:2], list(choices.values())[-1]] == ends
        assert EU | {"IT", "IN", "CN", "CA", "XK"} <= choices.keys() and len(choices) == 250
        assert OrganisationForm(profile(country="IN", vat_number="", foreign_identifier="U72900KA2020PTC1")).is_valid()


@pytest.mark.parametrize("field", ["vat_number", "tax_code", "foreign_identifier"])
def test_an_identifier_that_is_here_leads_to_asking_and_discloses_nobody(field: str) -> None:
    values = {"vat_number": ("00743110157", "IT"), "tax_code": ("RCCMNL83S18D969H", "IT"), "foreign_identifier": ("KK-1234", "JP")}
    value, country = values[field]
    owner = factories.person(Role.STARTUP, email="segreto@riservato.example", name="Nome Riservato")
    data = {"vat_number": "", "country": country, field: value}
    factories.organisation(owner, legal_name="Ragione Riservata S.r.l.", **data)
    response = signed_in(factories.person(Role.STARTUP)).post(reverse("portal:organisation_create"), profile(**data))
    assert response.status_code == 422
    text = response.content.decode()
    assert "An organisation with this identifier is already registered. You can ask its owners, or an officer, to let you in." in text
    assert not [secret for secret in ("riservato", "Riservato", "Riservata") if secret in text]


@pytest.mark.parametrize(("theirs", "mine"), [("vat_number", "tax_code"), ("tax_code", "vat_number")])
def test_the_same_number_in_the_other_field_is_the_same_organisation(theirs: str, mine: str) -> None:
    number, others = "00743110157", factories.vat_number(9_000_002)
    registered = factories.organisation(**{"vat_number": "", theirs: number})
    second = {"vat_number": "", mine: number}
    with pytest.raises(services.IdentifierRegistered):
        services.organisation_create(actor=factories.person(Role.STARTUP), data=profile(**second))
    own = factories.organisation(vat_number=others)
    with pytest.raises(services.IdentifierRegistered):
        services.organisation_update(organisation_id=own.pk, actor=factories.owner_of(own), data=profile(**second), version=own.version)
    asking = factories.person(Role.STARTUP)
    services.access_request_create(actor=asking, data=profile(**second), message="")
    assert asking.access_requests.get().organisation == registered
    assert (Organisation.objects.get(pk=own.pk).vat_number, Organisation.objects.count()) == (others, 2)


def test_of_two_who_register_one_number_at_once_one_is_refused(monkeypatch: Any) -> None:
    """The second one looked before the first had written."""
    factories.organisation(vat_number="", tax_code="00743110157")
    monkeypatch.setattr(services, "_with_identifier", lambda values: Identifier.objects.none())
    with pytest.raises(services.IdentifierRegistered):
        services.organisation_create(actor=factories.person(Role.STARTUP), data=profile())
    assert Organisation.objects.count() == 1


def test_a_number_that_was_given_up_is_free_and_one_in_both_fields_stays_ones_own() -> None:
    organisation = factories.organisation(vat_number="00743110157", tax_code="00743110157")
    owner, other = factories.owner_of(organisation), factories.vat_number(9_000_003)
    kept = services.organisation_update(organisation_id=organisation.pk, actor=owner, data=profile(tax_code=""), version=1)
    assert kept.identifiers.get().value == "00743110157"
    services.organisation_update(organisation_id=organisation.pk, actor=owner, data=profile(vat_number=other), version=2)
    assert services.organisation_create(actor=owner, data=profile()).vat_number == "00743110157"


def test_asking_says_and_does_the_same_on_the_page_whether_it_is_registered_or_not() -> None:
    factories.organisation(vat_number="00743110157")
    seen = {}
    for number in ("00743110157", factories.vat_number(9_000_001)):
        client = signed_in(factories.person(Role.STARTUP))
        response = client.post(reverse("portal:organisation_create"), profile(vat_number=number, ask_access="1", message="Sono io"))
        shown = BeautifulSoup(client.get(response.url).content.decode(), "html.parser").select_one("main .alert-success")
        seen[number] = (response.status_code, response.url, shown.get_text(" ", strip=True))
    assert len(set(seen.values())) == 1
    assert AccessRequest.objects.count() == 1 and Organisation.objects.count() == 1


def test_asking_writes_no_mail_within_the_request() -> None:
    """The owners hear of it through the outbox, so the answer takes no longer for an organisation with many owners."""
    counts = []
    for owners in (1, 5):
        organisation = factories.organisation()
        for _number in range(owners - 1):
            factories.member(organisation, Membership.Role.OWNER)
        asking = factories.person(Role.STARTUP)
        with CaptureQueriesContext(connection) as captured:
            services.access_request_create(actor=asking, data=profile(vat_number=organisation.vat_number), message="")
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert OutboxMessage.objects.filter(topic="access_request.created").count() == 2


def test_asking_twice_is_one_request() -> None:
    organisation, asking = factories.organisation(), factories.person(Role.STARTUP)
    for _number in range(2):
        services.access_request_create(actor=asking, data=profile(vat_number=organisation.vat_number), message="Fatemi entrare")
    assert organisation.access_requests.count() == 1


@pytest.mark.parametrize(("answer", "role"), [("yes", "reader"), ("no", None)])
def test_an_owner_answers_and_whoever_is_let_in_reads(answer: str, role: str | None) -> None:
    organisation, asking = factories.organisation(), factories.person(Role.STARTUP)
    services.access_request_create(actor=asking, data=profile(vat_number=organisation.vat_number), message="")
    request = organisation.access_requests.get()
    owner = signed_in(factories.owner_of(organisation))
    assert f"Somebody asks to join {organisation}" in owner.get(reverse("portal:home")).content.decode()
    owner.post(reverse("access_request", args=[request.pk]), {"answer": answer})
    assert organisation.memberships.filter(user=asking).values_list("role", flat=True).first() == role
    with pytest.raises(Conflict):
        services.access_request_answer(request_id=request.pk, actor=factories.owner_of(organisation), accept=True)


def test_officers_hear_of_a_request_that_the_owners_leave_for_days_and_see_all_that_wait() -> None:
    officer = factories.person(Role.OFFICER, is_demo=True, language="en")
    organisation, asking = factories.organisation(legal_name="Acme S.r.l."), factories.person(Role.STARTUP)
    services.access_request_create(actor=asking, data=profile(vat_number=organisation.vat_number), message="")
    outbox.drain()
    told = OutgoingMessage.objects.filter(user=officer, kind="access_asked")
    assert tell_officers_of_requests() == 0 and not told.exists()
    with clock.travelling_to(clock.now() + timedelta(days=6)):
        assert tell_officers_of_requests() == 1 and tell_officers_of_requests() == 0
    assert "No owner has answered for 5 days." in told.get().text
    desk = signed_in(officer)
    rows = [
        row.get_text(" ", strip=True) for row in BeautifulSoup(desk.get(reverse("desk:access_requests")).content.decode(), "html.parser").select("tbody tr")
    ]
    assert len(rows) == 1 and "Acme S.r.l." in rows[0] and asking.email in rows[0]
    desk.post(reverse("access_request", args=[organisation.access_requests.get().pk]), {"answer": "yes"})
    assert organisation.memberships.get(user=asking).role == "reader"
    assert "Nobody is waiting" in desk.get(reverse("desk:access_requests")).content.decode()


def test_from_ones_own_profile_too_one_asks_to_join_the_organisation_that_has_the_number() -> None:
    registered, own = factories.organisation(), factories.organisation()
    client, address = signed_in(factories.owner_of(own)), reverse("portal:organisation", args=[own.pk])
    data = profile(vat_number=own.vat_number, tax_code=registered.vat_number, version=own.version)
    response = client.post(address, data)
    assert response.status_code == 422
    assert BeautifulSoup(response.content.decode(), "html.parser").select_one('button[name="ask_access"]').get_text(strip=True) == "Ask to be let in"
    assert client.post(address, data | {"ask_access": "1", "message": "Siamo noi"}).url == reverse("portal:home")
    assert (registered.access_requests.get().message, own.access_requests.count()) == ("Siamo noi", 0)


def test_only_owners_and_officers_see_a_request() -> None:
    organisation, asking = factories.organisation(), factories.person(Role.STARTUP)
    services.access_request_create(actor=asking, data=profile(vat_number=organisation.vat_number), message="")
    address = reverse("access_request", args=[organisation.access_requests.get().pk])
    who = {"officer": factories.person(Role.OFFICER, is_demo=True), "owner": factories.owner_of(organisation), "editor": factories.member(organisation), "asking": asking}
    assert {name: signed_in(user).get(address).status_code for name, user in who.items()} == {"officer": 200, "owner": 200, "editor": 404, "asking": 404}


def test_two_colleagues_on_the_profile_see_what_the_other_saved() -> None:
    organisation = factories.organisation()
    first, second = signed_in(factories.owner_of(organisation)), signed_in(factories.member(organisation))
    address = reverse("portal:organisation", args=[organisation.pk])
    data = profile(vat_number=organisation.vat_number, legal_name=organisation.legal_name, version=organisation.version)
    assert second.post(address, data | {"town": "Moncalieri"}).status_code == 302
    response = first.post(address, data | {"town": "Torino"})
    assert response.status_code == 409
    text = BeautifulSoup(response.content.decode(), "html.parser").select_one("main .alert-warning[data-focus]").get_text(" ", strip=True)
    assert "Yours: Torino" in text and "Saved by your colleague: Moncalieri" in text
    assert Organisation.objects.get(pk=organisation.pk).town == "Moncalieri"


def test_a_reader_reads_the_profile_and_cannot_change_it() -> None:
    organisation = factories.organisation(town="Torino")
    client = signed_in(factories.member(organisation, Membership.Role.READER))
    address = reverse("portal:organisation", args=[organisation.pk])
    page = BeautifulSoup(client.get(address).content.decode(), "html.parser")
    assert page.select_one("main form") is None and "Torino" in page.find("main").get_text()
    assert client.post(address, profile(version=1, town="Altrove")).status_code == 403
