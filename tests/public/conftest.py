"""A small public city: a challenge, a site, a pilot, a programme and a story, all of them published."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import transaction

from citylab.core import clock, outbox
from citylab.pilots.models import Pilot
from citylab.taxonomy.models import Programme
from cms.models import StoryIndexPage, StoryPage
from cms.setup import prepare
from tests import factories
from tests.remembering import remembered


def archive_pilot(code="navetta", **fields):
    """A record of a pilot that ran before this system: public at once."""
    values = {
        "slug": code, "title": code, "is_archive": True, "public_title_it": f"Navetta {code}", "public_title_en": f"Shuttle {code}", "public_summary_it": "Con passeggeri.",
        "public_summary_en": "With passengers.", "state": "closed", "created_at": clock.now(), "updated_at": clock.now(), "archive_years": "2022", **fields,
    }  # fmt: skip
    with transaction.atomic():
        made = Pilot.objects.create(code=code, **values)
        outbox.publish("pilot.public_changed", made.pk)
    return made


def programme(code="cte-next", **fields):
    return Programme.objects.create(code=code, **{"name_it": f"Programma {code}", "name_en": f"Programme {code}", **fields})


def story(slug="una-storia", language="it", **fields):
    index = StoryIndexPage.objects.get(locale__language_code=language)
    values = {"title": f"Storia {slug}", "published_on": date(2026, 5, 1), "intro": "Che cosa è successo.", "body": [("heading", "Inizio"), ("text", "<p>Bene.</p>")], **fields}
    return index.add_child(instance=StoryPage(slug=slug, locale=index.locale, **values))


@pytest.fixture(autouse=True)
def room(db):
    cache.clear()
    remembered(prepare)()


@pytest.fixture
def town():
    return made_town()


@remembered
def made_town():
    frame = programme()
    record = factories.challenge("pioggia", programme=frame, title_it="Acqua piovana", title_en="Rain water")
    place = factories.site("dora", name_it="Parco Dora", name_en="Dora park")
    pilot = archive_pilot(site=place, programme=frame, challenge=record, sector=factories.sector())
    told = story()
    outbox.drain()
    return SimpleNamespace(programme=frame, challenge=record, site=place, pilot=pilot, story=told)


@pytest.fixture
def read(client):
    """The text of a page that must be there."""

    def get(address):
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)
        return response.content.decode()

    return get
