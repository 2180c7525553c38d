"""The officer's side until evaluation: take, hand over, check, ask for additions, declare inadmissible, pass on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from citylab.accounts.models import Role
from citylab.audit import services as audit
from citylab.audit.moves import check_allowed, check_legal, move
from citylab.core import clock, outbox
from citylab.core.clock import deadlines
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked

from .. import wording
from ..models import ChangeRequest, ChangeRequestItem, Decision, Note, Proposal, ProposalVersion, ScreeningCheck, Turn
from ..screening import CHECKLIST
from ..workflow import PENDING
from .clocks import additions_would_suspend, clock_refresh
from .communicating import communication_create

CASE = "proposal"
PROCESS = "proposals.process"


def latest_version(proposal: Proposal) -> ProposalVersion:
    return proposal.versions.latest("number")


def officer_assign(*, proposal_id: Any, actor: Any, officer: Any, only_if_free: bool = False) -> Proposal:
    """Name the responsible officer (responsabile del procedimento, law 241/1990 art. 5).

    Raises DomainError("not_an_officer") for somebody without the role or who belongs to the applicant; with `only_if_free`,
    Conflict("already_taken") where a colleague has the case by now.
    """
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, PROCESS, proposal)
        if only_if_free and proposal.officer_id not in (None, officer.pk):
            raise Conflict("already_taken", _("%(officer)s has taken %(number)s meanwhile.") % {"officer": proposal.officer, "number": proposal.number})
        if not officer.has_perm(PROCESS, proposal):
            raise DomainError("not_an_officer", _("This person cannot be responsible for this case."))
        before = proposal.officer_id
        proposal.officer = officer
        proposal.save(update_fields=["officer"])
        audit.append(case_kind=CASE, case_id=proposal.pk, action="assign", actor=actor, data={"from": before, "to": officer.pk})
        outbox.publish("proposal.assigned", proposal.pk, officer=officer.pk)
    return proposal


@dataclass(frozen=True)
class HandOver:
    """How many cases changed hands, and the numbers of those that stayed because of a conflict of interest."""

    moved: int
    kept: tuple[str, ...]


def cases_hand_over(*, actor: Any, from_officer: Any, to_officer: Any, chosen: Collection[Any]) -> HandOver:
    """Give the chosen undecided cases of a colleague to another officer. Raises DomainError("not_allowed" | "not_an_officer")."""
    if not actor.has_perm("proposals.use_desk"):
        raise DomainError("not_allowed", _("You are not allowed to do this here, or not at this point."))
    if not get_user_model().objects.filter(pk=to_officer.pk, role_grants__role=Role.OFFICER).exists():
        raise DomainError("not_an_officer", _("This person cannot be responsible for this case."))
    moved, kept = 0, []
    for pk, number in Proposal.objects.filter(officer=from_officer, state__in=PENDING, pk__in=list(chosen)).order_by("number").values_list("pk", "number"):
        try:
            officer_assign(proposal_id=pk, actor=actor, officer=to_officer)
            moved += 1
        except DomainError:  # one of the two belongs to this applicant: the case stays where it is
            kept.append(number)
    return HandOver(moved, tuple(kept))


def screening_start(*, proposal_id: Any, actor: Any) -> Proposal:
    """Open the screening; whoever opens it becomes responsible where nobody is yet."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "start_screening")
        if proposal.officer_id is None:
            proposal.officer = actor
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        move(proposal, "start_screening", actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.screening_started", data={"officer": proposal.officer_id})
    return proposal


def checklist_save(*, proposal_id: Any, actor: Any, results: Mapping[str, tuple[str, str]], seen: Mapping[str, tuple[str, str]] | None = None) -> None:
    """Save lines of the checklist of the latest version: item code → (result, note).

    `seen`: the lines as they stood when the person began; Conflict("checklist_changed") where a colleague changed one of `results` since.
    """
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "start_evaluation")
        version = latest_version(proposal)
        saved = {check.item: (check.result, check.note) for check in version.screening_checks.all()}
        if seen is not None and any(saved.get(item, ("", "")) not in (seen.get(item, ("", "")), given) for item, given in results.items()):
            raise Conflict("checklist_changed", _("A colleague changed the same lines of the checklist meanwhile. Compare and save again."))
        for item, (result, note) in results.items():
            if item not in CHECKLIST or result not in ScreeningCheck.Result.values:
                raise DomainError("checklist", _("Unknown line of the checklist."))
            ScreeningCheck.objects.update_or_create(
                version=version, item=item, defaults={"result": result, "note": note, "checked_by": actor, "checked_at": clock.now()}
            )
        audit.append(case_kind=CASE, case_id=proposal.pk, action="checklist", actor=actor, data={item: result for item, (result, _note) in results.items()})


