"""While the pilot is on site: suspension and restart, requests of the start-up and their answers."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.testbeds.services import booking_move_dates

from ..models import ExtensionRequest, Gate, Pilot, Suspension, SuspensionRequest
from ..workflow import ON_SITE, State
from .communicating import PORTAL, act_send, declaration_receive
from .moving import carry, opened, opened_for, record, written
from .preparing import RECHECKED


def pilot_suspend(*, pilot_id: Any, actor: Any, reason: str, restart_conditions: str, incident_id: Any = None, channel: str = PORTAL) -> Suspension:
    """Stop a running pilot for a reason, perhaps an incident of its own, and say what lets it go on.

    A request of the start-up to suspend is answered by this.
    Raises DomainError("reason_missing" | "conditions_missing" | "incident_unknown" | "channel" | "pec_missing").
    """
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "suspend")
        incident = pilot.incidents.filter(pk=incident_id).first() if incident_id else None
        if incident_id and incident is None:
            raise DomainError("incident_unknown", _("This incident does not belong to this pilot."))
        suspension = Suspension.objects.create(
            pilot=pilot,
            incident=incident,
            reason=written(reason, "reason_missing", _("Give the reason.")),
            restart_conditions=written(restart_conditions, "conditions_missing", _("Write what must happen before the pilot may go on.")),
            suspended_on=clock.today(),
        )
        pilot.suspension_requests.filter(answered_at__isnull=True).update(result=SuspensionRequest.State.GRANTED, answered_at=clock.now())
        sent = act_send(pilot, "suspend", actor=actor, channel=channel, payload={"suspension": suspension.pk})
        data = {**sent, "incident": incident.number if incident else None, "reason": audit.digest(pilot.audit_salt, suspension.reason)}
        carry(pilot, "suspend", actor=actor, data=data, payload=sent)
    return suspension


def pilot_restart(*, pilot_id: Any, actor: Any) -> Pilot:
    """The conditions are met: the pilot goes on. Raises DomainError("outside_dates") once its last day is over."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "restart")
        if pilot.ends_on and clock.today() > pilot.ends_on:
            raise DomainError("outside_dates", _("The pilot's last day is over: grant an extension first, or complete it."))
        suspension = pilot.suspensions.filter(restarted_on__isnull=True).last()
        if suspension:
            suspension.restarted_on = clock.today()
            suspension.save(update_fields=["restarted_on"])
        return carry(pilot, "restart", actor=actor, data={"suspension": suspension.pk if suspension else None})


