"""The line between us and Stripe, and how a test breaks it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from .api import Answer

SECONDS = 30  # how long a test waits for what must happen
ERRORS = {
    "500": Answer(500, {"error": {"message": "An unknown error occurred.", "type": "api_error"}}),
    "503": Answer(503, {"error": {"message": "Stripe is temporarily unavailable.", "type": "api_error"}}),
    "429": Answer(429, {"error": {"message": "Request rate limit exceeded.", "type": "invalid_request_error", "code": "rate_limit"}}),
}
NEVER_BEGAN = ("429", "503")


class Cut(Exception):
    """The connection ends here, without an answer."""


@dataclass
class Fault:
    """`how`: 500 (which the idempotency key keeps, as Stripe's does), 503 or 429 (before anything began), hang, cut. `acted`: after having done it.

    `only`: "POST /v1/refunds" or the beginning of it; without it whatever comes next.
    """

    how: str
    acted: bool
    only: str
    left: int
    hung: bool = False


class Line:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._changed = threading.Condition()
        self._hanging = self._released = 0

    def fail_next(self, how: str, times: int = 1, *, acted: bool = False, only: str = "") -> None:
        with self._changed:
            self._faults.append(Fault(how, acted, only, times))

    def take(self, asked: str) -> Fault | None:
        """What goes wrong with this request, if anything."""
        with self._changed:
            for fault in self._faults:
                if fault.left and asked.startswith(fault.only):
                    fault.left -= 1
                    return replace(fault)
        return None

    def through(self, fault: Fault, do: Callable[[], Answer]) -> Answer:
        """Do it, or not, and answer as the fault has it. Raises Cut."""
        if not fault.acted:
            self.lose(fault)
            return ERRORS[fault.how]
        answer = do()
        return ERRORS.get(fault.how, answer)

    def lose(self, fault: Fault) -> None:
        """The answer that a cut or hanging line loses."""
        if fault.how == "hang":
            with self._changed:
                before, fault.hung = self._released, True
                self._hanging += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._released > before)
        if fault.how in ("hang", "cut"):
            raise Cut

    def ended(self, fault: Fault | None) -> None:
        if fault and fault.hung:
            with self._changed:
                self._hanging -= 1
                self._changed.notify_all()

    def wait_for_hanging(self) -> None:
        """Until a request hangs."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._hanging, timeout=SECONDS):
                raise TimeoutError("no request hangs")

    def release(self) -> None:
        """Whatever hangs ends now, and has ended on return."""
        with self._changed:
            self._released += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._hanging, timeout=SECONDS)
