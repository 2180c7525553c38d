"""Publishing in Wagtail reaches the rest: address history, index, audit, in the transaction of the publication itself."""

from typing import Any

from django.dispatch import receiver
from wagtail.signals import published, unpublished

from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.testbeds.models import Site
from citylab.testbeds.services import site_published, site_unpublished


@receiver(published, sender=Challenge)
def on_challenge_published(instance: Challenge, revision: Any, **kwargs: Any) -> None:
    # Scheduled for later: not live yet, nothing to tell.
    if instance.live:
        challenge_published(challenge_id=instance.pk, actor=revision.user)


@receiver(unpublished, sender=Challenge)
def on_challenge_unpublished(instance: Challenge, **kwargs: Any) -> None:
    challenge_unpublished(challenge_id=instance.pk, actor=None)


@receiver(published, sender=Site)
def on_site_published(instance: Site, revision: Any, **kwargs: Any) -> None:
    if instance.live:
        site_published(site_id=instance.pk, actor=revision.user)


@receiver(unpublished, sender=Site)
def on_site_unpublished(instance: Site, **kwargs: Any) -> None:
    site_unpublished(site_id=instance.pk, actor=None)
