"""Approval: the decision, the pilot and the booking, all or nothing."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.core.locks import locked
from citylab.proposals.models import Communication, Proposal
from citylab.proposals.services.deciding import decision_record_approval
from citylab.testbeds.services import booking_hold

from .. import plan
from ..models import Gate, Indicator, Milestone, Pilot
from .moving import CASE, keep_step


def pilot_code(number: str) -> str:
    """The permanent code of a pilot from its proposal's number: TCL-2027-00042 → p-2027-00042."""
    return "p-" + number.split("-", 1)[1].lower()


def proposal_approve(
    *, proposal_id: Any, actor: Any, outcome: str, reasons: str, conditions: str = "", third_party: str = "", act_number: str, act_date: date, signed_by: str,
    channel: str = Communication.Channel.PORTAL, site_id: Any = None, starts_on: date | None = None, ends_on: date | None = None,
) -> Pilot:  # fmt: skip
    """Approve a proposal: record the decision, create the pilot and, where a site is chosen, hold its booking.

    The dates (inclusive, set-up and removal in them) are the proposal's unless others are given. Raises SlotLost and whatever
    the decision raises; then nothing at all is written.
    """
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("organisation", "challenge"), proposal_id)
        decision = decision_record_approval(
            proposal=proposal, actor=actor, outcome=outcome, reasons=reasons, conditions=conditions, third_party=third_party, act_number=act_number,
            act_date=act_date, signed_by=signed_by, channel=channel,
        )  # fmt: skip
        starts_on, ends_on = starts_on or proposal.starts_on, ends_on or proposal.ends_on
        if site_id is not None and not (starts_on and ends_on):
            raise DomainError("dates_missing", _("Choose the first and the last day: without them no place can be held."))
        if starts_on and ends_on and ends_on < starts_on:
            raise DomainError("dates_reversed", _("The last day comes before the first."))
        moment = clock.now()
        pilot = Pilot(
            code=pilot_code(proposal.number or ""),
            slug=pilot_code(proposal.number or ""),
            proposal=proposal,
            organisation=proposal.organisation,
            challenge=proposal.challenge,
            programme_id=proposal.programme_id,
            sector_id=proposal.sector_id,
            site_id=site_id,
            title=proposal.title,
            starts_on=starts_on,
            ends_on=ends_on,
            officer_id=proposal.officer_id or actor.pk,
            created_at=moment,
            updated_at=moment,
        )
        pilot.save(force_insert=True)
        Gate.objects.bulk_create(Gate(pilot=pilot, kind=kind, result=result) for kind, result in plan.gates(proposal.answers, has_site=site_id is not None).items())
        Milestone.objects.bulk_create(Milestone(pilot=pilot, title=row.title, due_on=row.due_on) for row in plan.milestones(proposal.answers))
        # Not public: the proposal's words never appear by themselves.
        Indicator.objects.bulk_create(
            Indicator(pilot=pilot, name_it=row.name, name_en=row.name, unit=row.unit, baseline=row.baseline, target=row.target, method=row.method, is_public=False)
            for row in plan.indicators(proposal.answers)
        )
        if site_id is not None and starts_on and ends_on:
            booking_hold(site_id=site_id, case_id=pilot.pk, label=proposal.number or "", starts_on=starts_on, ends_on=ends_on, actor=actor)
        keep_step(pilot)
        audit.append(
            case_kind=CASE, case_id=pilot.pk, action="create", actor=actor, to_state=pilot.state, data={"proposal": str(proposal.pk), "decision": decision.pk, "site": site_id}
        )
        outbox.publish("pilot.created", pilot.pk)
    return pilot