def extension_request(*, pilot_id: Any, actor: Any, ends_on: date, reason: str) -> ExtensionRequest:
    """Ask for a later last day. Raises Conflict("request_pending"), DomainError("not_later" | "reason_missing")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.act_for_startup", states=ON_SITE)
        if pilot.ends_on and ends_on <= pilot.ends_on or ends_on < clock.today():
            raise DomainError("not_later", _("The new last day must come after the present one."))
        try:
            with transaction.atomic():
                asked = ExtensionRequest.objects.create(
                    pilot=pilot, ends_on=ends_on, reason=written(reason, "reason_missing", _("Give the reason.")), requested_by=actor, requested_at=clock.now()
                )
        except IntegrityError as error:
            raise Conflict("request_pending", _("A request for an extension is already waiting for its answer.")) from error
        sent = declaration_receive(pilot, "extension_requested", actor=actor, payload={"request": asked.pk})
        record(
            pilot, "request_extension", actor=actor, topic="pilot.extension_requested", payload=sent,
            data={**sent, "to": ends_on.isoformat(), "reason": audit.digest(pilot.audit_salt, asked.reason)},
        )  # fmt: skip
    return asked


def extension_answer(*, request_id: Any, actor: Any, granted: bool, answer: str = "", rechecked: Collection[str] = (), channel: str = PORTAL) -> ExtensionRequest:
    """Grant or refuse an extension. Granting moves the booking, and `rechecked` names the gates that were looked at again.

    Raises Conflict("already_answered"), SlotLost (nothing is written), DomainError("recheck_missing" | "reason_missing" | "channel" | "pec_missing").
    """
    with transaction.atomic():
        pilot_id = ExtensionRequest.objects.values_list("pilot_id", flat=True).get(pk=request_id)
        pilot = opened(pilot_id, actor, "pilots.process", states=ON_SITE)
        asked = pilot.extension_requests.get(pk=request_id)
        if asked.result != ExtensionRequest.State.REQUESTED:
            raise Conflict("already_answered", _("This request has already been answered."))
        if granted:
            needed = set(pilot.gates.filter(kind__in=RECHECKED).exclude(result=Gate.State.NOT_NEEDED).values_list("kind", flat=True))
            if needed - set(rechecked):
                raise DomainError("recheck_missing", _("Check that permits and insurance also cover the added days."))
            pilot.gates.filter(kind__in=needed).update(result=Gate.State.GREEN, set_by=actor, set_at=clock.now())
            booking_move_dates(case_id=pilot.pk, new_end=asked.ends_on, actor=actor)
            pilot.ends_on = asked.ends_on
            pilot.save(update_fields=["ends_on"])
        else:
            written(answer, "reason_missing", _("Give the reason."))
        asked.result = ExtensionRequest.State.GRANTED if granted else ExtensionRequest.State.REFUSED
        asked.answer, asked.answered_by, asked.answered_at = answer.strip(), actor, clock.now()
        asked.save()
        sent = act_send(pilot, "extension_answered", actor=actor, channel=channel, payload={"request": asked.pk})
        record(
            pilot, "grant_extension" if granted else "refuse_extension", actor=actor, topic="pilot.extension_answered", payload=sent,
            data={**sent, "to": asked.ends_on.isoformat(), "answer": audit.digest(pilot.audit_salt, asked.answer)},
        )  # fmt: skip
    return asked


def suspension_request(*, pilot_id: Any, actor: Any, reason: str) -> SuspensionRequest:
    """Ask the city to suspend the pilot. Raises Conflict("request_pending"), DomainError("reason_missing")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.act_for_startup", states=(State.RUNNING,))
        if pilot.suspension_requests.filter(answered_at__isnull=True).exists():
            raise Conflict("request_pending", _("A request for a suspension is already waiting for its answer."))
        asked = SuspensionRequest.objects.create(
            pilot=pilot, reason=written(reason, "reason_missing", _("Give the reason.")), requested_by=actor, requested_at=clock.now()
        )
        sent = declaration_receive(pilot, "suspension_requested", actor=actor, payload={"request": asked.pk})
        record(
            pilot, "request_suspension", actor=actor, topic="pilot.suspension_requested", payload=sent,
            data={**sent, "reason": audit.digest(pilot.audit_salt, asked.reason)},
        )  # fmt: skip
    return asked


def suspension_decline(*, request_id: Any, actor: Any, answer: str, channel: str = PORTAL) -> SuspensionRequest:
    """Let the pilot go on although the start-up asked for a suspension. Raises Conflict("already_answered"), DomainError("reason_missing" | "channel" | "pec_missing")."""
    with transaction.atomic():
        pilot_id = SuspensionRequest.objects.values_list("pilot_id", flat=True).get(pk=request_id)
        pilot = opened(pilot_id, actor, "pilots.process", states=(State.RUNNING,))
        asked = pilot.suspension_requests.get(pk=request_id)
        if asked.answered_at:
            raise Conflict("already_answered", _("This request has already been answered."))
        asked.answer = written(answer, "reason_missing", _("Give the reason."))
        asked.result, asked.answered_at = SuspensionRequest.State.DECLINED, clock.now()
        asked.save()
        sent = act_send(pilot, "suspension_declined", actor=actor, channel=channel, payload={"request": asked.pk})
        record(
            pilot, "decline_suspension", actor=actor, topic="pilot.suspension_declined", payload=sent,
            data={**sent, "answer": audit.digest(pilot.audit_salt, asked.answer)},
        )  # fmt: skip
    return asked
