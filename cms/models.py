"""Pages that editors write, the menus, and the moderation step that needs a second person."""

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import AbstractGroupApprovalTask, Page, TaskState
from wagtail.search import index

from citylab.challenges.selectors import open_challenges
from citylab.core import clock
from citylab.core.bilingual import Bilingual
from citylab.pilots.selectors import public_pilots
from citylab.testbeds.selectors import visible_sites

from .blocks import BodyBlock, HomeBlock


class HomePage(Page):
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
        moment = clock.now()
        opened = list(open_challenges(moment))
        context.update(
            open_count=len(opened),
            closing=[challenge for challenge in opened if challenge.effective_closing][:3] or opened[:3],
            sites=list(visible_sites()[:3]),
            sites_count=visible_sites().count(),
            pilots=list(public_pilots()[:3]),
            pilots_count=public_pilots().count(),
            stories=StoryPage.objects.live().filter(locale=self.locale).order_by("-published_on")[:3],
        )
        return context


class StoryIndexPage(Page):
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
        context["stories"] = StoryPage.objects.live().child_of(self).select_related("cover").order_by("-published_on")
        return context


class StoryPage(Page):
    published_on = models.DateField(_("date"))
    sector = models.ForeignKey("taxonomy.Sector", models.SET_NULL, verbose_name=_("sector"), null=True, blank=True, related_name="+")
    intro = models.TextField(_("introduction"), max_length=400)
    cover = models.ForeignKey("wagtailimages.Image", models.SET_NULL, verbose_name=_("cover"), null=True, blank=True, related_name="+")
    body = StreamField(BodyBlock(), verbose_name=_("text"))
    source = models.CharField(_("source"), max_length=200, blank=True)

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


class HelpPage(Page):
    """Help, notices and legal pages; a help page may have others below it."""

    lead = models.TextField(_("lead"), max_length=400, blank=True)
    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)

    content_panels: ClassVar[list[Any]] = [*Page.content_panels, FieldPanel("lead"), FieldPanel("body")]
    search_fields: ClassVar[list[Any]] = [*Page.search_fields, index.SearchField("lead"), index.SearchField("body")]
    subpage_types: ClassVar[list[str]] = ["cms.HelpPage"]
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage", "cms.HelpPage"]
    template = "cms/help_page.html"

    class Meta:
        verbose_name = _("help page")
        verbose_name_plural = _("help pages")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["children"] = self.get_children().live()
        parent = self.get_parent().specific
        context["siblings"] = parent.get_children().live() if isinstance(parent, HelpPage) else []
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


class SecondPersonTask(AbstractGroupApprovalTask):
    """Moderation by a second person: whoever submitted the text cannot approve it."""

    def _is_own(self, obj: Any, user: Any) -> bool:
        state = obj.current_workflow_state
        return bool(state and state.requested_by_id == user.pk)

    def get_actions(self, obj: Any, user: Any) -> list[Any]:
        return [] if self._is_own(obj, user) else super().get_actions(obj, user)

    def get_task_states_user_can_moderate(self, user: Any, **kwargs: Any) -> Any:
        return super().get_task_states_user_can_moderate(user, **kwargs).exclude(workflow_state__requested_by=user)

    def on_action(self, task_state: TaskState, user: Any, action_name: str, **kwargs: Any) -> Any:
        # The buttons are gone already; this is for a form that was open before, or a request made by hand.
        if task_state.workflow_state.requested_by_id == user.pk:
            return None
        return super().on_action(task_state, user, action_name, **kwargs)

    @classmethod
    def get_description(cls) -> str:
        return str(_("Somebody else of the chosen groups approves; never the person who submitted."))

    class Meta:
        verbose_name = _("approval by a second person")
