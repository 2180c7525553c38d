"""How invented pilots pay, each at the days of its story: stamps of their own, the City by notice, hosts online at the test provider; and what becomes of
their deposits. The charges themselves follow from the approval, as everywhere. `money` in a use names what is unusual about it."""

from django.db.models import QuerySet

from citylab.core import clock
from citylab.payments.models import Charge, Checkout, Refund
from citylab.payments.providers import notice, sandbox, signing
from citylab.payments.services import charging, deposits, events, paying, refunding, stamps
from citylab.payments.workflow import ChargeState, CheckoutState, RefundState

from . import texts
from .course import Course
from .papers import paper
from .timeline import Story

STAMPS = "0198"  # the serial numbers of stamps on decisions begin with these digits
IBAN = "IT60X0542811101000000123456"  # the example of the standard: nobody's account
KEPT_CENTS = 120_00


def stamped(course: Course) -> Story:
    """The stamp duty on the decision, with a stamp of its own, where the law exempts nobody."""
    yield course.case.at(course.decided - 9, 15)
    charge = _due(course).filter(kind=Charge.Kind.STAMP_DUTY).first()
    if charge:
        number = f"{STAMPS}{course.case.number:010d}"
        stamps.stamp_record(charge_id=charge.pk, **course.startup, serial_number=number, stamped_on=clock.today(), not_reused=True)


def paid(course: Course) -> Story:
    """Everything that is due, payee by payee; a notice is left open where `money` says so."""
    yield from stamped(course)
    if course.case.use.get("money") == "waived":
        yield course.case.office(course.decided - 10, 9)
        for charge in _due(course).filter(kind=Charge.Kind.FEE):
            act = f"DGC {300 + course.case.number}/{clock.today().year}"
            charging.charge_waive(charge_id=charge.pk, **course.city, act=act, reason=texts.WAIVED)
    yield course.case.at(course.decided - 10, 16)
    for payee in sorted({charge.payee_id for charge in _due(course)}):
        chosen = _due(course).filter(payee=payee).values_list("pk", flat=True)
        checkout = paying.checkout_enter(paying.checkout_begin(charge_ids=chosen, **course.startup, language=course.case.language))
        if checkout.provider == sandbox.Sandbox.code:
            _told(checkout, "pay")
    if course.case.use.get("money") == "notice":
        return
    yield course.case.office(course.decided - 12, 9)
    for checkout in Checkout.objects.filter(pilot=course.pilot, provider=notice.Notices.code, state=CheckoutState.OPEN):
        receipt = f"RT{course.case.number:04d}{checkout.external_id[-8:]}"
        event = notice.receipt_record(number=checkout.external_id, receipt_id=receipt, amount_cents=checkout.amount_cents, paid_on=clock.today())
        if event:
            events.event_store(notice.Notices.code, event)
    events.events_handle()


def disputed(course: Course, days_ago: int) -> Story:
    """The payer's bank asks the money back."""
    yield course.case.at(days_ago, 11)
    for checkout in Checkout.objects.filter(pilot=course.pilot, provider=sandbox.Sandbox.code, state=CheckoutState.PAID):
        _told(checkout, "dispute")


def deposit_decided(course: Course, days_ago: int) -> Story:
    """After the check: released whole, or a part kept with reasons and a document, which the start-up answers. By transfer where the payee is paid by notice."""
    case, keeps = course.case, course.case.use.get("money") == "kept"
    yield case.office(days_ago, 12)
    for charge in Charge.objects.filter(pilot=course.pilot, kind=Charge.Kind.DEPOSIT, state=ChargeState.PAID):
        kept = KEPT_CENTS if keeps else 0
        files = [paper("verbale-ripristino.pdf", "Verbale di ripristino · Record of the check", case.use["title"])] if keeps else []
        reasons = texts.KEPT[case.story] if keeps else ""
        decision = deposits.deposit_decide(charge_id=charge.pk, **course.city, released_cents=charge.amount_cents - kept, reasons=reasons, uploads=files)
        refunding.refunds_send()
        if kept and case.story == "reported":
            yield case.at(days_ago - 4, 18)
            deposits.deposit_answer(decision_id=decision.pk, **course.startup, answer=texts.KEPT_ANSWER)
    yield case.at(days_ago - 5, 9)
    for refund in _transfers(course):
        refunding.refund_iban_set(refund_id=refund.pk, **course.startup, account_holder=str(case.organisation), iban=IBAN)
    if case.story == "closed":
        yield case.office(days_ago - 10, 9)
        for refund in _transfers(course):
            refunding.refund_transfer_record(refund_id=refund.pk, **course.city, transferred_on=clock.today(), reference=f"MAND {1200 + case.number}/{clock.today().year}")


def _due(course: Course) -> QuerySet[Charge]:
    return Charge.objects.filter(pilot=course.pilot, state=ChargeState.DUE)


def _transfers(course: Course) -> list[Refund]:
    return list(Refund.objects.filter(payment__checkout__pilot=course.pilot, state=RefundState.TRANSFER_OWED))


def _told(checkout: Checkout, outcome: str) -> None:
    """Somebody chooses this on the pay page, and the test provider tells of it."""
    event = sandbox.choose(checkout.external_id, outcome)
    if event:
        events.event_receive(sandbox.Sandbox.code, *signing.signed(event))
    events.events_handle()
