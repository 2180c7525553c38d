"""Saving while typing: what is saved, what is left alone, and what two people who write at once are told."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from citylab.accounts.models import Membership
from citylab.proposals.models import Proposal
from citylab.proposals.services import drafting
from tests import factories

from .conftest import signed_in, soup, typed_section

pytestmark = pytest.mark.django_db
SCRIPT = {"HTTP_HX_REQUEST": "true"}


class OpenPage:
    """A section as it stands in somebody's browser: saves send what the page was made from."""

    def __init__(self, client: Client, draft: Proposal, code: str = "idea") -> None:
        self.client, self.address = client, reverse("portal:autosave", args=[draft.pk, code])
        page = soup(client.get(reverse("portal:section", args=[draft.pk, code])))
        self.hidden = {field["name"]: field["value"] for field in page.select("#form-state input")}
        self.fields = {"title": page.find(attrs={"id": "q-title"})["value"], "summary": page.find(id="q-summary").get_text().removeprefix("\n")}

    def save(self, **typed: str) -> Any:
        self.fields |= typed
        response = self.client.post(self.address, {**self.fields, **self.hidden}, **SCRIPT)
        if response.status_code == 200:
            self.hidden = {field["name"]: field["value"] for field in soup(response).select("#form-state input")}
        return response


def answers(draft: Proposal) -> dict[str, Any]:
    return Proposal.objects.get(pk=draft.pk).answers


@pytest.fixture
def colleague(draft: Any) -> Client:
    return signed_in(factories.member(draft.organisation))


def test_what_is_typed_is_saved_and_the_line_says_when(as_owner: Client, draft: Proposal, travel: Any) -> None:
    page = OpenPage(as_owner, draft)
    travel(factories.clock.now().replace(hour=10, minute=42))
    response = page.save(title="Un altro titolo")
    assert response.status_code == 200
    line = soup(response).find(id="save-line")
    assert line.get_text(strip=True).startswith("Saved at") and line["hx-swap-oob"] == "true"
    assert response["HX-Trigger-After-Settle"] == "saved"
    assert answers(draft)["title"] == "Un altro titolo"
    assert Proposal.objects.get(pk=draft.pk).title == "Un altro titolo"


def test_the_field_being_typed_in_is_never_replaced(as_owner: Client, draft: Proposal) -> None:
    response = OpenPage(as_owner, draft).save(title="Un altro titolo")
    assert not soup(response).find_all(["textarea", "select"])
    assert {field["name"] for field in soup(response).find_all("input")} == {"version", "seen", "page_id"}


def test_saving_the_same_again_changes_no_version(as_owner: Client, draft: Proposal) -> None:
    page = OpenPage(as_owner, draft)
    page.save(title="Un altro titolo")
    before = Proposal.objects.get(pk=draft.pk).version
    response = page.save()
    assert response.status_code == 200 and "HX-Trigger-After-Settle" not in response
    assert Proposal.objects.get(pk=draft.pk).version == before


def test_two_people_on_different_fields_disturb_nobody(as_owner: Client, colleague: Client, draft: Proposal) -> None:
    mine, theirs = OpenPage(as_owner, draft), OpenPage(colleague, draft)
    assert theirs.save(summary="Il loro riassunto").status_code == 200
    assert mine.save(title="Il mio titolo").status_code == 200
    assert (answers(draft)["title"], answers(draft)["summary"]) == ("Il mio titolo", "Il loro riassunto")


def test_two_people_on_the_same_field_see_both_texts_and_nothing_is_written(as_owner: Client, colleague: Client, draft: Proposal) -> None:
    mine, theirs = OpenPage(as_owner, draft), OpenPage(colleague, draft)
    theirs.save(title="Il loro titolo")
    response = mine.save(title="Il mio titolo", summary="Il mio riassunto")
    assert response.status_code == 409
    assert [box.get_text() for box in soup(response).find_all("blockquote")] == ["Il mio titolo", "Il loro titolo"]
    assert "Take the text that Persona saved at" in soup(response).get_text()
    assert (answers(draft)["title"], answers(draft)["summary"]) == ("Il loro titolo", draft.answers["summary"])


def test_a_colleagues_change_of_a_field_that_i_touch_only_later_is_a_conflict_too(as_owner: Client, colleague: Client, draft: Proposal) -> None:
    mine, theirs = OpenPage(as_owner, draft), OpenPage(colleague, draft)
    theirs.save(summary="Il loro riassunto")
    assert mine.save(title="Il mio titolo").status_code == 200  # the page now knows a newer version, but still shows the old summary
    assert mine.save(summary="Il mio riassunto").status_code == 409
    assert answers(draft)["summary"] == "Il loro riassunto"


