"""What providers tell us: stored once, answered at once, and acted on afterwards by looking at the object itself."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from citylab.core import clock, outbox

from .. import providers
from ..models import Checkout, ProviderEvent
from .settling import settle

logger = logging.getLogger(__name__)
Outcome = ProviderEvent.Outcome
LONGEST_WAIT = timedelta(hours=1)


def event_receive(code: str, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
    """Store an event; None where it was stored before. Raises providers.BadSignature, providers.Unintelligible: then nothing is stored."""
    return event_store(code, providers.provider(code).parse(body, headers))


def event_store(code: str, event: providers.Event) -> ProviderEvent | None:
    """Store an event that is known to come from the provider, and wake the worker after the commit; None where it was stored before."""
    reference = event.reference if providers.is_reference(event.reference) else ""
    try:
        with transaction.atomic():
            stored = ProviderEvent.objects.create(
                provider=code, account=event.account, external_id=event.external_id, kind=event.kind[:80], object_kind=event.object_kind, object_id=event.object_id, reference=reference,
                payment_id=event.payment_id, live=event.live, created_at=event.created_at, received_at=clock.now(),
            )  # fmt: skip
            outbox.nudge(_nudge)
    except IntegrityError:
        return None
    return stored


def events_handle() -> int:
    """Act on every stored event that is due, oldest first; gives how many were looked at. One that fails is tried again later and stops no other."""
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=clock.now())
    waiting = list(ProviderEvent.objects.filter(due, handled_at__isnull=True).order_by("pk"))
    for event in waiting:
        event_handle(event)
    return len(waiting)


def event_handle(event: ProviderEvent) -> None:
    """Fetch what the event is about and bring our records in step with it."""
    try:
        outcome = _acted(event)
    except Exception as error:  # whatever it was is recorded and tried again: no event may be lost, and none stops another
        if not isinstance(error, providers.Unavailable):
            logger.exception("event %s of %s", event.external_id, event.provider)
        wait = min(timedelta(seconds=5) * 2 ** min(event.attempts, 12), LONGEST_WAIT)
        ProviderEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1, next_attempt_at=clock.now() + wait, error=f"{type(error).__name__}: {error}"[:500])
        return
    ProviderEvent.objects.filter(pk=event.pk, handled_at__isnull=True).update(handled_at=clock.now(), outcome=outcome, error="")


def _acted(event: ProviderEvent) -> str:
    provider = providers.provider(event.provider)
    if event.live != provider.live:
        return Outcome.WRONG_MODE
    if not event.object_kind:
        return Outcome.UNKNOWN_KIND
    try:
        found = _found(provider, event)
    except providers.Refused as error:
        if error.code != "unknown":
            raise
        found = None
    if found is None or not providers.is_reference(found.reference):
        return Outcome.UNKNOWN_OBJECT
    checkout = Checkout.objects.filter(provider=event.provider, account=event.account, pk=found.reference).first()
    if checkout is None:
        return Outcome.UNKNOWN_OBJECT
    settle(checkout.pk, found)
    return Outcome.ACTED


def _found(provider: providers.Provider, event: ProviderEvent) -> providers.CheckoutFound | None:
    """What the event is about, as the provider has it now. The provider itself says whose it is: a dispute may come before we know its payment,
    and anything before we have written the provider's first answer. None for another shop's checkout in the same account."""
    if event.object_kind != "checkout":
        return provider.fetch_by_payment(event.payment_id, event.account) if event.payment_id else None
    if not event.reference and not Checkout.objects.filter(provider=event.provider, account=event.account, external_id=event.object_id).exists():
        return None
    return provider.fetch(event.object_id, event.account)


def _nudge() -> None:
    from ..tasks import handle_events

    handle_events.apply_async(retry=False)
