"""Publishing in Wagtail reaches the rest: address history, index, audit, in the transaction of the publication itself.
And its admin speaks the language that a person chose for the whole product."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from wagtail.log_actions import get_active_log_context
from wagtail.models import TaskState
from wagtail.signals import published, task_submitted, unpublished
from wagtail.users.models import UserProfile

from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import outbox
from citylab.testbeds.models import Site
from citylab.testbeds.services import site_published, site_unpublished


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


@receiver(task_submitted, sender=TaskState)
def on_submitted_for_review(instance: TaskState, **kwargs: Any) -> None:
    with transaction.atomic():
        outbox.publish("text.submitted_for_review", instance.pk)


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
