"""Stripe: hosted Checkout Sessions, through its own SDK, which this module alone imports.

A write is sent once: where no answer comes the caller asks for our identifier first. A read may be sent twice.
Our identifier lies in the metadata of the session, of its payment and of each refund: from there Stripe's events give it back.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import stripe
from django.conf import settings

from citylab.core import clock

from . import (
    BadSignature,
    CheckoutFound,
    CheckoutRequest,
    CheckoutStatus,
    DisputeStatus,
    Event,
    PaymentFound,
    RefundFound,
    RefundStatus,
    Refused,
    Unavailable,
    Unintelligible,
)

# Nobody but us needs to know on what machine and how fast this runs.
stripe.enable_telemetry = False

CONNECT_SECONDS = 3.0
# Stripe keeps a session open for a day at most.
LONGEST_OPEN = timedelta(hours=24)
# Its clock and ours may differ by this much where we look for what was made “since”.
CLOCKS_DIFFER_BY = timedelta(minutes=5)
PAGE = 100  # entries of a list in one answer, the most that Stripe gives
CHECKOUT_KEY, REFUND_KEY = "citylab_checkout", "citylab_refund"
PAYMENT_WITH_FEE_AND_REFUNDS = ("payment_intent.latest_charge.balance_transaction", "payment_intent.latest_charge.refunds")

# The events that we want (an endpoint at Stripe subscribes to just these), and what each is about.
EVENTS = {
    "checkout.session.completed": "checkout",
    "checkout.session.async_payment_succeeded": "checkout",
    "checkout.session.async_payment_failed": "checkout",
    "checkout.session.expired": "checkout",
    "charge.updated": "payment",  # the fee is known only now
    "charge.refunded": "payment",
    "refund.created": "refund",
    "refund.updated": "refund",
    "refund.failed": "refund",
    "charge.dispute.created": "dispute",
    "charge.dispute.updated": "dispute",
    "charge.dispute.closed": "dispute",
    "charge.dispute.funds_withdrawn": "dispute",
    "charge.dispute.funds_reinstated": "dispute",
}
REFUNDS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.DONE,
    "failed": RefundStatus.REFUSED,
    "canceled": RefundStatus.REFUSED,
}
# Stripe's words that ours have one for already.
CODES = {"resource_missing": "unknown", "charge_already_refunded": "amount_too_large"}
# An inquiry (“warning_…”) moves no money; what was “prevented” went back to the payer.
DISPUTES = {
    "warning_needs_response": DisputeStatus.NONE,
    "warning_under_review": DisputeStatus.NONE,
    "warning_closed": DisputeStatus.NONE,
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.OPEN,
    "appeal_needs_response": DisputeStatus.OPEN,
    "appeal_under_review": DisputeStatus.OPEN,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "prevented": DisputeStatus.LOST,
}
# One payment may be disputed more than once: what is undecided counts first, then what was lost.
GRAVEST_FIRST = (DisputeStatus.OPEN, DisputeStatus.LOST, DisputeStatus.WON, DisputeStatus.NONE)


@contextmanager
def asking() -> Iterator[None]:
    """Stripe's errors in the words of our interface.

    A key that is wrong or may not do this is a matter of settings, and nothing was done: it counts as no answer, not as a refusal.
    """
    try:
        yield
    except stripe.InvalidRequestError as error:
        # Stripe has no code for a refund of more than is left, only the parameter.
        code = error.code or ("amount_too_large" if error.param == "amount" else "invalid_request")
        raise Refused(CODES.get(code, code), str(error)) from error
    except (stripe.IdempotencyError, stripe.CardError) as error:
        raise Refused(error.code or "idempotency_error", str(error)) from error
    except stripe.StripeError as error:
        raise Unavailable(str(error)) from error


class Stripe:
    code = "stripe"
    refunds = True

    def __init__(self, *, key: str, webhook_secrets: tuple[str, ...], base: str, seconds: float) -> None:
        self.live = "_live_" in key[:8]
        self.live = "_live_" in key
        self._webhook_secrets = webhook_secrets
        client = stripe.StripeClient(
            key,
            base_addresses={"api": base} if base else {},
            http_client=stripe.RequestsClient(timeout=(min(CONNECT_SECONDS, seconds), seconds)),
            max_network_retries=1,
        )
        self._api = client.v1

    def create(self, request: CheckoutRequest) -> CheckoutFound:
        ours = {CHECKOUT_KEY: request.reference}
        parameters: Any = {
            "mode": "payment",
            "client_reference_id": request.reference,
            "metadata": ours,
            "payment_intent_data": {"metadata": ours, "description": "; ".join(item.name for item in request.items)[:500]},
            "line_items": [
                {"quantity": 1, "price_data": {"currency": request.currency.lower(), "unit_amount": item.amount_cents, "product_data": {"name": item.name}}}
                for item in request.items
            ],
            # What is due is due in this currency, wherever the payer's bank is.
            "adaptive_pricing": {"enabled": False},
            "locale": request.language,
            "submit_type": "pay",
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expand": [*PAYMENT_WITH_FEE_AND_REFUNDS],
        }
        if request.email:
            parameters["customer_email"] = request.email
        if request.expires_at is not None:
            parameters["expires_at"] = int(min(request.expires_at, request.created_at + LONGEST_OPEN).timestamp())
        try:
            with asking():
                session = self._api.checkout.sessions.create(parameters, writing(request.account, f"checkout-{request.reference}"))
        except Unavailable as error:
            if kept(getattr(error.__cause__, "headers", None)):
                # Under this key Stripe will only ever repeat its failure.
                raise Refused("failed_before", str(error)) from error
            raise
        if replayed(session):
            return self.fetch(session.id, request.account)  # the answer of then is not how it stands now
        return self._checkout(session.to_dict(), request.account)

    def find(self, reference: str, account: str, *, since: datetime) -> CheckoutFound | None:
        created = {"gte": int((since - CLOCKS_DIFFER_BY).timestamp())}
        return next((found for found in self._sessions({"created": created}, account) if found.reference == reference), None)

    def fetch(self, external_id: str, account: str) -> CheckoutFound:
        with asking():
            session = self._api.checkout.sessions.retrieve(external_id, {"expand": [*PAYMENT_WITH_FEE_AND_REFUNDS]}, reading(account))
            return self._checkout(session.to_dict(), account)

    def fetch_by_payment(self, payment_id: str, account: str) -> CheckoutFound:
        found = next(self._sessions({"payment_intent": payment_id}, account), None)
        if found is None:
            raise Refused("unknown", f"no checkout has the payment {payment_id}")
        return found

    def expire(self, external_id: str, account: str) -> CheckoutFound:
        try:
            with asking():
                # Without a key of ours: what is expired cannot expire again, and a failure must not be kept for a day.
                self._api.checkout.sessions.expire(external_id, {}, writing(account))
        except Refused:
            pass  # not open any more: how it stands says why
        return self.fetch(external_id, account)

    def refund(self, *, payment_id: str, amount_cents: int, reference: str, account: str) -> RefundFound:
        parameters: Any = {"payment_intent": payment_id, "amount": amount_cents, "metadata": {REFUND_KEY: reference}}
        try:
            with asking():
                made = self._api.refunds.create(parameters, writing(account, f"refund-{reference}"))
                if replayed(made):
                    made = self._api.refunds.retrieve(made.id, {}, reading(account))
        except Refused as error:
            if error.code == "charge_disputed":
                # Not a no for good: it is decided with the dispute, of which an event is on its way.
                raise Unavailable(str(error)) from error
            raise
        return refund(made.to_dict())

    def find_refund(self, *, payment_id: str, reference: str, account: str) -> RefundFound | None:
        try:
            return next((found for found in self._refunds({"payment_intent": payment_id}, account) if found.reference == reference), None)
        except Refused as error:
            if error.code == "unknown":
                return None
            raise

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Event:
        signature = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        # The SDK can compare neither of these, and Stripe sends neither.
        if not signature.isascii():
            raise BadSignature("the signature is not of plain characters")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise BadSignature("the body is no text") from None
        if not any(signed(text, signature, secret) for secret in self._webhook_secrets):
            raise BadSignature("no signature of ours, or one that is too old")
        try:
            return event(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise Unintelligible(f"{type(error).__name__}: {error}") from error

    def events(self, first: date, last: date, account: str) -> Iterator[Event]:
        parameters: Any = {"created": days(first, last), "types": [*EVENTS], "limit": PAGE}
        with asking():
            found = [event(entry.to_dict()) for entry in self._api.events.list(parameters, reading(account)).auto_paging_iter()]
        # Stripe gives the newest first.
        yield from reversed(found)

    def checkouts(self, first: date, last: date, account: str) -> Iterator[CheckoutFound]:
        yield from self._sessions({"created": days(first, last)}, account)

    def _sessions(self, wanted: dict[str, Any], account: str) -> Iterator[CheckoutFound]:
        """The payments' sessions, newest first; those that somebody else keeps in the same account have no reference of ours."""
        parameters: Any = {**wanted, "limit": PAGE, "expand": [f"data.{path}" for path in PAYMENT_WITH_FEE_AND_REFUNDS]}
        with asking():
            for session in self._api.checkout.sessions.list(parameters, reading(account)).auto_paging_iter():
                if session.mode == "payment":
                    yield self._checkout(session.to_dict(), account)

    def _refunds(self, wanted: dict[str, Any], account: str) -> Iterator[RefundFound]:
        parameters: Any = {**wanted, "limit": PAGE}
        with asking():
            for entry in self._api.refunds.list(parameters, reading(account)).auto_paging_iter():
                yield refund(entry.to_dict())

    def _checkout(self, session: dict[str, Any], account: str) -> CheckoutFound:
        payment: dict[str, Any] = session["payment_intent"] or {}
        charge: dict[str, Any] = payment.get("latest_charge") or {}
        return CheckoutFound(
            external_id=session["id"],
            reference=(session["metadata"] or {}).get(CHECKOUT_KEY, ""),
            account=account,
            status=status(session, payment),
            amount_cents=session["amount_total"] or 0,
            currency=(session["currency"] or "").upper(),
            url=session["url"] or "",
            payments=(self._payment(charge, payment["id"], account),) if charge.get("status") == "succeeded" else (),
        )

    def _payment(self, charge: dict[str, Any], payment_id: str, account: str) -> PaymentFound:
        booked: dict[str, Any] = charge["balance_transaction"] or {}
        refunds = charge["refunds"]
        return PaymentFound(
            external_id=payment_id,
            amount_cents=charge["amount_captured"],
            received_at=moment(booked.get("created") or charge["created"]),
            fee_cents=booked["fee"] if booked.get("currency") == charge["currency"] else None,
            disputed=self._dispute(charge["id"], account) if charge["disputed"] else DisputeStatus.NONE,
            # The charge itself carries its newest ten.
            refunds=tuple(self._refunds({"charge": charge["id"]}, account) if refunds["has_more"] else map(refund, refunds["data"])),
        )

    def _dispute(self, charge_id: str, account: str) -> DisputeStatus:
        listed = self._api.disputes.list({"charge": charge_id, "limit": PAGE}, reading(account))
        found = {DISPUTES.get(entry.status, DisputeStatus.OPEN) for entry in listed.auto_paging_iter()}
        return next((standing for standing in GRAVEST_FIRST if standing in found), DisputeStatus.NONE)


