"""Saving while typing in a real browser: what the page says when saving works, fails, waits or meets a colleague."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from citylab.proposals.models import Proposal
from tests import factories
from tests.browser import DESKTOP

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


class Writer:
    """Somebody with a draft open in their browser."""

    def __init__(self, browser: Any, address: str, user: Any, draft: Proposal, code: str = "idea") -> None:
        self.address, self.user = address, user
        self.context = browser.new_context(viewport=DESKTOP, locale="en-GB")
        self.sign_in()
        self.page = self.open(reverse("portal:section", args=[draft.pk, code]))

    def sign_in(self) -> None:
        client = Client()
        client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        self.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.address}])

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.goto(self.address + path)
        return page

    def types(self, field: str, text: str) -> None:
        self.page.locator(f"#q-{field}").fill(text)

    def line(self, text: str) -> None:
        expect(self.page.locator("#save-line")).to_contain_text(text)

    def trouble(self, kind: str) -> Any:
        return self.page.locator(f'[data-trouble="{kind}"]')


@pytest.fixture
def writer(browser: Any, live_server: Any, draft: Proposal, owner: Any) -> Any:
    expect.set_options(timeout=15_000)
    made: list[Writer] = []

    def make(code: str = "idea") -> Writer:
        made.append(Writer(browser, live_server.url, owner, draft, code))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def saved(draft: Proposal, name: str) -> Any:
    return Proposal.objects.get(pk=draft.pk).answers.get(name)


def test_saving_is_seen_and_the_field_keeps_its_focus(writer: Any, draft: Proposal) -> None:
    me = writer()
    me.types("title", "Titolo scritto")
    me.line("Saved at")
    expect(me.page.locator("#q-title")).to_be_focused()
    assert saved(draft, "title") == "Titolo scritto"


def test_without_a_connection_the_text_stays_and_is_saved_when_it_is_back(writer: Any, draft: Proposal) -> None:
    me = writer()
    me.context.set_offline(True)
    me.types("title", "Senza rete")
    expect(me.trouble("offline")).to_be_visible()
    me.line("Not saved")
    me.page.get_by_role("button", name="Save and continue").click()
    expect(me.page.locator("#q-title")).to_have_value("Senza rete")
    me.context.set_offline(False)
    me.line("Saved at")
    expect(me.trouble("offline")).to_be_hidden()
    assert saved(draft, "title") == "Senza rete"


def test_after_the_session_ended_one_signs_in_elsewhere_and_nothing_is_lost(writer: Any, draft: Proposal) -> None:
    me = writer()
    me.context.clear_cookies()
    me.types("title", "Fuori sessione")
    expect(me.trouble("session")).to_be_visible()
    expect(me.trouble("session").get_by_role("link")).to_have_attribute("target", "_blank")
    me.sign_in()
    me.open(reverse("portal:home")).close()  # the new session's token comes with any page
    me.trouble("session").get_by_role("button", name="Try again now").click()
    me.line("Saved at")
    expect(me.trouble("session")).to_be_hidden()
    assert saved(draft, "title") == "Fuori sessione"


def test_a_proposal_handed_in_meanwhile_is_told_and_the_text_stays(writer: Any, draft: Proposal, owner: Any) -> None:
    me = writer()
    factories.submitting.proposal_submit(proposal_id=draft.pk, actor=owner, signature=factories.signature(draft, owner), stamp=factories.stamp())
    me.types("title", "Troppo tardi")
    told = me.page.get_by_role("alert").filter(has_text="The proposal went on while you were writing")
    expect(told).to_be_visible()
    expect(told.get_by_text("Troppo tardi")).to_be_visible()
    expect(me.page.locator("#q-title")).to_have_value("Troppo tardi")


def test_two_windows_choose_between_two_texts_and_later_typing_is_kept(writer: Any, draft: Proposal) -> None:
    mine, other = writer(), writer()
    other.types("title", "Dall'altra finestra")
    other.line("Saved at")
    mine.types("title", "Da questa finestra")
    expect(mine.page.get_by_text("Somebody changed the same answers")).to_be_visible()
    mine.types("novelty", "Scritto dopo")
    mine.page.get_by_text("Take what you saved in another window").click()
    mine.page.get_by_role("button", name="Save with these choices").click()
    expect(mine.page.locator("#q-title")).to_have_value("Dall'altra finestra")
    expect(mine.page.locator("#q-novelty")).to_have_value("Scritto dopo")
    assert (saved(draft, "title"), saved(draft, "novelty")) == ("Dall'altra finestra", "Scritto dopo")


def test_the_button_pressed_at_once_saves_and_goes_on(writer: Any, draft: Proposal) -> None:
    me = writer()
    me.types("title", "Premuto subito")
    me.page.get_by_role("button", name="Save and continue").click()
    expect(me.page.get_by_role("heading", level=1)).to_have_text("3. Plan")
    assert saved(draft, "title") == "Premuto subito"


def test_rows_are_added_and_removed_and_a_filled_one_asks_first(writer: Any, draft: Proposal) -> None:
    me = writer("plan")
    me.page.get_by_role("button", name="Add a row").click()
    expect(me.page.locator("#q-phases-1-name")).to_be_focused()
    me.types("phases-1-name", "Seconda fase")
    me.line("Saved at")
    expect(me.page.locator("#index-wide .tcl-missing")).to_contain_text("missing in this section")
    me.page.on("dialog", lambda dialog: dialog.accept())
    with me.page.expect_response(lambda response: response.url.endswith("/save/")):
        me.page.get_by_role("button", name="Remove").first.click()
    expect(me.page.locator("[data-row]")).to_have_count(1)
    expect(me.page.locator("#q-phases-1-name")).to_have_value("Seconda fase")
    assert [row["name"] for row in saved(draft, "phases")] == ["Seconda fase"]
