"""Who may open which address of the portal, in every state of a case."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from citylab.accounts.models import Membership, Role
from citylab.proposals.models import Attachment
from citylab.proposals.workflow import State
from tests import factories

from .conftest import signed_in, typed_section

pytestmark = pytest.mark.django_db

READ, WRITE = "read", "write"
IN, TO, NO, NONE, LATE = 200, 302, 403, 404, 409
DRAFT, ASKED, NOTICE = "draft", "changes_requested", "refusal_notice"
STATES = [DRAFT, "submitted", "screening", ASKED, "inadmissible", "evaluation", NOTICE, "approved", "rejected", "withdrawn"]
PENDING = {"submitted", "screening", ASKED, "evaluation", NOTICE}


def _expected(name: str, who: str, state: str) -> int:
    """What the page answers to a member: a page, another page instead, or no."""
    writes = who in ("owner", "editor")
    editable = writes and state in (DRAFT, ASKED)
    if name == "section":
        return IN if editable or (state == DRAFT) else TO
    if name in ("autosave", "attach", "detach"):  # who may write is told that the proposal was handed in meanwhile, and loses nothing
        return IN if editable else LATE if writes else NO
    if name in ("review", "summary"):
        return IN if state in (DRAFT, ASKED) else TO
    if name == "submit":
        return TO if state != DRAFT else IN if writes else NO
    if name == "receipt":
        return NONE if state == DRAFT else IN
    if name in ("submitted", "submitted_data"):
        return NONE if state == DRAFT else IN
    if name == "case":
        return TO if state == DRAFT else IN
    if name == "additions":
        return IN if writes and state == ASKED else TO
    if name == "observations":
        return NO if not writes else IN if state == NOTICE else TO
    if name == "withdraw":
        return IN if writes and state in PENDING else NO
    if name == "delete":
        return IN if writes and state == DRAFT else NO
    return IN  # panel, costs, copy, download


ADDRESSES = ["section", "autosave", "panel", "costs", "attach", "download", "detach", "copy", "delete", "review", "summary", "submit", "receipt", "submitted", "submitted_data", "case", "additions", "observations", "withdraw"]
POSTED = {"autosave", "attach", "detach"}
STRANGERS = ["other organisation", "officer", "evaluator", "editor of the site"]


def _address(name: str, proposal: Any, attachment: Any) -> str:
    more = {"section": ["idea"], "autosave": ["idea"], "download": [attachment.pk], "detach": [attachment.pk], "submitted": [1], "submitted_data": [1]}
    return reverse(f"portal:{name}", args=[proposal.pk, *more.get(name, [])])


def _answer(client: Client, name: str, proposal: Any, attachment: Any) -> int:
    address = _address(name, proposal, attachment)
    status = (client.post(address, typed_section("idea", proposal.answers) | {"version": proposal.version}) if name in POSTED else client.get(address)).status_code
    # A refused file and a removed one have been let in.
    return {"attach": {422: IN}, "detach": {302: IN}}.get(name, {}).get(status, status)


@pytest.mark.parametrize("state", STATES)
def test_every_address_for_every_person_in_this_state(state: str) -> None:
    proposal = factories.proposal_in(state)
    assert proposal.state == state
    organisation = proposal.organisation
    attachment = Attachment.objects.filter(proposal=proposal, kind="technical_sheet").get()
    people = {role: signed_in(factories.member(organisation, role) if role != "owner" else factories.owner_of(organisation)) for role in Membership.Role.values}
    strangers = {
        "other organisation": signed_in(factories.owner_of(factories.organisation())), "officer": signed_in(factories.person(Role.OFFICER, is_demo=True)),
        "evaluator": signed_in(factories.person(Role.EVALUATOR, is_demo=True)), "editor of the site": signed_in(factories.person(Role.EDITOR, is_demo=True)),
    }  # fmt: skip
    found, expected = {}, {}
    for name in ADDRESSES:
        if name != "detach":  # it changes what the others find: last
            for who, client in people.items():
                found[name, who], expected[name, who] = _answer(client, name, proposal, attachment), _expected(name, who, state)
        for who, client in strangers.items():
            found[name, who], expected[name, who] = _answer(client, name, proposal, attachment), NONE
        anonymous = Client()
        address = _address(name, proposal, attachment)
        response = anonymous.post(address) if name in POSTED else anonymous.get(address)
        found[name, "nobody"], expected[name, "nobody"] = (response.status_code, response.url.split("?")[0]), (TO, reverse("account_login"))
    for who in ("reader", "editor", "owner"):
        found["detach", who], expected["detach", who] = _answer(people[who], "detach", proposal, attachment), _expected("detach", who, state)
    assert {key: value for key, value in found.items() if expected[key] != value} == {}
    assert set(State.values) == set(STATES)


OWN = ["home", "messages", "organisation_create", "start"]


@pytest.mark.parametrize("name", OWN)
def test_ones_own_pages_ask_to_sign_in(name: str) -> None:
    address = reverse(f"portal:{name}")
    response = Client().get(address)
    assert (response.status_code, response.url.split("?")[0]) == (TO, reverse("account_login"))
    assert signed_in(factories.person(Role.STARTUP)).get(address).status_code == IN


def test_the_pages_of_an_organisation_are_its_members_only() -> None:
    organisation = factories.organisation()
    owner = factories.owner_of(organisation)
    membership = organisation.memberships.get()
    addresses = [reverse("portal:organisation", args=[organisation.pk]), reverse("portal:members", args=[organisation.pk]), reverse("portal:member_change", args=[organisation.pk, membership.pk])]
    for who, status in ((owner, IN), (factories.member(organisation, "reader"), IN), (factories.owner_of(factories.organisation()), NONE), (factories.person(Role.OFFICER, is_demo=True), NONE)):
        client = signed_in(who)
        assert [client.get(address).status_code for address in addresses] == [status] * 3
    assert all(Client().get(address).url.startswith(reverse("account_login")) for address in addresses)
