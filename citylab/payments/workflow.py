"""Which move of a charge, a checkout and a refund is legal: the state tables, and nothing else."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition


class ChargeState(models.TextChoices):
    DUE = "due", _("To be paid")
    CHECKOUT_OPEN = "checkout_open", _("Being paid")
    PROCESSING = "processing", _("Payment on its way")
    PAID = "paid", _("Paid")
    REFUND_OWED = "refund_owed", _("To be given back")
    REFUNDED = "refunded", _("Given back")
    RETAINED = "retained", _("Kept")
    DISPUTED = "disputed", _("Disputed")
    LOST = "lost", _("Lost in a dispute")
    WAIVED = "waived", _("Waived")
    WITHDRAWN = "withdrawn", _("No longer due")


UNPAID = (ChargeState.DUE, ChargeState.CHECKOUT_OPEN, ChargeState.PROCESSING)
# What the gates ask for: the money is in, or nobody asks for it any more.
SETTLED = (ChargeState.PAID, ChargeState.REFUND_OWED, ChargeState.REFUNDED, ChargeState.RETAINED, ChargeState.WAIVED, ChargeState.WITHDRAWN)


class ChargeWorkflow(FSMModelMixin, models.Model):
    state = FSMField(_("state"), choices=ChargeState.choices, default=ChargeState.DUE, protected=True, db_index=True)

    class Meta:
        abstract = True

    @transition(field=state, source=ChargeState.DUE, target=ChargeState.CHECKOUT_OPEN)
    def open_checkout(self) -> None: ...

    @transition(field=state, source=[ChargeState.CHECKOUT_OPEN, ChargeState.PROCESSING], target=ChargeState.DUE)
    def close_checkout(self) -> None:
        """The checkout expired, was cancelled, or its delayed payment did not arrive."""

    @transition(field=state, source=ChargeState.CHECKOUT_OPEN, target=ChargeState.PROCESSING)
    def await_money(self) -> None: ...

    @transition(field=state, source=list(UNPAID), target=ChargeState.PAID)
    def pay(self) -> None: ...

    @transition(field=state, source=[ChargeState.PAID, ChargeState.REFUNDED, ChargeState.RETAINED], target=ChargeState.REFUND_OWED)
    def owe_refund(self) -> None: ...

    @transition(field=state, source=ChargeState.REFUND_OWED, target=ChargeState.REFUNDED)
    def refund(self) -> None: ...

    @transition(field=state, source=ChargeState.PAID, target=ChargeState.RETAINED)
    def retain(self) -> None: ...

    @transition(field=state, source=ChargeState.PAID, target=ChargeState.DISPUTED)
    def dispute(self) -> None: ...

    @transition(field=state, source=ChargeState.DISPUTED, target=ChargeState.PAID)
    def win_dispute(self) -> None: ...

    @transition(field=state, source=[ChargeState.DISPUTED, ChargeState.REFUNDED, ChargeState.RETAINED], target=ChargeState.LOST)
    def lose_dispute(self) -> None:
        """What was still with us is gone, also where a part had gone back before."""

    @transition(field=state, source=[ChargeState.DUE, ChargeState.CHECKOUT_OPEN], target=ChargeState.WAIVED)
    def waive(self) -> None: ...

    @transition(field=state, source=[ChargeState.DUE, ChargeState.CHECKOUT_OPEN], target=ChargeState.WITHDRAWN)
    def withdraw(self) -> None: ...


class CheckoutState(models.TextChoices):
    CREATING = "creating", _("Being opened")  # written before the provider is asked, so that no answer can be lost
    OPEN = "open", _("Still open")
    CLOSING = "closing", _("Being closed")  # the provider is still to be told
    PROCESSING = "processing", _("Payment on its way")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


LIVE = (CheckoutState.CREATING, CheckoutState.OPEN, CheckoutState.CLOSING, CheckoutState.PROCESSING)


class CheckoutWorkflow(FSMModelMixin, models.Model):
    state = FSMField(_("state"), choices=CheckoutState.choices, default=CheckoutState.CREATING, protected=True, db_index=True)

    class Meta:
        abstract = True

    @transition(field=state, source=CheckoutState.CREATING, target=CheckoutState.OPEN)
    def open(self) -> None: ...

    @transition(field=state, source=[CheckoutState.CREATING, CheckoutState.OPEN], target=CheckoutState.CLOSING)
    def begin_closing(self) -> None: ...

    @transition(field=state, source=[CheckoutState.CREATING, CheckoutState.OPEN, CheckoutState.CLOSING], target=CheckoutState.PROCESSING)
    def await_money(self) -> None: ...

    # Money is money: what the provider says is paid is paid, whatever we believed.
    @transition(field=state, source=[*LIVE, CheckoutState.FAILED, CheckoutState.EXPIRED], target=CheckoutState.PAID)
    def pay(self) -> None: ...

    @transition(field=state, source=list(LIVE), target=CheckoutState.FAILED)
    def fail(self) -> None: ...

    @transition(field=state, source=list(LIVE), target=CheckoutState.EXPIRED)
    def expire(self) -> None: ...


class RefundState(models.TextChoices):
    OWED = "owed", _("To be given back")
    SENT = "sent", _("On its way back")
    DONE = "done", _("Given back")
    TRANSFER_OWED = "transfer_owed", _("Bank transfer to be made")
    TRANSFERRED = "transferred", _("Given back by bank transfer")


OPEN_REFUNDS = (RefundState.OWED, RefundState.SENT, RefundState.TRANSFER_OWED)


class RefundWorkflow(FSMModelMixin, models.Model):
    state = FSMField(_("state"), choices=RefundState.choices, default=RefundState.OWED, protected=True, db_index=True)

    class Meta:
        abstract = True

    @transition(field=state, source=RefundState.OWED, target=RefundState.SENT)
    def send(self) -> None: ...

    @transition(field=state, source=[RefundState.OWED, RefundState.SENT, RefundState.TRANSFER_OWED], target=RefundState.DONE)
    def arrive(self) -> None: ...

    @transition(field=state, source=[RefundState.OWED, RefundState.SENT, RefundState.DONE], target=RefundState.TRANSFER_OWED)
    def refuse(self) -> None:
        """The provider will not give it back, or could not after all: a bank transfer does."""

    @transition(field=state, source=RefundState.TRANSFER_OWED, target=RefundState.TRANSFERRED)
    def transfer(self) -> None: ...
