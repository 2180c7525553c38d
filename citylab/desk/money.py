"""What officers do about a pilot's money, and what its Money tab shows beside the start-up's: the books and every sum's trail."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import User
from citylab.audit.models import AuditEntry
from citylab.core import clock
from citylab.payments import providers
from citylab.payments.arithmetic import euros
from citylab.payments.models import Charge, Checkout, CheckoutLine, LedgerEntry, Refund
from citylab.payments.money import MoneyView, money_view
from citylab.payments.services import charging, deposits, notices, refunding
from citylab.payments.templatetags.costs import said
from citylab.payments.workflow import LIVE, ChargeState, RefundState
from citylab.pilots.actions import Action, Attempt
from citylab.pilots.forms import ConfirmForm
from citylab.pilots.models import Pilot
from citylab.pilots.selectors import readers_of
from citylab.pilots.workflow import State

from .money_forms import DepositForm, GiveBackForm, ReceiptForm, TransferForm, WaiveForm

PERMISSION = "payments.process"
TAB = "money"
# The field that a refusal is about, the first of these that the form has.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "act_missing": ("act",),
    "reason_missing": ("reason",),
    "refund_exceeds": ("amount", "released"),
    "released_too_much": ("released",),
    "reasons_missing": ("reasons",),
    "evidence_file": ("documents",),
    "date_future": ("transferred_on", "paid_on"),
    "reference_missing": ("reference",),
    "receipt_missing": ("receipt_id",),
    "other_receipt": ("receipt_id",),
    "amount": ("amount",),
}


def _charge(pilot: Pilot, item: str) -> Charge | None:
    return Charge.objects.filter(pilot=pilot, pk=item).select_related("payee").first() if providers.is_reference(item) else None


def _refund(pilot: Pilot, item: str) -> Refund | None:
    return Refund.objects.filter(payment__checkout__pilot=pilot, pk=item).first() if providers.is_reference(item) else None


def _notice(pilot: Pilot, item: str) -> Checkout | None:
    return Checkout.objects.filter(pilot=pilot, provider=notices.CODE, external_id=item).first()


def _may_waive(charge: Charge) -> bool:
    return charge.kind != Charge.Kind.STAMP_DUTY and charge.state in (ChargeState.DUE, ChargeState.CHECKOUT_OPEN)


def _may_give_back(charge: Charge) -> bool:
    return charge.kind == Charge.Kind.FEE and charge.state in (ChargeState.PAID, ChargeState.REFUND_OWED, ChargeState.REFUNDED) and _left(charge) > 0


def _left(charge: Charge) -> int:
    return charge.amount_cents - sum(refund.amount_cents for refund in charge.refunds.all())


def _may_decide(charge: Charge) -> bool:
    if charge.kind != Charge.Kind.DEPOSIT or charge.pilot.state not in deposits.MAY_BE_DECIDED:
        return False
    decisions = list(charge.decisions.all())
    return charge.state == ChargeState.PAID if not decisions else charge.state in (ChargeState.RETAINED, ChargeState.REFUNDED) and decisions[-1].kept_cents > 0


def _waive(*, pilot: Pilot, actor: Any, item: Charge, **data: Any) -> Any:
    return charging.charge_waive(charge_id=item.pk, actor=actor, **data)


def _give_back(*, pilot: Pilot, actor: Any, item: Charge, amount: int, reason: str) -> Any:
    return charging.fee_give_back(charge_id=item.pk, actor=actor, cents=amount, reason=reason)


def _decide(*, pilot: Pilot, actor: Any, item: Charge, released: int, reasons: str, seen: int, documents: list[Any] | None = None) -> Any:
    return deposits.deposit_decide(charge_id=item.pk, actor=actor, released_cents=released, reasons=reasons, uploads=documents or [], seen=seen)


def _transfer(*, pilot: Pilot, actor: Any, item: Refund, **data: Any) -> Any:
    return refunding.refund_transfer_record(refund_id=item.pk, actor=actor, **data)


def _receipt(*, pilot: Pilot, actor: Any, item: Checkout, amount: int, **data: Any) -> Any:
    return notices.receipt_record(actor=actor, given=notices.Given(number=item.external_id, amount_cents=amount, **data))


def _bring_up(*, pilot: Pilot, actor: Any, item: Any) -> Any:
    return charging.charges_bring_up(pilot_id=pilot.pk, actor=actor)


_SEE = _("See what will be sent")
ACTIONS = {
    action.code: action
    for action in (
        Action("waive", PERMISSION, _("Waive the sum"), _SEE, _("The sum is waived."), WaiveForm, _waive, _("The start-up no longer owes it. A payment that was begun is closed; money that arrives all the same is given back."), find=_charge, open=_may_waive, asks=True, danger=True, tab=TAB, fields=FIELDS),
        Action("give-back", PERMISSION, _("Give the fee back"), _SEE, _("The sum is on its way back."), GiveBackForm, _give_back, _("The whole fee or a part of it goes back the way it was paid; where that cannot be, by bank transfer."), find=_charge, open=_may_give_back, asks=True, danger=True, tab=TAB, fields=FIELDS),
        Action("deposit", PERMISSION, _("Decide on the deposit"), _SEE, _("The decision is taken."), DepositForm, _decide, _("What you release goes back to the start-up the way it was paid; where that cannot be, by bank transfer. What you keep can still be given back later."), find=_charge, open=_may_decide, asks=True, tab=TAB, fields=FIELDS),
        Action("transfer", PERMISSION, _("Record the bank transfer"), _("Record the bank transfer"), _("The transfer is recorded."), TransferForm, _transfer, _("The transfer itself is made with your bank; here you record its day and reference."), find=_refund, open=lambda refund: refund.state == RefundState.TRANSFER_OWED and bool(refund.iban), tab=TAB, fields=FIELDS),
        Action("receipt", PERMISSION, _("Record the receipt of a notice"), _("See what it does"), _("The receipt is recorded. Its sums change in a moment."), ReceiptForm, _receipt, _("The notice was paid elsewhere; here you record what its receipt says."), find=_notice, open=lambda checkout: checkout.state in LIVE, asks=True, tab=TAB, fields=FIELDS),
        Action("charges", PERMISSION, _("Work the sums out again"), _("Work the sums out again"), _("The sums are worked out as the rules and dates stand now."), ConfirmForm, _bring_up, _("For when dates or figures were missing. New sums are asked for; a sum that has changed and is not paid yet is replaced; what was paid too much of a fee goes back. What is in order stays."), applies=lambda pilot: not pilot.is_archive and pilot.state not in (State.CLOSED, State.WITHDRAWN), asks=True, tab=TAB),
    )
}  # fmt: skip


# --- the pages of these actions -------------------------------------------------------------------------------------------------


def action_context(pilot: Pilot, action: Action, item: Any, attempt: Attempt, actor: Any) -> dict[str, Any]:
    """What the page of one of these actions shows beside what every action's page does."""
    form = attempt.form
    if form is not None and set(form.errors) == {"documents"}:
        attempt.step = "confirm"  # the files are chosen on the last page, with everything else as it was
    context: dict[str, Any] = {"step": attempt.step, "item_label": "" if isinstance(form, DepositForm) else _label(item)}
    if isinstance(item, Charge):
        context["facts"] = _facts(item, form)
    elif isinstance(item, Refund):
        context["facts"] = [(_("Sum"), euros(item.amount_cents)), (_("Account"), item.iban), (_("Account holder"), item.account_holder)]
    elif isinstance(item, Checkout):
        context["facts"] = [(_("Number of the notice"), item.external_id), (_("Sum"), euros(item.amount_cents))]
    if attempt.step == "confirm" and form is not None and form.is_bound:
        readers = [user for user, page in readers_of(pilot) if page == "portal:pilot"]
        context |= {"given": _given(form), "preview_template": "desk/_money_preview.html", "readers": readers, **PREVIEWS.get(action.code, _nothing)(item, form.cleaned_data, actor)}
    return context


