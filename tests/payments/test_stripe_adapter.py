"""The adapter for Stripe, through the real SDK, against a Stripe of our own: what it asks for, and every state that it finds."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from citylab.core import clock
from citylab.payments.providers import CheckoutStatus, DisputeStatus, RefundStatus, Refused, Unavailable

from .asking import checkout_request, paid

CONNECTED = "acct_1Partner"


# --- opening ---------------------------------------------------------------------------------------------------------------


def test_a_checkout_is_opened_with_our_lines_language_and_identifier(stripe, stripe_fake):
    request = checkout_request(reference="CK-1")
    found = stripe.create(request)
    assert (found.status, found.reference, found.account, found.amount_cents, found.currency, found.payments) == (
        CheckoutStatus.OPEN,
        "CK-1",
        "",
        21600,
        "EUR",
        (),
    )
    assert found.url == f"{stripe_fake.base}/c/pay/{found.external_id}"
    (asked,) = stripe_fake.requests
    assert (asked.method, asked.path, asked.idempotency_key, asked.account) == ("POST", "/v1/checkout/sessions", "checkout-CK-1", "")
    assert asked.parameters == {
        "mode": "payment",
        "client_reference_id": "CK-1",
        "metadata": {"citylab_checkout": "CK-1"},
        "payment_intent_data": {"metadata": {"citylab_checkout": "CK-1"}, "description": "Canone per l'occupazione; Deposito"},
        "line_items": [
            {"quantity": "1", "price_data": {"currency": "eur", "unit_amount": "16000", "product_data": {"name": "Canone per l'occupazione"}}},
            {"quantity": "1", "price_data": {"currency": "eur", "unit_amount": "5600", "product_data": {"name": "Deposito"}}},
        ],
        "adaptive_pricing": {"enabled": "false"},
        "locale": "it",
        "submit_type": "pay",
        "success_url": "https://citylab.example.org/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://citylab.example.org/money",
        "customer_email": "rossi@example.org",
        "expires_at": str(int(request.expires_at.timestamp())),
        "expand": ["payment_intent.latest_charge.balance_transaction", "payment_intent.latest_charge.refunds"],
    }


def test_no_method_of_payment_is_named_so_that_stripe_offers_what_suits_the_payer(stripe, stripe_fake):
    stripe.create(checkout_request())
    assert "payment_method_types" not in stripe_fake.requests[0].parameters


def test_a_payer_without_an_address_types_it_there(stripe, stripe_fake):
    stripe.create(checkout_request(email=""))
    assert "customer_email" not in stripe_fake.requests[0].parameters


def test_a_checkout_never_stays_open_longer_than_stripe_lets_it(stripe, stripe_fake):
    now = clock.now()
    stripe.create(checkout_request(created_at=now, expires_at=now + timedelta(days=9)))
    assert stripe_fake.requests[0].parameters["expires_at"] == str(int((now + timedelta(hours=24)).timestamp()))


def test_without_an_end_of_ours_stripe_s_own_holds(stripe, stripe_fake):
    stripe.create(checkout_request(expires_at=None))
    assert "expires_at" not in stripe_fake.requests[0].parameters


def test_the_same_reference_again_gives_the_same_checkout(stripe, stripe_fake):
    request = checkout_request()
    assert stripe.create(request) == stripe.create(request)
    assert len(stripe_fake.all("checkout.session")) == 1


def test_the_same_reference_after_it_was_paid_gives_the_checkout_as_it_stands_now(stripe, stripe_fake):
    request = checkout_request()
    stripe_fake.pay(stripe.create(request).external_id)
    again = stripe.create(request)
    assert (again.status, again.url, len(again.payments)) == (CheckoutStatus.PAID, "", 1)


def test_the_same_reference_for_something_else_is_refused(stripe, stripe_fake):
    stripe.create(checkout_request(reference="CK-1"))
    with pytest.raises(Refused) as refused:
        stripe.create(checkout_request(reference="CK-1", email="bianchi@example.org"))
    assert refused.value.code == "idempotency_error"
    assert len(stripe_fake.all("checkout.session")) == 1


def test_two_openings_at_once_make_one_checkout(stripe, stripe_fake):
    stripe_fake.line.fail_next("hang", only="POST")
    request, first = checkout_request(), []

    def open_slowly():
        try:
            stripe.create(request)
        except Unavailable as error:
            first.append(error)

    thread = threading.Thread(target=open_slowly)
    thread.start()
    stripe_fake.line.wait_for_hanging()
    with pytest.raises(Unavailable, match="another in-progress request"):
        stripe.create(request)
    stripe_fake.line.release()
    thread.join()
    assert (len(first), stripe_fake.all("checkout.session")) == (1, [])
    assert stripe.create(request).status == CheckoutStatus.OPEN


def test_a_sum_too_small_for_stripe_is_refused_with_its_word(stripe):
    with pytest.raises(Refused) as refused:
        stripe.create(checkout_request(items=(("Canone", 49),)))
    assert refused.value.code == "amount_too_small"


# --- what is found ---------------------------------------------------------------------------------------------------------


def test_a_paid_checkout_has_its_payment_with_the_fee(stripe, stripe_fake):
    found = paid(stripe, stripe_fake, reference="CK-1")
    (payment,) = found.payments
    assert (found.status, found.url) == (CheckoutStatus.PAID, "")
    assert (payment.amount_cents, payment.fee_cents, payment.disputed, payment.refunds) == (21600, 349, DisputeStatus.NONE, ())
    assert payment.external_id == stripe_fake.session(found.external_id)["payment_intent"]
    assert abs(payment.received_at - clock.now()) < timedelta(minutes=1)


def test_a_fee_that_stripe_does_not_know_yet_is_none_and_known_later(stripe, stripe_fake):
    stripe_fake.hide_fees()
    found = paid(stripe, stripe_fake)
    assert found.payments[0].fee_cents is None
    stripe_fake.book(found.external_id)
    assert stripe.fetch(found.external_id, "").payments[0].fee_cents == 349
    assert stripe_fake.events[-1]["type"] == "charge.updated"


def test_a_declined_card_leaves_the_checkout_open_without_a_payment(stripe, stripe_fake):
    opened = stripe.create(checkout_request())
    stripe_fake.decline(opened.external_id)
    assert stripe.fetch(opened.external_id, "") == opened
    stripe_fake.pay(opened.external_id)
    assert len(stripe.fetch(opened.external_id, "").payments) == 1


@pytest.mark.parametrize(
    ("ending", "status", "payments"),
    [(None, CheckoutStatus.PROCESSING, 0), ("arrive", CheckoutStatus.PAID, 1), ("fail", CheckoutStatus.FAILED, 0)],
    ids=["on its way", "arrived", "failed"],
)
def test_a_delayed_payment_is_processing_until_it_arrives_or_fails(stripe, stripe_fake, ending, status, payments):
    opened = stripe.create(checkout_request())
    stripe_fake.pay_later(opened.external_id)
    if ending:
        getattr(stripe_fake, ending)(opened.external_id)
    found = stripe.fetch(opened.external_id, "")
    assert (found.status, len(found.payments)) == (status, payments)


def test_a_checkout_expires_by_itself(stripe, stripe_fake):
    opened = stripe.create(checkout_request())
    stripe_fake.advance(25 * 60 * 60)
    found = stripe.fetch(opened.external_id, "")
    assert (found.status, found.url, found.payments) == (CheckoutStatus.EXPIRED, "", ())


def test_expiring_closes_an_open_checkout(stripe):
    opened = stripe.create(checkout_request())
    assert stripe.expire(opened.external_id, "").status == CheckoutStatus.EXPIRED
    assert stripe.expire(opened.external_id, "").status == CheckoutStatus.EXPIRED


def test_expiring_what_was_paid_meanwhile_gives_it_as_paid(stripe, stripe_fake):
    opened = stripe.create(checkout_request())
    stripe_fake.pay(opened.external_id)
    found = stripe.expire(opened.external_id, "")
    assert (found.status, len(found.payments)) == (CheckoutStatus.PAID, 1)


@pytest.mark.parametrize("ask", [lambda s: s.fetch("cs_test_none", ""), lambda s: s.expire("cs_test_none", ""), lambda s: s.fetch_by_payment("pi_none", "")])
def test_what_stripe_does_not_know_is_unknown(stripe, ask):
    with pytest.raises(Refused) as refused:
        ask(stripe)
    assert refused.value.code == "unknown"


def test_a_payment_leads_to_its_checkout(stripe, stripe_fake):
    other, found = paid(stripe, stripe_fake, reference="CK-1"), paid(stripe, stripe_fake, reference="CK-2")
    assert stripe.fetch_by_payment(found.payments[0].external_id, "") == found != other


def test_our_identifier_finds_the_checkout_among_many(stripe, stripe_fake):
    started = clock.now()
    for number in range(104):  # more than Stripe gives at once
        stripe_fake.world.create_session("", given(number))
    mine = stripe.create(checkout_request(reference="CK-mine"))
    for number in range(104):
        stripe_fake.world.create_session("", given(number))
    assert stripe.find("CK-mine", "", since=started) == mine
    assert stripe.find("CK-other", "", since=started) is None
    assert stripe.find("CK-mine", CONNECTED, since=started) is None
    assert stripe.find("CK-mine", "", since=started + timedelta(hours=1)) is None


def given(number):
    """A session that somebody else keeps in the same account."""
    price = {"currency": "eur", "unit_amount": "100", "product_data": {"name": "Tazza"}}
    return {
        "mode": "payment",
        "success_url": "https://example.org",
        "client_reference_id": f"shop-{number}",
        "line_items": [{"quantity": "1", "price_data": price}],
    }


def test_a_checkout_made_by_somebody_else_in_the_account_has_no_reference_of_ours(stripe, stripe_fake):
    session = stripe_fake.world.create_session("", given(1))
    assert stripe.fetch(session["id"], "").reference == ""


def test_all_checkouts_of_some_days_in_rome_come_as_fetched(stripe, stripe_fake):
    at = {}
    for moment in ("2027-03-27T22:59:59", "2027-03-27T23:00:00", "2027-03-28T21:59:59", "2027-03-28T22:00:00"):  # UTC; the night the clocks change
        stripe_fake.travel_to(datetime.fromisoformat(moment).replace(tzinfo=UTC))
        at[moment] = stripe.create(checkout_request(reference=moment, expires_at=None))
    stripe_fake.pay(at["2027-03-28T21:59:59"].external_id)
    day = date(2027, 3, 28)
    found = list(stripe.checkouts(day, day, ""))
    assert [entry.reference for entry in found] == ["2027-03-28T21:59:59", "2027-03-27T23:00:00"]
    assert found == [stripe.fetch(entry.external_id, "") for entry in found]
    assert found[0].status == CheckoutStatus.PAID


# --- back to the payer -----------------------------------------------------------------------------------------------------


def test_part_of_a_payment_goes_back(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    back = stripe.refund(payment_id=found.payments[0].external_id, amount_cents=5600, reference="RF-1", account="")
    assert (back.reference, back.amount_cents, back.status, back.reason) == ("RF-1", 5600, RefundStatus.DONE, "")
    assert stripe.fetch(found.external_id, "").payments[0].refunds == (back,)
    assert stripe.fetch(found.external_id, "").status == CheckoutStatus.PAID
    assert stripe_fake.requests[-3].idempotency_key == "refund-RF-1"


def test_never_more_goes_back_than_was_paid(stripe, stripe_fake):
    payment_id = paid(stripe, stripe_fake).payments[0].external_id
    stripe.refund(payment_id=payment_id, amount_cents=20000, reference="RF-1", account="")
    with pytest.raises(Refused, match="greater than unrefunded amount on charge") as refused:
        stripe.refund(payment_id=payment_id, amount_cents=1601, reference="RF-2", account="")
    assert refused.value.code == "amount_too_large"
    stripe.refund(payment_id=payment_id, amount_cents=1600, reference="RF-3", account="")
    with pytest.raises(Refused) as refused:
        stripe.refund(payment_id=payment_id, amount_cents=1, reference="RF-4", account="")
    assert refused.value.code == "amount_too_large"
    assert [entry["amount"] for entry in stripe_fake.all("refund")] == [20000, 1600]


def test_the_same_refund_again_gives_the_same_refund_as_it_stands_now(stripe, stripe_fake):
    payment_id = paid(stripe, stripe_fake).payments[0].external_id
    stripe_fake.hold_refunds()
    first = stripe.refund(payment_id=payment_id, amount_cents=5600, reference="RF-1", account="")
    stripe_fake.finish_refund(first.external_id)
    again = stripe.refund(payment_id=payment_id, amount_cents=5600, reference="RF-1", account="")
    assert (first.status, again) == (RefundStatus.PENDING, replace(first, status=RefundStatus.DONE))
    assert len(stripe_fake.all("refund")) == 1


def test_a_refund_that_comes_back_is_refused_with_stripe_s_word(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    back = stripe.refund(payment_id=found.payments[0].external_id, amount_cents=21600, reference="RF-1", account="")
    stripe_fake.refuse_refund(back.external_id)
    (refused,) = stripe.fetch(found.external_id, "").payments[0].refunds
    assert (refused.status, refused.reason, refused.reference) == (RefundStatus.REFUSED, "expired_or_canceled_card", "RF-1")


def test_a_refund_made_in_stripe_s_console_has_no_reference_of_ours(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    stripe_fake.refund_by_hand(found.external_id, 100)
    (by_hand,) = stripe.fetch(found.external_id, "").payments[0].refunds
    assert (by_hand.reference, by_hand.amount_cents) == ("", 100)


def test_more_refunds_than_a_charge_carries_are_all_found(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    for _ in range(12):
        stripe_fake.refund_by_hand(found.external_id, 100)
    assert sum(entry.amount_cents for entry in stripe.fetch(found.external_id, "").payments[0].refunds) == 1200


def test_our_identifier_finds_the_refund(stripe, stripe_fake):
    payment_id = paid(stripe, stripe_fake).payments[0].external_id
    back = stripe.refund(payment_id=payment_id, amount_cents=5600, reference="RF-1", account="")
    assert stripe.find_refund(payment_id=payment_id, reference="RF-1", account="") == back
    assert stripe.find_refund(payment_id=payment_id, reference="RF-2", account="") is None
    assert stripe.find_refund(payment_id="pi_none", reference="RF-1", account="") is None


# --- disputes --------------------------------------------------------------------------------------------------------------


def test_a_dispute_is_open_then_won_or_lost(stripe, stripe_fake):
    kept, gone = paid(stripe, stripe_fake), paid(stripe, stripe_fake)
    opened = [stripe_fake.open_dispute(found.external_id) for found in (kept, gone)]

    def standing():
        return [stripe.fetch(found.external_id, "").payments[0].disputed for found in (kept, gone)]

    assert standing() == [DisputeStatus.OPEN, DisputeStatus.OPEN]
    stripe_fake.win_dispute(opened[0])
    stripe_fake.lose_dispute(opened[1])
    assert standing() == [DisputeStatus.WON, DisputeStatus.LOST]


def test_an_inquiry_moves_no_money_and_is_no_dispute(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    stripe_fake.open_dispute(found.external_id, status="warning_needs_response")
    assert stripe.fetch(found.external_id, "").payments[0].disputed == DisputeStatus.NONE


def test_of_two_disputes_the_one_that_is_open_counts(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    stripe_fake.win_dispute(stripe_fake.open_dispute(found.external_id))
    stripe_fake.open_dispute(found.external_id)
    assert stripe.fetch(found.external_id, "").payments[0].disputed == DisputeStatus.OPEN


def test_what_is_disputed_goes_back_only_once_that_is_decided(stripe, stripe_fake):
    found = paid(stripe, stripe_fake)
    wanted = {"payment_id": found.payments[0].external_id, "amount_cents": 100, "account": ""}
    opened = stripe_fake.open_dispute(found.external_id)
    with pytest.raises(Unavailable, match="charge_disputed"):
        stripe.refund(reference="RF-1", **wanted)
    stripe_fake.win_dispute(opened)
    assert stripe.refund(reference="RF-2", **wanted).status == RefundStatus.DONE


# --- connected accounts ----------------------------------------------------------------------------------------------------


def test_a_connected_account_s_money_is_asked_for_in_its_name_all_the_way(stripe, stripe_fake):
    found = paid(stripe, stripe_fake, account=CONNECTED)
    payment_id = found.payments[0].external_id
    back = stripe.refund(payment_id=payment_id, amount_cents=100, reference="RF-1", account=CONNECTED)
    assert stripe.find_refund(payment_id=payment_id, reference="RF-1", account=CONNECTED) == back
    assert stripe.fetch_by_payment(payment_id, CONNECTED).account == CONNECTED
    assert {asked.account for asked in stripe_fake.requests} == {CONNECTED}
    for ask in (lambda: stripe.fetch(found.external_id, ""), lambda: stripe.fetch(found.external_id, "acct_2Other")):
        with pytest.raises(Refused, match="No such checkout.session"):
            ask()


def test_an_account_that_no_longer_lets_us_in_is_unavailable(stripe, stripe_fake):
    stripe_fake.revoke(CONNECTED)
    with pytest.raises(Unavailable, match="does not have access to account"):
        stripe.create(checkout_request(account=CONNECTED))


@pytest.mark.django_db
def test_our_pages_let_a_form_lead_to_its_checkout_page_and_to_nobody_else_s(client, stripe_fake):
    policy = client.get(reverse("account_login")).headers["Content-Security-Policy"]
    assert next(part for part in policy.split("; ") if part.startswith("form-action")) == f"form-action 'self' {stripe_fake.base}"
