from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CmsConfig(AppConfig):
    name = "cms"

    def ready(self) -> None:
        from . import signals  # noqa: F401

        post_migrate.connect(prepare_after_migrate, sender=self)


def prepare_after_migrate(**kwargs: Any) -> None:
    """A migrated database has its first pages, groups and moderation. Emptying tables (`flush`) sends the same signal, without a plan."""
    if kwargs.get("plan") is not None and kwargs.get("using") == "default":
        from .setup import prepare

        prepare()
