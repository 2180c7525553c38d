"""A worker or a click as a process of its own, to be killed: asks Stripe's stand-in, and says how far it got.

`how`: "open" opens the checkout, "refunds" sends every refund. `hold`: "inside" never comes back from the end of the transaction that writes the
provider's answer, and says so; "" goes on.
"""

import sys
from typing import Any

import django

django.setup()

from django.conf import settings

from citylab.core import outbox
from citylab.payments.models import Checkout, Refund
from citylab.payments.services import events, paying, refunding, settling


def say(*words: object) -> None:
    print(*words, flush=True)


def never(*args: Any, **how: Any) -> None:
    say("inside")
    sys.stdin.read()


def main(how: str, base: str, key: str, hold: str) -> None:
    for room in (outbox, events, paying, refunding):
        room._nudge = lambda: None  # no other worker here
    settings.PAYMENT_PROVIDER, settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT = "stripe", key, base, 30.0
    settings.STRIPE_WEBHOOK_SECRETS = ("whsec_test",)
    if hold == "inside":
        settling.follow = refunding.follow = never
    if how == "open":
        paying.checkout_enter(Checkout.objects.get())
    else:
        for pk in Refund.objects.filter(state="owed").order_by("owed_at", "pk").values_list("pk", flat=True):
            refunding.refund_send(pk)
            say("done", pk)


main(*sys.argv[1:])
