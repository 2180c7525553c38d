"""What every act about money shares. The pilot's row is the lock: whatever moves a pilot's money waits for whatever else moves it."""

from collections.abc import Iterable
from typing import Any

from citylab.audit import services as audit
from citylab.audit.moves import SYSTEM, check_allowed, move
from citylab.core.locks import locked
from citylab.pilots.models import Gate, Pilot
from citylab.pilots.services.money import money_follow

from .. import ledger
from ..models import Charge, Checkout, Refund
from ..workflow import SETTLED, ChargeState

# While a deposit is in one of these, its case stays open.
HELD = (ChargeState.PAID, ChargeState.REFUND_OWED, ChargeState.DISPUTED)
OF_GATE = {Gate.Kind.FEES: (Charge.Kind.FEE, Charge.Kind.STAMP_DUTY), Gate.Kind.DEPOSIT: (Charge.Kind.DEPOSIT,)}


def opened(pilot_id: Any, actor: Any, permission: str) -> Pilot:
    """The pilot, locked, once it is sure that the actor may. Raises NotAllowed, Pilot.DoesNotExist. Inside a transaction."""
    pilot = locked(Pilot.objects.select_related("organisation", "site", "proposal"), pilot_id)
    check_allowed(actor, permission, pilot)
    return pilot


def write_charge(charge: Charge, actor: Any) -> None:
    """A new charge of a locked pilot, into the books and its trail."""
    charge.save(force_insert=True)
    if charge.amount_cents:
        ledger.charge_made(charge)
    data = {"pilot": str(charge.pilot_id), "kind": charge.kind, "cents": charge.amount_cents, "rule": charge.line["rule"], "version": charge.line["version"]}
    audit.append(case_kind="charge", case_id=charge.pk, action="make", actor=None if actor is SYSTEM else actor, to_state=charge.state, data=data)


def next_part(part: str, taken: Iterable[str]) -> str:
    """The name of one more charge for the same part of what a pilot owes; `taken` are the names there are."""
    numbers = [int(name.partition("+")[2] or 0) for name in taken]
    return f"{part}+{max(numbers) + 1}" if numbers else part


def move_charge(charge: Charge, name: str, *, actor: Any = SYSTEM, permission: str = "payments.process", data: dict[str, Any] | None = None) -> None:
    """Carry a charge of a locked pilot through a transition, into its trail and out as "charge.<transition>"."""
    cents = {"cents": charge.amount_cents, **(data or {})}
    _move(charge, name, "charge", charge.pilot, actor, permission, cents)


def move_checkout(checkout: Checkout, name: str, *, actor: Any = SYSTEM, permission: str = "payments.pay", data: dict[str, Any] | None = None) -> None:
    _move(checkout, name, "checkout", checkout.pilot, actor, permission, data)


def move_refund(refund: Refund, name: str, *, actor: Any = SYSTEM, permission: str = "payments.process", data: dict[str, Any] | None = None) -> None:
    cents = {"cents": refund.amount_cents, "reason": refund.reason, **(data or {})}
    _move(refund, name, "refund", refund.payment.checkout.pilot, actor, permission, cents)


def _move(record: Any, name: str, kind: str, pilot: Pilot, actor: Any, permission: str, data: dict[str, Any] | None) -> None:
    # `pilot` stands for the record where permissions are asked: a sum has none of its own.
    move(record, name, actor=actor, permission=permission, case_kind=kind, topic=f"{kind}.{name}", data=data, payload={"pilot": str(pilot.pk)}, asked_of=pilot)


def follow(pilot: Pilot, *, by_hand: bool | None = None) -> None:
    """Bring the locked pilot's gates in step with its charges. `by_hand`: the charges do not say all that is owed, so an officer says; None: as it was."""
    # What a dispute lost is due once more as a charge of its own, as long as the gates matter.
    charges = list(Charge.objects.filter(pilot=pilot).exclude(state__in=(ChargeState.WITHDRAWN, ChargeState.LOST)))
    if by_hand is None:
        followed = set(pilot.gates.filter(follows_money=True).values_list("kind", flat=True))
    else:
        followed = set() if by_hand else set(OF_GATE)
    gates: dict[str, str | None] = {}
    for gate, kinds in OF_GATE.items():
        of_gate = [charge for charge in charges if charge.kind in kinds]
        gates[gate] = _result(of_gate) if gate in followed else None
    money_follow(pilot, gates=gates, holds_deposit=any(charge.kind == Charge.Kind.DEPOSIT and charge.state in HELD for charge in charges))


def _result(charges: list[Charge]) -> str:
    if any(charge.state not in SETTLED for charge in charges):
        return Gate.State.RED
    return Gate.State.GREEN if any(charge.amount_cents for charge in charges) else Gate.State.NOT_NEEDED
