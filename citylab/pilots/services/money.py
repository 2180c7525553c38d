"""What a pilot learns from the money room: its gates of fees and deposit, and whether a deposit keeps the case open."""

from citylab.audit import services as audit
from citylab.core import clock

from ..models import Pilot
from .moving import CASE


def money_follow(pilot: Pilot, *, gates: dict[str, str | None], holds_deposit: bool) -> None:
    """Bring a locked pilot in step: `gates` says for each kind how it stands, or None where it is set by hand.

    A gate that turns red again under a ready pilot stops its start: `start` asks once more.
    """
    for gate in pilot.gates.filter(kind__in=gates):
        result = gates[gate.kind]
        if result is None:
            if gate.follows_money:
                gate.follows_money = False
                gate.save(update_fields=["follows_money"])
            continue
        if gate.follows_money and gate.result == result:
            continue
        before, gate.follows_money, gate.result, gate.set_by, gate.set_at = gate.result, True, result, None, clock.now()
        gate.save()
        if before != result:
            audit.append(case_kind=CASE, case_id=pilot.pk, action="follow_money", from_state=pilot.state, to_state=pilot.state, data={"gate": gate.kind, "from": before, "to": result})
    if pilot.holds_deposit != holds_deposit:
        pilot.holds_deposit = holds_deposit
        pilot.save(update_fields=["holds_deposit"])
