"""What becomes of a deposit after the check of the place: released, or kept in part with reasons and documents that the start-up sees and may answer."""

from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.pilots.workflow import State
from citylab.proposals import files
from citylab.proposals.models import Attachment

from .. import ledger
from ..models import Charge, DepositDecision, LedgerEntry, Refund
from ..workflow import ChargeState
from .charging import charge_locked
from .opening import follow, move_charge
from .refunding import refund_owe

# The place was found in order, or nothing was ever put there.
MAY_BE_DECIDED = (State.REPORTING, State.CLOSED, State.WITHDRAWN)
# The kind of the case files that say why a part is kept.
EVIDENCE = "deposit_evidence"


def deposit_decide(*, charge_id: Any, actor: Any, released_cents: int, reasons: str = "", uploads: Sequence[Any] = (), seen: int = 0) -> DepositDecision:
    """Release a deposit that is held, whole or in part; what is not released is kept, with reasons. Decided again, more of what was kept goes back.

    `seen` is the number of decisions that the actor had on the screen. Raises Conflict("decided_meanwhile" | "illegal_move"), NotAllowed,
    DomainError("not_a_deposit" | "not_yet" | "released_too_much" | "reasons_missing" | "evidence_file").
    """
    with transaction.atomic():
        charge_locked(charge_id, actor, "payments.process")
    stored = files.store_all(uploads, "evidence_file")  # outside the lock: a large file must hold nobody up
    try:
        with transaction.atomic():
            return _decide(charge_locked(charge_id, actor, "payments.process"), actor, released_cents, reasons.strip(), stored, seen)
    except (DomainError, DatabaseError):
        for _name, file in stored:
            files.forget(file.key)  # nothing refers to it
        raise


def _decide(charge: Charge, actor: Any, released: int, reasons: str, stored: list[tuple[str, files.StoredFile]], seen: int) -> DepositDecision:
    if charge.kind != Charge.Kind.DEPOSIT:
        raise DomainError("not_a_deposit", _("This is no deposit."))
    earlier = list(charge.decisions.all())
    if len(earlier) != seen:
        raise Conflict("decided_meanwhile", _("Somebody else has decided on this deposit meanwhile. Look at the decision first."))
    if charge.pilot.state not in MAY_BE_DECIDED:
        raise DomainError("not_yet", _("A deposit is decided on once the check of the place is passed."))
    held = earlier[-1].kept_cents if earlier else charge.amount_cents
    if charge.state not in (ChargeState.PAID, ChargeState.RETAINED, ChargeState.REFUNDED) or (charge.state == ChargeState.PAID) == bool(earlier):
        raise Conflict("illegal_move", _("This deposit is now “%(state)s”: nothing can be decided on it.") % {"state": charge.get_state_display()})
    if not 0 <= released <= held or (earlier and not released):
        raise DomainError("released_too_much", _("Write a sum that is not more than what is held."))
    kept = held - released
    if kept and not reasons:
        raise DomainError("reasons_missing", _("Say why a part is kept: the start-up reads it and may answer."))
    decision = DepositDecision.objects.create(charge=charge, released_cents=released, kept_cents=kept, reasons=reasons, decided_by=actor, decided_at=clock.now())
    documents = _attached(charge, stored, actor)
    decision.documents.set(documents)
    if kept and not earlier:
        ledger.deposit_kept(charge, kept, decision.pk)
    if released:
        source = LedgerEntry.Account.RETAINED if earlier else LedgerEntry.Account.DEPOSITS
        refund_owe(charge.allocation.payment, released, charge=charge, reason=Refund.Reason.DEPOSIT, actor=actor, source=source)
    else:
        move_charge(charge, "retain", actor=actor, data={"decision": decision.pk})
    data = {"decision": decision.pk, "released": released, "kept": kept, "reasons": audit.digest(charge.pilot.audit_salt, reasons), "files": {str(file.pk): file.sha256 for file in documents}}
    audit.append(case_kind="charge", case_id=charge.pk, action="decide_deposit", actor=actor, from_state=charge.state, to_state=charge.state, data=data)
    outbox.publish("deposit.decided", charge.pk, decision=decision.pk)
    follow(charge.pilot)
    return decision


def _attached(charge: Charge, stored: list[tuple[str, files.StoredFile]], actor: Any) -> list[Attachment]:
    moment = clock.now()
    return [
        Attachment.objects.create(
            proposal_id=charge.pilot.proposal_id, kind=EVIDENCE, name=name, key=file.key, sha256=file.sha256, size=file.size, content_type=file.content_type, uploaded_by=actor, uploaded_at=moment
        )
        for name, file in stored
    ]


def deposit_answer(*, decision_id: Any, actor: Any, answer: str) -> DepositDecision:
    """The start-up answers once to what was kept. Raises Conflict("answered"), DomainError("answer_missing" | "nothing_kept"), NotAllowed."""
    with transaction.atomic():
        charge = charge_locked(DepositDecision.objects.values_list("charge", flat=True).get(pk=decision_id), actor, "payments.pay")
        decision = DepositDecision.objects.get(pk=decision_id)
        if decision.answered_at:
            raise Conflict("answered", _("Your organisation has answered already."))
        if not decision.kept_cents:
            raise DomainError("nothing_kept", _("Nothing was kept: there is nothing to answer."))
        if not answer.strip():
            raise DomainError("answer_missing", _("Write your answer."))
        decision.answer, decision.answered_by, decision.answered_at = answer.strip(), actor, clock.now()
        decision.save(update_fields=["answer", "answered_by", "answered_at"])
        data = {"decision": decision.pk, "answer": audit.digest(charge.pilot.audit_salt, decision.answer)}
        audit.append(case_kind="charge", case_id=charge.pk, action="answer_decision", actor=actor, from_state=charge.state, to_state=charge.state, data=data)
        outbox.publish("deposit.answered", charge.pk, decision=decision.pk)
    return decision
