"""Every public page in both languages; what each must hold; addresses that moved; the rating band; questions."""

import json
import re

import pytest
from django.test import Client

from citylab.challenges.models import Challenge, ChallengeAddress, Question
from citylab.public.models import PageRating
from citylab.testbeds.models import SiteAddress
from cms.models import HelpPage
from tests import factories

from .conftest import story

PAIRS = [
    ("/it/", "/en/"), ("/it/sfide/", "/en/challenges/"), ("/it/sfide/pioggia/", "/en/challenges/pioggia/"), ("/it/luoghi/", "/en/sites/"), ("/it/luoghi/?view=map", "/en/sites/?view=map"),
    ("/it/luoghi/dora/", "/en/sites/dora/"), ("/it/sperimentazioni/", "/en/pilots/"), ("/it/sperimentazioni/navetta/", "/en/pilots/navetta/"), ("/it/programmi/", "/en/programmes/"),
    ("/it/programmi/cte-next/", "/en/programmes/cte-next/"), ("/it/storie/", "/en/stories/"), ("/it/aiuto/", "/en/help/"), ("/it/aiuto/privacy/", "/en/help/privacy/"),
    ("/it/aiuto/note-legali/", "/en/help/legal-notes/"), ("/it/aiuto/accessibilita/", "/en/help/accessibility/"), ("/it/aiuto/domande-frequenti/", "/en/help/frequent-questions/"),
    ("/it/aiuto/mappa-del-sito/", "/en/help/site-map/"),
]  # fmt: skip


@pytest.mark.parametrize(("italian", "english"), PAIRS)
def test_each_page_stands_in_both_languages_and_the_switch_stays_on_it(read, town, italian, english):
    for address, language in ((italian, "it"), (english, "en")):
        page = read(address)
        assert f'<html lang="{language}">' in page
        assert len(re.findall(r"<h1[ >]", page)) == 1
        for code, other in (("it", italian), ("en", english)):
            assert f'hreflang="{code}" href="{other}"' in page, (address, other)


def test_the_service_page_stands_in_both_languages(client, read):
    from django.urls import reverse
    from django.utils import translation

    for language in ("it", "en"):
        with translation.override(language):
            address = reverse("public:apply")
        assert f'<html lang="{language}">' in read(address)


@pytest.mark.parametrize(("italian", "english"), PAIRS)
def test_no_page_holds_inline_scripts_or_styles(read, town, italian, english):
    page = read(english)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all("src=" in attributes or "application/ld+json" in attributes or "application/json" in attributes for attributes in scripts)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", page)


