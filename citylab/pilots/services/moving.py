"""What every write of a pilot shares: opening the case under its lock, moving it, recording a fact about it."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed, check_legal, move
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked

from ..duties import PilotFacts, duty
from ..models import ExtensionRequest, Pilot, SuspensionRequest
from ..rules import PERMISSIONS
from ..workflow import ON_SITE, State

CASE = "pilot"


def opened(pilot_id: Any, actor: Any, permission: str, *, states: tuple[State, ...] | None = None, transition: str = "") -> Pilot:
    """The pilot, locked, once it is sure that `transition` is legal or the state one of `states`, and that the actor may.

    Raises Conflict("illegal_move"), NotAllowed. Must be called inside a transaction.
    """
    pilot = locked(Pilot.objects.select_related("organisation", "site"), pilot_id)
    if transition:
        check_legal(pilot, transition)
    if states is not None and pilot.state not in states:
        raise Conflict("illegal_move", _("This cannot be done while the pilot is “%(state)s”.") % {"state": pilot.get_state_display()})
    check_allowed(actor, permission, pilot)
    return pilot


def opened_for(pilot_id: Any, actor: Any, transition: str) -> Pilot:
    """The pilot, locked, for one of the workflow's transitions by its own permission."""
    return opened(pilot_id, actor, PERMISSIONS[transition], transition=transition)


def carry(pilot: Pilot, transition: str, *, actor: Any, data: dict[str, Any] | None = None, payload: dict[str, Any] | None = None) -> Pilot:
    """Make the move, publish it as "pilot.<transition>", and say whose turn it is now."""
    pilot.updated_at = clock.now()
    move(
        pilot, transition, actor=actor, permission=PERMISSIONS[transition], case_kind=CASE, topic=f"pilot.{transition}", data=data, payload=payload
    )
    keep_step(pilot)
    return pilot


def record(pilot: Pilot, action: str, *, actor: Any, data: dict[str, Any] | None = None, topic: str = "", payload: dict[str, Any] | None = None) -> None:
    """A fact that moves no state: into the trail, and out as `topic` where somebody follows it."""
    pilot.updated_at = clock.now()
    pilot.save(update_fields=["updated_at"])
    keep_step(pilot)
    audit.append(case_kind=CASE, case_id=pilot.pk, action=action, actor=actor, from_state=pilot.state, to_state=pilot.state, data=data)
    if topic:
        outbox.publish(topic, pilot.pk, **(payload or {}))


def facts_of(pilot: Pilot) -> PilotFacts:
    """What the next step depends on, asking only for what the state makes relevant."""
    pending = milestone = check = None
    if pilot.state in ON_SITE:
        pending = min(
            [
                *pilot.extension_requests.filter(result=ExtensionRequest.State.REQUESTED).values_list("requested_at", flat=True),
                *pilot.suspension_requests.filter(answered_at__isnull=True).values_list("requested_at", flat=True),
            ],
            default=None,
        )
        milestone = pilot.milestones.filter(done_on__isnull=True).values_list("due_on", flat=True).first()
    if pilot.state in (State.RESTORATION, State.REPORTING):
        check = pilot.restoration_checks.last()
    report = getattr(pilot, "final_report", None) if pilot.state == State.REPORTING else None
    return PilotFacts(
        state=pilot.state,
        created_on=pilot.created_at.astimezone(clock.rome).date(),
        starts_on=pilot.starts_on,
        ends_on=pilot.ends_on,
        signed_by_startup=pilot.agreement_startup_signed_on is not None,
        request_pending_since=pending.astimezone(clock.rome).date() if pending else None,
        next_milestone_on=milestone,
        removal_due_on=pilot.removal_due_on,
        last_check_failed=check is not None and not check.passed,
        restored_on=check.checked_on if check and check.passed else None,
        reported_on=report.submitted_at.astimezone(clock.rome).date() if report else None,
    )


def keep_step(pilot: Pilot) -> None:
    """Bring `turn` and `due_on` in step with the facts."""
    due = duty(facts_of(pilot))
    pilot.turn, pilot.due_on = due.turn, due.due_on
    pilot.save(update_fields=["turn", "due_on"])


def written(text: str, code: str, message: Any) -> str:
    """`text` without the blanks around it. Raises DomainError(code, message) when nothing is left."""
    if not text.strip():
        raise DomainError(code, message)
    return text.strip()


def not_future(day: date, code: str = "date_future") -> date:
    """`day`. Raises DomainError when it lies in the future."""
    if day > clock.today():
        raise DomainError(code, _("This date is in the future."))
    return day


def lapse_requests(pilot: Pilot) -> None:
    """Requests that nobody answered before the pilot left the site have lost their object."""
    moment = clock.now()
    pilot.extension_requests.filter(result=ExtensionRequest.State.REQUESTED).update(result=ExtensionRequest.State.LAPSED, answered_at=moment)
    pilot.suspension_requests.filter(answered_at__isnull=True).update(result=SuspensionRequest.State.LAPSED, answered_at=moment)
