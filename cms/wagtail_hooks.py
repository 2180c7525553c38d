"""What the editors' room adds to Wagtail's admin."""

from typing import Any

from django.core.cache import cache
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.widgets.button import Button
from wagtail.snippets.models import register_snippet

from citylab.challenges.models import Challenge, Question
from citylab.testbeds.models import Site

from . import views
from .context_processors import KEY
from .models import MenuItem
from .viewsets import ChallengeViewSet, MenuItemViewSet, QuestionViewSet, SiteViewSet, TaxonomyGroup

register_snippet(ChallengeViewSet)
register_snippet(SiteViewSet)
register_snippet(QuestionViewSet)
register_snippet(TaxonomyGroup)
register_snippet(MenuItemViewSet)


@hooks.register("register_admin_urls")
def admin_urls() -> list[Any]:
    return [
        path("challenges/<int:pk>/extend/", views.extend_deadline, name="challenge_extend"),
        path("challenges/<int:pk>/close/", views.close_challenge, name="challenge_close"),
        path("questions/<int:pk>/answer/", views.answer_question, name="question_answer"),
    ]


@hooks.register("register_snippet_listing_buttons")
def listing_buttons(snippet: Any, user: Any, next_url: str | None = None) -> Any:
    if isinstance(snippet, Challenge) and snippet.live:
        if snippet.effective_closes_at:
            yield Button(_("Extend the deadline"), reverse("challenge_extend", args=[snippet.pk]), priority=60, icon_name="time")
        yield Button(_("Close"), reverse("challenge_close", args=[snippet.pk]), priority=70, icon_name="lock")
    if isinstance(snippet, Question):
        yield Button(_("Answer"), reverse("question_answer", args=[snippet.pk]), priority=10, icon_name="comment")


@hooks.register("before_edit_snippet")
def answer_instead(request: HttpRequest, instance: Any) -> HttpResponse | None:
    """A question is answered, not edited: its answer is told to who asked and recorded."""
    return redirect("question_answer", pk=instance.pk) if isinstance(instance, Question) else None


@hooks.register("before_delete_snippet")
def refuse_deleting_used(request: HttpRequest, instances: Any) -> HttpResponse | None:
    """A used record gets a message, not a server error."""
    for instance in instances:
        used = isinstance(instance, Challenge | Site) and instance.first_published_at is not None
        if not used:
            try:
                used = bool(_protected(instance))
            except ProtectedError:
                used = True
        if used:
            messages.error(request, _("“%(record)s” is in use, or was public, and cannot be deleted. Unpublish it instead.") % {"record": instance})
            return redirect(request.META.get("HTTP_REFERER") or reverse("wagtailadmin_home"))
    return None


def _protected(instance: Any) -> bool:
    from django.db.models.deletion import Collector, RestrictedError

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
