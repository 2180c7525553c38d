"""One interface to whoever moves the money, and the choice of who that is. A provider knows no charge and no case: it gets plain values and says what it found.

Nothing here is called inside a transaction. Whoever repeats a call asks first, with `find` or `find_refund`, whether the first one arrived.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from importlib import import_module
from typing import Protocol
from uuid import UUID

from django.conf import settings


class Unavailable(Exception):
    """No answer, or none that says anything: the call may or may not have arrived. Ask again later."""


class Refused(Exception):
    """The provider answered that it will not do it. `code` is its own word, for the log and the officer."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code


class BadSignature(Exception):
    """What arrived does not come from the provider, or is too old."""


class Unintelligible(Exception):
    """Signed by the provider, and still not an event."""


class CheckoutStatus(StrEnum):
    OPEN = "open"
    PROCESSING = "processing"  # the payer is done, the money is on its way (delayed methods)
    PAID = "paid"
    FAILED = "failed"  # a delayed payment did not arrive
    EXPIRED = "expired"


class RefundStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class DisputeStatus(StrEnum):
    NONE = ""
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class Item:
    """A line of a checkout, in the payer's language."""

    name: str
    amount_cents: int


@dataclass(frozen=True, kw_only=True)
class CheckoutRequest:
    """`reference` is our own identifier of the checkout, which the provider keeps and gives back; it is the idempotency key too."""

    reference: str
    account: str  # the payee's connected account; "" for the platform's own
    items: tuple[Item, ...]
    language: str  # "it" or "en"
    email: str
    success_url: str
    cancel_url: str
    created_at: datetime
    expires_at: datetime | None  # None: it stays open until somebody closes it
    payee_name: str
    payee_tax_code: str
    currency: str = "EUR"

    @property
    def amount_cents(self) -> int:
        return sum(item.amount_cents for item in self.items)


@dataclass(frozen=True, kw_only=True)
class RefundFound:
    """A refund as the provider has it. `reference` is our identifier, "" where somebody made it in the provider's own console."""

    external_id: str
    reference: str
    amount_cents: int
    status: RefundStatus
    reason: str = ""  # the provider's word for why it was refused


@dataclass(frozen=True, kw_only=True)
class PaymentFound:
    """Money that arrived. `fee_cents` is what the provider kept of it, None while it does not say; `disputed` is how a dispute stands."""

    external_id: str
    amount_cents: int
    received_at: datetime
    fee_cents: int | None = None
    disputed: DisputeStatus = DisputeStatus.NONE
    refunds: tuple[RefundFound, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckoutFound:
    """A checkout as the provider has it now. `payments` has one entry as a rule, more where somebody paid twice."""

    external_id: str
    reference: str
    account: str
    status: CheckoutStatus
    amount_cents: int
    currency: str
    url: str = ""
    payments: tuple[PaymentFound, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a webhook says, once its signature is checked: never acted on by itself, only a reason to fetch `object_id`.

    `object_kind`: "checkout", "payment", "refund", "dispute", or "" for what we have no use for. `checkout` and `payment` name them where the
    event does, so that a refund or a dispute leads to its payment.
    """

    external_id: str
    account: str
    kind: str  # the provider's own word: "checkout.session.completed"
    object_kind: str
    object_id: str
    live: bool
    created_at: datetime
    reference: str = ""  # our checkout's identifier, where the event carries it
    payment_id: str = ""  # the provider's identifier of the payment, where the event carries it


class Provider(Protocol):
    code: str
    live: bool  # whether the money is real
    refunds: bool  # whether money goes back through it; otherwise by bank transfer

    def create(self, request: CheckoutRequest) -> CheckoutFound:
        """Open a checkout. The same reference again gives the same checkout. Raises Unavailable, Refused."""

    def find(self, reference: str, account: str, *, since: datetime) -> CheckoutFound | None:
        """The checkout with our identifier, made at `since` or later, or None where it never arrived. Raises Unavailable."""

    def fetch(self, external_id: str, account: str) -> CheckoutFound:
        """The checkout with its payments, refunds and disputes as they stand. Raises Unavailable, Refused("unknown")."""

    def fetch_by_payment(self, payment_id: str, account: str) -> CheckoutFound:
        """The checkout behind a payment. Raises Unavailable, Refused("unknown")."""

    def expire(self, external_id: str, account: str) -> CheckoutFound:
        """Close an open checkout; one that is paid or expired already is given as it stands. Raises Unavailable."""

    def refund(self, *, payment_id: str, amount_cents: int, reference: str, account: str) -> RefundFound:
        """Give money back; the same reference again gives the same refund. Raises Unavailable, Refused."""

    def find_refund(self, *, payment_id: str, reference: str, account: str) -> RefundFound | None:
        """The refund with our identifier, or None where it never arrived. Raises Unavailable."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """An event out of a webhook's raw body. `headers` are found whatever their case. Raises BadSignature, Unintelligible."""

    def events(self, first: date, last: date, account: str) -> Iterator[Event]:
        """Every event that we would want, created on these days (inclusive, Rome's), oldest first. Raises Unavailable."""

    def checkouts(self, first: date, last: date, account: str) -> Iterator[CheckoutFound]:
        """Every checkout created on these days (inclusive, Rome's), as `fetch` gives it. Raises Unavailable."""


MODULES = {"stripe": "citylab.payments.providers.stripe", "test": "citylab.payments.providers.sandbox", "notice": "citylab.payments.providers.notice"}


def provider(code: str) -> Provider:
    """The provider with this code, made from the settings. Raises KeyError for one that does not exist."""
    made: Provider = import_module(MODULES[code]).from_settings()
    return made


_instead: ContextVar[str] = ContextVar("citylab_online_provider", default="")


def online() -> str:
    """The code of the provider that takes online payments in this installation."""
    code: str = _instead.get() or settings.PAYMENT_PROVIDER
    return code


@contextmanager
def online_through(code: str) -> Iterator[None]:
    """Inside the block online payments go through this provider: invented people never pay at a real one."""
    token = _instead.set(code)
    try:
        yield
    finally:
        _instead.reset(token)


def is_reference(text: str) -> bool:
    """Whether it may be an identifier of ours."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def accounts(known: Iterable[str]) -> list[str]:
    """The platform's own account and every connected one, each once."""
    return sorted({"", *known})