@dataclass(frozen=True)
class AskedItem:
    """One thing the office asks for: the section (and field) it concerns and the text."""

    section: str
    text: str
    field: str = ""


def changes_request(*, proposal_id: Any, actor: Any, items: Sequence[AskedItem], channel: str, text: str = "") -> ChangeRequest:
    """Ask for additions, item by item. The first request stops the clock, at most thirty days (law 241/1990 art. 2 c. 7); a later
    one only asks. Raises DomainError("items_missing")."""
    asked = [item for item in items if item.text.strip()]
    if not asked:
        raise DomainError("items_missing", _("Write at least one thing to be added or changed."))
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "request_changes")
        words = wording.changes_requested(proposal, asked, text)
        message = communication_create(proposal, kind="changes_requested", channel=channel, subject=words.subject, body=words.body, actor=actor)
        today = clock.today()
        first = additions_would_suspend(proposal)
        request = ChangeRequest.objects.create(
            proposal=proposal,
            communication=message,
            clock_stopped_on=today if first else None,
            answer_due_on=deadlines.additions_limit(message.legally_received_on or today),
        )
        ChangeRequestItem.objects.bulk_create(ChangeRequestItem(request=request, section=i.section, field=i.field, text=i.text.strip()) for i in asked)
        proposal.turn = Turn.APPLICANT
        clock_refresh(proposal)
        move(
            proposal, "request_changes", actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.changes_requested",
            data={"request": request.pk, "items": len(asked), "clock_stopped": first, "digest": audit.digest(proposal.audit_salt, words.body)},
            payload={"communication": message.pk},
        )  # fmt: skip
    return request


def reply_settle(*, item_id: int, actor: Any, settled: bool) -> None:
    """The officer's word on one reply."""
    with transaction.atomic():
        item = ChangeRequestItem.objects.select_related("request").get(pk=item_id)
        proposal = locked(Proposal, item.request.proposal_id)
        check_allowed(actor, PROCESS, proposal)
        item.settled = settled
        item.save(update_fields=["settled"])
        audit.append(case_kind=CASE, case_id=proposal.pk, action="settle", actor=actor, data={"item": item.pk, "settled": settled})


def inadmissible_declare(*, proposal_id: Any, actor: Any, reasons: str, act_number: str, act_date: date, signed_by: str, channel: str) -> Decision:
    """Declare inadmissible, with reasons and the act (law 241/1990 art. 3). Raises DomainError("reasons_missing" | "act_missing")."""
    from .deciding import decision_write

    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "declare_inadmissible")
        decision = decision_write(
            proposal, actor=actor, outcome=Decision.Outcome.INADMISSIBLE, reasons=reasons, act_number=act_number, act_date=act_date, signed_by=signed_by, channel=channel
        )
        move(
            proposal, "declare_inadmissible", actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.decided",
            data={"decision": decision.pk, "digest": audit.digest(proposal.audit_salt, reasons)}, payload={"communication": decision.communication_id},
        )  # fmt: skip
    return decision


def evaluation_start(*, proposal_id: Any, actor: Any) -> Proposal:
    """Pass to evaluation. Raises DomainError("checklist_open") unless every line of the checklist is passed or does not apply."""
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("challenge"), proposal_id)
        check_allowed(actor, PROCESS, proposal)
        check_legal(proposal, "start_evaluation")
        results = dict(latest_version(proposal).screening_checks.values_list("item", "result"))
        missing = [item for item in CHECKLIST if results.get(item) not in (ScreeningCheck.Result.PASSED, ScreeningCheck.Result.NOT_APPLICABLE)]
        if missing:
            raise DomainError("checklist_open", _("The checklist still has open lines: %(lines)s.") % {"lines": "; ".join(str(CHECKLIST[item]) for item in missing)})
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        move(proposal, "start_evaluation", actor=actor, permission=PROCESS, case_kind=CASE, topic="proposal.evaluation_started")
    return proposal


def note_add(*, proposal_id: Any, actor: Any, text: str) -> Note:
    """An internal note, kept out of the start-up's sight. Raises DomainError("note_empty")."""
    if not text.strip():
        raise DomainError("note_empty", _("Write the note."))
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, "proposals.note", proposal)
        note = Note.objects.create(proposal=proposal, author=actor, text=text.strip(), written_at=clock.now())
        audit.append(case_kind=CASE, case_id=proposal.pk, action="note", actor=actor, data={"note": note.pk})
    return note


