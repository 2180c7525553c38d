"""Anyone sees what is published and public, and nothing else."""

import pytest
from django.utils import timezone, translation

from citylab.challenges.models import Challenge
from citylab.core import clock, outbox
from citylab.pilots.models import Pilot
from citylab.taxonomy.models import Programme
from citylab.testbeds.models import Site
from tests import factories

from .conftest import archive_pilot, story

LISTS = ("/en/", "/en/challenges/", "/en/sites/", "/en/sites/?view=map", "/en/pilots/", "/en/pilots/?view=map", "/en/programmes/", "/it/storie/")


def test_a_draft_challenge_is_nowhere(client, read, town):
    secret = factories.challenge("segreta", publish=False, title_en="Secret plan", title_it="Piano segreto", programme=town.programme)
    for address in (*LISTS, "/en/search/?q=secret", "/en/challenges/?q=secret", "/en/programmes/cte-next/"):
        assert "Secret plan" not in read(address), address
    for address in (f"/en/challenges/{secret.slug}/", f"/c/{secret.code}"):
        assert client.get(address, follow=True).status_code == 404


def test_a_draft_site_is_nowhere_and_its_pilot_does_not_tell_it(client, read, town):
    hidden = factories.site("bunker", publish=False, name_en="Secret bunker")
    archive_pilot("talpa", site=hidden)
    outbox.drain()
    for address in (*LISTS, "/en/search/?q=bunker", "/en/pilots/talpa/"):
        assert "Secret bunker" not in read(address), address
    assert [client.get(address, follow=True).status_code for address in (f"/en/sites/{hidden.slug}/", "/s/bunker")] == [404, 404]


def test_the_draft_of_a_public_record_does_not_change_its_page(read, town):
    record = Challenge.objects.get(pk=town.challenge.pk)
    record.title_en = "Changed in a draft"
    record.save_revision()
    assert "Changed in a draft" not in read("/en/challenges/pioggia/")


def test_an_expired_record_is_gone(client, read, town):
    for model in (Challenge, Site):
        model.objects.update(live=False, expired=True, expire_at=timezone.now())
    assert "Rain water" not in read("/en/challenges/") and "Dora park" not in read("/en/sites/")
    assert [client.get(address, follow=True).status_code for address in ("/en/challenges/pioggia/", "/en/sites/dora/", "/c/pioggia", "/s/dora")] == [404] * 4


def test_a_draft_story_is_not_listed(client, read):
    story("bozza", live=False)
    assert "Storia bozza" not in read("/it/storie/")
    assert client.get("/it/storie/bozza/").status_code == 404


@pytest.mark.parametrize(("city", "startup", "public"), [(True, True, True), (True, False, False), (False, True, False), (False, False, False)])
def test_a_pilot_appears_once_both_sides_have_confirmed_its_own_words(client, city, startup, public):
    made = factories.pilot_in("running")
    moment = clock.now()
    Pilot.objects.filter(pk=made.pk).update(
        public_title_it="Titolo pubblico", public_title_en="Public title", public_summary_it="Sintesi.", public_summary_en="Summary.",
        public_confirmed_by_city_at=moment if city else None, public_confirmed_by_startup_at=moment if startup else None,
    )  # fmt: skip
    assert client.get(f"/en/pilots/{made.slug}/").status_code == (200 if public else 404)
    page = client.get("/en/pilots/").content.decode()
    assert ("Public title" in page) is public
    assert made.title not in page and made.proposal.title not in client.get(f"/en/pilots/{made.slug}/").content.decode()


def test_a_programme_counts_what_is_public_only(read, town):
    factories.challenge("altra", publish=False, programme=town.programme)
    Pilot.objects.filter(pk=town.pilot.pk).update(programme=None)
    page = read("/en/programmes/")
    assert "1 challenge<" in page and "0 pilots<" in page


def test_questions_without_an_answer_and_who_asked_are_not_shown(read, town):
    from citylab.challenges.services import question_answer, question_ask

    asker = factories.person("startup", name="Nome Riservato")
    open_question, answered = (question_ask(challenge_id=town.challenge.pk, text=text, language="it", actor=asker) for text in ("Senza risposta?", "Con risposta?"))
    question_answer(question_id=answered.pk, answer_it="Sì.", answer_en="", actor=factories.person("editor"))
    page = read("/en/challenges/pioggia/")
    assert "Con risposta?" in page and "Senza risposta?" not in page and "Nome Riservato" not in page
    assert '<p class="tcl-pre mb-1" lang="it">Sì.</p>' in page  # there is no English answer: the Italian one is marked as such


def test_an_unknown_programme_is_not_found(client):
    assert not Programme.objects.exists()
    with translation.override("en"):
        assert client.get("/en/programmes/nessuno/").status_code == 404
