"""From the agreement to the start: signatures, gates, readiness."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citylab.audit import services as audit
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.testbeds.services import booking_confirm, booking_free, booking_move_dates

from ..models import Gate, Pilot, PilotNote
from ..workflow import BEFORE_START, ON_SITE
from .communicating import declaration_receive
from .moving import carry, not_future, opened, opened_for, record, written


class Side(TextChoices):
    """Whose hand it is, in what both sides do."""

    CITY = "city", gettext_lazy("The city")
    STARTUP = "startup", gettext_lazy("The start-up")


SIDE_PERMISSIONS = {Side.CITY: "pilots.process", Side.STARTUP: "pilots.act_for_startup"}
# These follow from what happened and are not set by hand.
AUTOMATIC_GATES = (Gate.Kind.SIGNATURES, Gate.Kind.SLOT)
# Other days need these looked at again (domain §2: "permit/insurance recheck").
RECHECKED = (Gate.Kind.PERMITS, Gate.Kind.INSURANCE)


def agreement_record_signature(*, pilot_id: Any, actor: Any, side: str, signed_on: date, agreement_number: str = "") -> Pilot:
    """One side's signature of the agreement; the city gives its number. The second one confirms the booking and starts preparation.

    Raises Conflict("already_signed"), DomainError("agreement_number_missing" | "date_future"), NotAllowed for the other side.
    """
    with transaction.atomic():
        pilot = opened(pilot_id, actor, SIDE_PERMISSIONS[Side(side)], transition="sign_agreement")
        not_future(signed_on)
        if side == Side.CITY:
            if pilot.agreement_city_signed_on:
                raise Conflict("already_signed", _("This side has already signed."))
            pilot.agreement_number = written(agreement_number, "agreement_number_missing", _("Write the number of the agreement."))[:40]
            pilot.agreement_city_signed_on = signed_on
        else:
            if pilot.agreement_startup_signed_on:
                raise Conflict("already_signed", _("This side has already signed."))
            pilot.agreement_startup_signed_on = signed_on
        pilot.save()
        data = {"side": str(side), "signed_on": signed_on.isoformat(), "agreement": pilot.agreement_number}
        if not (pilot.agreement_city_signed_on and pilot.agreement_startup_signed_on):
            record(pilot, "sign_own_side", actor=actor, data=data, topic="pilot.signed_by_one", payload={"side": str(side)})
            return pilot
        _gate_follow(pilot, Gate.Kind.SIGNATURES, actor)
        if booking_confirm(case_id=pilot.pk, actor=actor):
            _gate_follow(pilot, Gate.Kind.SLOT, actor)
        return carry(pilot, "sign_agreement", actor=actor, data=data)


def _gate_follow(pilot: Pilot, kind: str, actor: Any) -> None:
    pilot.gates.filter(kind=kind).update(result=Gate.State.GREEN, set_by=actor, set_at=clock.now())


def gate_set(*, pilot_id: Any, actor: Any, kind: str, result: str, note: str = "") -> Gate:
    """Say how a gate stands. A ready pilot whose gate turns red waits for it: `start` asks again.

    Raises DomainError("gate_automatic" | "gate_unknown"), Conflict once the pilot is over, NotAllowed.
    """
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.process", states=(*BEFORE_START, *ON_SITE))
        if kind in AUTOMATIC_GATES:
            raise DomainError("gate_automatic", _("This one follows from the signatures and the booking; it is not set by hand."))
        gate = pilot.gates.filter(kind=kind).first()
        if gate is not None and gate.follows_money:
            raise DomainError("gate_automatic", _("This one follows from what was paid; it is not set by hand."))
        if gate is None or result not in Gate.State.values:
            raise DomainError("gate_unknown", _("Choose one of the listed requirements and how it stands."))
        before = gate.result
        gate.result, gate.note, gate.set_by, gate.set_at = result, note.strip()[:300], actor, clock.now()
        gate.save()
        record(pilot, "set_gate", actor=actor, data={"gate": kind, "from": before, "to": result, "note": audit.digest(pilot.audit_salt, note)}, topic="pilot.gate_set")
    return gate


def _gates_check(pilot: Pilot) -> None:
    red = [gate.get_kind_display() for gate in pilot.gates.filter(result=Gate.State.RED)]
    if red:
        raise DomainError("gates_red", _("Still missing: %(gates)s.") % {"gates": ", ".join(str(name) for name in red)})


def dates_change(*, pilot_id: Any, actor: Any, starts_on: date, ends_on: date, reason: str) -> Pilot:
    """Other dates for a pilot that has not begun, on the same site: its booking and its milestones move along.

    Permits and insurance were looked at for other days, so where they were in order they are missing again. Raises SlotLost (nothing
    is written), DomainError("date_past" | "dates_reversed" | "dates_same" | "reason_missing").
    """
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.process", states=BEFORE_START)
        if ends_on < starts_on:
            raise DomainError("dates_reversed", _("The last day comes before the first."))
        if starts_on < clock.today():
            raise DomainError("date_past", _("The first day is over already."))
        if (starts_on, ends_on) == (pilot.starts_on, pilot.ends_on):
            raise DomainError("dates_same", _("These are the present dates."))
        said = written(reason, "reason_missing", _("Give the reason."))
        booking_move_dates(case_id=pilot.pk, new_start=starts_on, new_end=ends_on, actor=actor)
        if pilot.starts_on:
            for milestone in pilot.milestones.filter(done_on__isnull=True):
                milestone.due_on += starts_on - pilot.starts_on
                milestone.save(update_fields=["due_on"])
        pilot.gates.filter(kind__in=RECHECKED, result=Gate.State.GREEN).update(result=Gate.State.RED, set_by=actor, set_at=clock.now())
        data = {
            "from": [day.isoformat() if day else None for day in (pilot.starts_on, pilot.ends_on)], "to": [starts_on.isoformat(), ends_on.isoformat()],
            "reason": audit.digest(pilot.audit_salt, said),
        }  # fmt: skip
        pilot.starts_on, pilot.ends_on = starts_on, ends_on
        pilot.save(update_fields=["starts_on", "ends_on"])
        note = PilotNote.objects.create(pilot=pilot, author=actor, text=said, written_at=clock.now())
        record(pilot, "change_dates", actor=actor, topic="pilot.dates_changed", data={**data, "note": note.pk}, payload={"note": note.pk})
    return pilot


def pilot_declare_ready(*, pilot_id: Any, actor: Any) -> Pilot:
    """Everything is in order. Raises DomainError("gates_red") naming what is missing."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "declare_ready")
        _gates_check(pilot)
        return carry(pilot, "declare_ready", actor=actor)


def pilot_start(*, pilot_id: Any, actor: Any, started_on: date | None = None) -> Pilot:
    """The pilot runs, from today or from a given day before. Raises DomainError("gates_red" | "date_future" | "outside_dates")."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "start")
        _gates_check(pilot)
        day = not_future(started_on or clock.today())
        if (pilot.starts_on and day < pilot.starts_on) or (pilot.ends_on and day > pilot.ends_on):
            raise DomainError("outside_dates", _("A pilot starts within the dates that were granted to it."))
        pilot.started_on = day
        return carry(pilot, "start", actor=actor, data={"on": day.isoformat()})


def pilot_withdraw(*, pilot_id: Any, actor: Any, reason: str) -> Pilot:
    """The start-up gives up before the start; its place is free again. Raises DomainError("reason_missing")."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "withdraw")
        pilot.ending_reason = written(reason, "reason_missing", _("Give the reason."))
        booking_free(case_id=pilot.pk, on=clock.today(), actor=actor)
        sent = declaration_receive(pilot, "withdraw", actor=actor, payload={})
        return carry(pilot, "withdraw", actor=actor, data={**sent, "reason": audit.digest(pilot.audit_salt, pilot.ending_reason)}, payload=sent)
