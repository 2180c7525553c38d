"""Write a message for a person; delivery follows."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template import Context
from django.template.loader import get_template, select_template
from django.utils.translation import override

from citylab.core import clock, outbox

from .classes import CATEGORIES, Notification
from .models import NotificationPreference, OutgoingMessage


def wants(user: Any, kind: type[Notification]) -> bool:
    """Whether this person gets this kind by mail: always for formal acts, else unless switched off."""
    if kind.mandatory:
        return True
    return not NotificationPreference.objects.filter(user=user, category=kind.category, email=False).exists()


def notify(
    *, kind: type[Notification], user: Any = None, address: str = "", language: str = "", context: dict[str, Any], unsubscribe: str = "", case_kind: str = "",
    case_id: Any = "", dedupe: str,
) -> OutgoingMessage | None:  # fmt: skip
    """Write the message of an occasion, in the reader's language; None when it was told before or is not wanted.

    `dedupe` names the occasion, `unsubscribe` the path that stops such messages by one POST. Call it inside the transaction of the occasion
    (outbox consumers are).
    """
    if user is not None and not wants(user, kind):
        return None
    if OutgoingMessage.objects.filter(dedupe=dedupe).exists():
        return None
    language = language or (user.language if user is not None else settings.LANGUAGE_CODE)
    subject, text, html = rendered(kind, language, {**context, "user": user})
    moment = clock.now()
    try:
        with transaction.atomic():
            message = OutgoingMessage.objects.create(
                user=user, address=address or user.email, kind=kind.code, language=language, subject=subject[:250], text=text, html=html, unsubscribe=unsubscribe, case_kind=case_kind,
                case_id=str(case_id), dedupe=dedupe, next_attempt_at=moment, created_at=moment,
            )  # fmt: skip
    except IntegrityError:  # somebody else told it in this very moment
        return None
    outbox.nudge(_nudge)
    return message


def rendered(kind: type[Notification], language: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject (one line), text and HTML in `language`; `context` holds the reader as `user` (or None)."""
    values = {**context, "language": language, "site_url": settings.SITE_URL.rstrip("/"), "city": settings.CITY}
    with override(language):
        subject = " ".join(_plain(f"{kind.template}_subject.txt", values).split())[:250]
        text = _plain(f"{kind.template}.txt", values).strip() + "\n"
        html = select_template([f"{kind.template}.html", "notifications/plain.html"]).render({**values, "subject": subject, "text": text})
    return subject, text, html


def _plain(template: str, values: dict[str, Any]) -> str:
    # A text is not HTML: "R&D" must arrive as "R&D".
    return get_template(template).template.render(Context(values, autoescape=False))  # type: ignore[attr-defined]


def _nudge() -> None:
    from .tasks import deliver_due

    deliver_due.apply_async(retry=False)


def preferences_save(*, user: Any, wanted: set[str]) -> None:
    """Keep which categories this person wants by mail; formal acts cannot be switched off."""
    with transaction.atomic():
        for category in CATEGORIES:
            if category != "formal":
                NotificationPreference.objects.update_or_create(user=user, category=category, defaults={"email": category in wanted})
