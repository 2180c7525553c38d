"""An editor writes a challenge and sees beside the form, without saving, who could answer it; of the casework only a number."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from citylab.accounts.models import Role
from citylab.challenges.models import Challenge
from citylab.core import outbox
from cms.setup import prepare
from tests import factories
from tests.browser import DESKTOP

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]

RAIN = "Sensori alimentati a batteria misurano la pioggia e avvisano quando piove molto."


def test_who_could_answer_follows_what_is_being_written(walker):
    prepare()
    words = Words("it")
    factories.organisation(legal_name="Pioggia Chiara S.r.l.", description=RAIN, sector_codes=["mobility"], language="it")
    factories.proposal_in("screening", factories.organisation(legal_name="Riservata S.r.l."), title="Sensori per la pioggia", summary=RAIN)
    while outbox.drain():
        pass
    editor = walker("it", DESKTOP)
    sign_in(editor, factories.person(Role.EDITOR, language="it", is_demo=True))
    editor.open(reverse(Challenge.snippet_viewset.get_url_name("add")))
    editor.page.locator('[data-side-panel-toggle="who-could-answer"]').click()
    panel = editor.page.locator("[data-live-panel]")
    status, found = panel.locator("[data-live-status]"), panel.locator("[data-live-results]")
    expect(status).to_have_text(words("Write a title, a summary or a description: who could answer appears here."))

    # While typing, without saving anything: names, words, and a number for the rest.
    editor.page.locator('[name="title_it"]').fill("Sottopassi e pioggia")
    editor.page.locator('[name="summary_it"]').fill("Sensori che avvisano quando piove molto.")
    expect(found.get_by_role("heading", name="Pioggia Chiara S.r.l.")).to_be_visible()
    expect(found.locator("mark").filter(has_text="pioggia")).to_be_visible()
    expect(found.locator(".tcl-live-more")).to_contain_text("1")
    expect(found.get_by_text("Riservata")).to_have_count(0)
    editor.look()

    # Rich text counts too, and what no longer fits goes away.
    for name in ("title_it", "summary_it"):
        editor.page.locator(f'[name="{name}"]').fill("")
    expect(found.get_by_role("heading")).to_have_count(0)
    description = editor.page.locator(".public-DraftEditor-content").first
    description.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
    description.click()
    editor.page.keyboard.type("Chi misura la pioggia con sensori?")
    expect(found.get_by_role("heading", name="Pioggia Chiara S.r.l.")).to_be_visible()
    assert not editor.complaints

    # When the connection is gone, what was found stays and it is said.
    editor.page.route("**/who-could-answer/**", lambda route: route.abort())
    panel.locator("[data-live-refresh]").click()
    expect(status).to_have_text(panel.get_attribute("data-failed"))
    expect(found.get_by_role("heading", name="Pioggia Chiara S.r.l.")).to_be_visible()
