"""What a provider is asked for, as plain values, and what a payer makes of it."""

from datetime import timedelta
from typing import Any

from citylab.core import clock
from citylab.payments.providers import CheckoutFound, CheckoutRequest, Item, Provider
from tests.stripe_fake import StripeFake


def checkout_request(items: tuple[tuple[str, int], ...] = (("Canone per l'occupazione", 160_00), ("Deposito", 56_00)), **changes: Any) -> CheckoutRequest:
    """A checkout of a fee and a deposit, open for most of a day from now."""
    now = changes.pop("created_at", None) or clock.now()
    asked: dict[str, Any] = {
        "reference": f"CK-{now.timestamp()}",
        "account": "",
        "language": "it",
        "email": "rossi@example.org",
        "success_url": "https://citylab.example.org/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://citylab.example.org/money",
        "expires_at": now + timedelta(hours=23),
        "payee_name": "Fondazione Prova",
        "payee_tax_code": "97600000015",
    }
    return CheckoutRequest(items=tuple(Item(*item) for item in items), created_at=now, **{**asked, **changes})


def paid(stripe: Provider, fake: StripeFake, **changes: Any) -> CheckoutFound:
    """A checkout that was paid, as the provider finds it."""
    opened = stripe.create(checkout_request(**changes))
    fake.pay(opened.external_id)
    return stripe.fetch(opened.external_id, opened.account)
