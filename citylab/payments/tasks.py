"""Background work of the money room: the sweepers that go on wherever something was left, and what follows the facts of a pilot."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils.translation import gettext as _

from citylab.core import clock

from . import news, reconciling
from .services import charging, events, paying, refunding

logger = logging.getLogger(__name__)


@shared_task
def handle_events() -> int:
    return events.events_handle()


@shared_task
def send_refunds() -> int:
    return refunding.refunds_send()


@shared_task
def tidy_checkouts() -> int:
    return paying.checkouts_tidy()


@shared_task
def send_reminders() -> int:
    return news.reminders_send()


@shared_task
def reconcile() -> int:
    """Every night: compare the days before with the providers, repair what is safe, and log what is left; how many differences remain.

    Up to yesterday: of today something may still be on its way.
    """
    first, last = reconciling.period(clock.today() - timedelta(days=1))
    left = list(reconciling.reconcile(first=first, last=last, repair=True).differences.filter(is_repaired=False))
    for difference in left:
        logger.error("reconcile: %s", difference)
    return len(left)


def handle_terms(key: str, payload: dict[str, Any]) -> None:
    """A pilot was approved, or has other dates: its charges are made, or brought up to them."""
    charging.charges_bring_up(pilot_id=key)


def handle_decided(key: str, payload: dict[str, Any]) -> None:
    """A charge was paid, or is due again: what it could not follow before, it follows now."""
    charging.charge_follow(charge_id=key)


def handle_ended(key: str, payload: dict[str, Any]) -> None:
    """A pilot was withdrawn or revoked: what nobody has paid yet is no longer due."""
    charging.charges_withdraw(pilot_id=key, reason=_("The pilot has ended."))
