"""Stripe's API over the world: who may ask, idempotency keys, lists, what is expanded. It speaks no HTTP."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .world import DAY, Refusal, Thing, World

KEY_LIVES = DAY
LEVELS = 4  # so deep may a thing be expanded
FILTERS = {
    "checkout.session": {"payment_intent", "status"},
    "payment_intent": set(),
    "charge": {"payment_intent"},
    "refund": {"payment_intent", "charge"},
    "dispute": {"payment_intent", "charge"},
    "event": {"type"},
}
CREATE_SESSION = {
    "adaptive_pricing", "cancel_url", "client_reference_id", "customer_email", "expand", "expires_at", "line_items", "locale", "metadata", "mode",
    "payment_intent_data", "submit_type", "success_url",
}  # fmt: skip
CREATE_REFUND = {"amount", "expand", "metadata", "payment_intent", "reason"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    parameters: Thing
    raw: str = ""  # the parameters as they came: the body, or what stands behind the question mark
    key: str = ""  # the secret key
    account: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Thing
    replayed: bool = False


@dataclass
class Kept:
    """What an idempotency key stands for. `answer` is None while the first request is still being worked on."""

    method_path_parameters: str
    since: float
    answer: Answer | None = None


@dataclass
class Api:
    world: World
    secret_key: str
    revoked: set[str] = field(default_factory=set)
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)

    def answer(self, request: Request, act: Callable[[Callable[[], Answer]], Answer]) -> Answer:
        """The answer to a request. `act` gets what would be done, and may do it, or something worse."""
        try:
            self._let_in(request)
            if request.method == "POST" and request.idempotency_key:
                return self._once(request, act)
            return act(lambda: self.execute(request))
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body)

    def _let_in(self, request: Request) -> None:
        if request.key != self.secret_key:
            raise Refusal(401, f"Invalid API Key provided: {request.key[:8]}****")
        if request.account and (not request.account.startswith("acct_") or request.account in self.revoked):
            message = f"The provided key does not have access to account '{request.account}' (or that account does not exist)."
            raise Refusal(403, message, code="account_invalid")

    def _once(self, request: Request, act: Callable[[Callable[[], Answer]], Answer]) -> Answer:
        name, now = (request.account, request.idempotency_key), self.world.now()
        same = json.dumps([request.method, request.path, request.parameters], sort_keys=True)
        with self.world.lock:
            kept = self.kept.get(name)
            if kept is not None and now - kept.since < KEY_LIVES:
                if kept.method_path_parameters != same:
                    message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
                    raise Refusal(400, message, kind="idempotency_error")
                if kept.answer is None:
                    message = "There is currently another in-progress request using this Idempotent Key."
                    raise Refusal(409, message, kind="idempotency_error", code="idempotency_key_in_use")
                return Answer(kept.answer.status, kept.answer.body, replayed=True)
            kept = self.kept[name] = Kept(same, now)
        try:
            kept.answer = act(lambda: self.execute(request))
            return kept.answer
        except Refusal as refusal:
            if refusal.began:
                kept.answer = Answer(refusal.status, refusal.body)
            raise
        finally:
            if kept.answer is None:
                self.kept.pop(name, None)

    def execute(self, request: Request) -> Answer:
        with self.world.lock:
            self.world.expire_due()
            for method, pattern, do in ROUTES:
                found = re.fullmatch(pattern, request.path)
                if method == request.method and found:
                    given = dict(request.parameters)
                    paths = given.pop("expand", [])
                    body = do(self.world, request.account, given, *found.groups())
                    return Answer(200, expanded(self.world, request.account, body, paths))
            raise Refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).")


def allow(given: Thing, allowed: set[str]) -> None:
    for name in given:
        if name not in allowed:
            raise Refusal(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def create_session(world: World, account: str, given: Thing) -> Thing:
    allow(given, CREATE_SESSION)
    return world.create_session(account, given)


def expire_session(world: World, account: str, given: Thing, identifier: str) -> Thing:
    allow(given, set())
    session = world.get(account, "checkout.session", identifier, "session")
    world.expire(account, session)
    return session


def line_items(world: World, account: str, given: Thing, identifier: str) -> Thing:
    session = world.get(account, "checkout.session", identifier, "session")
    items = world.things[account][f"{session['id']}/given"]["items"]
    rows = [
        {
            "id": f"li_{identifier}_{position}",
            "object": "item",
            "amount_total": int(item["quantity"]) * int(item["price_data"]["unit_amount"]),
            "currency": session["currency"],
            "description": item["price_data"]["product_data"]["name"],
            "quantity": int(item["quantity"]),
        }
        for position, item in enumerate(items)
    ]
    return {"object": "list", "data": rows, "has_more": False, "url": f"/v1/checkout/sessions/{identifier}/line_items"}


def create_refund(world: World, account: str, given: Thing) -> Thing:
    allow(given, CREATE_REFUND)
    return world.refund(account, given)


def retrieve(kind: str) -> Callable[..., Thing]:
    def do(world: World, account: str, given: Thing, identifier: str) -> Thing:
        allow(given, set())
        return world.get(account, kind, identifier)

    return do


def listing(kind: str, url: str) -> Callable[..., Thing]:
    """Newest first, in pages, narrowed by the fields that Stripe can narrow by."""

    def do(world: World, account: str, given: Thing) -> Thing:
        allow(given, FILTERS[kind] | {"created", "limit", "starting_after"} | ({"types"} if kind == "event" else set()))
        rows = list(reversed(world.all(account, kind)))
        for name in FILTERS[kind] & set(given):
            rows = [row for row in rows if row[name] == given[name]]
        if "types" in given:
            if len(given["types"]) > 20:
                raise Refusal(400, "You may specify at most 20 types.", param="types")
            rows = [row for row in rows if row["type"] in given["types"]]
        for relation, seconds in (given.get("created") or {}).items():
            holds = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}[relation]
            rows = [row for row in rows if holds(row["created"], int(seconds))]
        if after := given.get("starting_after"):
            world.get(account, kind, after, "starting_after")
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        limit = int(given.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Refusal(400, "This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
        return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit, "url": url}

    return do


def expanded(world: World, account: str, thing: Thing, paths: list[str]) -> Thing:
    """A copy with these paths filled in: an id by its thing, a charge's refunds by its newest ten."""
    copy = deepcopy(thing)
    for path in paths:
        names = path.split(".")
        if len(names) > LEVELS:
            raise Refusal(400, f"You cannot expand more than {LEVELS} levels of a property. Property: {path}", param="expand")
        _expand(world, account, [copy], names, path)
    return copy


