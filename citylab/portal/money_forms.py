"""What a start-up fills in about its money. What the values must be, the services say."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .forms import DATE


class StampForm(forms.Form):
    serial_number = forms.CharField(
        label=_("Serial number of the stamp"), help_text=_("Fourteen digits, printed on the stamp."), max_length=30, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Write the fourteen digits that are printed on the stamp.")},
    )  # fmt: skip
    stamped_on = forms.DateField(
        label=_("Date on the stamp"), widget=DATE,
        error_messages={"required": _("Write the date printed on the stamp."), "invalid": _("Write a date as day/month/year, such as 12/05/2027.")},
    )  # fmt: skip
    not_reused = forms.BooleanField(
        label=_("I declare that the stamp was not and will not be used for another document."),
        error_messages={"required": _("Declare that the stamp was not and will not be used for another document.")},
    )

    def clean_serial_number(self) -> str:
        return "".join(self.cleaned_data["serial_number"].split())


class AccountForm(forms.Form):
    account_holder = forms.CharField(label=_("Account holder"), max_length=160, error_messages={"required": _("Write whose account it is.")})
    iban = forms.CharField(
        label=_("IBAN"), help_text=_("From any country of the SEPA area, with or without blanks."), max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Write the IBAN of the account.")},
    )  # fmt: skip


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Your answer"), help_text=_("You can answer once. The office reads it beside its decision."), max_length=10_000, widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write your answer.")},
    )  # fmt: skip
