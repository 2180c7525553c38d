"""Publishing in Wagtail reaches the rest: address history, index, audit, in the transaction of the publication itself.
And its admin speaks the language that a person chose for the whole product."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.log_actions import get_active_log_context
from wagtail.models import Page, PageViewRestriction, TaskState, WorkflowState
from wagtail.signals import post_page_move, published, task_submitted, unpublished, workflow_approved, workflow_rejected
from wagtail.users.models import UserProfile

from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import outbox
from citylab.taxonomy.models import Programme
from citylab.testbeds.models import Site
from citylab.testbeds.services import site_published, site_unpublished

from .indexing import INTRODUCTIONS, changed_below


def _acting() -> Any:
    """Who is at the keyboard: whoever approved or withdrew, not whoever wrote; nobody for the scheduler."""
    return get_active_log_context().user


@receiver(published, sender=Challenge)
def on_challenge_published(instance: Challenge, **kwargs: Any) -> None:
    # Scheduled for later: not live yet, nothing to tell.
    if instance.live:
        challenge_published(challenge_id=instance.pk, actor=_acting())


@receiver(unpublished, sender=Challenge)
def on_challenge_unpublished(instance: Challenge, **kwargs: Any) -> None:
    challenge_unpublished(challenge_id=instance.pk, actor=_acting())


@receiver(published, sender=Site)
def on_site_published(instance: Site, **kwargs: Any) -> None:
    if instance.live:
        site_published(site_id=instance.pk, actor=_acting())


@receiver(unpublished, sender=Site)
def on_site_unpublished(instance: Site, **kwargs: Any) -> None:
    site_unpublished(site_id=instance.pk, actor=_acting())


def on_page_saved(instance: Page, update_fields: Any = None, **kwargs: Any) -> None:
    """Wagtail saves a page in a transaction and tells that it is published after it; this is told within. Keeping a draft saves only some columns."""
    if update_fields is None or "live" in update_fields:
        outbox.publish("page.published" if instance.live else "page.unpublished", instance.pk)


for _page in (Page, *INTRODUCTIONS):
    post_save.connect(on_page_saved, sender=_page)


@receiver(post_delete, sender=Page)
def on_page_deleted(instance: Page, **kwargs: Any) -> None:
    outbox.publish("page.unpublished", instance.pk)


@receiver(post_page_move)
def on_page_moved(instance: Page, **kwargs: Any) -> None:
    changed_below(instance)


@receiver(post_save, sender=PageViewRestriction)
@receiver(post_delete, sender=PageViewRestriction)
def on_page_restricted(instance: PageViewRestriction, **kwargs: Any) -> None:
    page = Page.objects.filter(pk=instance.page_id).first()
    if page:  # with a page that is deleted go its restrictions
        changed_below(page)


@receiver(post_delete, sender=Programme)
def on_programme_deleted(instance: Programme, **kwargs: Any) -> None:
    outbox.publish("programme.content_changed", instance.pk)


@receiver(task_submitted, sender=TaskState)
def on_submitted_for_review(instance: TaskState, **kwargs: Any) -> None:
    with transaction.atomic():
        outbox.publish("text.submitted_for_review", instance.pk)


@receiver(workflow_approved, sender=WorkflowState)
@receiver(workflow_rejected, sender=WorkflowState)
def on_reviewed(instance: WorkflowState, **kwargs: Any) -> None:
    with transaction.atomic():
        outbox.publish("text.approved" if instance.status == WorkflowState.STATUS_APPROVED else "text.sent_back", instance.current_task_state_id)


@receiver(user_logged_in)
def on_signed_in(user: Any, **kwargs: Any) -> None:
    if user.has_perm("wagtailadmin.access_admin"):
        UserProfile.objects.update_or_create(user=user, defaults={"preferred_language": user.language})


@receiver(post_save, sender=get_user_model())
def on_person_saved(instance: Any, created: bool, update_fields: Any = None, **kwargs: Any) -> None:
    if not created and (update_fields is None or "language" in update_fields):
        UserProfile.objects.filter(user=instance).exclude(preferred_language=instance.language).update(preferred_language=instance.language)


@receiver(post_save, sender=UserProfile)
def on_profile_saved(instance: UserProfile, **kwargs: Any) -> None:
    """Chosen in Wagtail's own account page: it holds for the rest as well."""
    if instance.preferred_language:
        get_user_model().objects.filter(pk=instance.user_id).update(language=instance.preferred_language)
