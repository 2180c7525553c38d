"""What editors keep: challenges, sites, programmes, taxonomy, questions and menus."""

from typing import Any, ClassVar

from django import forms
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList, PublishingPanel, TabbedInterface, TitleFieldPanel
from wagtail.admin.ui.tables import BooleanColumn, Column, LiveStatusTagColumn, UpdatedAtColumn
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from citylab.challenges.models import Challenge, Question
from citylab.taxonomy.models import Capability, Pole, Programme, S3Area, Sector, Technology
from citylab.testbeds.models import Site

from . import record_views
from .forms import ChallengeForm, SiteForm
from .models import MenuItem


def both(name: str) -> FieldRowPanel:
    """The two languages of a field side by side."""
    return FieldRowPanel([FieldPanel(f"{name}_it"), FieldPanel(f"{name}_en")])


def titles(name: str) -> FieldRowPanel:
    """The record's name in both languages; its address follows the Italian one until it is published."""
    return FieldRowPanel([TitleFieldPanel(f"{name}_it", classname="", placeholder=False), FieldPanel(f"{name}_en")])


def _closing(challenge: Challenge) -> str:
    """Its day and hour: Wagtail's own column counts backwards only."""
    closes_at = challenge.effective_closes_at
    return date_format(localtime(closes_at), "SHORT_DATETIME_FORMAT") if closes_at else ""


# Wagtail's columns keep the language of whoever first opened the list, unless their words are lazy; it has these in its own catalogue.
STATUS, UPDATED = "Status", "Updated"
STATE_COLUMNS = (LiveStatusTagColumn(label=_(STATUS)), UpdatedAtColumn(label=_(UPDATED)))


class RecordViewSet(SnippetViewSet):
    """A record with drafts, preview, moderation, schedule, history and comparison."""

    add_view_class = record_views.CreateView
    edit_view_class = record_views.EditView
    unpublish_view_class = record_views.UnpublishView
    workflow_action_view_class = record_views.WorkflowActionView
    add_to_admin_menu = True


class ChallengeViewSet(RecordViewSet):
    model = Challenge
    icon = "help"
    menu_label = _("Challenges")
    menu_order = 110
    list_display: ClassVar[list[Any]] = ["__str__", "mode", "sector", Column("closes", label=_("Closes"), accessor=_closing), *STATE_COLUMNS]
    list_filter: ClassVar[list[str]] = ["mode", "sector", "programme", "city"]
    search_fields: ClassVar[list[str]] = ["code", "title_it", "title_en", "summary_it", "summary_en"]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    titles("title"), FieldRowPanel([FieldPanel("code", required_on_save=False), FieldPanel("slug", required_on_save=False), FieldPanel("city")]),
                    both("summary"), FieldPanel("description_it"), FieldPanel("description_en"), both("expected"), both("plan"),
                ],
                heading=_("Text"),
            ),
            ObjectList(
                [
                    FieldRowPanel([FieldPanel("mode"), FieldPanel("sector", widget=forms.Select), FieldPanel("s3_area", widget=forms.Select)]),
                    FieldPanel("programme", widget=forms.Select), FieldPanel("contact_email"),
                    both("owner"),
                    FieldRowPanel([FieldPanel("opens_at"), FieldPanel("closes_at")]),
                    FieldRowPanel([FieldPanel("trl_min"), FieldPanel("trl_max")]),
                    FieldRowPanel([FieldPanel("budget_max_cents"), FieldPanel("co_funding_percent")]),
                    FieldPanel("applicant_kinds"),
                    FieldPanel("technologies", widget=forms.CheckboxSelectMultiple),
                    FieldPanel("capabilities", widget=forms.CheckboxSelectMultiple),
                    MultiFieldPanel([FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude"), FieldPanel("maximum_distance_metres")])], heading=_("Where")),
                    FieldPanel("source"),
                    FieldPanel("assumed"),
                    PublishingPanel(),
                ],
                heading=_("Conditions"),
            ),
            ObjectList(
                [InlinePanel("criteria", [FieldRowPanel([FieldPanel("code"), FieldPanel("weight"), FieldPanel("minimum")]), both("name")], label=_("criterion"), heading=_("Criteria"))],
                heading=_("Criteria"),
            ),
        ],
        base_form_class=ChallengeForm,
    )  # fmt: skip


