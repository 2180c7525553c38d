"""Background work of the money room: the sweepers that go on wherever something was left, and what follows the facts of a pilot."""

from typing import Any

from celery import shared_task
from django.utils.translation import gettext as _

from .services import charging, events, paying, refunding


@shared_task
def handle_events() -> int:
    return events.events_handle()


@shared_task
def send_refunds() -> int:
    return refunding.refunds_send()


@shared_task
def tidy_checkouts() -> int:
    return paying.checkouts_tidy()


def handle_terms(key: str, payload: dict[str, Any]) -> None:
    """A pilot was approved, or has other dates: its charges are made, or brought up to them."""
    charging.charges_bring_up(pilot_id=key)


def handle_decided(key: str, payload: dict[str, Any]) -> None:
    """A charge was paid, or is due again: what it could not follow before, it follows now."""
    charging.charge_follow(charge_id=key)


def handle_ended(key: str, payload: dict[str, Any]) -> None:
    """A pilot was withdrawn or revoked: what nobody has paid yet is no longer due."""
    charging.charges_withdraw(pilot_id=key, reason=_("The pilot has ended."))
