"""What the editors' room adds to Wagtail's admin."""

from typing import Any

from django.core.cache import cache
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path, reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem as AdminMenuItem
from wagtail.admin.ui.components import Component
from wagtail.admin.views.account import NameEmailSettingsPanel, NotificationsSettingsPanel
from wagtail.admin.widgets.button import Button
from wagtail.snippets.models import register_snippet

from citylab.challenges.models import Challenge, Question
from citylab.challenges.selectors import waiting_questions
from citylab.core import clock
from citylab.payments.models import Rule
from citylab.testbeds.models import Site

from . import views
from .context_processors import KEY
from .forms import CommentMailForm, NameForm
from .models import HomePage, MenuItem
from .record_views import record_buttons
from .rule_views import worked_example_view
from .rule_viewsets import CostsGroup
from .side_panels import who_could_answer_view
from .viewsets import ChallengeViewSet, MenuItemViewSet, QuestionViewSet, SiteViewSet, TaxonomyGroup

for viewset in (ChallengeViewSet, SiteViewSet, QuestionViewSet, TaxonomyGroup, CostsGroup, MenuItemViewSet):
    register_snippet(viewset)

NameEmailSettingsPanel.form_class = NameForm  # Wagtail's own asks for a first and a last name, which accounts here do not have
NotificationsSettingsPanel.form_class = CommentMailForm


@hooks.register("insert_global_admin_css")
def admin_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("cms/css/admin.css"))


@hooks.register("register_admin_urls")
def admin_urls() -> list[Any]:
    return [
        path("challenges/<int:pk>/extend/", views.extend_deadline, name="challenge_extend"),
        path("challenges/<int:pk>/close/", views.close_challenge, name="challenge_close"),
        path("questions/<int:pk>/answer/", views.answer_question, name="question_answer"),
        path("questions/<int:pk>/set-aside/", views.set_question_aside, name="question_set_aside"),
        path("questions/<int:pk>/bring-back/", views.bring_question_back, name="question_bring_back"),
        path("pages/<int:pk>/withdraw/", views.withdraw_page, name="page_withdraw"),
        path("who-could-answer/<slug:kind>/", who_could_answer_view, name="who_could_answer"),
        path("worked-example/<slug:kind>/", worked_example_view, name="worked_example"),
    ]


class PeopleMenuItem(AdminMenuItem):
    """Who is an editor is said in one place, at the desk; Wagtail's own users and groups stay closed."""

    def is_shown(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return user.has_perm("accounts.grant_roles")


@hooks.register("register_settings_menu_item")
def people_menu_item() -> AdminMenuItem:
    return PeopleMenuItem(gettext_lazy("People and roles"), reverse_lazy("desk:people"), name="people", icon_name="user", order=100)


@hooks.register("construct_help_menu")
def keep_own_help(request: HttpRequest, menu_items: list[Any]) -> None:
    """What is new in Wagtail is news for whoever installs it, not for editors."""
    menu_items[:] = [item for item in menu_items if not item.name.startswith("whats-new")]


@hooks.register("register_snippet_listing_buttons")
def listing_buttons(snippet: Any, user: Any, next_url: str | None = None) -> Any:
    if isinstance(snippet, Challenge | Site):
        yield from record_buttons(snippet)
    if isinstance(snippet, Question):
        if snippet.set_aside_at:
            yield Button(_("Bring back"), reverse("question_bring_back", args=[snippet.pk]), priority=10, icon_name="undo")
        else:
            yield Button(_("Answer the question"), reverse("question_answer", args=[snippet.pk]), priority=10, icon_name="comment")
            yield Button(_("Set aside"), reverse("question_set_aside", args=[snippet.pk]), priority=20, icon_name="cross")


@hooks.register("register_page_header_buttons")
def withdraw_button(page: Any, user: Any, view_name: str = "", next_url: str | None = None) -> Any:
    """Nobody has Wagtail's right to publish, which its own “Unpublish” asks for."""
    if page.live and view_name == "edit" and not isinstance(page.specific, HomePage) and page.permissions_for_user(user).can_edit():
        yield Button(_("Unpublish"), reverse("page_withdraw", args=[page.pk]), icon_name="download", priority=60)


@hooks.register("before_edit_snippet")
def answer_instead(request: HttpRequest, instance: Any) -> HttpResponse | None:
    """A question is answered, not edited: its answer is told to who asked and recorded."""
    return redirect("question_answer", pk=instance.pk) if isinstance(instance, Question) else None


@hooks.register("before_delete_snippet")
def refuse_deleting_used(request: HttpRequest, instances: Any) -> HttpResponse | None:
    """A used record gets a message, not a server error."""
    for instance in instances:
        if isinstance(instance, Challenge | Site) and instance.first_published_at is not None:
            messages.error(request, _("“%(record)s” has been public and cannot be deleted. Unpublish it instead.") % {"record": instance})
        elif isinstance(instance, Rule) and instance.valid_from <= clock.today():
            messages.error(request, _("“%(record)s” has been in force and stays in the history. Give it a last day of validity instead.") % {"record": instance})
        elif _is_protected(instance):
            messages.error(request, _("“%(record)s” is in use and cannot be deleted.") % {"record": instance})
        else:
            continue
        return redirect(type(instance).snippet_viewset.get_url_name("list"))
    return None


def _is_protected(instance: Any) -> bool:
    try:
        Collector(using="default", origin=instance).collect([instance])
    except (ProtectedError, RestrictedError):
        return True
    return False


@hooks.register("after_create_snippet")
@hooks.register("after_edit_snippet")
def menus_changed(request: HttpRequest, instance: Any) -> None:
    if isinstance(instance, MenuItem):
        cache.delete(KEY)


@hooks.register("after_delete_snippet")
def menus_deleted(request: HttpRequest, instances: Any) -> None:
    if any(isinstance(instance, MenuItem) for instance in instances):
        cache.delete(KEY)


class WaitingQuestions(Component):
    """On the admin's first page: the public questions that nobody has answered yet, oldest first."""

    name = "waiting_questions"
    template_name = "cms/questions_panel.html"
    order = 90

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        questions = list(waiting_questions()[:10])
        count = waiting_questions().count()
        return {"questions": questions, "heading": ngettext("%(count)d question waits for an answer", "%(count)d questions wait for an answer", count) % {"count": count}}


@hooks.register("construct_homepage_panels")
def add_waiting_questions(request: HttpRequest, panels: list[Any]) -> None:
    user: Any = request.user
    if user.has_perm("challenges.answer_question") and waiting_questions().exists():
        panels.append(WaitingQuestions())
