"""Formal messages: registered, with their channel and the day they were legally received."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed
from citylab.core import clock, outbox
from citylab.core.clock import deadlines
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked

from .. import register
from ..models import Communication, Proposal, RegisterEntry
from .clocks import clock_refresh

CASE = "proposal"
# The same words by the same person within this time are one message sent twice.
REPEATED_WITHIN = timedelta(minutes=2)


def communication_create(proposal: Proposal, *, kind: str, channel: str, subject: str, body: str, actor: Any) -> Communication:
    """A formal message to the start-up. On the portal it counts as received the day it is published there; by PEC on the day of
    the receipt of delivery, which is recorded later (D.Lgs. 82/2005 art. 6)."""
    if channel not in Communication.Channel.values:
        raise DomainError("channel", _("Choose the channel."))
    if channel == Communication.Channel.PEC and not proposal.organisation.pec:
        raise DomainError("pec_missing", _("The organisation has given no PEC address. Send it on the portal."))
    moment = clock.now()
    return Communication.objects.create(
        proposal=proposal,
        kind=kind,
        channel=channel,
        subject=subject,
        body=body,
        sent_by=actor,
        sent_at=moment,
        legally_received_on=clock.today() if channel == Communication.Channel.PORTAL else None,
        register_entry=register.register(direction=RegisterEntry.Direction.SENT, subject=kind, case_id=proposal.pk),
    )


def communication_receive(proposal: Proposal, *, kind: str, subject: str, body: str, actor: Any) -> Communication:
    """A formal message of the start-up, which reached the city today on the portal."""
    return Communication.objects.create(
        proposal=proposal,
        kind=kind,
        direction=Communication.Direction.FROM_APPLICANT,
        subject=subject,
        body=body,
        sent_by=actor,
        sent_at=clock.now(),
        legally_received_on=clock.today(),
        register_entry=register.register(direction=RegisterEntry.Direction.RECEIVED, subject=kind, case_id=proposal.pk),
    )


def message_send(*, proposal_id: Any, actor: Any, subject: str, body: str, channel: str) -> Communication:
    """A formal message that moves nothing. Raises DomainError("message_empty"), Conflict("message_repeated") for a form sent twice."""
    if not subject.strip() or not body.strip():
        raise DomainError("message_empty", _("Write a subject and a text."))
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, "proposals.process", proposal)
        if proposal.communications.filter(sent_by=actor, subject=subject.strip(), body=body.strip(), sent_at__gt=clock.now() - REPEATED_WITHIN).exists():
            raise Conflict("message_repeated", _("This very message went out a moment ago; it was not sent twice."))
        message = communication_create(proposal, kind="message", channel=channel, subject=subject.strip(), body=body.strip(), actor=actor)
        audit.append(case_kind=CASE, case_id=proposal.pk, action="message", actor=actor, data={"communication": message.pk, "digest": audit.digest(proposal.audit_salt, body)})
        outbox.publish("proposal.message_sent", proposal.pk, communication=message.pk)
    return message


def delivery_record(*, communication_id: int, actor: Any, legally_received_on: date) -> Communication:
    """Record when a PEC was delivered; the terms that depend on it are counted anew from that day.

    Raises Conflict when already recorded, DomainError("delivery_date") for a day before sending or in the future.
    """
    with transaction.atomic():
        found = Communication.objects.get(pk=communication_id)
        proposal = locked(Proposal.objects.select_related("challenge"), found.proposal_id)
        check_allowed(actor, "proposals.process", proposal)
        message = locked(Communication, communication_id)
        if message.legally_received_on is not None:
            raise Conflict("delivery_recorded", _("The delivery of this message has already been recorded."))
        if not message.sent_at.astimezone(clock.rome).date() <= legally_received_on <= clock.today():
            raise DomainError("delivery_date", _("The day of delivery must lie between the day of sending and today."))
        message.legally_received_on = legally_received_on
        message.save(update_fields=["legally_received_on"])
        terms_count(proposal, message)
        clock_refresh(proposal)
        proposal.save(update_fields=["due_on"])
        audit.append(case_kind=CASE, case_id=proposal.pk, action="delivery", actor=actor, data={"communication": message.pk, "on": legally_received_on.isoformat()})
    return message


def terms_count(proposal: Proposal, message: Communication) -> None:
    """Count the terms that start with the legal receipt of `message` (a request for additions or a refusal notice)."""
    if message.legally_received_on is None:
        return
    for request in proposal.change_requests.filter(communication=message, resumed_on__isnull=True):
        request.answer_due_on = deadlines.additions_limit(message.legally_received_on)
        request.save(update_fields=["answer_due_on"])
    for notice in proposal.refusal_notices.filter(communication=message, closed_on__isnull=True):
        notice.observations_due_on = deadlines.observations_limit(message.legally_received_on)
        notice.save(update_fields=["observations_due_on"])
