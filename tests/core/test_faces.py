"""What the core adds to every page: refusals as pages, and the city's facts."""

import json

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.translation import gettext_lazy, override

from citylab.core.context_processors import city
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.core.middleware import DomainErrorMiddleware


def refused(error, **headers):
    return DomainErrorMiddleware(HttpResponse).process_exception(RequestFactory(headers=headers).get("/"), error)


@pytest.mark.parametrize(("error", "status"), [(DomainError, 422), (Conflict, 409), (NotAllowed, 403)])
def test_a_refusal_as_json(error, status):
    response = refused(error("too_late", gettext_lazy("Sent")), accept="application/json")
    assert response.status_code == status
    assert set(json.loads(response.content)) == {"code", "message"}
    assert json.loads(response.content)["code"] == "too_late"


@pytest.mark.parametrize(("error", "status"), [(DomainError, 422), (Conflict, 409), (NotAllowed, 403)])
@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*"])
def test_a_refusal_as_a_page(monkeypatch, error, status, accept):
    shown = {}

    def render(request, template, context, status):
        shown.update(template=template, message=str(context["message"]))
        return HttpResponse(status=status)

    monkeypatch.setattr("citylab.core.middleware.render", render)
    assert refused(error("too_late", "Troppo tardi."), accept=accept).status_code == status
    assert shown == {"template": "core/domain_error.html", "message": "Troppo tardi."}


def test_other_errors_pass():
    assert refused(ValueError("x")) is None


@pytest.mark.parametrize(("language", "tagline"), [("it", "La città come laboratorio"), ("en", "The city as a testbed")])
def test_every_page_knows_the_city_in_the_readers_language(settings, language, tagline):
    settings.DEMO_ACCOUNTS = True
    with override(language):
        known = city(RequestFactory().get("/somewhere/?a=1"))
    assert known["city"]["tagline"] == tagline and known["city"]["name"] == "Città di Torino"
    assert known["product"] == "Torino City Lab" and known["demo_accounts"] is True
    assert set(known["language_addresses"]) == {"it", "en"}


def test_the_switch_leads_to_the_same_page_in_the_other_language(settings):
    settings.ROOT_URLCONF = "tests.core.urls"
    with override("it"):
        known = city(RequestFactory().get("/it/sfide/7/?page=2"))
    assert known["language_addresses"] == {"it": "/it/sfide/7/?page=2", "en": "/en/challenges/7/?page=2"}
