"""The panel beside the form of a challenge or a site: who opens it, what it reads from the form, and what it never shows."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.test.utils.form_data import rich_text

from citylab.accounts.models import Role
from citylab.challenges.models import Challenge
from citylab.core import outbox
from citylab.taxonomy.models import Technology
from citylab.testbeds.models import Site
from search.engines.reserve import breaker
from tests import factories

from .conftest import signed_in
from .forms import challenge_form, draft, site_form, url

RAIN = "Sensori alimentati a batteria misurano la pioggia e avvisano quando piove molto."


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def firm(name="Pioggia S.r.l.", **fields):
    return factories.organisation(legal_name=name, **{"description": RAIN, "website": "https://pioggia.example", "sector_codes": ["mobility"], **fields})


def panel(client, kind="challenge", data=None):
    return client.post(reverse("who_could_answer", args=[kind]), challenge_form(title_it="Pioggia e sensori") if data is None else data)


def text_of(response):
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


@pytest.mark.parametrize("page", ["add", "edit"])
@pytest.mark.parametrize("model", [Challenge, Site], ids=["challenge", "site"])
def test_the_panel_stands_beside_the_form(model, page, anna):
    made = draft(anna) if model is Challenge else factories.site(publish=False)
    response = anna.get(url(model if page == "add" else made, page))
    kind = model._meta.model_name
    saved = f"?record={made.pk}" if page == "edit" else ""
    assert response.content.decode().count(f'data-live-panel="{reverse("who_could_answer", args=[kind])}{saved}"') == 1
    assert b"cms/js/live-panel.js" in response.content


def test_it_says_so_when_the_reserve_answers(anna, settings):
    said = "The search is working on its reserve for now"
    firm()
    assert said not in text_of(panel(anna))
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    breaker.succeeded()
    answer = text_of(panel(anna))
    breaker.succeeded()
    assert answer.count(said) == 1 and "1 organisation could answer." in answer


def test_it_reads_what_is_in_the_form_and_saves_nothing(anna):
    firm()
    text = text_of(panel(anna))
    for expected in ("1 organisation could answer.", "Pioggia S.r.l.", "Start-up · Mobility", "<mark>Pioggia</mark>", "Same sector: Mobility", "No public pilot yet", 'href="https://pioggia.example"'):
        assert expected in text
    assert Challenge.objects.count() == 0


def test_rich_text_is_read_as_the_editor_sends_it(anna):
    firm()
    assert "Pioggia S.r.l." not in text_of(panel(anna, data={"title_it": "Sottopassi"}))
    assert "Pioggia S.r.l." in text_of(panel(anna, data={"title_it": "Sottopassi", "description_it": rich_text("<p>Sensori che misurano la pioggia.</p>")}))


def test_technologies_and_admitted_applicants_count(anna):
    iot = factories.term(Technology, "iot")
    firm("Oggetti S.r.l.", description="", technology_codes=["iot"])
    text = text_of(panel(anna, data={**challenge_form(applicant_kinds=["research"]), "technologies": [iot.pk]}))
    assert "Same technologies: Iot" in text and "Only for: University or research body" in text


@pytest.mark.parametrize("record", ["1", "x", "²", "\x00", "9" * 100])
def test_an_id_that_names_nothing_changes_nothing(record, anna):
    firm()
    address = reverse("who_could_answer", args=["challenge"])
    assert "Pioggia S.r.l." in text_of(anna.post(f"{address}?{urlencode({'record': record})}", challenge_form(title_it="Pioggia e sensori")))


@pytest.mark.parametrize("wrong", [{"trl_min": "molto"}, {"sector": "999999"}, {"technologies": ["x"]}, {"title_it": "Sensori per la pioggia" + "a" * 200}, {"applicant_kinds": ["nobody"]}], ids=str)
def test_a_form_that_is_wrong_yet_is_read_as_far_as_it_can_be(wrong, anna):
    firm()
    response = panel(anna, data={**challenge_form(summary_it="Sensori che misurano la pioggia."), **wrong})
    assert (response.status_code, "Pioggia S.r.l." in text_of(response)) == (200, True)


def test_a_site_finds_who_could_use_it(anna):
    firm()
    text = text_of(panel(anna, "site", {**site_form(summary_it="Qui si misura la pioggia con sensori."), "sectors": [factories.sector().pk]}))
    assert "Pioggia S.r.l." in text and "Same sector: Mobility" in text


def test_an_empty_form_says_what_to_do_and_a_strange_one_that_nobody_answers(anna):
    assert "Write a title, a summary or a description: who could answer appears here." in text_of(panel(anna, data={}))
    assert "No organisation's profile or public pilot speaks of this yet." in text_of(panel(anna, data={"title_it": "Xyz"}))


def test_nothing_of_the_casework_is_shown(anna):
    secret = firm("Segreta S.r.l.", description="", sector_codes=[])
    case = factories.proposal_in("screening", secret, title="Sensori per la pioggia", summary=RAIN)
    while outbox.drain():
        pass
    text = text_of(panel(anna, data=challenge_form(title_it="Sensori per la pioggia", summary_it="Avvisano quando piove molto.")))
    assert "1 more organisation has handed in a proposal on the same things." in text
    for hidden in ("Segreta", case.number, str(case.pk), "batteria"):
        assert hidden not in text


def test_names_are_text_never_markup(anna):
    firm("<script>alert(1)</script> S.r.l.", website="")
    text = text_of(panel(anna))
    assert "<script>" not in text and "&lt;script&gt;" in text and "Its website" not in text


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("administrator", 200), ("officer", 403), ("evaluator", 403), ("department", 403), ("startup", 403)])
def test_who_may_ask(role, status, settings):
    assert panel(signed_in(factories.person(Role(role), language="en"))).status_code == status


def test_strangers_are_sent_to_sign_in_and_other_records_do_not_exist(anna):
    assert panel(Client()).status_code == 302
    assert anna.post(reverse("who_could_answer", args=["pilot"]), follow=True).status_code == 404
    assert anna.get(reverse("who_could_answer", args=["challenge"])).status_code == 405


def test_the_request_of_another_site_is_refused(anna):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna.user, backend="django.contrib.auth.backends.ModelBackend")
    assert panel(strict).status_code == 403
