"""Somebody asks to be told, is told by mail when an editor publishes something that fits, and stops it by one click without signing in."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from playwright.sync_api import expect

from citylab.accounts.models import Role
from citylab.core import outbox
from search.models import AlertSubscription, MatchFeedback, SavedSearch
from tests import factories
from tests.browser import DESKTOP

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


def drain():
    while outbox.drain():
        pass


def test_a_start_up_is_told_what_fits_and_stops_it_by_one_click(walker):
    factories.challenge("neve", title_it="Neve sui marciapiedi", title_en="Snow on pavements", sector=factories.sector("mobility"))
    cellar = factories.site("cantina", name_it="Cantina", name_en="Cellar", capabilities=())
    owner = factories.person(Role.STARTUP)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    draft = factories.draft(factories.organisation(owner), title="Sensori per la pioggia")
    drain()
    ada, words = walker("it", DESKTOP), Words("it")
    sign_in(ada, owner)

    # A search is saved from the list of challenges, with its filter.
    ada.open(f"/it/{words.path('challenges/')}?sector=mobility")
    ada.page.locator(".tcl-save-search summary").click()
    ada.page.get_by_label(words("Name of the search")).fill("Novità sulla mobilità")
    ada.press(words("Save the search"))
    ada.sees("Novità sulla mobilità")

    # What fits the draft: alerts on, a match marked as not relevant, and why another does not quite fit.
    ada.follow(words("What fits"), within=ada.page.locator(".tcl-room-nav"))
    ada.press(words("Tell me when something new fits"))
    expect(ada.page.get_by_role("button", name=words("Stop the messages"))).to_be_visible()
    line = ada.page.locator(f"#say-site-{cellar.pk}")
    line.get_by_role("button", name=words("Not relevant")).click()
    expect(line).to_contain_text(words("Marked as not relevant."))
    line.get_by_role("button", name=words("Why not?")).click()
    expect(line.locator(".tcl-match-why")).to_contain_text("Power")
    ada.look()
    assert sorted(MatchFeedback.objects.values_list("verdict", flat=True)) == ["not_relevant", "why_not"]
    ada.follow(re.compile(re.escape(words("All of it on a page"))), within=line)
    ada.sees("Cantina")

    # Something new is published: one mail, with both reasons why.
    factories.challenge("pioggia", title_it="Misurare la pioggia", title_en="Measure the rain", description_it="<p>Sensori che avvisano quando piove.</p>")
    drain()
    messages = [message for message in mail.outbox if message.to == [owner.email]]
    assert len(messages) == 1
    text = str(messages[0].body)
    assert f"/it/{words.path('challenges/')}pioggia/" in text and "Novità sulla mobilità" in text and "Sensori per la pioggia" in text

    # Signed out, the link in the mail shows what would stop; its button stops it.
    anybody = walker("it", DESKTOP)
    anybody.open(re.search(r"https?://[^/\s]+(/\S*(?:stop-messages|interrompi-messaggi)/\S+)", text)[1])
    anybody.sees("Novità sulla mobilità")
    anybody.press(re.compile(rf"^{re.escape(words('Stop'))}$"))
    anybody.sees(words("These messages are stopped"))
    assert SavedSearch.objects.get().is_paused and AlertSubscription.objects.get(proposal=draft).is_paused
