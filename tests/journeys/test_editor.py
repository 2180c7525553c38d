"""Two editors: one writes a challenge, the other publishes it, a start-up asks, an editor answers."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from citylab.accounts.models import Role
from citylab.challenges.models import Challenge, Question
from citylab.challenges.services import question_ask
from cms.setup import prepare
from tests import factories
from tests.browser import DESKTOP, OWN_FORM, PHONE

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


def in_admin(record, page):
    return reverse(record.snippet_viewset.get_url_name(page), args=[] if isinstance(record, type) else [record.pk])


@pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)], ids=["italian-desktop", "english-phone"])
def test_an_editor_writes_a_colleague_publishes_and_everyone_finds_it(walker, language, viewport):
    prepare()
    mobility = factories.sector()
    writer, colleague = (factories.person(Role.EDITOR, name=name, language=language, is_demo=True) for name in ("Redattrice Prova", "Redattore Prova"))
    words = Words(language)
    title = "Piogge nei sottopassi" if language == "it" else "Rain in underpasses"

    # One writes both languages and hands the text to a colleague; nobody publishes alone.
    one = walker(language, viewport)
    sign_in(one, writer)
    one.open(in_admin(Challenge, "add"))
    texts = {
        "title_it": "Piogge nei sottopassi", "title_en": "Rain in underpasses", "summary_it": "Avvisare prima che si allaghino.", "summary_en": "A warning before they flood.",
        "code": "piogge", "slug": "piogge-nei-sottopassi",
    }  # fmt: skip
    for editor, text in zip(one.page.locator(".public-DraftEditor-content").all()[:2], ("Quando piove molto.", "When it rains a lot."), strict=True):
        editor.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
        editor.click()
        one.page.keyboard.type(text)
    for name, text in texts.items():
        one.page.locator(f'[name="{name}"]').fill(text)
    expect(one.page.locator('[name="description_en"]')).to_have_value(re.compile("When it rains a lot"))
    one.page.get_by_role("tab").nth(1).click()
    one.page.locator('[name="sector"]').select_option(str(mobility.pk))
    with one.page.expect_navigation():
        one.page.locator('button[name="action-submit"]').first.evaluate("button => button.click()")
    one.look()
    challenge = Challenge.objects.get(code="piogge")
    assert (challenge.live, challenge.current_workflow_state.status) == (False, "in_progress")
    visitor = walker(language, viewport)
    public = f"/{language}/{words.path('challenges/')}"
    visitor.open(public)
    visitor.sees_not(title)
    one.open(in_admin(challenge, "edit"))
    expect(one.page.locator('[data-workflow-action-name="approve"]')).to_have_count(0)

    # The colleague approves: it is public and can be found, without anybody's doing.
    two = walker(language, viewport)
    sign_in(two, colleague)
    two.open(in_admin(challenge, "edit"))
    with two.page.expect_navigation():
        two.page.locator('[data-workflow-action-name="approve"]').first.evaluate("button => button.click()")
    challenge.refresh_from_db()
    assert challenge.live
    visitor.open(f"{public}?q={'sottopasso' if language == 'it' else 'underpass'}")
    visitor.follow(title)
    visitor.sees(title, "Quando piove molto." if language == "it" else "When it rains a lot.")

    # A start-up asks; question and answer stand on the page once an editor answered.
    asking = factories.organisation()
    question_ask(challenge_id=challenge.pk, organisation_id=asking.pk, text="Conta anche il fango?", language="it", actor=factories.owner_of(asking))
    visitor.open(f"{public}{challenge.slug}/")
    visitor.sees_not("Conta anche il fango?")
    for name, pk in (("challenge_extend", challenge.pk), ("challenge_close", challenge.pk), ("question_set_aside", Question.objects.get().pk)):
        one.open(reverse(name, args=[pk]))
        expect(one.page.locator(OWN_FORM)).to_have_count(1)
    one.open(in_admin(Question.objects.get(), "edit"))
    expect(one.page.locator(OWN_FORM)).to_have_count(1)
    one.page.locator('[name="answer_it"]').fill("Sì, anche il fango.")
    one.page.locator('[name="answer_en"]').fill("Yes, mud counts too.")
    with one.page.expect_navigation():
        one.page.locator('form[data-edit-form] button[type="submit"], #w-editor-form button[type="submit"], main form button[type="submit"]').first.evaluate("button => button.click()")
    visitor.open(f"{public}{challenge.slug}/")
    visitor.sees("Conta anche il fango?", "Sì, anche il fango." if language == "it" else "Yes, mud counts too.")

    # Casework is closed to editors.
    assert one.page.request.get(f"{one.address}/{language}/{words.path('desk/')}").status == 403
