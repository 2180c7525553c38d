from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from wagtail.admin.apps import WagtailAdminAppConfig


class AdminConfig(WagtailAdminAppConfig):
    """Wagtail's admin without its letters, which would go out within the transaction of the publication: ours say the same (cms/tasks.py)."""

    default = False

    def ready(self) -> None:
        super().ready()
        from wagtail import models, signals

        for signal, sender, uid in (
            (signals.task_submitted, models.TaskState, "group_approval_task_submitted_email_notification"),
            (signals.workflow_submitted, models.WorkflowState, "workflow_state_submitted_email_notification"),
            (signals.workflow_rejected, models.WorkflowState, "workflow_state_rejected_email_notification"),
            (signals.workflow_approved, models.WorkflowState, "workflow_state_approved_email_notification"),
        ):
            signal.disconnect(sender=sender, dispatch_uid=uid)


class CmsConfig(AppConfig):
    name = "cms"
    default = True

    def ready(self) -> None:
        from wagtail.models import Page

        from search import documents, site_wide

        from . import signals  # noqa: F401
        from .indexing import page_cards, page_documents

        documents.register("page", Page, page_documents)
        site_wide.register("page", page_cards)
        post_migrate.connect(prepare_after_migrate, sender=self)


def prepare_after_migrate(**kwargs: Any) -> None:
    """A migrated database has its first pages, groups and moderation. Emptying tables (`flush`) sends the same signal, without a plan."""
    if kwargs.get("plan") is not None and kwargs.get("using") == "default":
        from citylab.core import outbox

        from .setup import prepare

        with outbox.without_nudges():  # nothing listens yet; the sweeper finds what these pages tell
            prepare()