def test_our_pages_have_the_strict_policy_and_the_editors_room_its_own(client):
    assert "'unsafe-inline'" not in client.get("/en/challenges/")["Content-Security-Policy"]
    editor = factories.person("editor", is_demo=True)
    client.force_login(editor)
    policy = client.get("/editing/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy and "default-src 'self'" in policy


def test_the_start_leads_to_the_readers_language():
    assert Client(headers={"accept-language": "it"}).get("/")["location"] == "/it/"
    assert Client(headers={"accept-language": "en"}).get("/")["location"] == "/en/"


def test_a_story_without_a_translation_leads_to_the_other_languages_front(read):
    story()
    page = read("/it/storie/una-storia/")
    assert 'hreflang="en" href="/en/"' in page and "Che cosa è successo." in page


@pytest.mark.parametrize(("short", "lasting"), [("/c/pioggia", "/it/sfide/pioggia/"), ("/s/dora", "/it/luoghi/dora/"), ("/p/navetta", "/it/sperimentazioni/navetta/")])
def test_short_addresses_lead_to_the_page(town, short, lasting):
    assert Client(headers={"accept-language": "it"}).get(short)["location"] == lasting


@pytest.mark.parametrize("short", ["/c/nulla", "/s/nulla", "/p/nulla"])
def test_unknown_short_addresses_are_not_found(client, short):
    assert client.get(short, follow=True).status_code == 404


def test_old_addresses_redirect_for_good(client, town):
    ChallengeAddress.objects.create(challenge=town.challenge, slug="vecchia-sfida")
    SiteAddress.objects.create(site=town.site, slug="vecchio-luogo")
    for old, new in (("/en/challenges/vecchia-sfida/", "/en/challenges/pioggia/"), ("/en/sites/vecchio-luogo/", "/en/sites/dora/")):
        response = client.get(old)
        assert (response.status_code, response["location"]) == (301, new)


def test_an_old_address_of_a_withdrawn_record_is_not_found(client, town):
    ChallengeAddress.objects.create(challenge=town.challenge, slug="vecchia-sfida")
    Challenge.objects.update(live=False)
    assert client.get("/en/challenges/vecchia-sfida/").status_code == 404


HOOKS = ("service-title", "service-status", "service-description", "page-index", "service-addressed", "service-how-to", "service-needed", "service-achieved", "service-online-access", "service-file", "service-topic")  # fmt: skip


@pytest.mark.parametrize("address", ["/en/challenges/pioggia/", "/en/present-a-proposal/"])
def test_service_sheets_have_the_hooks_that_the_model_asks_for_once_each(read, town, address):
    page = read(address)
    assert {hook: page.count(f'data-element="{hook}"') for hook in HOOKS} == dict.fromkeys(HOOKS, 1)
    assert re.search(r'<button[^>]*data-element="service-online-access"', page)


def linked_data(page):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])


def test_linked_data_describes_the_challenge(read, town):
    data = linked_data(read("/en/challenges/pioggia/"))
    assert (data["@type"], data["name"], data["url"], data["inLanguage"]) == ("GovernmentService", "Rain water", "http://testserver/en/challenges/pioggia/", "en")


def test_linked_data_cannot_break_out_of_its_element(read, town):
    Challenge.objects.update(title_en="</script><script>alert(1)</script>&", summary_en='"quoted" \u2028')
    page = read("/en/challenges/pioggia/")
    assert "<script>alert" not in page
    assert linked_data(page)["name"] == "</script><script>alert(1)</script>&"


def test_a_closed_challenge_says_why_and_offers_nothing(read, town):
    from citylab.challenges.services import challenge_close

    challenge_close(challenge_id=town.challenge.pk, actor=factories.person("editor"))
    page = read("/en/challenges/pioggia/")
    assert "It takes no more proposals. You can still propose an idea of your own." in page
    assert "service-online-access" not in page and "Ask a question" not in page


def test_what_is_assumed_is_marked(read, town):
    Challenge.objects.update(assumed=["trl_min", "owner"])
    assert "Assumed, to be confirmed by the office: lowest TRL, responsible office." in read("/en/challenges/pioggia/")
    assert "Assumed" not in read("/en/sites/dora/")


def test_pages_that_the_city_has_to_confirm_say_so(read):
    assert "the City must confirm it" in read("/en/help/privacy/")
    HelpPage.objects.update(to_confirm=False)
    assert "the City must confirm it" not in read("/en/help/privacy/")


def test_every_link_of_the_footer_leads_somewhere(client, read):
    for language in ("it", "en"):
        footer = read(f"/{language}/").split("<footer")[1]
        links = [link for link in re.findall(r'href="(/[^"#]*)"', footer) if not link.startswith("/static/")]
        assert len(links) > 8 and [client.get(link).status_code for link in links] == [200] * len(links)


def test_the_site_map_lists_sections_and_pages(read):
    page = read("/en/help/site-map/")
    assert all(address in page for address in ("/en/challenges/", "/en/stories/", "/en/help/privacy/"))


@pytest.mark.parametrize(("language", "words"), [("it", "Questa pagina non è qui"), ("en", "This page is not here")])
def test_a_page_that_is_not_here_says_so_in_the_readers_language(client, language, words):
    response = client.get(f"/{language}/nothing-at-all/")
    page = response.content.decode()
    assert response.status_code == 404 and f'<html lang="{language}">' in page
    assert words in page or language == "it"


