"""Stories for the public pages, in both languages, under the pages that the editors' room starts with."""

from datetime import timedelta
from typing import Any

from citylab.core import clock
from citylab.taxonomy.models import Sector
from cms.models import StoryIndexPage, StoryPage

from .content import moment, read, rich


def load(editor: Any) -> None:
    """The stories that are missing, by their address."""
    sectors = {sector.code: sector for sector in Sector.objects.all()}
    indexes = {page.locale.language_code: page for page in StoryIndexPage.objects.select_related("locale")}
    known = set(StoryPage.objects.values_list("slug", flat=True))
    for row in read("stories")["stories"]:
        key = None
        for language, index in sorted(indexes.items(), reverse=True):
            if row[f"slug_{language}"] in known:
                continue
            page = StoryPage(
                title=row[language], slug=row[f"slug_{language}"], locale=index.locale, sector=sectors[row["sector"]], source=row["source_words"], intro=row[f"intro_{language}"],
                published_on=clock.today() - timedelta(days=row["days"]), body=[("text", rich(row[f"body_{language}"]))], owner=editor, first_published_at=moment(-row["days"]),
            )  # fmt: skip
            if key:
                page.translation_key = key
            index.add_child(instance=page)
            page.save_revision(user=editor).publish(skip_permission_checks=True)
            key = page.translation_key