def _label(item: Any) -> str:
    return said(item.line["label"]) if isinstance(item, Charge) else ""


def _facts(charge: Charge, form: Any) -> list[tuple[Promise, Any]]:
    if isinstance(form, DepositForm):
        return [(_("Held as deposit"), euros(form.held_cents))]
    return [(_("Sum"), euros(charge.amount_cents)), *([(_("Not given back yet"), euros(_left(charge)))] if isinstance(form, GiveBackForm) else [])]


def _given(form: Any) -> list[dict[str, Any]]:
    values = [(name, value) for name, value in form.cleaned_data.items() if name not in ("seen", "documents") and value not in (None, "")]
    return [{"label": form.fields[name].label, "value": euros(value) if name in ("amount", "released") else value} for name, value in values]


def _waive_preview(charge: Charge, data: dict[str, Any], actor: Any) -> dict[str, Any]:
    return {"reads": _("The city has waived a sum of yours."), "told": [(_("Sum"), euros(charge.amount_cents)), (_("Act"), data["act"]), (_("Reason"), data["reason"])]}


def _give_back_preview(charge: Charge, data: dict[str, Any], actor: Any) -> dict[str, Any]:
    return {"reads": _("A sum comes back to you."), "told": [(_("Amount"), euros(data["amount"])), (_("Reason"), data["reason"])]}


def _deposit_preview(charge: Charge, data: dict[str, Any], actor: Any) -> dict[str, Any]:
    kept = max(0, DepositForm(pilot=charge.pilot, item=charge).held_cents - data["released"])
    decision = SimpleNamespace(decided_at=clock.now(), released_cents=data["released"], kept_cents=kept, reasons=data["reasons"], documents=None, answered_at=None)
    words = _("A part of your deposit is kept: you can answer to it once.") if kept else _("Your deposit comes back.")
    return {"reads": words, "decision": decision}


def _receipt_preview(checkout: Checkout, data: dict[str, Any], actor: Any) -> dict[str, Any]:
    given = notices.Given(number=checkout.external_id, receipt_id=data["receipt_id"], amount_cents=data["amount"], paid_on=data["paid_on"])
    return {"does": notices.receipts_judged([given], actor=actor)[0].label}


