"""Delivery of outgoing mail: a message may go out twice after a crash between sending and committing, never not at all."""

import logging
from datetime import timedelta
from smtplib import SMTPAuthenticationError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from citylab.core import clock

from .classes import registry
from .models import OutgoingMessage
from .selectors import failed_messages

logger = logging.getLogger(__name__)
MAXIMUM_ATTEMPTS = 8  # for a message that the server refuses
LONGEST_WAIT = timedelta(hours=1)
PATIENCE = timedelta(days=5)  # with a server that is away or says "later" (RFC 5321, 4.5.4.1)
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


def _refused(error: Exception) -> bool:
    """Whether the server refused this message for good: any other trouble may be over in an hour."""
    match error:
        case SMTPRecipientsRefused():
            return any(code >= 500 for code, _said in error.recipients.values())
        case SMTPAuthenticationError():
            return False  # ours to put right, and nothing to do with the message
        case SMTPResponseException():
            return error.smtp_code >= 500
        case SMTPException() | OSError():
            return False
    return True  # an address or subject that no mail can carry


def _postpone(message: OutgoingMessage, error: Exception) -> None:
    moment = clock.now()
    logger.warning("Message %s was not sent: %s", message.pk, error)
    message.error = repr(error)[:2000]
    gives_up = message.attempts >= MAXIMUM_ATTEMPTS if _refused(error) else moment >= message.created_at + PATIENCE
    if gives_up:
        logger.error("Message %s was given up after %d attempts", message.pk, message.attempts)
    message.delivery = OutgoingMessage.State.FAILED if gives_up else OutgoingMessage.State.QUEUED
    message.next_attempt_at = moment + min(timedelta(minutes=2 ** min(message.attempts, 10)), LONGEST_WAIT)


def retry_failed() -> int:
    """Try what was given up lately once more, with attempts anew; how many were not sent. A secret's text is gone, so it is left."""
    given_up = list(failed_messages().exclude(text="").values_list("pk", flat=True))
    moment = clock.now()
    OutgoingMessage.objects.filter(pk__in=given_up).update(delivery=OutgoingMessage.State.QUEUED, attempts=0, next_attempt_at=moment)
    deliver_due(limit=len(given_up))
    return OutgoingMessage.objects.filter(pk__in=given_up).exclude(delivery=OutgoingMessage.State.SENT).count()


@shared_task
def deliver_due(limit: int = 200) -> int:
    """Send what is due; how many were sent. A server that does not answer is not asked for the others: they stay due."""
    sent = 0
    for _turn in range(limit):
        message = _claim()
        if message is None:
            break
        away = False
        try:
            _send(message)
        except (SMTPException, OSError, ValueError) as error:
            _postpone(message, error)
            away = isinstance(error, OSError) and not isinstance(error, SMTPException)
        else:
            sent += 1
            message.delivery = OutgoingMessage.State.SENT
            message.sent_at = clock.now()
            message.error = ""
        kind = registry.get(message.kind)
        if kind and kind.is_secret and message.delivery != OutgoingMessage.State.QUEUED:
            message.text = message.html = ""
        message.save(update_fields=["delivery", "next_attempt_at", "sent_at", "error", "text", "html"])
        if away:
            break
    return sent