class SiteViewSet(RecordViewSet):
    model = Site
    icon = "site"
    menu_label = _("Sites")
    menu_order = 120
    list_display: ClassVar[list[Any]] = ["__str__", "kind", "district", "capacity", *STATE_COLUMNS]
    list_filter: ClassVar[list[str]] = ["kind", "district"]
    search_fields: ClassVar[list[str]] = ["code", "name_it", "name_en", "summary_it", "summary_en"]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    titles("name"), FieldRowPanel([FieldPanel("code", required_on_save=False), FieldPanel("slug", required_on_save=False), FieldPanel("kind")]),
                    both("summary"), FieldPanel("description_it"), FieldPanel("description_en"), both("accessibility"), both("owner"),
                    FieldPanel("contact_email"), FieldPanel("source"),
                ],
                heading=_("Text"),
            ),
            ObjectList(
                [
                    FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude"), FieldPanel("district")]),
                    FieldRowPanel([FieldPanel("area_m2"), FieldPanel("surface"), FieldPanel("indoor")]),
                    FieldRowPanel([FieldPanel("capacity"), FieldPanel("available_from"), FieldPanel("available_until")]),
                    FieldPanel("sectors", widget=forms.CheckboxSelectMultiple),
                    FieldPanel("constraints"),
                    FieldPanel("assumed"),
                    PublishingPanel(),
                ],
                heading=_("Place"),
            ),
            ObjectList(
                [
                    InlinePanel("assets", [FieldRowPanel([FieldPanel("capability"), FieldPanel("quantity"), FieldPanel("assumed")]), both("note")], label=_("asset"), heading=_("Assets")),
                    InlinePanel("permits", [both("authority"), both("kind"), FieldPanel("lead_days")], label=_("permit"), heading=_("Permits")),
                    InlinePanel("blackouts", [FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on"), FieldPanel("yearly")]), both("reason")], label=_("closed period"), heading=_("Closed periods")),
                ],
                heading=_("Assets and calendar"),
            ),
        ],
        base_form_class=SiteForm,
    )  # fmt: skip


class QuestionViewSet(SnippetViewSet):
    """Questions are answered on a page of their own (cms.views), so that the answer is told and recorded."""

    model = Question
    icon = "comment"
    menu_label = _("Questions")
    menu_order = 130
    add_to_admin_menu = True
    list_display: ClassVar[list[Any]] = ["__str__", "challenge", "asked_at", "answered_at", "set_aside_at"]
    list_filter: ClassVar[dict[str, list[str]]] = {"answered_at": ["isnull"], "set_aside_at": ["isnull"], "challenge": ["exact"]}
    inspect_view_enabled = True
    panels: ClassVar[list[Any]] = [FieldPanel("challenge", read_only=True), FieldPanel("text", read_only=True), FieldPanel("asked_at", read_only=True), FieldPanel("answer_it"), FieldPanel("answer_en")]


def term_viewset(term: Any, label: Any, glyph: str) -> type[SnippetViewSet]:
    """The editing of one list of terms."""

    class TermViewSet(SnippetViewSet):
        model = term
        icon = glyph
        menu_label = label
        list_display: ClassVar[list[str]] = ["code", "name_it", "name_en", "position"]
        search_fields: ClassVar[list[str]] = ["code", "name_it", "name_en"]
        panels: ClassVar[list[Any]] = [FieldRowPanel([FieldPanel("code"), FieldPanel("position")]), both("name"), both("description")]

    return TermViewSet


class ProgrammeViewSet(SnippetViewSet):
    model = Programme
    icon = "folder-open-inverse"
    menu_label = _("Programmes")
    list_display: ClassVar[list[Any]] = ["code", "name_it", "kind", "years", BooleanColumn("is_active", label=_("Running"), sort_key="is_active")]
    list_filter: ClassVar[list[str]] = ["kind", "is_active"]
    search_fields: ClassVar[list[str]] = ["code", "name_it", "name_en"]
    panels: ClassVar[list[Any]] = [
        FieldRowPanel([FieldPanel("code"), FieldPanel("kind"), FieldPanel("is_active")]), both("name"), both("summary"), FieldRowPanel([FieldPanel("years"), FieldPanel("website")]), FieldPanel("source"),
    ]  # fmt: skip


class TaxonomyGroup(SnippetViewSetGroup):
    items = (
        ProgrammeViewSet,
        term_viewset(Sector, _("Sectors"), "tag"),
        term_viewset(S3Area, _("S3 areas"), "tag"),
        term_viewset(Pole, _("Poles"), "tag"),
        term_viewset(Technology, _("Technologies"), "cogs"),
        term_viewset(Capability, _("Capabilities"), "pick"),
    )
    menu_icon = "tag"
    menu_label = _("Taxonomy")
    menu_name = "taxonomy"
    menu_order = 140


class MenuItemViewSet(SnippetViewSet):
    model = MenuItem
    icon = "list-ul"
    menu_label = _("Menus")
    menu_order = 150
    add_to_admin_menu = True
    list_display: ClassVar[list[str]] = ["place", "label_it", "label_en", "position"]