@pytest.mark.parametrize(("choice", "title"), [("mine", "Il mio titolo"), ("theirs", "Il loro titolo")])
def test_each_field_of_a_conflict_is_chosen_by_itself(as_owner: Client, colleague: Client, draft: Proposal, choice: str, title: str) -> None:
    mine, theirs = OpenPage(as_owner, draft), OpenPage(colleague, draft)
    theirs.save(title="Il loro titolo", summary="Il loro riassunto")
    box = soup(mine.save(title="Il mio titolo", summary="Il mio riassunto"))
    resolved = box.find(attrs={"name": "resolved"})["value"]
    assert set(json.loads(resolved)) == {"title", "summary"}
    chosen = {"resolved": resolved, "choice-title": choice, "choice-summary": "mine", "next": "idea"}
    response = as_owner.post(reverse("portal:section", args=[draft.pk, "idea"]), {**mine.fields, **mine.hidden, **chosen})
    assert response.status_code == 302
    assert (answers(draft)["title"], answers(draft)["summary"]) == (title, "Il mio riassunto")


def test_a_third_change_while_choosing_is_shown_again(as_owner: Client, colleague: Client, draft: Proposal) -> None:
    mine, theirs = OpenPage(as_owner, draft), OpenPage(colleague, draft)
    theirs.save(title="Il loro titolo")
    resolved = soup(mine.save(title="Il mio titolo")).find(attrs={"name": "resolved"})["value"]
    theirs.save(title="Ancora un altro")
    response = as_owner.post(mine.address, {**mine.fields, **mine.hidden, "resolved": resolved, "choice-title": "mine"}, **SCRIPT)
    assert response.status_code == 409
    assert answers(draft)["title"] == "Ancora un altro"


def test_without_a_script_the_page_comes_back_with_both_texts_and_what_was_typed(as_owner: Client, colleague: Client, draft: Proposal) -> None:
    mine, theirs = OpenPage(as_owner, draft), OpenPage(colleague, draft)
    theirs.save(title="Il loro titolo")
    data = {**mine.fields, **mine.hidden, "title": "Il mio titolo", "novelty": "Scritto nel frattempo", "next": "plan"}
    response = as_owner.post(reverse("portal:section", args=[draft.pk, "idea"]), data)
    assert response.status_code == 409
    page = soup(response)
    assert [box.get_text() for box in page.select("#conflict blockquote")] == ["Il mio titolo", "Il loro titolo"]
    assert page.find(id="q-title")["value"] == "Il mio titolo"
    assert page.find(id="q-novelty").get_text().removeprefix("\n") == "Scritto nel frattempo"


def test_my_own_second_window_conflicts_as_a_colleague_would(as_owner: Client, draft: Proposal) -> None:
    first, second = OpenPage(as_owner, draft), OpenPage(as_owner, draft)
    second.save(title="Dalla seconda finestra")
    response = first.save(title="Dalla prima")
    assert response.status_code == 409
    assert "Take what you saved in another window at" in soup(response).get_text()


def test_an_answer_of_the_server_that_got_lost_is_no_conflict_with_oneself(as_owner: Client, draft: Proposal) -> None:
    page = OpenPage(as_owner, draft)
    stale = dict(page.hidden)
    page.save(title="Primo")
    page.hidden = stale  # the connection broke before the answer came
    assert page.save(title="Primo e ancora").status_code == 200
    assert answers(draft)["title"] == "Primo e ancora"


def test_a_value_that_cannot_be_right_is_saved_as_typed(as_owner: Client, draft: Proposal) -> None:
    response = as_owner.post(reverse("portal:autosave", args=[draft.pk, "plan"]), {"version": draft.version, "budget": "circa 20 mila"}, **SCRIPT)
    assert response.status_code == 200
    assert answers(draft)["budget"] == "circa 20 mila"
    panel = soup(as_owner.get(reverse("portal:panel", args=[draft.pk]) + "?section=plan", **SCRIPT))
    assert panel.find(id="q-budget-e").get_text(strip=True) == "Write an amount in euro, such as 1.250,00."


def test_a_session_that_ended_is_answered_so_that_the_page_can_tell(draft: Proposal) -> None:
    response = Client().post(reverse("portal:autosave", args=[draft.pk, "idea"]), {"title": "Scritto dopo"}, **SCRIPT)
    assert response.status_code == 401 and not response.content
    assert answers(draft) == draft.answers