def reading(account: str) -> stripe.RequestOptions:
    return {"stripe_account": account or None}


def writing(account: str, key: str | None = None) -> stripe.RequestOptions:
    return {"stripe_account": account or None, "idempotency_key": key, "max_network_retries": 0}


def kept(headers: Mapping[str, str] | None) -> bool:
    """Whether Stripe answered with what it had kept under the idempotency key."""
    return (headers or {}).get("Idempotent-Replayed") == "true"


def replayed(answer: stripe.StripeObject) -> bool:
    return answer.last_response is not None and kept(answer.last_response.headers)


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, clock.rome)


def days(first: date, last: date) -> dict[str, int]:
    def midnight(day: date, zone: ZoneInfo = clock.rome) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())

    return {"gte": midnight(first), "lt": midnight(last + timedelta(days=1))}


def status(session: dict[str, Any], payment: dict[str, Any]) -> CheckoutStatus:
    if session["status"] == "expired":
        return CheckoutStatus.EXPIRED
    if session["payment_status"] in ("paid", "no_payment_required") or payment.get("status") == "succeeded":
        return CheckoutStatus.PAID
    if session["status"] == "open":
        return CheckoutStatus.OPEN
    if payment.get("status") in ("requires_payment_method", "canceled"):
        return CheckoutStatus.FAILED
    return CheckoutStatus.PROCESSING


