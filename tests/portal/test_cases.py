"""The case page and what an applicant answers: whose turn, days left, requests point by point, observations, withdrawal, copies."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from citylab.accounts.models import Role
from citylab.challenges.services import challenge_close
from citylab.core import clock
from citylab.proposals.models import Proposal
from citylab.proposals.workflow import State
from tests import factories

from .conftest import signed_in, soup

pytestmark = pytest.mark.django_db


def opened(state: str, **how: Any) -> tuple[Proposal, Client]:
    case = factories.proposal_in(state, **how)
    return case, signed_in(factories.owner_of(case.organisation))


def turn(response: Any) -> str:
    return soup(response).find(class_="tcl-turn").get_text(" ", strip=True)


@pytest.mark.parametrize(
    ("state", "words", "button"),
    [
        ("submitted", "The city's turn", None), ("screening", "The city's turn", None), ("evaluation", "The city's turn", None), ("changes_requested", "Your turn", "Answer the request"),
        ("refusal_notice", "Your turn", "Send observations"), ("approved", "Approved", "To the pilot"), ("rejected", "Closed", None), ("inadmissible", "Closed", None), ("withdrawn", "Closed", None),
    ],
)  # fmt: skip
def test_the_case_says_whose_turn_it_is_and_offers_the_one_thing_owed(state: str, words: str, button: str | None) -> None:
    case, client = opened(state)
    box = soup(client.get(reverse("portal:case", args=[case.pk]))).find(class_="tcl-turn")
    assert box.find("h2").get_text(strip=True) == words
    assert [link.get_text(strip=True) for link in box.select("a.btn")] == ([button] if button else [])


def test_a_pending_case_shows_days_left_and_the_date(travel: Any) -> None:
    travel("2027-03-01 09:00")
    case, client = opened("submitted")
    travel("2027-03-11 09:00")
    text = turn(client.get(reverse("portal:case", args=[case.pk])))
    assert "20 days left" in text and "31 March 2027" in text


def test_before_the_call_closes_the_case_says_when_the_term_begins_instead_of_days(travel: Any) -> None:
    travel("2027-03-01 09:00")
    call = factories.challenge(mode="competitive", closes_at=clock.now() + timedelta(days=10))
    case, client = opened("submitted", to=call)
    text = turn(client.get(reverse("portal:case", args=[case.pk])))
    assert "The term begins when the call closes, on 11 March 2027. Decision by 12 April 2027" in text and "left" not in text


def test_a_late_case_says_so_in_words(travel: Any) -> None:
    travel("2027-03-01 09:00")
    case, client = opened("submitted")
    travel("2027-04-02 09:00")
    assert "2 days late" in turn(client.get(reverse("portal:case", args=[case.pk])))


def test_the_timeline_tells_what_was_and_what_is_to_come() -> None:
    case, client = opened("changes_requested")
    steps = soup(client.get(reverse("portal:case", args=[case.pk]))).select(".tcl-log li")
    labels = [step.find("p").get_text(" ", strip=True) for step in steps]
    assert labels == ["Handed in", "Screening begun", "Additions requested (now)", "Screening (to come)", "Evaluation (to come)", "Decision (to come)"]


def test_the_tabs_hold_proposal_documents_and_messages() -> None:
    case, client = opened("changes_requested")
    address = reverse("portal:case", args=[case.pk])
    assert "Proviamo sensori che avvisano quando piove molto." in client.get(address + "?view=proposal").content.decode()
    documents = soup(client.get(address + "?view=documents"))
    assert documents.find("a", href=reverse("portal:submitted_data", args=[case.pk, 1]))
    assert len(soup(client.get(address + "?view=messages")).select("details")) == 2


def test_a_decision_stands_with_its_reasons_and_act() -> None:
    case, client = opened("rejected")
    text = soup(client.get(reverse("portal:case", args=[case.pk]))).find("main").get_text(" ", strip=True)
    for part in ("Decision: Rejected", "Per queste ragioni.", "DD 123/2027", "Dirigente"):
        assert part in text


def test_every_point_of_a_request_must_be_answered_and_replies_are_kept() -> None:
    case, client = opened("changes_requested")
    item = case.change_requests.get().items.get()
    address = reverse("portal:additions", args=[case.pk])
    response = client.post(address, {f"reply-{item.pk}": "  "})
    assert response.status_code == 422
    assert soup(response).find(id=f"error-{item.pk}").get_text(strip=True) == "Answer this point."
    response = client.post(address, {f"reply-{item.pk}": "Le date sono queste."}, follow=True)
    assert "Your answers are registered" in response.content.decode()
    fresh = Proposal.objects.get(pk=case.pk)
    assert (fresh.state, fresh.versions.count(), fresh.change_requests.get().items.get().reply) == (State.SCREENING, 2, "Le date sono queste.")


def test_a_reply_waits_while_the_section_is_changed() -> None:
    case, client = opened("changes_requested")
    item = case.change_requests.get().items.get()
    address = reverse("portal:additions", args=[case.pk])
    response = client.post(address, {f"reply-{item.pk}": "A metà", "keep": "plan"})
    assert response.url == reverse("portal:section", args=[case.pk, "plan"])
    assert client.post(address, {f"reply-{item.pk}": "A metà e oltre", "keep": ""}).status_code == 204
    assert soup(client.get(address)).find(id=f"reply-{item.pk}").get_text().strip() == "A metà e oltre"
    assert case.change_requests.get().items.get().reply == ""


def test_the_draft_is_open_again_while_additions_are_asked() -> None:
    case, client = opened("changes_requested")
    address = reverse("portal:autosave", args=[case.pk, "idea"])
    assert client.post(address, {"version": case.version, "title": "Titolo precisato"}, HTTP_HX_REQUEST="true").status_code == 200
    assert Proposal.objects.get(pk=case.pk).title == "Titolo precisato"


def test_observations_are_kept_while_typing_and_sent_once() -> None:
    case, client = opened("refusal_notice")
    address = reverse("portal:observations", args=[case.pk])
    assert client.post(address, {"text": "Il piano è", "keep": ""}).status_code == 204
    assert soup(client.get(address)).find(id="id_text").get_text().strip() == "Il piano è"
    assert client.post(address, {"text": ""}).status_code == 422
    client.post(address, {"text": "Il piano è allegato."})
    assert case.refusal_notices.get().observations == "Il piano è allegato."
    assert client.get(address).url == reverse("portal:case", args=[case.pk])


def test_observations_after_the_ten_days_are_refused_and_kept() -> None:
    case, client = opened("refusal_notice")
    with clock.travelling_to(clock.now() + timedelta(days=40)):
        response = client.post(reverse("portal:observations", args=[case.pk]), {"text": "Troppo tardi"})
    assert response.status_code == 422
    assert "The ten days for observations are over." in response.content.decode()
    assert "Troppo tardi" in response.content.decode()


def test_withdrawing_asks_once_and_closes() -> None:
    case, client = opened("screening")
    address = reverse("portal:withdraw", args=[case.pk])
    assert "cannot be opened again" in client.get(address).content.decode()
    assert Proposal.objects.get(pk=case.pk).state == State.SCREENING
    client.post(address, {"note": "Cambio di piani"})
    assert Proposal.objects.get(pk=case.pk).state == State.WITHDRAWN


def test_deleting_a_draft_asks_once(as_owner: Client, draft: Proposal) -> None:
    address = reverse("portal:delete", args=[draft.pk])
    assert as_owner.get(address).status_code == 200 and Proposal.objects.filter(pk=draft.pk).exists()
    assert as_owner.post(address).url == reverse("portal:home")
    assert not Proposal.objects.filter(pk=draft.pk).exists()


def test_a_copy_leaves_files_and_declarations_behind() -> None:
    case, client = opened("rejected")
    challenge = factories.challenge()
    response = client.post(reverse("portal:copy", args=[case.pk]), {"challenge": challenge.code})
    copy = Proposal.objects.get(state=State.DRAFT)
    assert response.url == reverse("portal:section", args=[copy.pk, "idea"])
    assert (copy.answers["description"], copy.challenge, copy.attachments.count()) == (case.answers["description"], challenge, 0)
    assert not [name for name in copy.answers if name.startswith("declares_")]


def test_a_person_of_two_organisations_sees_each_ones_proposals_apart() -> None:
    owner = factories.person("startup")
    one, two = factories.organisation(owner), factories.organisation(owner)
    factories.draft(one, title="Della prima"), factories.draft(two, title="Della seconda")
    client = signed_in(owner)
    everything = client.get(reverse("portal:home")).content.decode()
    assert "Della prima" in everything and "Della seconda" in everything
    only = client.get(reverse("portal:home"), {"organisation": str(two.pk)}).content.decode()
    assert "Della prima" not in only and "Della seconda" in only


def test_a_draft_for_a_closed_challenge_cannot_be_started(travel: Any) -> None:
    challenge = factories.challenge(mode="competitive", closes_at=clock.now() + timedelta(days=1))
    client = signed_in(factories.owner_of(factories.organisation()))
    travel(clock.now() + timedelta(days=2))
    response = client.post(reverse("portal:start"), {"challenge": challenge.code, "language": "it"})
    assert response.status_code == 422 and "This challenge does not take proposals now." in response.content.decode()
    assert not Proposal.objects.exists()


def test_a_challenge_that_went_between_page_and_click_makes_no_proposal_without_one() -> None:
    case, client = opened("rejected")
    gone, closed = factories.challenge(publish=False), factories.challenge(mode="competitive")
    challenge_close(challenge_id=closed.pk, actor=factories.person(Role.EDITOR))
    started = {"language": "it", "organisation": str(case.organisation.pk)}
    for address, code, more in (("portal:start", gone.code, started), ("portal:copy", gone.code, {}), ("portal:copy", closed.code, {})):
        response = client.post(reverse(address, args=[case.pk] if address == "portal:copy" else []), {"challenge": code, **more})
        assert response.status_code == 422
        assert soup(response).select_one(".alert-danger").get_text() == "This challenge does not take proposals now."
    assert not Proposal.objects.filter(state=State.DRAFT).exists()


def test_my_area_does_not_call_a_revoked_pilot_well() -> None:
    looks = {}
    for state in ("running", "revoked"):
        pilot = factories.pilot_in(state)
        row = soup(signed_in(factories.owner_of(pilot.organisation)).get(reverse("portal:home"))).select_one("tbody tr .tcl-status")
        looks[row.get_text(" ", strip=True)] = row["class"][1]
    assert looks == {"State: Running": "tcl-status-ok", "State: Revoked by the city": "tcl-status-no"}


def test_my_area_says_which_draft_comes_too_late() -> None:
    open_one, closed = (factories.challenge(mode="competitive") for _n in range(2))
    organisation = factories.organisation()
    for challenge in (open_one, closed):
        factories.draft(organisation, to=challenge, title=f"Per {challenge.code}")
    challenge_close(challenge_id=closed.pk, actor=factories.person(Role.EDITOR))
    rows = soup(signed_in(factories.owner_of(organisation)).get(reverse("portal:home"))).select("tbody tr")
    said = {row.a.get_text(): row.select("td")[2].get_text(strip=True) for row in rows}
    assert said[f"Per {open_one.code}"].startswith("Closes ")
    assert said[f"Per {closed.code}"] == "This challenge does not take proposals now"
