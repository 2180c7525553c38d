"""What we send to Stripe, and what our own Stripe answers, held against what Stripe itself publishes."""

import re
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import date

import pytest
import stripe as sdk

from citylab.core import clock
from citylab.payments.providers import CheckoutStatus, Provider, provider
from citylab.payments.providers.stripe import Stripe
from tests.services import need

from .asking import checkout_request

KINDS = {
    "POST /v1/checkout/sessions", "GET /v1/checkout/sessions", "GET /v1/checkout/sessions/ID", "POST /v1/checkout/sessions/ID/expire",
    "POST /v1/refunds", "GET /v1/refunds", "GET /v1/refunds/ID", "GET /v1/disputes", "GET /v1/events",
}  # fmt: skip
CLASSES = {
    "checkout.session": sdk.checkout.Session, "payment_intent": sdk.PaymentIntent, "charge": sdk.Charge, "refund": sdk.Refund, "dispute": sdk.Dispute,
    "event": sdk.Event, "balance_transaction": sdk.BalanceTransaction,
}  # fmt: skip


@pytest.fixture
def published():
    return need("stripe-mock")


@pytest.fixture
def whole_life(stripe_fake):
    """Everything that the adapter can ask, asked once in every form; what was sent."""
    stripe, now, day = provider("stripe"), clock.now(), date(2027, 3, 1)
    used = set()

    def ask(name, *arguments, **named):
        used.add(name)
        return getattr(stripe, name)(*arguments, **named)

    for account in ("", "acct_1Partner"):
        request = checkout_request(reference=f"CK-1{account}", account=account)
        opened = ask("create", request)
        stripe_fake.pay(opened.external_id)
        ask("create", request)
        ask("create", checkout_request(reference=f"CK-2{account}", account=account, email="", expires_at=None, language="en"))
        payment_id = ask("fetch", opened.external_id, account).payments[0].external_id
        ask("fetch_by_payment", payment_id, account)
        ask("find", "CK-none", account, since=now)
        for _ in range(2):
            ask("refund", payment_id=payment_id, amount_cents=100, reference="RF-1", account=account)
        for _ in range(11):
            stripe_fake.refund_by_hand(opened.external_id, 1)
        ask("find_refund", payment_id=payment_id, reference="RF-1", account=account)
        stripe_fake.open_dispute(opened.external_id)
        ask("fetch", opened.external_id, account)
        ask("expire", opened.external_id, account)
        list(ask("checkouts", day, day, account))
        list(ask("events", day, day, account))
    assert used == {name for name in vars(Provider) if not name.startswith("_")} - {"parse"}, "a question of the interface is not asked here"
    return list(stripe_fake.requests)


def kind(request):
    return f"{request.method} " + re.sub(r"/[a-z]+_[^/]+", "/ID", request.path)


def send(address, request):
    """The status of Stripe's own server, and what it says."""
    asked = urllib.request.Request(f"{address}{request.path}" + (f"?{request.raw}" if request.method == "GET" and request.raw else ""), method=request.method)
    asked.add_header("Authorization", f"Bearer {request.key}")
    if request.method == "POST":
        asked.data = request.raw.encode()
        asked.add_header("Content-Type", "application/x-www-form-urlencoded")
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_every_kind_of_request_is_one_that_stripe_publishes(published, whole_life):
    assert {kind(request) for request in whole_life} == KINDS
    refused = {(kind(request), said[:300]) for request in whole_life for status, said in [send(published, request)] if status != 200}
    assert refused == set()


def test_a_parameter_that_stripe_does_not_know_would_fail_this_check(published, whole_life):
    for wanted in KINDS:
        request = next(request for request in whole_life if kind(request) == wanted)
        status, said = send(published, replace(request, raw="&".join(filter(None, [request.raw, "colour=red"]))))
        assert (wanted, status) == (wanted, 400), said[:300]
        assert "additional properties are not allowed" in said or "colour" in said


def test_the_adapter_reads_what_stripe_itself_answers(published):
    stripe = Stripe(key="sk_test_123", webhook_secrets=(), base=published, seconds=10)
    found = stripe.fetch("cs_test_1", "")
    assert (found.external_id, found.reference, found.status) == ("cs_test_1", "", CheckoutStatus.OPEN)
    assert stripe.create(checkout_request(reference="CK-1")).account == ""
    assert stripe.refund(payment_id="pi_1", amount_cents=100, reference="RF-1", account="").external_id.startswith("re_")
    assert stripe.find("CK-1", "", since=clock.now()) is None
    assert stripe.find_refund(payment_id="pi_1", reference="RF-1", account="") is None
    assert all(event.external_id.startswith("evt_") for event in stripe.events(date(2027, 3, 1), date(2027, 3, 1), ""))
    assert len(list(stripe.checkouts(date(2027, 3, 1), date(2027, 3, 1), ""))) == 1


def test_our_own_stripe_answers_in_fields_that_the_sdk_knows(stripe_fake, whole_life):
    things = {name: stripe_fake.all(name) for name in CLASSES}
    assert all(things.values()), "one kind was never made"
    known = {name: {field for above in described.__mro__ for field in vars(above).get("__annotations__", {})} for name, described in CLASSES.items()}
    assert {(name, field) for name, made in things.items() for thing in made for field in thing if field not in known[name]} == set()