def _expand(world: World, account: str, things: list[Thing], names: list[str], path: str) -> None:
    name, rest = names[0], names[1:]
    for thing in things:
        if thing["object"] == "charge" and name == "refunds":
            rows = [deepcopy(made) for made in reversed(world.all(account, "refund")) if made["charge"] == thing["id"]]
            thing["refunds"] = {"object": "list", "data": rows[:10], "has_more": len(rows) > 10, "url": f"/v1/charges/{thing['id']}/refunds"}
        if name not in thing:
            raise Refusal(400, f"This property cannot be expanded ({path}).", param="expand")
        if isinstance(thing[name], str):
            thing[name] = deepcopy(world.things[account][thing[name]])
        if rest and thing[name]:
            _expand(world, account, thing[name] if isinstance(thing[name], list) else [thing[name]], rest, path)


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """Form fields as a tree: a[b][0][c]=d."""
    tree: Thing = {}
    for name, value in pairs:
        parts = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        at: Any = tree
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1] or str(len(at))] = value

    def listed(branch: Any) -> Any:
        if not isinstance(branch, dict):
            return branch
        inside = {key: listed(value) for key, value in branch.items()}
        return [inside[key] for key in sorted(inside, key=int)] if inside and all(key.isdigit() for key in inside) else inside

    return {name: listed(branch) for name, branch in tree.items()}


SESSIONS = "/v1/checkout/sessions"
PLURALS = {"payment_intent": "payment_intents", "charge": "charges", "refund": "refunds", "event": "events", "dispute": "disputes"}
ROUTES: list[tuple[str, str, Callable[..., Thing]]] = [
    ("POST", SESSIONS, create_session),
    ("GET", SESSIONS, listing("checkout.session", SESSIONS)),
    ("GET", f"{SESSIONS}/([^/]+)", retrieve("checkout.session")),
    ("GET", f"{SESSIONS}/([^/]+)/line_items", line_items),
    ("POST", f"{SESSIONS}/([^/]+)/expire", expire_session),
    ("POST", "/v1/refunds", create_refund),
    ("GET", "/v1/balance_transactions/([^/]+)", retrieve("balance_transaction")),
    *(("GET", f"/v1/{plural}", listing(kind, f"/v1/{plural}")) for kind, plural in PLURALS.items()),
    *(("GET", f"/v1/{plural}/([^/]+)", retrieve(kind)) for kind, plural in PLURALS.items()),
]
