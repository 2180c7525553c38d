"""What Stripe tells by webhook and in its list of events: whose it is, what it is about, and what is not believed."""

import json
import re
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from citylab.core import clock
from citylab.payments.providers import BadSignature, Unintelligible
from citylab.payments.providers.stripe import EVENTS, Stripe

from .asking import checkout_request, paid

CONNECTED = "acct_1Partner"


def test_the_events_of_a_connected_account_carry_it(stripe, stripe_fake):
    paid(stripe, stripe_fake, account=CONNECTED)
    paid(stripe, stripe_fake)
    told = [stripe.parse(*stripe_fake.signed(event)) for event in stripe_fake.events]
    assert [event.account for event in told if event.kind == "checkout.session.completed"] == [CONNECTED, ""]


def test_a_whole_life_is_told_in_events_that_lead_to_checkout_and_payment(stripe, stripe_fake):
    found = paid(stripe, stripe_fake, reference="CK-1")
    payment_id = found.payments[0].external_id
    back = stripe.refund(payment_id=payment_id, amount_cents=100, reference="RF-1", account="")
    stripe_fake.refuse_refund(back.external_id)
    disputed = stripe_fake.open_dispute(found.external_id)
    stripe_fake.lose_dispute(disputed)
    told = [stripe.parse(*stripe_fake.signed(event)) for event in stripe_fake.events]
    assert [(event.kind, event.object_id, event.reference, event.payment_id) for event in told if event.object_kind] == [
        ("checkout.session.completed", found.external_id, "CK-1", payment_id),
        ("refund.created", back.external_id, "", payment_id),
        ("charge.refunded", payment_id, "CK-1", payment_id),
        ("refund.updated", back.external_id, "", payment_id),
        ("refund.failed", back.external_id, "", payment_id),
        ("charge.dispute.created", disputed, "", payment_id),
        ("charge.dispute.funds_withdrawn", disputed, "", payment_id),
        ("charge.dispute.closed", disputed, "", payment_id),
    ]
    assert {event.kind: event.object_kind for event in told if event.object_kind}.items() <= EVENTS.items()
    assert [event.live for event in told] == [False] * len(told)
    assert [event.external_id for event in told] == [event["id"] for event in stripe_fake.events]


def test_an_event_of_a_kind_we_have_no_use_for_is_still_an_event(stripe, stripe_fake):
    event = {**signed_event(stripe, stripe_fake), "type": "payout.paid", "data": {"object": {"id": "po_1", "object": "payout"}}}
    told = stripe.parse(*stripe_fake.signed(event))
    assert (told.kind, told.object_kind, told.object_id) == ("payout.paid", "", "po_1")


def test_an_event_of_the_other_mode_says_so(stripe, stripe_fake):
    assert stripe.parse(*stripe_fake.signed({**signed_event(stripe, stripe_fake), "livemode": True})).live is True


@pytest.mark.parametrize(("key", "live"), [("sk_test_x", False), ("rk_test_x", False), ("sk_live_x", True), ("rk_live_x", True)])
def test_the_key_says_whether_the_money_is_real(key, live):
    assert Stripe(key=key, webhook_secrets=(), base="", seconds=5).live is live


def test_the_events_of_some_days_come_oldest_first_and_only_those_we_want(stripe, stripe_fake):
    stripe_fake.travel_to(datetime(2027, 3, 1, 12, tzinfo=clock.rome))
    paid(stripe, stripe_fake, reference="CK-1", expires_at=None)
    stripe_fake.travel_to(datetime(2027, 3, 2, 12, tzinfo=clock.rome))
    expired = stripe.create(checkout_request(reference="CK-2", expires_at=None))
    stripe.expire(expired.external_id, "")
    stripe_fake.travel_to(datetime(2027, 3, 3, 12, tzinfo=clock.rome))
    paid(stripe, stripe_fake, reference="CK-3", expires_at=None)
    told = list(stripe.events(date(2027, 3, 1), date(2027, 3, 2), ""))
    assert [(event.kind, event.reference) for event in told] == [("checkout.session.completed", "CK-1"), ("checkout.session.expired", "CK-2")]
    assert told[0] == stripe.parse(*stripe_fake.signed(next(event for event in stripe_fake.events if event["id"] == told[0].external_id)))


def signed_event(stripe, fake):
    paid(stripe, fake)
    return next(event for event in fake.events if event["type"] == "checkout.session.completed")


@pytest.mark.parametrize(
    "forge",
    [
        lambda fake, body, headers: (body, {}),
        lambda fake, body, headers: (body + b" ", headers),
        lambda fake, body, headers: (body.replace(b"21600", b"21601"), headers),
        lambda fake, body, headers: fake.signed(json.loads(body), secret="whsec_other"),
        lambda fake, body, headers: fake.signed(json.loads(body), at=time.time() - 301),
        lambda fake, body, headers: (body, {"Stripe-Signature": "t=soon,v1=x"}),
        lambda fake, body, headers: (body, {"Stripe-Signature": headers["Stripe-Signature"].replace("v1=", "v0=")}),
        lambda fake, body, headers: (body, {"Stripe-Signature": headers["Stripe-Signature"] + "è"}),
        lambda fake, body, headers: (b"\xff\xfe", headers),
    ],
    ids=["none", "other body", "other amount", "wrong secret", "old", "no time", "other scheme", "not plain", "no text"],
)
def test_what_is_not_signed_by_stripe_a_moment_ago_is_not_believed(stripe, stripe_fake, forge):
    body, headers = stripe_fake.signed(signed_event(stripe, stripe_fake))
    assert stripe.parse(body, {name.upper(): value for name, value in headers.items()}).kind == "checkout.session.completed"
    with pytest.raises(BadSignature):
        stripe.parse(*forge(stripe_fake, body, headers))


def test_either_endpoint_s_secret_will_do(stripe_fake):
    both = Stripe(key=stripe_fake.secret_key, webhook_secrets=("whsec_platform", "whsec_connected"), base=stripe_fake.base, seconds=5)
    event = signed_event(both, stripe_fake)
    assert [both.parse(*stripe_fake.signed(event, secret=secret)).external_id for secret in ("whsec_platform", "whsec_connected")] == [event["id"]] * 2
    with pytest.raises(BadSignature):
        both.parse(*stripe_fake.signed(event))


def test_without_a_secret_nothing_is_believed(stripe_fake):
    without = Stripe(key=stripe_fake.secret_key, webhook_secrets=(), base=stripe_fake.base, seconds=5)
    with pytest.raises(BadSignature):
        without.parse(*stripe_fake.signed({"object": "event"}))


@pytest.mark.parametrize(
    "said",
    [[], "event", None, 7, {}, {"object": "v2.core.event", "id": "evt_1"}, {"object": "event", "id": "evt_1"}, {"object": "event", "data": {"object": None}}],
    ids=repr,
)
def test_signed_and_still_no_event(stripe, stripe_fake, said):
    with pytest.raises(Unintelligible):
        stripe.parse(*stripe_fake.signed(said))


def test_an_event_without_a_possible_moment_is_no_event(stripe, stripe_fake):
    with pytest.raises(Unintelligible):
        stripe.parse(*stripe_fake.signed({**signed_event(stripe, stripe_fake), "created": 10**20}))


def test_the_readme_names_just_the_events_that_we_want():
    section = re.search("### Taking payments with Stripe\n(.*?)\n## ", (Path(__file__).resolve().parents[2] / "README.md").read_text(), re.DOTALL)[1]
    assert set(re.findall(r"`((?:checkout|charge|refund)\.[a-z_.]+)`", section)) == set(EVENTS)
