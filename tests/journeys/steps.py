"""Steps that several journeys share."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.utils.translation import gettext, override, pgettext

from citylab.proposals import form
from citylab.proposals.form.definition import BOOLEAN, CHOICE, CHOICES, ROWS, Field
from tests import factories
from tests.browser import Walker


class Words:
    """Our own texts as the walker's language has them."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **values: Any) -> str:
        with override(self.language):
            return gettext(text) % values if values else gettext(text)

    def path(self, text: str) -> str:
        """A part of an address."""
        with override(self.language):
            return pgettext("url", text)


def sign_in(walker: Walker, user: Any) -> None:
    """With e-mail and password, as somebody without a demo button does."""
    words = Words(walker.language)
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    walker.page.context.clear_cookies()
    walker.open(f"/{walker.language}/{words.path('account/')}login/")
    walker.page.locator('input[name="login"]').fill(user.email)
    walker.page.locator('input[name="password"]').fill("a long password")
    walker.press(words("Sign in"), within=walker.page.locator("main form").first)


def link_in_mail(to: str) -> str:
    """The first address of our site in the newest message to somebody."""
    text = next(str(message.body) for message in reversed(mail.outbox) if message.to == [to])
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found, text
    return found[1]


def answer(walker: Walker, question: Field, value: Any, name: str = "") -> None:
    """Give one answer where the form asks for it."""
    name = name or question.name
    fields = walker.page.locator(f'main [name="{name}"]')
    if question.kind == BOOLEAN:
        if fields.count() == 2:
            walker.tick(f'main [name="{name}"][value="{"on" if value else "off"}"]')
        else:
            walker.tick(f'main [name="{name}"]', bool(value))
    elif question.kind == CHOICES and fields.first.evaluate("field => field.tagName") == "SELECT":
        for place, code in enumerate(value):
            fields.nth(place).select_option(code)
    elif question.kind == CHOICES:
        for code in value:
            walker.tick(f'main [name="{name}"][value="{code}"]')
    elif question.kind == CHOICE and fields.first.evaluate("field => field.tagName") != "SELECT":
        walker.tick(f'main [name="{name}"][value="{value}"]')
    elif question.kind == CHOICE:
        fields.select_option(str(value))
    else:
        fields.fill(str(value))


def fill_section(walker: Walker, code: str, answers: dict[str, Any]) -> None:
    """Answer everything that a section asks, as `answers` say."""
    section = form.current().section(code)
    assert section is not None
    for question in section.fields:
        value = answers.get(question.name)
        if value in (None, "", []) or not question.applies(answers):
            continue
        if question.kind != ROWS:
            answer(walker, question, value // 100 if question.kind == "money" else value)
            continue
        for index, row in enumerate(value):
            for sub in question.rows:
                if row.get(sub.name) not in (None, ""):
                    answer(walker, sub, row[sub.name], f"{question.name}-{index}-{sub.name}")


def pdf_file(name: str) -> dict[str, Any]:
    """A PDF as the browser's file chooser hands it over."""
    return {"name": name, "mimeType": "application/pdf", "buffer": factories.pdf()}