def test_what_a_button_sent_after_the_session_ended_comes_back_after_signing_in(draft: Proposal, owner: Any) -> None:
    client, address = Client(), reverse("portal:section", args=[draft.pk, "idea"])
    typed = {"version": str(draft.version), "title": "Scritto\ndopo", "technologies": ["iot", "5g"], "next": "plan"}
    response = client.post(address, typed)
    assert response.status_code == 302 and response.url.startswith(reverse("account_login"))
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    page = soup(client.get(address))
    assert page.find("h1").get_text() == "What you wrote is here"
    form = page.select_one("main form")
    again = [(field["name"], field.get_text().removeprefix("\n")) for field in form.find_all("textarea")]
    assert form["action"] == address
    assert again == [("version", str(draft.version)), ("title", "Scritto\ndopo"), ("technologies", "iot"), ("technologies", "5g"), ("next", "plan")]
    assert "What you wrote is here" not in client.get(address).content.decode()  # offered once


def test_a_reader_may_not_save(draft: Proposal) -> None:
    reader = signed_in(factories.member(draft.organisation, Membership.Role.READER))
    assert reader.post(reverse("portal:autosave", args=[draft.pk, "idea"]), {"title": "No"}, **SCRIPT).status_code == 403
    factories.handed_in(draft)
    assert reader.post(reverse("portal:autosave", args=[draft.pk, "idea"]), {"title": "No"}, **SCRIPT).status_code == 403
    assert answers(draft)["title"] == draft.answers["title"]


def texts(response: Any) -> list[str]:
    return [box.get_text() for box in soup(response).find_all("blockquote")]


def test_whoever_writes_on_after_a_colleague_handed_it_in_is_told_and_keeps_both_texts(colleague: Client, draft: Proposal) -> None:
    page = OpenPage(colleague, draft)
    page.fields = typed_section("idea", draft.answers)
    factories.handed_in(draft)
    response = page.save(title="Scritto dopo")
    assert response.status_code == 409
    assert texts(response) == ["Scritto dopo", draft.answers["title"]]  # and nothing of what was not touched
    said = soup(response).get_text(" ", strip=True)
    assert "Persona handed it in on" in said and "It is now “Received” and can no longer be changed." in said
    assert soup(response).find(attrs={"data-conflict": True}) is not None  # saving while typing stops
    assert answers(draft)["title"] == draft.answers["title"]


def test_the_same_by_the_button_without_a_script(colleague: Client, draft: Proposal) -> None:
    page = OpenPage(colleague, draft)
    factories.handed_in(draft)
    response = colleague.post(reverse("portal:section", args=[draft.pk, "idea"]), {**page.fields, **page.hidden, "title": "Scritto dopo", "next": "plan"})
    assert response.status_code == 409
    assert soup(response).find("h1").get_text() and "Scritto dopo" in texts(response)
    assert answers(draft)["title"] == draft.answers["title"]


def test_handed_in_between_the_question_and_the_save_is_told_the_same_way(colleague: Client, draft: Proposal, monkeypatch: Any) -> None:
    page = OpenPage(colleague, draft)
    save = drafting.answers_save

    def late(**how: Any) -> Any:
        factories.handed_in(draft)
        return save(**how)

    monkeypatch.setattr(drafting, "answers_save", late)
    response = colleague.post(reverse("portal:section", args=[draft.pk, "idea"]), {**page.fields, **page.hidden, "title": "Scritto dopo", "next": "plan"})
    assert response.status_code == 409 and "Scritto dopo" in texts(response)


def test_an_unknown_section_does_not_exist(as_owner: Client, draft: Proposal) -> None:
    assert as_owner.post(reverse("portal:autosave", args=[draft.pk, "nothing"]), {}, **SCRIPT).status_code == 404


def test_marks_of_an_empty_answer_are_those_of_none() -> None:
    assert drafting.fingerprint("") == drafting.fingerprint(None) == drafting.fingerprint([])
    assert len({drafting.fingerprint(value) for value in ("", False, True, 0, "0", ["a"])}) == 6


def test_the_panel_looks_at_what_is_being_typed_and_saves_nothing(as_owner, draft):
    factories.site("piazza", name_it="Piazza chiara", name_en="Bright square")
    address = reverse("portal:panel", args=[draft.pk]) + "?section=idea"
    before = Proposal.objects.values().get(pk=draft.pk)
    typed = {"title": "Lampioni", "summary": "", "trl_now": "9", "sector": "mobility"}
    for typing in ("", "&typing=1"):
        page = soup(as_owner.post(address + typing, typed, **SCRIPT))
        assert page.select_one("#panel-status").text.strip()
        # The index and the faults wait for a pause.
        assert bool(page.select_one("#index-wide")) == (not typing)
    assert Proposal.objects.values().get(pk=draft.pk) == before
