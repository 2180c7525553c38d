"""What Stripe keeps, and what happens to it: sessions are paid, refused or expire, money is given back, disputed, booked; each move leaves its events."""

import secrets
import threading
from collections.abc import Callable
from copy import deepcopy
from typing import Any

API_VERSION = "2026-10-28.endive"
LEAST_CENTS = 50
HALF_HOUR, DAY = 30 * 60, 24 * 60 * 60
MODELESS = ("refund", "balance_transaction")
Thing = dict[str, Any]


class Refusal(Exception):
    """An error in Stripe's own shape. `began`: it came out of acting, so that an idempotency key keeps it."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", code: str = "", param: str = "", began: bool = False) -> None:
        super().__init__(message)
        self.status, self.began = status, began
        said = {"message": message, "type": kind, "code": code, "param": param}
        self.body = {"error": {name: value for name, value in said.items() if value}}


def euro(cents: int) -> str:
    return f"€{cents // 100}.{cents % 100:02d}"


class World:
    """The accounts with their things, by id, in the order in which they were made. Whoever reads or moves them holds `lock`."""

    def __init__(self, now: Callable[[], float], *, live: bool) -> None:
        self.now, self.live = now, live
        self.lock = threading.RLock()
        self.things: dict[str, dict[str, Thing]] = {}
        self.events: list[Thing] = []
        self.base = ""
        self.refunds_start = "succeeded"
        self.fees_known = True
        self._token = secrets.token_hex(4)
        self._last = 0

    # --- finding -----------------------------------------------------------------------------------------------------------
    def get(self, account: str, kind: str, identifier: str, param: str = "id") -> Thing:
        found = self.things.get(account, {}).get(identifier)
        if found is None or found["object"] != kind:
            raise Refusal(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)
        return found

    def all(self, account: str, kind: str) -> list[Thing]:
        return [thing for thing in self.things.get(account, {}).values() if thing["object"] == kind]

    def account_of(self, identifier: str) -> str:
        """The account that holds this thing. Raises KeyError."""
        for account, things in self.things.items():
            if identifier in things:
                return account
        raise KeyError(identifier)

    def charge_of(self, account: str, session: Thing) -> Thing:
        return self.get(account, "charge", self.get(account, "payment_intent", session["payment_intent"])["latest_charge"])

    # --- making ------------------------------------------------------------------------------------------------------------
    def make(self, account: str, kind: str, prefix: str, **fields: Any) -> Thing:
        self._last += 1
        mode = ("live_" if self.live else "test_") if prefix == "cs" else ""
        thing = {"id": f"{prefix}_{mode}{self._token}{self._last:06d}", "object": kind, "created": int(self.now()), **fields}
        if kind not in MODELESS:
            thing["livemode"] = self.live
        self.things.setdefault(account, {})[thing["id"]] = thing
        return thing

    def tell(self, account: str, kind: str, thing: Thing) -> None:
        """Leave an event with the thing as it is now."""
        event = self.make(account, "event", "evt", type=kind, api_version=API_VERSION, data={"object": deepcopy(thing)}, pending_webhooks=1, request=None)
        if account:
            event["account"] = account
        self.events.append(event)

    def create_session(self, account: str, given: Thing) -> Thing:
        now = int(self.now())
        items = given.get("line_items") or []
        for name in ("mode", "success_url", "line_items"):
            if not given.get(name):
                raise Refusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        expires_at = int(given.get("expires_at") or now + DAY)
        if not now + HALF_HOUR <= expires_at <= now + DAY:
            message = "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation."
            raise Refusal(400, message, param="expires_at")
        total = sum(int(item["quantity"]) * int(item["price_data"]["unit_amount"]) for item in items)
        if total < LEAST_CENTS:
            raise Refusal(400, f"The Checkout Session's total amount due must add up to at least {euro(LEAST_CENTS)} eur", code="amount_too_small", began=True)
        session = self.make(
            account,
            "checkout.session",
            "cs",
            amount_subtotal=total,
            amount_total=total,
            cancel_url=given.get("cancel_url"),
            client_reference_id=given.get("client_reference_id"),
            currency=items[0]["price_data"]["currency"],
            customer_details=None,
            customer_email=given.get("customer_email"),
            expires_at=expires_at,
            locale=given.get("locale"),
            metadata=given.get("metadata") or {},
            mode=given["mode"],
            payment_intent=None,
            payment_method_types=["card", "sepa_debit"],
            payment_status="unpaid",
            status="open",
            success_url=given["success_url"],
            ui_mode="hosted",
        )
        session["url"] = f"{self.base}/c/pay/{session['id']}"
        # What the page shows and the payment gets; Stripe's own answer does not have it.
        self.things[account][f"{session['id']}/given"] = {"object": "given", "items": items, "payment": given.get("payment_intent_data") or {}}
        return session

    # --- the payer ---------------------------------------------------------------------------------------------------------
    def pay(self, account: str, session: Thing) -> None:
        payment = self._begin(account, session)
        charge = self._charge(account, payment, "succeeded")
        payment.update(status="succeeded", amount_received=payment["amount"])
        self._book(account, charge)
        session.update(status="complete", payment_status="paid", url=None, customer_details={"email": session["customer_email"]})
        self.tell(account, "charge.succeeded", charge)
        self.tell(account, "payment_intent.succeeded", payment)
        self.tell(account, "checkout.session.completed", session)

    def pay_later(self, account: str, session: Thing) -> None:
        """A method whose money takes days."""
        payment = self._begin(account, session)
        self._charge(account, payment, "pending")
        payment["status"] = "processing"
        session.update(status="complete", payment_status="unpaid", url=None, customer_details={"email": session["customer_email"]})
        self.tell(account, "payment_intent.processing", payment)
        self.tell(account, "checkout.session.completed", session)

    def decline(self, account: str, session: Thing) -> None:
        payment = self._begin(account, session)
        charge = self._charge(account, payment, "failed")
        error = {"code": "card_declined", "message": "Your card was declined.", "type": "card_error"}
        payment.update(status="requires_payment_method", last_payment_error=error)
        self.tell(account, "charge.failed", charge)
        self.tell(account, "payment_intent.payment_failed", payment)

    def arrive(self, account: str, session: Thing, *, arrived: bool) -> None:
        """The end of a delayed payment."""
        payment = self.get(account, "payment_intent", session["payment_intent"] or "")
        if payment["status"] != "processing":
            raise ValueError(f"{session['id']} is not on its way: {payment['status']}")
        charge = self.charge_of(account, session)
        if arrived:
            charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
            payment.update(status="succeeded", amount_received=payment["amount"])
            self._book(account, charge)
            session["payment_status"] = "paid"
            self.tell(account, "charge.succeeded", charge)
            self.tell(account, "payment_intent.succeeded", payment)
        else:
            charge.update(status="failed", paid=False)
            payment.update(status="requires_payment_method", last_payment_error={"code": "payment_method_debit_failed", "type": "card_error"})
            self.tell(account, "payment_intent.payment_failed", payment)
        self.tell(account, f"checkout.session.async_payment_{'succeeded' if arrived else 'failed'}", session)

    def expire(self, account: str, session: Thing) -> None:
        if session["status"] != "open":
            message = f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of {session["status"]}.'
            raise Refusal(400, message, began=True)
        session.update(status="expired", url=None)
        self.tell(account, "checkout.session.expired", session)

    def expire_due(self) -> None:
        now = self.now()
        for account in list(self.things):
            for session in self.all(account, "checkout.session"):
                if session["status"] == "open" and session["expires_at"] <= now:
                    self.expire(account, session)

    def _begin(self, account: str, session: Thing) -> Thing:
        if session["status"] != "open":
            raise ValueError(f"{session['id']} is {session['status']}")
        if session["payment_intent"]:
            return self.get(account, "payment_intent", session["payment_intent"])
        given = self.things[account][f"{session['id']}/given"]["payment"]
        payment = self.make(
            account,
            "payment_intent",
            "pi",
            amount=session["amount_total"],
            amount_received=0,
            currency=session["currency"],
            description=given.get("description"),
            last_payment_error=None,
            latest_charge=None,
            metadata=given.get("metadata") or {},
            status="requires_payment_method",
        )
        session["payment_intent"] = payment["id"]
        self.tell(account, "payment_intent.created", payment)
        return payment

    def _charge(self, account: str, payment: Thing, status: str) -> Thing:
        paid = status == "succeeded"
        charge = self.make(
            account,
            "charge",
            "ch",
            amount=payment["amount"],
            amount_captured=payment["amount"] if paid else 0,
            amount_refunded=0,
            balance_transaction=None,
            captured=paid,
            currency=payment["currency"],
            description=payment["description"],
            disputed=False,
            metadata=dict(payment["metadata"]),
            paid=paid,
            payment_intent=payment["id"],
            refunded=False,
            status=status,
        )
        payment["latest_charge"] = charge["id"]
        return charge

    def _book(self, account: str, charge: Thing) -> None:
        if self.fees_known:
            fee = (charge["amount"] * 15 + 500) // 1000 + 25  # 1.5 % and 25 cents
            charge["balance_transaction"] = self._move(account, charge, "charge", charge["amount"], fee)["id"]

    def _move(self, account: str, source: Thing, kind: str, amount: int, fee: int = 0) -> Thing:
        money = {"amount": amount, "currency": source["currency"], "fee": fee, "net": amount - fee}
        return self.make(account, "balance_transaction", "txn", source=source["id"], type=kind, status="pending", **money)

    def book_late(self, account: str, session: Thing) -> None:
        """The fee becomes known after all."""
        charge = self.charge_of(account, session)
        self.fees_known = True
        self._book(account, charge)
        self.tell(account, "charge.updated", charge)

    # --- back to the payer -------------------------------------------------------------------------------------------------
    def refund(self, account: str, given: Thing) -> Thing:
        payment = self.get(account, "payment_intent", given.get("payment_intent", ""), "payment_intent")
        if payment["status"] != "succeeded":
            message = f"This PaymentIntent ({payment['id']}) does not have a successful charge to refund."
            raise Refusal(400, message, code="payment_intent_unexpected_state", param="payment_intent", began=True)
        charge = self.get(account, "charge", payment["latest_charge"])
        if charge["refunded"]:
            raise Refusal(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", began=True)
        if any(dispute["charge"] == charge["id"] and dispute["status"] != "won" for dispute in self.all(account, "dispute")):
            raise Refusal(400, f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed", began=True)
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(given.get("amount") or left)
        if not 0 < amount <= left:
            message = f"Refund amount ({euro(amount)}) is greater than unrefunded amount on charge ({euro(left)})"
            raise Refusal(400, message, param="amount", began=True)
        made = self.make(
            account,
            "refund",
            "re",
            amount=amount,
            balance_transaction=None,
            charge=charge["id"],
            currency=charge["currency"],
            metadata=given.get("metadata") or {},
            payment_intent=payment["id"],
            reason=given.get("reason"),
            status=self.refunds_start,
        )
        made["balance_transaction"] = self._move(account, made, "refund", -amount)["id"]
        self._count_refunds(account, charge)
        self.tell(account, "refund.created", made)
        self.tell(account, "charge.refunded", charge)
        return made

    def finish_refund(self, account: str, made: Thing, failure: str = "") -> None:
        """A refund arrives, or comes back with Stripe's word for why."""
        made.update({"status": "failed", "failure_reason": failure} if failure else {"status": "succeeded"})
        self._count_refunds(account, self.get(account, "charge", made["charge"]))
        self.tell(account, "refund.updated", made)
        if failure:
            self.tell(account, "refund.failed", made)

    def _count_refunds(self, account: str, charge: Thing) -> None:
        counted = [made for made in self.all(account, "refund") if made["charge"] == charge["id"] and made["status"] not in ("failed", "canceled")]
        charge["amount_refunded"] = sum(made["amount"] for made in counted)
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]

    def dispute(self, account: str, session: Thing, status: str) -> Thing:
        charge = self.charge_of(account, session)
        charge["disputed"] = True
        opened = self.make(
            account,
            "dispute",
            "du",
            amount=charge["amount"] - charge["amount_refunded"],
            balance_transactions=[],
            charge=charge["id"],
            currency=charge["currency"],
            is_charge_refundable=False,
            metadata={},
            payment_intent=charge["payment_intent"],
            reason="product_not_received",
            status=status,
        )
        self.tell(account, "charge.dispute.created", opened)
        if not status.startswith("warning"):
            opened["balance_transactions"].append(deepcopy(self._move(account, opened, "adjustment", -opened["amount"], 2000)))
            self.tell(account, "charge.dispute.funds_withdrawn", opened)
        return opened

    def close_dispute(self, account: str, opened: Thing, status: str) -> None:
        opened["status"] = status
        self.tell(account, "charge.dispute.closed", opened)
        if status == "won":
            opened["balance_transactions"].append(deepcopy(self._move(account, opened, "adjustment", opened["amount"])))
            self.tell(account, "charge.dispute.funds_reinstated", opened)