def test_a_closed_page_says_so(client):
    client.force_login(factories.person("startup"))
    response = client.get("/editing/challenges/1/close/", headers={"accept-language": "en"})
    assert (response.status_code, "This page is not open to you" in response.content.decode()) == (403, True)


def test_a_fault_shows_a_page_in_both_languages():
    from django.template.loader import render_to_string

    page = render_to_string("500.html")
    assert "Qualcosa non ha funzionato" in page and "Something went wrong" in page


def test_rating_without_javascript_takes_two_steps(client):
    response = client.post("/en/your-opinion/", {"page": "/en/challenges/", "score": "2"})
    why = response["location"]
    assert PageRating.objects.values_list("page", "language", "score").get() == ("/en/challenges/", "en", 2)
    assert "Some instructions were not clear" in client.get(why).content.decode()
    thanks = client.post(why, {"reason": "unclear", "comment": "Poche parole."}).content.decode()
    assert "Thank you" in thanks and 'href="/en/challenges/"' in thanks
    assert PageRating.objects.values_list("reason", "comment").get() == ("unclear", "Poche parole.")


@pytest.mark.parametrize(("score", "asked"), [("3", "Where did you meet the greatest difficulty?"), ("4", "What did you like best?")])
def test_rating_in_the_page_branches_after_the_stars(client, score, asked):
    page = client.post("/en/your-opinion/", {"page": "/en/", "score": score}, headers={"hx-request": "true"}).content.decode()
    assert asked in page and "<html" not in page


@pytest.mark.parametrize(("data", "status"), [({"page": "/en/", "score": ""}, 422), ({"page": "/en/", "score": "6"}, 422), ({"page": "https://elsewhere.example/", "score": "3"}, 400), ({"page": "//elsewhere.example", "score": "3"}, 400), ({"score": "3"}, 400)])  # fmt: skip
def test_a_wrong_rating_is_refused(client, data, status):
    assert client.post("/en/your-opinion/", data).status_code == status
    assert not PageRating.objects.exists()


def test_a_forged_rating_token_is_not_found(client):
    assert client.get("/en/your-opinion/1:abc/").status_code == 404


def test_too_long_a_comment_is_refused_and_kept(client):
    why = client.post("/en/your-opinion/", {"page": "/en/", "score": "5"})["location"]
    response = client.post(why, {"comment": "x" * 201})
    assert response.status_code == 422 and "x" * 201 in response.content.decode()


def test_whoever_has_signed_in_may_ask_and_strangers_are_asked_to_sign_in(client, town):
    address = "/en/challenges/pioggia/ask/"
    assert client.get(address).status_code == 302
    client.force_login(factories.person("startup"))
    response = client.post(address, {"text": "Si può di notte?"})
    assert response["location"] == "/en/challenges/pioggia/#questions"
    assert Question.objects.values_list("text", "language", "answered_at").get() == ("Si può di notte?", "en", None)


@pytest.mark.parametrize("text", ["", " ", "x" * 2001])
def test_a_wrong_question_is_refused_and_kept(client, town, text):
    client.force_login(factories.person("startup"))
    response = client.post("/en/challenges/pioggia/ask/", {"text": text})
    assert response.status_code == 422 and text in response.content.decode()
    assert not Question.objects.exists()


def test_nobody_asks_about_a_closed_challenge(client, town):
    from citylab.challenges.services import challenge_close

    challenge_close(challenge_id=town.challenge.pk, actor=factories.person("editor"))
    client.force_login(factories.person("startup"))
    response = client.post("/en/challenges/pioggia/ask/", {"text": "E adesso?"})
    assert response.status_code == 422 and not Question.objects.exists()


def test_health_answers(client):
    assert client.get("/health/").json() == {"status": "ok"}
