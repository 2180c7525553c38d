"""Scheduled publishing and expiry (Wagtail's command stops at the first record that fails; ours goes on and reports), and the call to review."""

import logging
from typing import Any

from celery import shared_task
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import DraftStateMixin, Revision, TaskState

from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.notifications.services import notify

from .notifications import TextAwaitsReview, TextReviewed

logger = logging.getLogger(__name__)
FAULTS = (DomainError, ValidationError, DatabaseError)


def _attempt(what: str, record: Any, act: Any) -> bool:
    try:
        act()
    except FAULTS:
        logger.exception("Scheduled %s of %s failed; the others go on", what, record)
        return False
    return True


@shared_task
def publish_scheduled_records() -> dict[str, int]:
    """Publish what is due and take down what has expired; counts of both and of what failed."""
    moment = clock.now()
    counts = {"published": 0, "expired": 0, "failed": 0}
    for model in apps.get_models():
        if not issubclass(model, DraftStateMixin):
            continue
        for record in model._default_manager.filter(live=True, expire_at__lt=moment):
            done = _attempt("expiry", record, lambda record=record: record.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled"))
            counts["expired" if done else "failed"] += 1
    for revision in Revision.objects.filter(approved_go_live_at__lt=moment).order_by("approved_go_live_at"):
        done = _attempt("publication", revision, lambda revision=revision: revision.publish(log_action="wagtail.publish.scheduled"))
        counts["published" if done else "failed"] += 1
    return counts


def handle_submitted_for_review(key: str, payload: dict[str, Any]) -> None:
    """Tell everyone who may approve the text, and only them: never its author. Nothing is told of a text that was taken back meanwhile."""
    state = TaskState.objects.select_related("workflow_state__requested_by", "task").filter(pk=key, status=TaskState.STATUS_IN_PROGRESS).first()
    if state is None:
        return
    task, record = state.task.specific, state.workflow_state.content_object
    text = record.get_latest_revision_as_object()
    for person in get_user_model().objects.filter(is_active=True, groups__in=task.groups.all()).distinct().order_by("pk"):
        if "approve" in [name for name, _label, _modal in task.get_actions(record, person)]:
            notify(
                kind=TextAwaitsReview, user=person, dedupe=f"review:{state.pk}:{person.pk}",
                context={"text": text, "author": state.workflow_state.requested_by, "address": AdminURLFinder(person).get_edit_url(record)},
            )  # fmt: skip


def handle_reviewed(key: str, payload: dict[str, Any]) -> None:
    """Tell whoever asked for the review how it ended."""
    state = TaskState.objects.select_related("workflow_state__requested_by", "finished_by").filter(pk=key).first()
    record = state and state.workflow_state.content_object
    author = state and state.workflow_state.requested_by
    if not record or not author or not author.is_active or author == state.finished_by:
        return
    notify(
        kind=TextReviewed, user=author, dedupe=f"reviewed:{state.pk}:{payload['topic']}",
        context={
            "text": record.get_latest_revision_as_object(), "approved": payload["topic"] == "text.approved", "reviewer": state.finished_by,
            "comment": state.specific.get_comment(), "address": AdminURLFinder(author).get_edit_url(record),
        },
    )  # fmt: skip