def _nothing(item: Any, data: dict[str, Any], actor: Any) -> dict[str, Any]:
    return {}


PREVIEWS = {"waive": _waive_preview, "give-back": _give_back_preview, "deposit": _deposit_preview, "receipt": _receipt_preview}


# --- the tab --------------------------------------------------------------------------------------------------------------------


def tab_context(pilot: Pilot) -> dict[str, Any]:
    """The Money tab as officers see it."""
    money = money_view(pilot)
    return {
        "tab_template": "desk/_tab_money.html", "money": money, "document": "desk:deposit_file", "receipt_page": "desk:receipt_page", "receipt_pdf": "desk:receipt_pdf",
        "group_actions": "desk/_money_notices.html", "sum_actions": "desk/_money_sum_actions.html", "other_actions": "desk/_money_transfers.html", "acts": _acts(pilot, money),
        "trails": _trails(money), **_books(pilot),
    }  # fmt: skip


def _acts(pilot: Pilot, money: MoneyView) -> dict[Any, list[Action]]:
    """What can be done with each sum, by the id of its charge."""
    found = {}
    prefetch_related_objects([one.charge for one in money.sums], "refunds")
    for one in money.sums:
        one.charge.pilot = pilot
        found[one.charge.pk] = [action for action in ACTIONS.values() if action.find is _charge and action.open(one.charge)]
    return found


KINDS: dict[str, Promise] = {
    "charge_made": _("Charged"),
    "charge_ended": _("Waived or no longer due"),
    "charge_paid": _("Paid"),
    "provider_fee": _("The provider's fee"),
    "deposit_kept": _("Deposit kept"),
    "refund_owed": _("To be given back"),
    "refund_done": _("Given back"),
    "refund_came_back": _("Came back: the bank could not deliver it"),
    "transferred": _("Bank transfer"),
    "dispute_opened": _("Dispute opened"),
    "dispute_won": _("Dispute won"),
    "dispute_lost": _("Dispute lost"),
}
STEPS: dict[str, Promise] = {
    "make": _("Sum worked out"),
    "open_checkout": _("Payment begun"),
    "close_checkout": _("Payment given up or run out"),
    "await_money": _("Payment on its way"),
    "pay": _("Paid"),
    "waive": _("Waived"),
    "withdraw": _("No longer due"),
    "owe_refund": _("To be given back"),
    "refund": _("Given back"),
    "retain": _("Kept"),
    "dispute": _("Disputed by the payer's bank"),
    "win_dispute": _("Dispute won"),
    "lose_dispute": _("Dispute lost"),
    "decide_deposit": _("Decision on the deposit"),
    "answer_decision": _("The start-up answered"),
    "record_receipt": _("Receipt of the notice recorded"),
    "send": _("Refund sent to the provider"),
    "arrive": _("Refund arrived"),
    "refuse": _("Refund not possible: bank transfer"),
    "transfer": _("Bank transfer recorded"),
}


def _trails(money: MoneyView) -> dict[Any, list[dict[str, Any]]]:
    """Who did what with each sum, its refunds and its notices, newest first, by the id of its charge."""
    sums = [one for group in money.groups for one in (*group.sums, *group.ended)]
    charge_of: dict[str, list[Any]] = {str(one.charge.pk): [one.charge.pk] for one in sums}
    charge_of |= {str(refund.pk): [one.charge.pk] for one in sums for refund in one.refunds}
    for checkout, charge in CheckoutLine.objects.filter(charge__pilot=money.pilot).values_list("checkout", "charge"):
        charge_of.setdefault(str(checkout), []).append(charge)
    entries = AuditEntry.objects.filter(case_kind__in=("charge", "refund", "checkout"), case_id__in=charge_of).order_by("-at", "-pk")
    entries = [entry for entry in entries if entry.case_kind != "checkout" or entry.action == "record_receipt"]
    people = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    found: dict[Any, list[dict[str, Any]]] = {}
    for entry in entries:
        line = {"at": entry.at, "who": people.get(entry.actor_id) or "", "what": STEPS.get(entry.action, entry.action), "cents": entry.data.get("back") or entry.data.get("cents"), "act": entry.data.get("act", "")}
        for charge in charge_of[entry.case_id]:
            found.setdefault(charge, []).append(line)
    return found


def _books(pilot: Pilot) -> dict[str, Any]:
    """The lines of the ledger of this pilot, and what both sides come to."""
    entries = list(LedgerEntry.objects.filter(transaction__pilot=pilot.pk).select_related("transaction").order_by("pk"))
    lines = [{"at": entry.transaction.at, "what": KINDS.get(entry.transaction.kind, entry.transaction.kind), "account": entry.get_account_display(), "cents": entry.amount_cents, "back_cents": -entry.amount_cents} for entry in entries]
    return {"books": lines, "debit_cents": sum(line["cents"] for line in lines if line["cents"] > 0), "credit_cents": sum(line["back_cents"] for line in lines if line["cents"] < 0)}
