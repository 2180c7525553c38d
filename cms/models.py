"""Pages that editors write, the menus, and the moderation step that needs a second person."""

import json
import re
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import AbstractGroupApprovalTask, Page, PageManager, TaskState
from wagtail.query import PageQuerySet
from wagtail.search import index

from citylab.challenges.selectors import open_challenges
from citylab.core import clock
from citylab.core.bilingual import Bilingual
from citylab.core.errors import NotAllowed
from citylab.pilots.selectors import public_pilots
from citylab.testbeds.selectors import visible_sites

from .blocks import BodyBlock, HomeBlock

PAGE_SIZE = 12


class CityPage(Page):
    """What every page of ours knows: where it stands, and where it stands in the other language."""

    class Meta:
        abstract = True

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["ancestors"] = self.get_ancestors().filter(depth__gt=2) if self.depth > 3 else []
        if self.depth == 2:
            return context  # the front of either language: the plain addresses are right
        # The language switch stays on this page; without a translation it leads to the other language's front.
        translations = {page.locale.language_code: page for page in self.get_translations(inclusive=True).live().select_related("locale")}
        context["language_addresses"] = {code: translations[code].get_url(request) if code in translations else f"/{code}/" for code, _name in settings.LANGUAGES}
        return context

    def get_site_home(self) -> "Page | None":
        return self if self.depth == 2 else self.get_ancestors().filter(depth=2).first()


class HomePage(CityPage):
    """The front of the site, one for each language."""

    lead = models.TextField(_("lead"), max_length=400, blank=True)
    body = StreamField(HomeBlock(), verbose_name=_("sections"), blank=True)

    content_panels: ClassVar[list[Any]] = [*Page.content_panels, FieldPanel("lead"), FieldPanel("body")]
    subpage_types: ClassVar[list[str]] = ["cms.StoryIndexPage", "cms.HelpPage"]
    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]
    template = "cms/home_page.html"

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        now = clock.now()
        opened = list(open_challenges(now)[:3])
        open_count, site_count, pilot_count, stories_slug = self._figures(now)
        context.update(
            open_count=open_count,
            closing=[challenge for challenge in opened if challenge.effective_closing] or opened,
            sites=visible_sites()[:3],
            site_count=site_count,
            pilots=public_pilots()[:3],
            pilot_count=pilot_count,
            stories_address=f"/{self.locale.language_code}/{stories_slug}/" if stories_slug else "",
            stories=StoryPage.objects.cards().filter(locale=self.locale_id)[:3],
        )
        return context


    def _figures(self, now: datetime) -> tuple[int, int, int, str | None]:
        """How many challenges are open, how many sites and pilots anyone may see, and where the stories are, in one query: this page is opened most."""

        def count(records: models.QuerySet[Any]) -> Coalesce:
            return Coalesce(Subquery(records.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("*")).values("n")), 0)

        index = StoryIndexPage.objects.live().filter(locale=self.locale_id).values("slug")[:1]
        return HomePage.objects.filter(pk=self.pk).values_list(count(open_challenges(now)), count(visible_sites()), count(public_pilots()), Subquery(index)).get()


class StoryIndexPage(CityPage):
    lead = models.TextField(_("lead"), max_length=400, blank=True)

    content_panels: ClassVar[list[Any]] = [*Page.content_panels, FieldPanel("lead")]
    subpage_types: ClassVar[list[str]] = ["cms.StoryPage"]
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage"]
    max_count_per_parent = 1
    template = "cms/story_index_page.html"

    class Meta:
        verbose_name = _("list of stories")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        # A list, not a query: counting would cost another one, and stories without their text are light.
        context["stories"] = Paginator(list(StoryPage.objects.cards().child_of(self)), PAGE_SIZE).get_page(request.GET.get("page"))
        return context


class StoryQuerySet(PageQuerySet):
    def cards(self) -> "StoryQuerySet":
        """The published stories, newest first, with what their cards show and without their text."""
        return self.live().select_related("locale", "sector", "cover").prefetch_related("cover__renditions").defer("body").order_by("-published_on", "-pk")


class StoryPage(CityPage):
    published_on = models.DateField(_("date"))
    sector = models.ForeignKey("taxonomy.Sector", models.SET_NULL, verbose_name=_("sector"), null=True, blank=True, related_name="+")
    intro = models.TextField(_("introduction"), max_length=400)
    cover = models.ForeignKey("wagtailimages.Image", models.SET_NULL, verbose_name=_("cover"), null=True, blank=True, related_name="+")
    body = StreamField(BodyBlock(), verbose_name=_("text"))
    source = models.CharField(_("source"), max_length=200, blank=True)

    objects = PageManager.from_queryset(StoryQuerySet)()

    content_panels: ClassVar[list[Any]] = [
        *Page.content_panels,
        MultiFieldPanel([FieldPanel("published_on"), FieldPanel("sector"), FieldPanel("cover")], heading=_("About this story")),
        FieldPanel("intro"),
        FieldPanel("body"),
        FieldPanel("source"),
    ]
    search_fields: ClassVar[list[Any]] = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    subpage_types: ClassVar[list[str]] = []
    parent_page_types: ClassVar[list[str]] = ["cms.StoryIndexPage"]
    template = "cms/story_page.html"

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")


