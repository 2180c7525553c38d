"""Payments: who takes the money, with which keys; a key of the wrong world stops the start."""

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from ..environment import malformed, required

CHECKOUT = "https://checkout.stripe.com"


def payments(env: Env, environment: str) -> dict[str, Any]:
    """The settings; ImproperlyConfigured where real money could be mistaken for play money, or the other way round."""
    provider = (
        env.str("PAYMENT_PROVIDER", default="test") if environment == "local" else required("PAYMENT_PROVIDER", "who takes payments, stripe in production")
    )
    key, base = env.str("STRIPE_SECRET_KEY", default=""), env.str("STRIPE_API_BASE", default="")
    given = env.str("STRIPE_WEBHOOK_SECRET", default="")
    secrets = tuple(secret.strip() for secret in given.split(",")) if given else ()
    if provider not in ("test", "stripe"):
        raise malformed("PAYMENT_PROVIDER", "it must be test or stripe")
    if provider == "test" and environment == "production":
        raise ImproperlyConfigured("PAYMENT_PROVIDER is test: in production nobody pays with play money. See .env.example.")
    if key and not re.fullmatch(r"(sk|rk)_(test|live)_\w+", key, re.ASCII):
        raise malformed("STRIPE_SECRET_KEY", "it must start with sk_test_, rk_test_, sk_live_ or rk_live_")
    if "_live_" in key[:8] and environment != "production":
        raise ImproperlyConfigured(f"STRIPE_SECRET_KEY is a live key: where ENVIRONMENT is {environment} no real money may move. See .env.example.")
    if "_test_" in key[:8] and environment == "production":
        raise ImproperlyConfigured("STRIPE_SECRET_KEY is a test key: in production it would take no money. See .env.example.")
    if not all(secret.startswith("whsec_") for secret in secrets):
        raise malformed("STRIPE_WEBHOOK_SECRET", "it must start with whsec_")
    if provider == "stripe":
        required("STRIPE_SECRET_KEY", "PAYMENT_PROVIDER is stripe, which is asked with it")
        required("STRIPE_WEBHOOK_SECRET", "PAYMENT_PROVIDER is stripe, whose events are checked with it")
    if base and environment != "local":
        raise ImproperlyConfigured("STRIPE_API_BASE is set: another Stripe than the real one exists only where ENVIRONMENT is local. See .env.example.")
    if base and not re.fullmatch(r"https?://[^/]+", base):
        raise malformed("STRIPE_API_BASE", "it must be http:// or https:// and a host, without a path")
    try:
        seconds = env.float("STRIPE_TIMEOUT", default=10.0)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 60:
        raise malformed("STRIPE_TIMEOUT", "it must be seconds, from 1 to 60")
    return {
        "PAYMENT_PROVIDER": provider, "STRIPE_SECRET_KEY": key, "STRIPE_WEBHOOK_SECRETS": secrets, "STRIPE_API_BASE": base, "STRIPE_TIMEOUT": seconds,
        # Browsers hold the redirect that follows a form to form-action too (Content Security Policy).
        "PAYMENT_PAGES": [base or CHECKOUT] if provider == "stripe" else [],
    }  # fmt: skip
