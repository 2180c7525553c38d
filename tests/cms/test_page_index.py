"""Stories and help pages are found as soon as they are published, and never while they are not for everyone."""

import pytest
from django.core.management import call_command
from django.utils.translation import override
from wagtail.models import Page, PageViewRestriction

from citylab.core import outbox
from citylab.taxonomy.models import Programme
from cms.models import HelpPage, StoryIndexPage, StoryPage
from search.engines import get_engine
from search.models import SearchDocument
from tests.search.answering import found_ids


def drain():
    while outbox.drain():
        pass


def found(words, language="it", kind="page"):
    with override(language):
        return [key for _kind, key in found_ids(words, [kind])[0]]


def new(language="it", live=True, **fields):
    index = StoryIndexPage.objects.get(locale__language_code=language)
    values = {"title": "Lampioni parlanti", "slug": "lampioni", "published_on": "2026-05-01", "intro": "Una prova in Borgo Dora.", "body": [("text", "<p>Luce</p><p>notturna</p>")], **fields}
    return index.add_child(instance=StoryPage(locale=index.locale, live=live, **values))


@pytest.fixture
def story():
    made = new()
    drain()
    return made


@pytest.mark.parametrize("words", ["lampioni", "parlante", "borgo dora", "notturna", "luce notturna"])
def test_a_published_story_is_found_by_its_title_its_introduction_and_its_text(story, words):
    assert found(words) == [str(story.pk)]


def test_words_of_two_paragraphs_stay_two_words(story):
    assert get_engine().search("lucenotturna", "it", ["page"], limit=5) == []


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (("heading", "Sottotitolo"), "sottotitolo"),
        (("quote", {"text": "Una meraviglia", "source": "Una passante"}), "meraviglia passante"),
        (("steps", {"title": "Passi", "steps": [{"title": "Primo", "text": "<p>Montaggio</p>"}]}), "primo montaggio"),
        (("questions", {"questions": [{"question": "Quanto consuma?", "answer": "<p>Pochissimo</p>"}]}), "consuma pochissimo"),
    ],
)
def test_every_kind_of_block_is_searched(block, words):
    made = new(body=[block])
    drain()
    assert found(words) == [str(made.pk)]


def test_the_first_help_pages_are_found_in_either_language():
    call_command("search_rebuild", verbosity=0)
    for language, words, slug in (("it", "imposta di bollo", "domande-frequenti"), ("en", "stamp duty", "frequent-questions")):
        assert found(words, language) == [str(HelpPage.objects.get(slug=slug).pk)]


def test_a_page_is_found_in_its_own_language_and_its_translation_in_the_other(story):
    english = new("en", title="Talking lamp posts", slug="lamp-posts", intro="A trial.", translation_key=story.translation_key, body=[("text", "<p>Light</p>")])
    drain()
    assert (found("lampioni"), found("talking", "en")) == ([str(story.pk)], [str(english.pk)])
    assert set(SearchDocument.objects.filter(record__object_id__in=[story.pk, english.pk]).values_list("record__object_id", "language")) == {(str(story.pk), "it"), (str(english.pk), "en")}


def test_a_page_that_is_published_from_a_draft_is_found_and_its_draft_never_was():
    made = new(live=False)
    made.save_revision()
    drain()
    assert found("lampioni") == []
    made.save_revision().publish()
    drain()
    assert found("lampioni") == [str(made.pk)]


def test_a_draft_of_a_published_page_changes_nothing_until_it_is_published(story):
    story.title, story.body = "Panchine parlanti", [("text", "<p>Sedute</p>")]
    revision = story.save_revision()
    drain()
    assert (found("lampioni"), found("panchine"), found("sedute")) == ([str(story.pk)], [], [])
    revision.publish()
    drain()
    assert (found("lampioni"), found("panchine"), found("sedute")) == ([], [str(story.pk)], [str(story.pk)])


def unpublish(page):
    page.unpublish()


def unpublish_the_list(page):
    StoryIndexPage.objects.get(pk=page.get_parent().pk).unpublish()
    page.refresh_from_db()
    page.unpublish()


def delete(page):
    page.delete()


def delete_the_list(page):
    page.get_parent().specific.delete()


def delete_many(page):
    Page.objects.filter(pk=page.pk).delete()


def restrict(page):
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def restrict_the_list(page):
    PageViewRestriction.objects.create(page=page.get_parent(), restriction_type=PageViewRestriction.PASSWORD, password="x")


@pytest.mark.parametrize("act", [unpublish, unpublish_the_list, delete, delete_the_list, delete_many, restrict, restrict_the_list])
def test_a_page_that_is_no_longer_for_everyone_leaves_the_index(story, act):
    act(story)
    drain()
    assert found("lampioni") == []
    assert get_engine().suggestions("lampio", "it", ["page"], 5) == []
    assert not SearchDocument.objects.filter(record__kind="page", record__object_id=str(story.pk)).exists()


def test_a_page_whose_restriction_is_lifted_is_found_again(story):
    restrict_the_list(story)
    drain()
    PageViewRestriction.objects.all().delete()
    drain()
    assert found("lampioni") == [str(story.pk)]


def test_a_restricted_page_can_be_deleted(story):
    restrict(story)
    story.delete()
    drain()
    assert found("lampioni") == []


def test_a_page_moved_below_a_restricted_one_is_gone():
    parent = HelpPage.objects.get(slug="aiuto")
    shut = parent.add_child(instance=HelpPage(title="Riservata", slug="riservata", locale=parent.locale))
    made = parent.add_child(instance=HelpPage(title="Regolamento droni", slug="droni", locale=parent.locale))
    restrict(shut)
    drain()
    assert found("regolamento droni") == [str(made.pk)]
    made.move(shut, pos="first-child")
    drain()
    assert found("regolamento droni") == []


def test_a_page_and_what_is_told_of_it_stand_or_fall_together(story, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no room")

    monkeypatch.setattr("cms.signals.outbox.publish", fail)
    with pytest.raises(RuntimeError, match="no room"):
        story.unpublish()
    story.refresh_from_db()
    assert story.live


def test_keeping_a_draft_of_a_page_tells_nobody(story):
    before = outbox.OutboxMessage.objects.count()
    story.save_revision()
    assert outbox.OutboxMessage.objects.count() == before


def test_a_rebuild_finds_pages_and_programmes_anew(story):
    programme = Programme.objects.create(code="cte", name_it="Casa delle tecnologie", name_en="House of technologies")
    SearchDocument.objects.all().delete()
    call_command("search_rebuild", verbosity=0)
    assert (found("lampioni"), found("tecnologie", kind="programme")) == ([str(story.pk)], [str(programme.pk)])


def test_a_programme_is_found_by_name_renamed_and_gone():
    made = Programme.objects.create(code="cte", name_it="Casa delle tecnologie", name_en="House of technologies", summary_en="Emerging ones.")
    drain()
    assert (found("tecnologie", kind="programme"), found("emerging", "en", "programme")) == ([str(made.pk)], [str(made.pk)])
    made.name_it = "Officina"
    made.save()
    drain()
    assert (found("tecnologie", kind="programme"), found("officina", kind="programme")) == ([], [str(made.pk)])
    Programme.objects.filter(pk=made.pk).delete()
    drain()
    assert found("officina", kind="programme") == []
