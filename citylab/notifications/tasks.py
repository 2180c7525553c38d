"""Delivery of outgoing mail: a message may go out twice after a crash between sending and committing, never not at all."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from citylab.core import clock

from .classes import registry
from .models import OutgoingMessage

logger = logging.getLogger(__name__)
MAXIMUM_ATTEMPTS = 8
# A message claimed by a worker that died is tried again after this time.
CLAIM = timedelta(minutes=5)


def _claim() -> OutgoingMessage | None:
    moment = clock.now()
    with transaction.atomic():
        message = (
            OutgoingMessage.objects.select_for_update(skip_locked=True)
            .filter(delivery__in=[OutgoingMessage.State.QUEUED, OutgoingMessage.State.SENDING], next_attempt_at__lte=moment)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if message is not None:
            message.delivery = OutgoingMessage.State.SENDING
            message.attempts += 1
            message.next_attempt_at = moment + CLAIM
            message.save(update_fields=["delivery", "attempts", "next_attempt_at"])
    return message


def _send(message: OutgoingMessage) -> None:
    headers = {"Content-Language": message.language, "Auto-Submitted": "auto-generated"}
    if message.unsubscribe:
        headers |= {"List-Unsubscribe": f"<{settings.SITE_URL.rstrip('/')}{message.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(message.subject, message.text, settings.DEFAULT_FROM_EMAIL, [message.address], headers=headers)
    mail.attach_alternative(message.html, "text/html")
    mail.send()


@shared_task
def deliver_due(limit: int = 200) -> int:
    """Send what is due; how many were sent."""
    sent = 0
    for _turn in range(limit):
        message = _claim()
        if message is None:
            break
        try:
            _send(message)
        except (SMTPException, OSError, ValueError) as error:  # ValueError: an address or subject that no mail can carry
            logger.warning("Message %s was not sent: %s", message.pk, error)
            message.error = repr(error)[:2000]
            message.delivery = OutgoingMessage.State.FAILED if message.attempts >= MAXIMUM_ATTEMPTS else OutgoingMessage.State.QUEUED
            message.next_attempt_at = clock.now() + timedelta(minutes=2**message.attempts)
        else:
            sent += 1
            message.delivery = OutgoingMessage.State.SENT
            message.sent_at = clock.now()
            message.error = ""
        kind = registry.get(message.kind)
        if kind and kind.is_secret and message.delivery != OutgoingMessage.State.QUEUED:
            message.text = message.html = ""
        message.save(update_fields=["delivery", "next_attempt_at", "sent_at", "error", "text", "html"])
    return sent
