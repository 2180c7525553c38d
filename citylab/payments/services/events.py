"""What providers tell us: stored once, answered at once, and acted on afterwards by looking at the object itself."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from citylab.core import clock, outbox

from .. import providers
from ..models import Checkout, Payment, ProviderEvent
from .settling import settle

Outcome = ProviderEvent.Outcome
LONGEST_WAIT = timedelta(hours=1)


def event_receive(code: str, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
    """Store an event; None where it was stored before. Raises providers.BadSignature, providers.Unintelligible: then nothing is stored."""
    return event_store(code, providers.provider(code).parse(body, headers))


def event_store(code: str, event: providers.Event) -> ProviderEvent | None:
    """Store an event that is known to come from the provider, and wake the worker after the commit; None where it was stored before."""
    try:
        with transaction.atomic():
            stored = ProviderEvent.objects.create(
                provider=code, account=event.account, external_id=event.external_id, kind=event.kind[:80], object_kind=event.object_kind, object_id=event.object_id, reference=event.reference,
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
    except providers.Unavailable as error:
        wait = min(timedelta(seconds=5) * 2 ** min(event.attempts, 12), LONGEST_WAIT)
        ProviderEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1, next_attempt_at=clock.now() + wait, error=str(error)[:500])
        return
    ProviderEvent.objects.filter(pk=event.pk, handled_at__isnull=True).update(handled_at=clock.now(), outcome=outcome, error="")


def _acted(event: ProviderEvent) -> str:
    provider = providers.provider(event.provider)
    if event.live != provider.live:
        return Outcome.WRONG_MODE
    if not event.object_kind:
        return Outcome.UNKNOWN_KIND
    checkout = _checkout(event)
    if checkout is None:
        return Outcome.UNKNOWN_OBJECT
    try:
        found = provider.fetch_by_payment(event.payment_id, event.account) if event.object_kind != "checkout" and event.payment_id else provider.fetch(_its_id(checkout, event), event.account)
    except providers.Refused:
        return Outcome.UNKNOWN_OBJECT
    settle(checkout.pk, found)
    return Outcome.ACTED


def _its_id(checkout: Checkout, event: ProviderEvent) -> str:
    """The webhook may be faster than our own record of the provider's answer: then the event knows the identifier."""
    return checkout.external_id or event.object_id


def _checkout(event: ProviderEvent) -> Checkout | None:
    """The checkout that an event is about: by its identifier at the provider, by our own, or by its payment."""
    ours = Checkout.objects.filter(provider=event.provider, account=event.account)
    if event.object_kind == "checkout":
        found = ours.filter(external_id=event.object_id).first()
        if found:
            return found
    if event.payment_id:
        payment = Payment.objects.filter(provider=event.provider, account=event.account, external_id=event.payment_id).select_related("checkout").first()
        if payment:
            return payment.checkout
    return ours.filter(pk=event.reference).first() if providers.is_reference(event.reference) else None


def _nudge() -> None:
    from ..tasks import handle_events

    handle_events.apply_async(retry=False)