def refund(found: dict[str, Any]) -> RefundFound:
    return RefundFound(
        external_id=found["id"],
        reference=(found["metadata"] or {}).get(REFUND_KEY, ""),
        amount_cents=found["amount"],
        status=REFUNDS[found["status"]],
        reason=found.get("failure_reason") or "",
    )


def signed(text: str, signature: str, secret: str) -> bool:
    try:
        return stripe.WebhookSignature.verify_header(text, signature, secret, tolerance=stripe.Webhook.DEFAULT_TOLERANCE)
    except stripe.SignatureVerificationError:
        return False


def event(values: dict[str, Any]) -> Event:
    """Raises ValueError, KeyError, TypeError or AttributeError for what is no event."""
    if values["object"] != "event":
        raise ValueError(f"“{values['object']}” is no event")
    about = values["data"]["object"]
    kind = EVENTS.get(values["type"], "")
    payment_id = about.get("payment_intent") or ""
    if kind == "payment" and not payment_id:
        kind = ""  # a charge that no checkout made
    return Event(
        external_id=values["id"],
        account=values.get("account") or "",
        kind=values["type"],
        object_kind=kind,
        object_id=payment_id if kind == "payment" else about.get("id") or "",
        live=values["livemode"],
        created_at=moment(values["created"]),
        reference=(about.get("metadata") or {}).get(CHECKOUT_KEY, ""),
        payment_id=payment_id,
    )


@lru_cache(maxsize=8)
def made(key: str, webhook_secrets: tuple[str, ...], base: str, seconds: float) -> Stripe:
    """One client for as long as the settings are the same: it keeps its connections."""
    return Stripe(key=key, webhook_secrets=webhook_secrets, base=base, seconds=seconds)


def from_settings() -> Stripe:
    return made(settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT)
