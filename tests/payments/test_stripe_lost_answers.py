"""Every way an answer of Stripe can be lost, and what the next question finds: never a second checkout, never a second refund."""

from dataclasses import replace
from datetime import date

import pytest

from citylab.core import clock
from citylab.payments.providers import CheckoutStatus, RefundStatus, Refused, Unavailable
from citylab.payments.providers.stripe import Stripe, made

from .asking import checkout_request, paid


def impatient(fake, seconds=0.3):
    """The same adapter, with less time for an answer than a person has."""
    return made(fake.secret_key, (fake.webhook_secret,), fake.base, seconds)


@pytest.mark.parametrize("how", ["cut", "hang"])
def test_an_answer_lost_after_the_checkout_was_made_makes_no_second_one(stripe, stripe_fake, how):
    patient, request = stripe, checkout_request(reference="CK-1")
    stripe_fake.line.fail_next(how, acted=True)
    with pytest.raises(Unavailable):
        impatient(stripe_fake).create(request)
    found = patient.find("CK-1", "", since=request.created_at)
    assert (found.reference, found.status) == ("CK-1", CheckoutStatus.OPEN)
    assert patient.create(request) == found
    assert len(stripe_fake.all("checkout.session")) == 1


@pytest.mark.parametrize("how", ["cut", "hang", "503", "429"])
def test_a_request_that_never_arrived_leaves_nothing_and_may_be_repeated(stripe, stripe_fake, how):
    request = checkout_request(reference="CK-1")
    stripe_fake.line.fail_next(how)
    with pytest.raises(Unavailable):
        impatient(stripe_fake).create(request)
    stripe_fake.line.release()
    assert stripe.find("CK-1", "", since=request.created_at) is None
    assert stripe.create(request).status == CheckoutStatus.OPEN
    assert len(stripe_fake.all("checkout.session")) == 1


@pytest.mark.parametrize("how", ["cut", "hang", "500"])
def test_an_answer_lost_after_the_money_went_back_makes_no_second_refund(stripe, stripe_fake, how):
    payment_id = paid(stripe, stripe_fake).payments[0].external_id
    wanted = {"payment_id": payment_id, "amount_cents": 5600, "reference": "RF-1", "account": ""}
    stripe_fake.line.fail_next(how, acted=True, only="POST /v1/refunds")
    with pytest.raises(Unavailable):
        impatient(stripe_fake).refund(**wanted)
    found = stripe.find_refund(payment_id=payment_id, reference="RF-1", account="")
    assert (found.amount_cents, found.status) == (5600, RefundStatus.DONE)
    if how == "500":  # Stripe repeats its failure under this key for a day: nothing but asking for our identifier tells
        with pytest.raises(Unavailable):
            stripe.refund(**wanted)
    else:
        assert stripe.refund(**wanted) == found
    assert len(stripe_fake.all("refund")) == 1


def test_a_failure_that_stripe_keeps_under_the_key_is_told_apart_so_that_a_new_checkout_can_be_tried(stripe, stripe_fake):
    request = checkout_request(reference="CK-1")
    stripe_fake.line.fail_next("500")
    with pytest.raises(Unavailable):
        stripe.create(request)
    with pytest.raises(Refused) as refused:
        stripe.create(request)
    assert refused.value.code == "failed_before"
    assert stripe.create(replace(request, reference="CK-2")).status == CheckoutStatus.OPEN


@pytest.mark.parametrize("acted", [False, True])
def test_closing_after_a_failure_is_simply_done_again(stripe, stripe_fake, acted):
    opened = stripe.create(checkout_request())
    stripe_fake.line.fail_next("500", acted=acted, only="POST")
    with pytest.raises(Unavailable):
        stripe.expire(opened.external_id, "")
    assert stripe.expire(opened.external_id, "").status == CheckoutStatus.EXPIRED


def test_a_write_is_sent_once_and_a_read_twice(stripe, stripe_fake):
    opened = stripe.create(checkout_request())
    stripe_fake.requests.clear()
    stripe_fake.line.fail_next("503", 2)
    with pytest.raises(Unavailable):
        stripe.create(checkout_request(reference="CK-2"))
    assert stripe.fetch(opened.external_id, "") == opened
    assert [asked.method for asked in stripe_fake.requests] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("how", ["503", "429", "hang", "cut"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.fetch("cs_test_1", ""),
        lambda s: s.fetch_by_payment("pi_1", ""),
        lambda s: s.find("CK-1", "", since=clock.now()),
        lambda s: s.find_refund(payment_id="pi_1", reference="RF-1", account=""),
        lambda s: s.expire("cs_test_1", ""),
        lambda s: list(s.events(date(2027, 1, 1), date(2027, 1, 2), "")),
        lambda s: list(s.checkouts(date(2027, 1, 1), date(2027, 1, 2), "")),
    ],
    ids=["fetch", "fetch_by_payment", "find", "find_refund", "expire", "events", "checkouts"],
)
def test_no_answer_is_unavailable_whatever_was_asked(stripe_fake, how, ask, monkeypatch):
    monkeypatch.setattr("stripe.HTTPClient._sleep_time_seconds", lambda self, retries: 0.0)
    stripe_fake.line.fail_next(how, 2)
    with pytest.raises(Unavailable):
        ask(impatient(stripe_fake, 0.2))


def test_nobody_listening_is_unavailable(stripe, stripe_fake):
    opened = stripe.create(checkout_request())
    stripe_fake.stop()
    with pytest.raises(Unavailable):
        stripe.create(checkout_request(reference="CK-2"))
    stripe_fake.start()
    assert stripe.fetch(opened.external_id, "") == opened


def test_a_wrong_key_is_no_refusal_since_nothing_was_decided(stripe_fake):
    wrong = Stripe(key="sk_test_wrong", webhook_secrets=(), base=stripe_fake.base, seconds=5)
    with pytest.raises(Unavailable, match="Invalid API Key"):
        wrong.refund(payment_id="pi_1", amount_cents=1, reference="RF-1", account="")
