"""Our own Stripe keeps to Stripe's rules: asked through the real SDK, and by a browser on its Checkout page."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe as sdk

from tests.browser import PHONE, WAIT_MILLISECONDS
from tests.stripe_fake import StripeFake

ACCOUNT = "acct_1Partner"


@pytest.fixture
def fake():
    with StripeFake() as started:
        yield started


@pytest.fixture
def api(fake):
    return sdk.StripeClient(fake.secret_key, base_addresses={"api": fake.base}).v1


def wanted(cents=5000, **changes):
    price = {"currency": "eur", "unit_amount": cents, "product_data": {"name": "Deposito <b>"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 2, "price_data": price}],
        "success_url": "https://citylab.example.org/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://citylab.example.org/money",
        "metadata": {"ours": "1"},
        "payment_intent_data": {"metadata": {"ours": "1"}},
        **changes,
    }


def paid(fake, api, **options):
    session = api.checkout.sessions.create(wanted(), options)
    fake.pay(session.id)
    return api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}, options)


def kinds(fake):
    return [event["type"] for event in fake.events]


# --- sessions and payments -------------------------------------------------------------------------------------------------


def test_a_session_lives_from_open_to_paid(fake, api):
    session = api.checkout.sessions.create(wanted())
    assert (session.status, session.payment_status, session.amount_total, session.payment_intent, session.livemode) == ("open", "unpaid", 10000, None, False)
    assert session.expires_at == session.created + 86400
    assert [item.description for item in api.checkout.sessions.line_items.list(session.id)] == ["Deposito <b>"]
    fake.pay(session.id)
    session = api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]})
    charge = session.payment_intent.latest_charge
    assert (session.status, session.payment_status, session.url, session.payment_intent.status) == ("complete", "paid", None, "succeeded")
    assert (charge.amount_captured, charge.metadata.to_dict(), charge.balance_transaction.fee, charge.balance_transaction.net) == (
        10000,
        {"ours": "1"},
        175,
        9825,
    )
    assert kinds(fake) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


def test_what_is_not_expanded_is_an_identifier(fake, api):
    session = paid(fake, api)
    plain = api.checkout.sessions.retrieve(session.id)
    assert plain.payment_intent == session.payment_intent.id
    assert api.payment_intents.retrieve(plain.payment_intent).latest_charge == session.payment_intent.latest_charge.id
    assert [entry.id for entry in api.payment_intents.list()] == [plain.payment_intent]
    assert api.balance_transactions.retrieve(session.payment_intent.latest_charge.balance_transaction.id).type == "charge"


@pytest.mark.parametrize("path", ["payment_intent.latest_charge.balance_transaction.source.refunds", "payment_intent.colour"])
def test_what_cannot_be_expanded_is_refused(fake, api, path):
    session = paid(fake, api)
    with pytest.raises(sdk.InvalidRequestError, match="expand"):
        api.checkout.sessions.retrieve(session.id, {"expand": [path]})


def test_nobody_pays_a_session_twice(fake, api):
    session = paid(fake, api)
    with pytest.raises(ValueError, match="is complete"):
        fake.pay(session.id)
    assert len(api.charges.list({"payment_intent": session.payment_intent.id}).data) == 1


def test_a_delayed_payment_completes_the_session_before_the_money_is_there(fake, api):
    sessions = [api.checkout.sessions.create(wanted()).id for _ in range(2)]
    for session in sessions:
        fake.pay_later(session)
    standing = api.checkout.sessions.retrieve(sessions[0], {"expand": ["payment_intent.latest_charge"]})
    assert (standing.status, standing.payment_status, standing.payment_intent.status, standing.payment_intent.latest_charge.status) == (
        "complete",
        "unpaid",
        "processing",
        "pending",
    )
    fake.arrive(sessions[0])
    fake.fail(sessions[1])
    assert [api.checkout.sessions.retrieve(session).payment_status for session in sessions] == ["paid", "unpaid"]
    assert api.payment_intents.retrieve(fake.session(sessions[1])["payment_intent"]).status == "requires_payment_method"
    assert [kind for kind in kinds(fake) if "async" in kind] == ["checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"]
    with pytest.raises(ValueError, match="is not on its way"):
        fake.arrive(sessions[0])


def test_a_session_expires_at_its_moment_and_is_never_paid_after(fake, api):
    session = api.checkout.sessions.create(wanted(expires_at=int(fake.now()) + 3600))
    fake.advance(3599 - 10)
    assert api.checkout.sessions.retrieve(session.id).status == "open"
    fake.advance(11)
    expired = api.checkout.sessions.retrieve(session.id)
    assert (expired.status, expired.url, kinds(fake)) == ("expired", None, ["checkout.session.expired"])
    with pytest.raises(ValueError, match="is expired"):
        fake.pay(session.id)
    with pytest.raises(sdk.InvalidRequestError, match="status of expired"):
        api.checkout.sessions.expire(session.id)


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"expires_at": 1}, "expires_at", None),
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 49, "product_data": {"name": "A"}}}]}, None, "amount_too_small"),
    ],
    ids=["no success_url", "no lines", "expires too soon", "unknown", "too small"],
)
def test_a_session_that_stripe_would_refuse_is_refused(fake, api, changes, param, code):
    with pytest.raises(sdk.InvalidRequestError) as refused:
        api.checkout.sessions.create({name: value for name, value in wanted(**changes).items() if value is not None})
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert fake.all("checkout.session") == []


def test_lists_come_newest_first_in_pages_and_by_moment(fake, api):
    made = []
    for _ in range(5):
        made.append(api.checkout.sessions.create(wanted()))
        fake.advance(10)
    newest_first = [session.id for session in reversed(made)]
    page = api.checkout.sessions.list({"limit": 2})
    assert ([session.id for session in page], page.has_more) == (newest_first[:2], True)
    assert [session.id for session in page.auto_paging_iter()] == newest_first
    since = {"created": {"gte": made[3].created}}
    assert [session.id for session in api.checkout.sessions.list(since)] == newest_first[:2]
    assert [session.id for session in api.checkout.sessions.list({"created": {"gt": made[0].created, "lt": made[3].created}})] == newest_first[2:4]
    for limit in (0, 101):
        with pytest.raises(sdk.InvalidRequestError, match="between 1 and 100"):
            api.checkout.sessions.list({"limit": limit})


# --- accounts --------------------------------------------------------------------------------------------------------------


def test_accounts_do_not_see_each_other(fake, api):
    session = paid(fake, api, stripe_account=ACCOUNT)
    with pytest.raises(sdk.InvalidRequestError) as unknown:
        api.checkout.sessions.retrieve(session.id)
    assert (unknown.value.http_status, unknown.value.code) == (404, "resource_missing")
    assert [len(api.events.list({}, {"stripe_account": account}).data) for account in (ACCOUNT, "acct_2Other", None)] == [4, 0, 0]
    assert {event["account"] for event in fake.events} == {ACCOUNT}


def test_a_wrong_key_and_an_account_out_of_reach_are_turned_away(fake, api):
    with pytest.raises(sdk.AuthenticationError):
        sdk.StripeClient("sk_test_wrong", base_addresses={"api": fake.base}).v1.events.list()
    fake.revoke(ACCOUNT)
    with pytest.raises(sdk.PermissionError):
        api.events.list({}, {"stripe_account": ACCOUNT})


# --- refunds and disputes --------------------------------------------------------------------------------------------------


def test_refunds_never_exceed_what_was_paid_even_when_asked_at_once(fake, api):
    payment = paid(fake, api).payment_intent.id

    def give_back(number):
        try:
            return api.refunds.create({"payment_intent": payment, "amount": 1000}).amount
        except sdk.InvalidRequestError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(give_back, range(16)))
    assert sorted(map(str, given)) == ["1000"] * 10 + ["charge_already_refunded"] * 6
    charge = api.charges.list().data[0]
    assert (charge.amount_refunded, charge.refunded) == (10000, True)


def test_a_refund_larger_than_what_is_left_is_told_in_stripe_s_own_shape(fake, api):
    payment = paid(fake, api).payment_intent.id
    api.refunds.create({"payment_intent": payment, "amount": 9999})
    with pytest.raises(sdk.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": payment, "amount": 2})
    assert refused.value.json_body == {
        "error": {"message": "Refund amount (€0.02) is greater than unrefunded amount on charge (€0.01)", "type": "invalid_request_error", "param": "amount"}
    }


def test_what_was_not_paid_cannot_go_back(fake, api):
    session = api.checkout.sessions.create(wanted())
    fake.pay_later(session.id)
    with pytest.raises(sdk.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": fake.session(session.id)["payment_intent"]})
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_refund_that_fails_gives_the_money_back_to_the_charge(fake, api):
    payment = paid(fake, api).payment_intent.id
    fake.hold_refunds()
    refund = api.refunds.create({"payment_intent": payment})
    assert refund.status == "pending"
    fake.refuse_refund(refund.id, "lost_or_stolen_card")
    refund = api.refunds.retrieve(refund.id)
    assert (refund.status, refund.failure_reason, api.charges.list().data[0].refunded) == ("failed", "lost_or_stolen_card", False)
    assert kinds(fake)[-2:] == ["refund.updated", "refund.failed"]
    assert [entry.id for entry in api.refunds.list({"payment_intent": payment})] == [refund.id]


def test_a_dispute_takes_the_money_and_gives_it_back_only_when_won(fake, api):
    session = paid(fake, api)
    opened = fake.open_dispute(session.id)
    with pytest.raises(sdk.InvalidRequestError, match="has been charged back"):
        api.refunds.create({"payment_intent": session.payment_intent.id})
    fake.win_dispute(opened)
    dispute = api.disputes.list({"payment_intent": session.payment_intent.id}).data[0]
    assert (dispute.status, [entry.amount for entry in dispute.balance_transactions]) == ("won", [-10000, 10000])
    assert kinds(fake)[-4:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert api.refunds.create({"payment_intent": session.payment_intent.id}).amount == 10000


def test_a_lost_dispute_takes_the_money_for_good(fake, api):
    session = paid(fake, api)
    fake.lose_dispute(fake.open_dispute(session.id))
    assert kinds(fake)[-1] == "charge.dispute.closed"
    with pytest.raises(sdk.InvalidRequestError, match="has been charged back"):
        api.refunds.create({"payment_intent": session.payment_intent.id})


# --- idempotency keys ------------------------------------------------------------------------------------------------------


def test_the_same_key_with_the_same_parameters_gives_the_same_answer(fake, api):
    first, again = (api.checkout.sessions.create(wanted(), {"idempotency_key": "K"}) for _ in range(2))
    assert first.id == again.id
    assert [answer.last_response.headers.get("Idempotent-Replayed") for answer in (first, again)] == [None, "true"]
    assert len(fake.all("checkout.session")) == 1


def test_the_same_key_with_other_parameters_or_for_something_else_is_an_error(fake, api):
    api.checkout.sessions.create(wanted(), {"idempotency_key": "K"})
    for ask in (
        lambda: api.checkout.sessions.create(wanted(5001), {"idempotency_key": "K"}),
        lambda: api.refunds.create({"payment_intent": "pi_1"}, {"idempotency_key": "K"}),
    ):
        with pytest.raises(sdk.IdempotencyError) as refused:
            ask()
        assert (refused.value.http_status, refused.value.error.type) == (400, "idempotency_error")


def test_a_key_belongs_to_one_account(fake, api):
    ids = {api.checkout.sessions.create(wanted(), {"idempotency_key": "K", "stripe_account": account}).id for account in (None, ACCOUNT)}
    assert len(ids) == 2


def test_a_key_is_forgotten_after_a_day(fake, api):
    first = api.checkout.sessions.create(wanted(), {"idempotency_key": "K"}).id
    fake.advance(24 * 60 * 60 - 10)
    assert api.checkout.sessions.create(wanted(), {"idempotency_key": "K"}).id == first
    fake.advance(11)
    assert api.checkout.sessions.create(wanted(), {"idempotency_key": "K"}).id != first


def test_a_key_keeps_the_error_of_what_was_tried_and_not_of_what_never_began(fake, api):
    session = paid(fake, api)
    payment, options = session.payment_intent.id, {"idempotency_key": "K"}
    opened = fake.open_dispute(session.id)
    for _ in range(2):
        with pytest.raises(sdk.InvalidRequestError, match="charged back"):
            api.refunds.create({"payment_intent": payment}, options)
        fake.world.things[""][opened]["status"] = "won"
    with pytest.raises(sdk.InvalidRequestError, match="unknown parameter"):
        api.refunds.create({"payment_intent": payment, "colour": "red"}, {"idempotency_key": "L"})
    assert api.refunds.create({"payment_intent": payment}, {"idempotency_key": "L"}).amount == 10000


def test_a_failure_inside_stripe_is_kept_and_one_before_it_is_not(fake, api):
    for how, raised in (("500", [True, True]), ("503", [True, False]), ("429", [True, False])):
        fake.line.fail_next(how)
        seen = []
        for _ in range(2):
            try:
                api.checkout.sessions.create(wanted(), {"idempotency_key": how})
                seen.append(False)
            except (sdk.APIError, sdk.RateLimitError):
                seen.append(True)
        assert (how, seen) == (how, raised)


def test_the_same_key_twice_at_once_is_a_conflict(fake, api):
    fake.line.fail_next("hang", acted=False)
    lost = []
    thread = threading.Thread(
        target=lambda: lost.append(pytest.raises(sdk.APIConnectionError, api.refunds.create, {"payment_intent": "pi_1"}, {"idempotency_key": "K"}))
    )
    thread.start()
    fake.line.wait_for_hanging()
    with pytest.raises(sdk.APIError) as refused:
        api.refunds.create({"payment_intent": "pi_1"}, {"idempotency_key": "K"})
    assert (refused.value.http_status, refused.value.error.code) == (409, "idempotency_key_in_use")
    fake.line.release()
    thread.join()
    assert len(lost) == 1


def test_eight_at_once_with_one_key_make_one_session(fake, api):
    def make(number):
        try:
            return api.checkout.sessions.create(wanted(), {"idempotency_key": "K"}).id
        except sdk.APIError as error:
            return error.http_status

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(40)))
    assert made - {409} == {fake.all("checkout.session")[0]["id"]}
    assert len(fake.all("checkout.session")) == 1


@pytest.mark.parametrize("acted", [False, True])
def test_a_cut_line_loses_the_answer_before_or_after_the_act(fake, api, acted):
    fake.line.fail_next("cut", acted=acted, only="POST /v1/checkout")
    api.events.list()
    with pytest.raises(sdk.APIConnectionError):
        api.checkout.sessions.create(wanted())
    assert len(fake.all("checkout.session")) == int(acted)


# --- webhooks --------------------------------------------------------------------------------------------------------------


class Listener:
    """Our own site: it believes the webhooks that the SDK believes, answers what it is told to, and has the pages that a payer comes back to."""

    def __init__(self, secret):
        self.heard, self.answers, self.lock = [], [], threading.Lock()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with listener.lock:
                    try:
                        listener.heard.append(sdk.Webhook.construct_event(body, self.headers["Stripe-Signature"], secret).id)
                        status = listener.answers.pop(0) if listener.answers else 200
                    except sdk.SignatureVerificationError:
                        status = 400
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def listener(fake):
    listener = Listener(fake.webhook_secret)
    fake.webhook_url = listener.url
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


def test_webhooks_are_sent_once_twice_reordered_late_or_not_at_all(fake, api, listener):
    paid(fake, api)
    assert listener.heard == []
    told = fake.events
    ids = [event["id"] for event in told]
    assert fake.deliver(reversed(told)) == [200] * 4
    assert fake.deliver([told[0], told[0]]) == [200, 200]
    assert listener.heard == [*reversed(ids), ids[0], ids[0]]
    assert fake.deliver(told, at=0) == [400] * 4
    assert fake.deliver(told, secret="whsec_other") == [400] * 4
    listener.answers = [500]
    assert fake.deliver(told[:2]) == [500, 200]


def test_automatic_webhooks_go_out_by_themselves_each_once_and_in_order(fake, api, listener):
    paid(fake, api)
    fake.automatic = True
    before = len(fake.events)
    api.refunds.create({"payment_intent": fake.all("payment_intent")[0]["id"]})
    fake.settle()
    assert listener.heard == [event["id"] for event in fake.events[before:]]


def test_a_webhook_that_nobody_hears_is_told(fake, api):
    fake.webhook_url = "http://127.0.0.1:9/"
    paid(fake, api)
    assert fake.deliver() == [0] * 4


def test_events_are_listed_by_kind_and_say_what_was_then(fake, api):
    session = paid(fake, api)
    listed = api.events.list({"types": ["checkout.session.completed", "payment_intent.created"]})
    assert [event.type for event in listed] == ["checkout.session.completed", "payment_intent.created"]
    assert listed.data[1].data.object.status == "requires_payment_method"
    assert api.events.retrieve(listed.data[0].id).data.object.id == session.id
    assert json.loads(fake.signed(fake.events[-1])[0])["id"] == listed.data[0].id


def test_after_an_outage_it_is_there_again_with_what_it_had(fake, api):
    session = api.checkout.sessions.create(wanted())
    fake.stop()
    with pytest.raises(sdk.APIConnectionError):
        api.checkout.sessions.retrieve(session.id)
    fake.start()
    assert api.checkout.sessions.retrieve(session.id).url == session.url


def test_a_live_stripe_says_so(fake):
    with StripeFake(live=True, secret_key="sk_live_fake") as live:
        session = sdk.StripeClient("sk_live_fake", base_addresses={"api": live.base}).v1.checkout.sessions.create(wanted())
        assert (session.livemode, session.id.startswith("cs_live_")) == (True, True)


# --- the Checkout page -----------------------------------------------------------------------------------------------------


@pytest.fixture
def payer(browser):
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.set_default_timeout(WAIT_MILLISECONDS)
    yield page
    context.close()


def way(listener):
    return {"success_url": f"{listener.url}paid?session={{CHECKOUT_SESSION_ID}}", "cancel_url": f"{listener.url}money"}


def test_the_payer_sees_the_lines_and_the_sum_in_their_language_and_pays(fake, api, listener, payer):
    session = api.checkout.sessions.create(wanted(123456, locale="it", **way(listener)))
    payer.goto(session.url)
    assert re.sub(r"\s+", " ", payer.inner_text("table")) == "Deposito <b> 2.469,12 € Totale 2.469,12 €"
    payer.get_by_role("button", name="Paga con carta", exact=True).click()
    payer.wait_for_url(f"{listener.url}paid?session={session.id}")
    assert fake.session(session.id)["payment_status"] == "paid"
    payer.goto(session.url)
    assert payer.get_by_role("alert").inner_text() == "Questa sessione di pagamento è chiusa."
    assert payer.get_by_role("button").count() == 0


def test_a_declined_card_is_told_and_another_way_can_be_taken(fake, api, listener, payer):
    session = api.checkout.sessions.create(wanted(locale="en", **way(listener)))
    payer.goto(session.url)
    payer.get_by_role("button", name="Pay with a card that is declined").click()
    payer.get_by_role("alert").get_by_text("Your card was declined. Try another method.").wait_for()
    assert fake.session(session.id)["status"] == "open"
    payer.get_by_role("button", name="Pay by SEPA debit").click()
    payer.wait_for_url(f"{listener.url}paid?session={session.id}")
    assert (fake.session(session.id)["status"], fake.session(session.id)["payment_status"]) == ("complete", "unpaid")


def test_going_back_leaves_the_session_open(fake, api, listener, payer):
    session = api.checkout.sessions.create(wanted(**way(listener)))
    payer.goto(session.url)
    payer.get_by_role("link", name="Back to the site").click()
    payer.wait_for_url(f"{listener.url}money")
    assert (fake.session(session.id)["status"], kinds(fake)) == ("open", [])


def test_no_page_for_a_session_that_was_never_made(fake, payer):
    assert payer.goto(f"{fake.base}/c/pay/cs_test_none").status == 404
