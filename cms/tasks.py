"""Scheduled publishing and expiry. Wagtail's command stops at the first record that fails; ours goes on and reports."""

import logging
from typing import Any

from celery import shared_task
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from wagtail.models import DraftStateMixin, Revision

from citylab.core import clock
from citylab.core.errors import DomainError

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
