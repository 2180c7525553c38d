"""Which sums a pilot owes: made from the rules when it is approved, brought up to its dates when those change, waived or withdrawn."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.audit.moves import SYSTEM
from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.pilots.models import Pilot
from citylab.pilots.workflow import BEFORE_START, ON_SITE, State

from .. import ledger
from ..arithmetic import Line, both, euros
from ..models import Charge, Payee, Refund, Rule, RuleVersion
from ..selectors import net_cents, owed_by, part_of
from ..workflow import ChargeState
from .opening import follow, move_charge, next_part, opened, write_charge
from .paying import checkouts_give_up
from .refunding import refund_owe

PENDING = (ChargeState.DUE, ChargeState.CHECKOUT_OPEN)
# From these a fee may go back, or some more of it.
GIVES_BACK = (ChargeState.PAID, ChargeState.REFUND_OWED, ChargeState.REFUNDED)
# Nothing is owed any more than was asked for before.
ENDED = (State.REVOKED, State.WITHDRAWN)


def charges_bring_up(*, pilot_id: Any, actor: Any = SYSTEM) -> list[Charge]:
    """Make the charges that the rules give for the pilot as it stands now; gives those that are new.

    What is paid stays: for other dates the difference is charged, or for a fee owed back. What is not paid yet is replaced where its sum changed;
    what is on its way, or disputed, when it has been decided (`charge_follow`). A deposit that was paid comes back whole at the end, so it never
    shrinks before. Once the pilot has left the place, only what was charged already still changes, and no deposit. Raises NotAllowed.
    """
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "payments.process")
        if pilot.is_archive or pilot.state in (*ENDED, State.CLOSED):
            return []
        owed = owed_by(pilot)
        present: dict[str, list[Charge]] = {}
        for charge in Charge.objects.filter(pilot=pilot).exclude(state=ChargeState.WITHDRAWN).select_related("pilot").prefetch_related("refunds"):
            present.setdefault(charge.part.split("+")[0], []).append(charge)
        made: list[Charge] = []
        lines = {part_of(line): line for line in owed.lines}
        for part in [*lines, *(part for part in present if part not in lines)]:
            made += _bring_up(pilot, part, lines.get(part), present.get(part, []), actor, is_complete=owed.is_complete)
        follow(pilot, by_hand=not owed.is_complete)
        if made:
            outbox.publish("charges.made", pilot.pk, charges=[str(charge.pk) for charge in made])
    return made


def _bring_up(pilot: Pilot, part: str, line: Line | None, present: list[Charge], actor: Any, *, is_complete: bool) -> list[Charge]:
    if line is None and not is_complete:
        return []  # it may be among what cannot be worked out
    amount = line.amount_cents if line else 0
    if amount is None or (present and sum(_covers(charge) for charge in present) == amount):
        return []
    if pilot.state not in (*BEFORE_START, *ON_SITE) and (not present or part.startswith(Charge.Kind.DEPOSIT)):
        return []
    for charge in present:
        if charge.state in PENDING:
            _end(charge, "withdraw", actor, reason=_("Replaced: the dates have changed."))
    firm = [charge for charge in present if charge.state != ChargeState.WITHDRAWN]
    covered = sum(_covers(charge) for charge in firm)
    if line and amount > covered:
        return [_make(pilot, line, amount, actor, part=next_part(part, [charge.part for charge in present]), covered=covered)]
    if amount < covered:
        _give_back(firm, covered - amount, actor)
    if line and not present and (line.exempt_by or line.kind == Charge.Kind.STAMP_DUTY):
        freed = _make(pilot, line, 0, actor, part=part)
        freed.waived_act = "; ".join(step["it"] for step in line.steps)[:200]
        move_charge(freed, "waive")
    return []


def _covers(charge: Charge) -> int:
    """How much of what the rules give this charge stands for: what the office gave back does not come due again, what a dispute took does."""
    if charge.state == ChargeState.LOST:
        return 0
    return charge.amount_cents - sum(refund.amount_cents for refund in charge.refunds.all() if refund.reason == Refund.Reason.DATES)


def _make(pilot: Pilot, line: Line, amount: int, actor: Any, *, part: str, covered: int = 0) -> Charge:
    """Charge what the line comes to, less what other charges cover of it already."""
    steps = [*line.steps]
    if covered:
        steps.append(both(lambda: _("Charged before: %(covered)s. Difference: %(amount)s") % {"covered": euros(covered), "amount": euros(amount - covered)}))
    version = RuleVersion.objects.get(rule=line.rule, number=line.version) if line.rule else None
    charge = Charge(
        pilot=pilot, kind=line.kind, payee=_payee(line), rule_version=version, line={**asdict(line), "steps": steps, "dates": _dates(pilot)}, part=part, amount_cents=amount - covered,
        made_at=clock.now(), due_on=max(line.due_on or clock.today(), clock.today()),
    )  # fmt: skip
    write_charge(charge, actor)
    return charge


def _dates(pilot: Pilot) -> list[str | None]:
    """The dates that a charge was made for."""
    return [day.isoformat() if day else None for day in (pilot.starts_on, pilot.ends_on)]


def _payee(line: Line) -> Payee | None:
    return Rule.objects.select_related("payee").get(pk=line.rule).payee if line.rule else None


def _give_back(charges: list[Charge], cents: int, actor: Any) -> None:
    """Owe back what was paid too much, from the newest fee first."""
    for charge in sorted(charges, key=lambda charge: charge.made_at, reverse=True):
        share = min(cents, net_cents(charge))
        if share > 0 and charge.kind == Charge.Kind.FEE and charge.state in GIVES_BACK and hasattr(charge, "allocation"):
            refund_owe(charge.allocation.payment, share, charge=charge, reason=Refund.Reason.DATES, actor=actor)
            cents -= share


def _end(charge: Charge, name: str, actor: Any, *, reason: str, act: str = "") -> None:
    """Waive or withdraw a charge that is not paid. A checkout that was to pay it is closed; money that comes all the same is owed back."""
    charge.ended_reason, charge.waived_act, charge.ended_by = reason[:600], act[:200], None if actor is SYSTEM else actor
    move_charge(charge, name, actor=actor, data={"act": act} if act else None)
    if charge.amount_cents:
        ledger.charge_ended(charge)
    checkouts_give_up(charge)


def charge_waive(*, charge_id: Any, actor: Any, act: str, reason: str) -> Charge:
    """Waive a charge by an act of the city. Stamp duty is the State's and is never waived. Raises Conflict, NotAllowed,
    DomainError("act_missing" | "reason_missing" | "stamp_not_ours")."""
    with transaction.atomic():
        charge = charge_locked(charge_id, actor, "payments.process")
        if charge.kind == Charge.Kind.STAMP_DUTY:
            raise DomainError("stamp_not_ours", _("Stamp duty is the State's: the city cannot waive it."))
        if not act.strip():
            raise DomainError("act_missing", _("Write number and date of the act that waives it."))
        if not reason.strip():
            raise DomainError("reason_missing", _("Give the reason."))
        _end(charge, "waive", actor, reason=reason.strip(), act=act.strip())
        follow(charge.pilot)
    return charge


def charge_locked(charge_id: Any, actor: Any, permission: str) -> Charge:
    """The charge of a locked pilot, read after the lock. Raises Charge.DoesNotExist, NotAllowed."""
    pilot = opened(Charge.objects.values_list("pilot", flat=True).get(pk=charge_id), actor, permission)
    charge = Charge.objects.select_related("payee").get(pk=charge_id)
    charge.pilot = pilot
    return charge


def charges_withdraw(*, pilot_id: Any, reason: str) -> None:
    """The pilot ended before its start: fees and deposit that nobody paid are no longer due. The decision was made, so its stamp duty stays."""
    with transaction.atomic():
        pilot = opened(pilot_id, SYSTEM, "payments.process")
        for charge in Charge.objects.filter(pilot=pilot, state__in=PENDING).exclude(kind=Charge.Kind.STAMP_DUTY):
            charge.pilot = pilot
            _end(charge, "withdraw", SYSTEM, reason=reason)
        follow(pilot)


def charge_follow(*, charge_id: Any) -> None:
    """What was on its way, or disputed, when the pilot ended or got other dates is decided now, so it follows them."""
    with transaction.atomic():
        charge = charge_locked(charge_id, SYSTEM, "payments.process")
        if charge.pilot.state in ENDED:
            charges_withdraw(pilot_id=charge.pilot.pk, reason=_("The pilot has ended."))
        elif charge.line.get("dates", _dates(charge.pilot)) != _dates(charge.pilot):
            charges_bring_up(pilot_id=charge.pilot.pk)


def fee_give_back(*, charge_id: Any, actor: Any, cents: int, reason: str) -> Refund:
    """Give back a fee, whole or in part, by the office's decision. Raises Conflict, NotAllowed, DomainError("reason_missing" | "refund_exceeds" | "not_a_fee")."""
    with transaction.atomic():
        charge = charge_locked(charge_id, actor, "payments.process")
        if charge.kind != Charge.Kind.FEE or not hasattr(charge, "allocation"):
            raise DomainError("not_a_fee", _("Only a fee that was paid can be given back here."))
        if not reason.strip():
            raise DomainError("reason_missing", _("Give the reason."))
        refund = refund_owe(charge.allocation.payment, cents, charge=charge, reason=Refund.Reason.OFFICE, actor=actor, note=reason.strip())
        follow(charge.pilot)
    return refund
