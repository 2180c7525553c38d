"""What officers fill in about a pilot's money. What the sums must be, the services say."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citylab.core import clock
from citylab.payments.arithmetic import euros
from citylab.payments.forms import MoneyField
from citylab.pilots.forms import PilotForm, SeveralFiles, day, long_text


def amount(label: Any, **more: Any) -> MoneyField:
    return MoneyField(label=label, error_messages={"required": _("Write an amount in euro, such as 1.250,00.")}, **more)


class WaiveForm(PilotForm):
    act = forms.CharField(label=_("Act that waives it"), help_text=_("Number and date, such as “DGC 120/2027 of 3 March 2027”."), max_length=200)
    reason = long_text(_("Reason"), max_length=600)


class GiveBackForm(PilotForm):
    amount = amount(_("Sum that goes back, in euro"))
    reason = long_text(_("Reason"), max_length=600)


class TransferForm(PilotForm):
    transferred_on = day(_("Day of the transfer"), initial=clock.today)
    reference = forms.CharField(label=_("Reference of the transfer"), help_text=_("Number of the payment order or of the transfer (CRO, TRN)."), max_length=60)


class ReceiptForm(PilotForm):
    receipt_id = forms.CharField(label=_("Identifier of the receipt"), help_text=_("IUR, as it stands on the receipt."), max_length=40)
    amount = amount(_("Sum that was paid, in euro"))
    paid_on = day(_("Paid on"), initial=clock.today)

    def prepare(self) -> None:
        self.initial.setdefault("amount", plain(self.item.amount_cents))


class DepositForm(PilotForm):
    """`seen` is how many decisions stood on the screen: whoever decides on something older is told. The documents are chosen on the last page."""

    released = amount(_("Sum that goes back, in euro"), help_text=_("The rest stays, with the reasons that you write."))
    reasons = long_text(_("Reasons for what is kept"), required=False, help_text=_("Needed if a part is kept. The start-up reads them and may answer once."))
    seen = forms.IntegerField(widget=forms.HiddenInput)
    documents = SeveralFiles(label=_("Documents"), help_text=_("What shows why a part is kept: record of the check, photographs, invoices. The start-up can open them."))

    def prepare(self) -> None:
        decisions = list(self.item.decisions.all())
        self.initial.setdefault("seen", len(decisions))
        self.held_cents = decisions[-1].kept_cents if decisions else self.item.amount_cents
        self.initial.setdefault("released", plain(self.held_cents))


class ReceiptFileForm(forms.Form):
    file = forms.FileField(
        label=_("File of receipts (CSV)"), help_text=_("One line for each receipt: number of the notice; identifier of the receipt; amount; date. At most 1000 lines, 200 KB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,text/plain"}), error_messages={"required": _("Choose a file.")},
    )  # fmt: skip

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > 200_000:
            raise forms.ValidationError(_("At most 200 KB: divide the file."), code="file_too_large")
        return file


class AccountsForm(forms.Form):
    """The filters over everybody's money."""

    words = forms.CharField(label=_("Pilot or organisation"), required=False, max_length=80)
    payee = forms.ChoiceField(label=_("Payee"), required=False)

    def __init__(self, *args: Any, payees: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payee"].choices = [("", _("All")), *payees]  # type: ignore[attr-defined]


def plain(cents: int) -> str:
    """An amount as somebody would type it."""
    return euros(cents).strip("€ \u00a0")
