"""Searches that people keep: what is kept, how many, under which name, and what they find."""

import pytest
from django.utils.translation import override

from citylab.accounts.models import Role
from citylab.core import outbox
from citylab.core.errors import DomainError
from search import saved_searches
from search.models import SavedSearch
from tests import factories

pytestmark = pytest.mark.django_db


def drain():
    while outbox.drain():
        pass


@pytest.fixture
def ada():
    return factories.person(Role.STARTUP)


def save(user, name="Pioggia", kind="challenge", words="", language="it", **filters):
    return saved_searches.search_save(user=user, name=name, kind=kind, words=words, filters=filters, language=language)


def refused(call):
    with pytest.raises(DomainError) as error:
        call()
    return error.value.code


def test_words_and_known_filters_are_kept_and_lead_back_to_the_list(ada):
    search = save(ada, "  Sensori   e pioggia ", words=" pioggia  forte ", sector=["mobility", "energy"], view=["map"], page=["3"])
    assert (search.name, search.words, search.filters) == ("Sensori e pioggia", "pioggia forte", {"sector": ["energy", "mobility"]})
    with override("en"):
        assert saved_searches.address_of(search) == "/en/challenges/?q=pioggia+forte&sector=energy&sector=mobility"


def test_a_search_over_the_whole_site_keeps_words_alone(ada):
    search = save(ada, kind="all", words="pioggia", sector=["mobility"])
    assert (search.words, search.filters) == ("pioggia", {})
    assert refused(lambda: save(ada, "Tutto", kind="all", words="  ")) == "words_missing"


def test_filters_are_shown_as_people_read_them(ada):
    factories.challenge()
    search = save(ada, sector=["mobility", "gone"], mode=["open"])
    with override("it"):
        assert saved_searches.filter_labels([search]) == {search.pk: ["gone", "Mobility", "A sportello, senza graduatoria"]}


def test_a_person_keeps_twenty_searches_and_is_told_why_not_more(ada):
    for number in range(20):
        save(ada, f"Ricerca {number}")
    with override("en"), pytest.raises(DomainError, match="20 searches") as error:
        save(ada, "Una di troppo")
    assert error.value.code == "too_many"
    save(factories.person(Role.STARTUP), "Di un'altra persona")
    saved_searches.search_delete(search_id=SavedSearch.objects.filter(user=ada).first().pk, user=ada)
    save(ada, "Adesso sì")


def test_names_are_there_once_for_each_person(ada):
    search = save(ada, "Pioggia")
    assert refused(lambda: save(ada, "pioggia")) == "name_taken"
    assert refused(lambda: save(ada, "   ")) == "name_missing"
    other = save(ada, "Neve")
    assert refused(lambda: saved_searches.search_rename(search_id=other.pk, user=ada, name="Pioggia")) == "name_taken"
    saved_searches.search_rename(search_id=search.pk, user=ada, name="PIOGGIA")
    assert sorted(SavedSearch.objects.values_list("name", flat=True)) == ["Neve", "PIOGGIA"]


def test_nobody_changes_the_search_of_another(ada):
    search, other = save(ada), factories.person(Role.STARTUP)
    for call in (
        lambda: saved_searches.search_rename(search_id=search.pk, user=other, name="Mia"), lambda: saved_searches.search_delete(search_id=search.pk, user=other),
        lambda: saved_searches.search_pause(search_id=search.pk, user=other, paused=True),
    ):  # fmt: skip
        with pytest.raises(SavedSearch.DoesNotExist):
            call()
    search.refresh_from_db()
    assert (search.name, search.is_paused) == ("Pioggia", False)


def test_a_list_that_is_none_cannot_be_saved(ada):
    assert refused(lambda: save(ada, kind="pilot")) == "kind"


def test_a_search_finds_what_its_list_shows(ada):
    rain = factories.challenge(title_it="Misurare la pioggia", sector=factories.sector("energy"))
    snow = factories.challenge(title_it="Misurare la neve")
    park = factories.site(name_it="Parco della pioggia", capabilities=("power", "wifi"))
    drain()
    cases = [
        (save(ada, "1", words="piogge", sector=["energy"]), [rain]),
        (save(ada, "2", words="pioggia", sector=["mobility"]), []),
        (save(ada, "3", sector=["mobility"]), [snow]),
        (save(ada, "4", status=["closed"]), []),
        (save(ada, "5"), [rain, snow]),
        (save(ada, "6", kind="site", capability=["wifi", "5g"]), [park]),
        (save(ada, "7", kind="site", district=["9"]), []),
        (save(ada, "8", kind="all", words="pioggia"), [rain, park]),
    ]
    answers = saved_searches.Answers({"challenge": [rain, snow], "site": [park]})
    for search, expected in cases:
        records = [("challenge", rain), ("challenge", snow), ("site", park)]
        fresh = [(kind, next(r for r in saved_searches._public(kind) if r.pk == record.pk)) for kind, record in records]
        assert [record for kind, record in fresh if answers.is_answer(search, kind, record)] == expected, search.name


def test_what_a_search_finds_when_it_is_saved_is_known_and_resuming_learns_it_anew(ada):
    first = factories.challenge(title_it="Pioggia")
    drain()
    search = save(ada, words="pioggia")
    assert search.known == {"challenge": [first.pk]}
    second = factories.challenge(title_it="Pioggia ancora")
    drain()
    saved_searches.search_pause(search_id=search.pk, user=ada, paused=True)
    search.refresh_from_db()
    assert (search.is_paused, search.known) == (True, {"challenge": [first.pk]})
    saved_searches.search_pause(search_id=search.pk, user=ada, paused=False)
    search.refresh_from_db()
    assert (search.is_paused, sorted(search.known["challenge"])) == (False, sorted([first.pk, second.pk]))
