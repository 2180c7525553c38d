"""HTTP over the API and the Checkout page, on loopback, with a thread for each connection."""

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from .api import Answer, Request, nested
from .line import Cut
from .page import page
from .world import Thing

if TYPE_CHECKING:
    from .fake import StripeFake


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fake: "StripeFake", port: int) -> None:
        self.fake = fake
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def end(self) -> None:
        """Stop listening, and leave nobody connected."""
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the client's delayed acknowledgement
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if address.path.startswith("/c/pay/"):
            self._checkout(address.path.removeprefix("/c/pay/"), dict(parse_qsl(body)))
            return
        raw = body if self.command == "POST" else address.query
        request = Request(
            method=self.command,
            path=address.path,
            parameters=nested(parse_qsl(raw, keep_blank_values=True)),
            raw=raw,
            key=self.headers.get("Authorization", "").removeprefix("Bearer "),
            account=self.headers.get("Stripe-Account", ""),
            idempotency_key=self.headers.get("Idempotency-Key", ""),
        )
        try:
            answer = self.server.fake.serve(request)
        except Cut:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._api_answer(answer)

    def _api_answer(self, answer: Answer) -> None:
        headers = {"Content-Type": "application/json", "Request-Id": f"req_{threading.get_native_id()}"}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        self._send(answer.status, json.dumps(answer.body, indent=2), headers)

    def _checkout(self, identifier: str, form: dict[str, str]) -> None:
        """The payer's side: the page, and what they do on it."""
        fake, declined = self.server.fake, False
        with fake.world.lock:
            fake.world.expire_due()
            try:
                account = fake.world.account_of(identifier)
            except KeyError:
                self._send(404, "Not found", {"Content-Type": "text/plain"})
                return
            session: Thing = fake.world.things[account][identifier]
            act = form.get("act", "")
            if act and session["status"] == "open":
                {"pay": fake.world.pay, "pay_later": fake.world.pay_later, "decline": fake.world.decline}[act](account, session)
                declined = act == "decline"
            paid = bool(act) and session["status"] == "complete"
            html = page(fake.world, account, session, declined=declined)
        fake.send_waiting()
        if paid:
            self._send(303, "", {"Location": session["success_url"].replace("{CHECKOUT_SESSION_ID}", identifier)})
        else:
            self._send(200, html, {"Content-Type": "text/html; charset=utf-8"})

    def _send(self, status: int, text: str, headers: dict[str, str]) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet: what was asked is in `StripeFake.requests`."""
