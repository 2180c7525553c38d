"""A test's hand on the stand-in: start it, play the payer and the banks, decide which webhooks arrive, and break the line."""

import hashlib
import hmac
import json
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Self

from .api import Answer, Api, Request
from .line import ERRORS, NEVER_BEGAN, SECONDS, Line
from .server import Server
from .world import Thing, World


class StripeFake:
    """With `automatic` it sends each event by itself, once; otherwise only `deliver` sends. `line` breaks the connection (fail_next, release)."""

    def __init__(
        self, *, webhook_url: str = "", webhook_secret: str = "whsec_test", secret_key: str = "sk_test_fake", automatic: bool = False, live: bool = False
    ) -> None:
        self.webhook_url, self.webhook_secret, self.secret_key, self.automatic = webhook_url, webhook_secret, secret_key, automatic
        self._ahead = 0.0
        self.world = World(self.now, live=live)
        self.api = Api(self.world, secret_key)
        self.requests: list[Request] = []
        self.line = Line()
        self._told = 0
        self._outgoing: queue.SimpleQueue[Thing | None] = queue.SimpleQueue()
        self._unsent = 0
        self._sent = threading.Condition()
        self._server: Server | None = None
        self._port = 0

    # --- running -----------------------------------------------------------------------------------------------------------
    def start(self) -> Self:
        """Listen; after a stop at the same address and with the same things, as after an outage."""
        self._server = Server(self, self._port)
        self._port = self._server.server_address[1]
        self.world.base = self.base
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        threading.Thread(target=self._send_all, daemon=True).start()
        return self

    def stop(self) -> None:
        self.line.release()
        self._outgoing.put(None)
        if self._server:
            self._server.end()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *ending: object) -> None:
        self.stop()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def now(self) -> float:
        return time.time() + self._ahead

    def travel_to(self, moment: datetime) -> None:
        """From here on Stripe's clock shows `moment`, and goes on."""
        self._ahead = moment.timestamp() - time.time()
        with self.world.lock:
            self.world.expire_due()
        self.send_waiting()

    def advance(self, seconds: float) -> None:
        self.travel_to(datetime.fromtimestamp(self.now() + seconds))

    # --- the payer and the banks -------------------------------------------------------------------------------------------
    def session(self, session_id: str) -> Thing:
        return self._thing(session_id)[1]

    def pay(self, session_id: str) -> None:
        self._move(self.world.pay, session_id)

    def pay_later(self, session_id: str) -> None:
        """By a method whose money is on its way for days: it arrives, or fails."""
        self._move(self.world.pay_later, session_id)

    def decline(self, session_id: str) -> None:
        self._move(self.world.decline, session_id)

    def arrive(self, session_id: str) -> None:
        self._move(self.world.arrive, session_id, arrived=True)

    def fail(self, session_id: str) -> None:
        self._move(self.world.arrive, session_id, arrived=False)

    def expire(self, session_id: str) -> None:
        self._move(self.world.expire, session_id)

    def hide_fees(self) -> None:
        """From now on a payment is booked, and its fee known, only with `book`."""
        self.world.fees_known = False

    def book(self, session_id: str) -> None:
        self._move(self.world.book_late, session_id)

    def refund_by_hand(self, session_id: str, amount_cents: int) -> str:
        """A refund made in Stripe's own console; its id."""
        made: Thing = self._move(
            lambda account, session: self.world.refund(account, {"payment_intent": session["payment_intent"], "amount": amount_cents}), session_id
        )
        return str(made["id"])

    def hold_refunds(self) -> None:
        """From now on refunds are pending until `finish_refund` or `refuse_refund`."""
        self.world.refunds_start = "pending"

    def finish_refund(self, refund_id: str) -> None:
        self._move(self.world.finish_refund, refund_id)

    def refuse_refund(self, refund_id: str, reason: str = "expired_or_canceled_card") -> None:
        self._move(self.world.finish_refund, refund_id, failure=reason)

    def open_dispute(self, session_id: str, status: str = "needs_response") -> str:
        opened: Thing = self._move(self.world.dispute, session_id, status=status)
        return str(opened["id"])

    def win_dispute(self, dispute_id: str) -> None:
        self._move(self.world.close_dispute, dispute_id, status="won")

    def lose_dispute(self, dispute_id: str) -> None:
        self._move(self.world.close_dispute, dispute_id, status="lost")

    def all(self, kind: str, account: str = "") -> list[Thing]:
        """The account's things of a kind ("checkout.session", "refund", …), oldest first."""
        with self.world.lock:
            return list(self.world.all(account, kind))

    def _thing(self, identifier: str) -> tuple[str, Thing]:
        with self.world.lock:
            account = self.world.account_of(identifier)
            return account, self.world.things[account][identifier]

    def _move(self, move: Callable[..., Any], identifier: str, **how: Any) -> Any:
        account, thing = self._thing(identifier)
        with self.world.lock:
            result = move(account, thing, **how)
        self.send_waiting()
        return result

    # --- the line to the API -----------------------------------------------------------------------------------------------
    def revoke(self, account: str) -> None:
        """The connected account no longer lets us in."""
        self.api.revoked.add(account)

    def serve(self, request: Request) -> Answer:
        """Called by the server for each request."""
        with self.world.lock:
            self.requests.append(request)
        fault = self.line.take(f"{request.method} {request.path}")
        if fault and fault.how in NEVER_BEGAN and not fault.acted:
            return ERRORS[fault.how]
        try:
            answer = self.api.answer(request, lambda do: self.line.through(fault, do) if fault else do())
            if fault:
                self.line.lose(fault)
            return answer
        finally:
            self.line.ended(fault)
            self.send_waiting()

    # --- webhooks ----------------------------------------------------------------------------------------------------------
    @property
    def events(self) -> list[Thing]:
        with self.world.lock:
            return list(self.world.events)

    def signed(self, event: Thing, *, at: float | None = None, secret: str = "") -> tuple[bytes, dict[str, str]]:
        """Body and headers as Stripe would send them now, or would have at another moment or with another secret."""
        body = json.dumps(event, indent=2)
        moment = int(time.time() if at is None else at)
        signature = hmac.new((secret or self.webhook_secret).encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
        return body.encode(), {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": f"t={moment},v1={signature}", "User-Agent": "Stripe/1.0"}

    def deliver(self, events: Iterable[Thing] | None = None, *, at: float | None = None, secret: str = "") -> list[int]:
        """Send these events in this order (all there are without any named); the status of each answer, 0 where there was none."""
        return [self._post(*self.signed(event, at=at, secret=secret)) for event in (self.events if events is None else events)]

    def settle(self) -> None:
        """Wait until every automatic webhook is answered."""
        with self._sent:
            if not self._sent.wait_for(lambda: not self._unsent, timeout=SECONDS):
                raise TimeoutError("a webhook has no answer")

    def send_waiting(self) -> None:
        """Hand the events that are new to the sending thread."""
        with self.world.lock, self._sent:
            new, self._told = self.world.events[self._told :], len(self.world.events)
            if self.automatic:
                self._unsent += len(new)
                for event in new:
                    self._outgoing.put(event)

    def _send_all(self) -> None:
        while (event := self._outgoing.get()) is not None:
            try:
                self.deliver([event])
            finally:
                with self._sent:
                    self._unsent -= 1
                    self._sent.notify_all()

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        request = urllib.request.Request(self.webhook_url, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0
