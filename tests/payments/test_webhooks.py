"""Where providers tell us of changes: what is kept, what is refused, and that nobody is asked before the answer has gone out."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from citylab.core import clock
from citylab.payments.models import Charge, Checkout, ProviderEvent
from citylab.payments.providers import Event
from citylab.payments.services import charging, events, paying
from tests import factories

pytestmark = pytest.mark.django_db

# A signature may be this old (Stripe's own tolerance).
TOLERANCE_SECONDS = 300


@pytest.fixture
def stripe(stripe_fake, client):
    """A checkout that is open at Stripe, and the door that Stripe knocks at."""
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=clock.today().replace(year=2020, day=1))
    pilot = factories.pilot_in("preparation", at=site)
    charging.charges_bring_up(pilot_id=pilot.pk)
    charge = Charge.objects.get(pilot=pilot, kind="fee")
    checkout = paying.checkout_enter(paying.checkout_begin(charge_ids=[charge.pk], actor=factories.owner_of(pilot.organisation), language="it"))
    stripe_fake.requests.clear()

    def deliver(*told, **how):
        """The status of each answer, as a list."""
        answers = []
        for event in told:
            body, headers = event if isinstance(event, tuple) else stripe_fake.signed(event, **how)
            answers.append(client.post(reverse("webhook", args=["stripe"]), body, content_type="application/json", headers=headers).status_code)
        return answers

    return SimpleNamespace(fake=stripe_fake, checkout=checkout, deliver=deliver, charge=lambda: Charge.objects.get(pk=charge.pk).state)


def outcomes():
    return sorted(ProviderEvent.objects.values_list("kind", "outcome"))


def newest(stripe):
    return stripe.fake.events[-1]


def test_an_event_is_kept_answered_and_acted_on_afterwards(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    before = len(stripe.fake.requests)
    assert stripe.deliver(*stripe.fake.events) == [200] * len(stripe.fake.events)
    assert len(stripe.fake.requests) == before, "the answer does not wait for Stripe"
    assert (stripe.charge(), {outcome for _kind, outcome in outcomes()}) == ("checkout_open", {""})
    events.events_handle()
    assert stripe.charge() == "paid"
    assert len(stripe.fake.requests) > before


def test_duplicates_are_kept_once_and_answered_alike(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    told = newest(stripe)
    assert stripe.deliver(told, told, told) == [200, 200, 200]
    assert ProviderEvent.objects.count() == 1
    events.events_handle()
    assert stripe.deliver(told) == [200]
    assert events.events_handle() == 0


def test_any_order_ends_in_the_same_state(stripe):
    stripe.fake.pay_later(stripe.checkout.external_id)
    stripe.fake.arrive(stripe.checkout.external_id)
    for told in reversed(stripe.fake.events):
        stripe.deliver(told)
        events.events_handle()
    assert stripe.charge() == "paid"


def test_a_dispute_that_comes_before_its_payment_leads_to_it(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    stripe.fake.open_dispute(stripe.checkout.external_id)
    told = newest(stripe)
    assert told["type"].startswith("charge.dispute")
    stripe.deliver(told)
    events.events_handle()
    assert stripe.charge() == "disputed"


def signed_badly(stripe, event, how):
    body, headers = stripe.fake.signed(event)
    signature = headers["Stripe-Signature"]
    return {
        "another's secret": lambda: stripe.fake.signed(event, secret="whsec_other"),
        "too old": lambda: stripe.fake.signed(event, at=clock.now().timestamp() - TOLERANCE_SECONDS - 5),
        "another body": lambda: (body.replace(b"evt_", b"evt_x"), headers),
        "one blank more": lambda: (body + b" ", headers),
        "no signature": lambda: (body, {}),
        "an empty signature": lambda: (body, {"Stripe-Signature": ""}),
        "no scheme": lambda: (body, {"Stripe-Signature": signature.replace("v1=", "v0=")}),
        "not plain": lambda: (body, {"Stripe-Signature": "t=1,v1=é"}),
        "no text": lambda: (b"\xff\xfe", headers),
    }[how]()


@pytest.mark.parametrize("how", ["another's secret", "too old", "another body", "one blank more", "no signature", "an empty signature", "no scheme", "not plain", "no text"])
def test_a_bad_signature_is_refused_and_nothing_is_kept(stripe, how):
    stripe.fake.pay(stripe.checkout.external_id)
    assert stripe.deliver(signed_badly(stripe, newest(stripe), how)) == [400]
    assert ProviderEvent.objects.count() == 0


def test_a_signature_within_the_tolerance_is_good(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    assert stripe.deliver(newest(stripe), at=clock.now().timestamp() - TOLERANCE_SECONDS + 30) == [200]


@pytest.mark.parametrize("told", [{}, [], "x", {"object": "charge"}, {"object": "event", "id": "evt_1"}])
def test_what_is_signed_and_no_event_is_refused_and_nothing_is_kept(stripe, told):
    assert stripe.deliver(told) == [400]
    assert ProviderEvent.objects.count() == 0


def test_a_huge_body_is_refused_and_nothing_is_kept(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    assert stripe.deliver({**newest(stripe), "more": "x" * 3_000_000}) == [413]
    assert ProviderEvent.objects.count() == 0


def test_unknown_kinds_are_kept_and_no_one_is_asked(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    told = {**newest(stripe), "id": "evt_new", "type": "customer.tax_id.created"}
    stripe.fake.requests.clear()
    assert stripe.deliver(told) == [200]
    events.events_handle()
    assert (outcomes(), stripe.fake.requests) == ([("customer.tax_id.created", "unknown_kind")], [])


def test_what_concerns_somebody_elses_checkout_is_kept_and_changes_nothing(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    foreign = newest(stripe)
    foreign = {**foreign, "id": "evt_foreign", "type": "checkout.session.completed", "data": {"object": {"id": "cs_foreign", "object": "checkout.session", "metadata": {}}}}
    lost = {**foreign, "id": "evt_lost", "data": {"object": {"id": "cs_lost", "object": "checkout.session", "metadata": {"citylab_checkout": str(stripe.checkout.pk)}}}}
    odd = {**foreign, "id": "evt_odd", "data": {"object": {"id": "cs_odd", "object": "checkout.session", "metadata": {"citylab_checkout": "x" * 300}}}}
    assert stripe.deliver(foreign, lost, odd) == [200, 200, 200]
    events.events_handle()
    assert outcomes() == [("checkout.session.completed", "unknown_object")] * 3
    assert stripe.charge() == "checkout_open"


def test_a_refund_of_a_payment_that_is_not_ours_changes_nothing(stripe):
    told = {
        "id": "evt_refund", "object": "event", "type": "refund.updated", "livemode": False, "created": int(clock.now().timestamp()),
        "data": {"object": {"id": "re_foreign", "object": "refund", "payment_intent": "pi_foreign", "metadata": {}}},
    }  # fmt: skip
    assert stripe.deliver(told) == [200]
    events.events_handle()
    assert outcomes() == [("refund.updated", "unknown_object")]


def test_an_event_of_the_other_mode_is_kept_and_no_one_is_asked(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    stripe.fake.requests.clear()
    assert stripe.deliver({**newest(stripe), "livemode": True}) == [200]
    events.events_handle()
    assert ([outcome for _kind, outcome in outcomes()], stripe.fake.requests, stripe.charge()) == (["wrong_mode"], [], "checkout_open")


def test_an_event_of_another_account_does_not_touch_this_ones_checkout(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    assert stripe.deliver({**newest(stripe), "account": "acct_other"}, newest(stripe)) == [200, 200]
    assert ProviderEvent.objects.count() == 2, "an event is one by its account and its id"
    ProviderEvent.objects.filter(account="").delete()
    events.events_handle()
    assert stripe.charge() == "checkout_open"


def test_stripe_away_while_an_event_is_looked_up_only_delays_it(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    stripe.deliver(newest(stripe))
    stripe.fake.line.fail_next("503", 2)
    events.events_handle()
    waiting = ProviderEvent.objects.get()
    assert (waiting.attempts, waiting.handled_at, stripe.charge()) == (1, None, "checkout_open")
    with clock.travelling_to(clock.now().replace(microsecond=0) + (waiting.next_attempt_at - waiting.received_at) * 2):
        events.events_handle()
    assert stripe.charge() == "paid"


def test_an_event_that_is_faster_than_the_answer_finds_its_checkout(stripe):
    stripe.fake.pay(stripe.checkout.external_id)
    Checkout.objects.filter(pk=stripe.checkout.pk).update(external_id="", url="")
    stripe.deliver(next(told for told in stripe.fake.events if told["type"] == "checkout.session.completed"))
    events.events_handle()
    assert (stripe.charge(), Checkout.objects.get().external_id) == ("paid", stripe.checkout.external_id)


@pytest.mark.parametrize(("code", "online"), [("test", "stripe"), ("notice", "stripe"), ("notice", "test"), ("other", "test"), ("stripe", "test")])
def test_only_the_provider_that_takes_the_payments_is_let_in(client, settings, code, online):
    settings.PAYMENT_PROVIDER = online
    assert client.post(f"/webhooks/{code}/", b"{}", content_type="application/json").status_code == 410


def test_a_webhook_is_only_posted(client, settings):
    settings.PAYMENT_PROVIDER = "stripe"
    assert client.get(reverse("webhook", args=["stripe"])).status_code == 405


def test_the_test_providers_own_events_pass_the_same_door(client):
    from citylab.payments.providers import signing

    told = Event(external_id="event_1", account="", kind="checkout.paid", object_kind="checkout", object_id="test_1", live=False, created_at=clock.now())
    body, headers = signing.signed(told)
    address = reverse("webhook", args=["test"])
    assert client.post(address, body, content_type="application/json", headers=headers).status_code == 200
    assert client.post(address, body.replace(b"test_1", b"test_2"), content_type="application/json", headers=headers).status_code == 400
    with clock.travelling_to(clock.now()):
        events.events_handle()
    assert outcomes() == [("checkout.paid", "unknown_object")]
