"""Background work of the search room. The outbox nudges it; whatever was missed is swept up."""

import logging

from celery import shared_task
from django.conf import settings

from .engines import Refused, Unavailable
from .leases import Busy

logger = logging.getLogger(__name__)


def nudge() -> None:
    """Wake a worker for what waits."""
    write_waiting.apply_async(retry=False)


@shared_task
def write_waiting() -> int:
    """Write what waits to Elasticsearch, where the installation has one; then bring affinities up to date, where any waits for that."""
    from . import waiting
    from .writing import write

    written = write() if settings.ELASTICSEARCH_URL else 0
    if waiting.is_due(waiting.Work.AFFINITIES):
        refresh_affinities.apply_async(retry=False)
    return written


@shared_task
def refresh_affinities() -> int:
    """Rank anew whatever waits for it."""
    from .affinities import refresh_waiting

    return refresh_waiting()


@shared_task
def refresh_all_affinities() -> int:
    """Every night: the places that each received proposal is near to."""
    from .affinities import refresh_all

    return refresh_all()


@shared_task
def check() -> int:
    """Every night: compare the indices with the records, mend them, and log what was found; how many findings there were."""
    from .checking import check as compare
    from .rebuilding import Failed

    try:
        findings = list(compare(repair=True))
    except (Busy, Failed, Refused, Unavailable) as error:
        logger.error("The search indices were not checked to the end: %s", error)
        return 0
    for finding in findings:
        logger.warning("search_check: %s", finding)
    return len(findings)
