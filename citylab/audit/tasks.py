"""Background work of the audit trail."""

from datetime import timedelta

from celery import shared_task

from citylab.core import clock

from . import services


@shared_task
def seal_day() -> str:
    """Seal yesterday; runs shortly after midnight in Rome."""
    return str(services.seal_day(clock.today() - timedelta(days=1)))
