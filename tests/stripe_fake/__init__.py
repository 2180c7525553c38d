"""A stand-in for Stripe on loopback: what it keeps (world), its API (api), its Checkout page (page), HTTP (server) and a test's hand on it all (fake)."""

from .fake import StripeFake

__all__ = ["StripeFake"]