class HelpPage(CityPage):
    """Help, notices and legal pages; a help page may have others below it."""

    lead = models.TextField(_("lead"), max_length=400, blank=True)
    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)
    to_confirm = models.BooleanField(_("still to be confirmed by the City"), default=False, help_text=_("The page says so above its text."))

    content_panels: ClassVar[list[Any]] = [*Page.content_panels, FieldPanel("lead"), FieldPanel("to_confirm"), FieldPanel("body")]
    search_fields: ClassVar[list[Any]] = [*Page.search_fields, index.SearchField("lead"), index.SearchField("body")]
    subpage_types: ClassVar[list[str]] = ["cms.HelpPage"]
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage", "cms.HelpPage"]
    template = "cms/help_page.html"

    class Meta:
        verbose_name = _("help page")
        verbose_name_plural = _("help pages")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["children"] = HelpPage.objects.child_of(self).live()
        context["siblings"] = HelpPage.objects.sibling_of(self).live() if self.depth > 3 else []
        return context


class MenuItem(models.Model):
    """A line of the header's or the footer's menu, in both languages."""

    class Place(models.TextChoices):
        HEADER = "header", _("Header")
        FOOTER = "footer", _("Footer")

    place = models.CharField(_("place"), max_length=10, choices=Place.choices, default=Place.HEADER)
    label_it = models.CharField(_("label (Italian)"), max_length=40)
    label_en = models.CharField(_("label (English)"), max_length=40)
    address_it = models.CharField(_("address (Italian)"), max_length=200, help_text=_("A path of this site, such as /it/sfide/, or a full address."))
    address_en = models.CharField(_("address (English)"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    label = Bilingual("label")
    address = Bilingual("address")

    panels: ClassVar[list[Any]] = [FieldPanel(name) for name in ("place", "label_it", "label_en", "address_it", "address_en", "position")]

    class Meta:
        verbose_name = _("menu entry")
        verbose_name_plural = _("menu entries")
        ordering = ["place", "position", "id"]

    def __str__(self) -> str:
        return f"{self.get_place_display()} · {self.label}"


# What Wagtail itself changes in a version, beside its words.
BOOKKEEPING = ("latest_revision", "latest_revision_created_at", "live_revision", "has_unpublished_changes", "locked", "locked_at", "locked_by", "last_published_at")


BLOCK_KEY = re.compile(r' data-block-key=\\?"[^"\\]*\\?"')


def _words(revision: Any) -> str:
    """A version as it reads; the editor numbers paragraphs anew when it likes."""
    kept = {name: value for name, value in revision.content.items() if name not in BOOKKEEPING}
    return BLOCK_KEY.sub("", json.dumps(kept, sort_keys=True))


class SecondPersonTask(AbstractGroupApprovalTask):
    """Moderation by a second person: whoever submitted the text cannot approve it."""

    @staticmethod
    def _requested(obj: Any, user: Any) -> bool:
        state = obj.current_workflow_state
        return bool(state and state.requested_by_id == user.pk)

    @staticmethod
    def _changed_it(obj: Any, user: Any) -> bool:
        """Whoever changed the text while it was waiting would be approving their own words, also after somebody else saved them. Approving saves the form, changed or not."""
        task_state = obj.current_workflow_task_state
        handed_in = obj.revisions.filter(created_at__lte=task_state.started_at) if task_state else obj.revisions.all()
        before = handed_in.exclude(user_id=user.pk).order_by("-pk").first()
        if before is None:
            return True
        first = _words(before)
        words, theirs = first, False
        for revision in obj.revisions.filter(pk__gt=before.pk).order_by("pk"):
            previous, words = words, _words(revision)
            theirs = theirs or (revision.user_id == user.pk and words != previous)
        return theirs and words != first

    def get_actions(self, obj: Any, user: Any) -> list[Any]:
        if self._requested(obj, user):
            return []
        actions = super().get_actions(obj, user)
        return [action for action in actions if action[0] != "approve"] if self._changed_it(obj, user) else actions

    def locked_for_user(self, obj: Any, user: Any) -> bool:
        # What waits is what was submitted: its author takes it back before changing it.
        return self._requested(obj, user) or super().locked_for_user(obj, user)

    def get_task_states_user_can_moderate(self, user: Any, **kwargs: Any) -> Any:
        return super().get_task_states_user_can_moderate(user, **kwargs).exclude(workflow_state__requested_by=user)

    def on_action(self, task_state: TaskState, user: Any, action_name: str, **kwargs: Any) -> Any:
        # The buttons are gone already; this is for a form that was open before, a change sent together with the approval, or a request made by hand.
        obj = task_state.workflow_state.content_object
        if action_name == "approve" and self._changed_it(obj, user):
            raise NotAllowed("own_words", _("You changed the text while it was waiting, so somebody else approves it. Your changes are saved."))
        if action_name not in [name for name, _label, _modal in self.get_actions(obj, user)]:
            raise PermissionDenied
        return super().on_action(task_state, user, action_name, **kwargs)

    @classmethod
    def get_description(cls) -> str:
        return str(_("Somebody else of the chosen groups approves; never the person who submitted."))

    class Meta:
        verbose_name = _("approval by a second person")
