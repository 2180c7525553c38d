"""Stories and help pages in the search index: what anyone may read of them, in the language of each."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.utils import formats, translation
from django.utils.html import strip_tags
from wagtail.models import Page

from search.documents import Revisions
from search.engines import LANGUAGES, Document, Text
from search.indexing import changed, refresh
from search.site_wide import Card

from .models import HelpPage, StoryPage

# The pages that have a text to search, and the field that introduces each.
INTRODUCTIONS = {StoryPage: "intro", HelpPage: "lead"}


def readable(pages: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the pages that anyone may read: published, and behind no password or sign-in, theirs or of a page above."""
    return pages.live().public().filter(locale__language_code__in=LANGUAGES).select_related("locale")  # type: ignore[attr-defined,no-any-return]


def page_documents(keys: Collection[str], known: Revisions) -> list[Document]:
    pages = [page for model in INTRODUCTIONS for page in readable(model._default_manager.filter(pk__in=keys))]
    return [Document("page", str(page.pk), known[str(page.pk)], {page.locale.language_code: _text(page)}) for page in pages]


def _text(page: Any) -> Text:
    blocks = page.body.stream_block.get_searchable_content(page.body)
    # A space for each tag: the last word of a paragraph is not the first one of the next.
    words = " ".join(strip_tags(str(block).replace("<", " <")) for block in blocks)
    return Text(page.title, f"{getattr(page, INTRODUCTIONS[type(page)])} {words}")


def page_cards(keys: Collection[str]) -> dict[str, Card]:
    """What the site-wide search shows of pages, without reading their texts."""
    parts = readable(Page.objects.filter(pk__in=keys)).select_related("storypage__sector", "helppage").defer("storypage__body", "helppage__body")
    return {str(page.pk): _card(page) for page in parts}


def _card(page: Any) -> Card:
    language, address = page.locale.language_code, page.get_url() or ""
    story = getattr(page, "storypage", None)
    if story is None:
        return Card("help", f"page-{page.pk}", page.title, page.helppage.lead, address, language=language)
    with translation.override(language):
        day = formats.date_format(story.published_on, "j F Y")
    sectors = {story.sector.code: story.sector.name} if story.sector else {}
    return Card("story", f"page-{page.pk}", page.title, story.intro, address, day, language, sectors)


def handle_page(key: str, payload: dict[str, Any]) -> None:
    refresh("page", key)


def changed_below(page: Page) -> None:
    """Who may read this page, or where it stands, is another matter now: so it may be for all pages below it."""
    for pk in Page.objects.filter(path__startswith=page.path).order_by("path").values_list("pk", flat=True):
        changed("page", pk)
