"""A stand-in for Stripe on loopback: what it keeps (world), its API (api), its Checkout page (page), HTTP (server), the line that a test can break (line) and a test's hand on it all (fake)."""

from .fake import StripeFake

__all__ = ["StripeFake"]
