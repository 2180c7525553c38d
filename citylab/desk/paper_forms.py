"""What officers choose for an export to the accounts office and for a comparison with the providers."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from citylab.core import clock
from citylab.payments import exports, reconciling
from citylab.payments.forms import DayField


class PeriodForm(forms.Form):
    """From one day to another, both counted."""

    longest = timedelta(days=1)
    first = DayField(label=_("First day"), error_messages={"required": _("Write the first day.")})
    last = DayField(label=_("Last day"), error_messages={"required": _("Write the last day.")})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day comes before the first."))
        elif first and last and last - first >= self.longest:
            days = self.longest.days
            self.add_error("last", ngettext("Choose at most %(days)s day.", "Choose at most %(days)s days.", days) % {"days": days})
        return given


class ExportForm(PeriodForm):
    longest = timedelta(days=1100)  # three years
    what = forms.ChoiceField(label=_("What"), choices=[(code, table.label) for code, table in exports.TABLES.items()], widget=forms.RadioSelect, initial="charges")
    format = forms.ChoiceField(
        label=_("File"), choices=[("xlsx", _("Spreadsheet (XLSX)")), ("csv", _("Text with semicolons (CSV)"))], widget=forms.RadioSelect, initial="xlsx"
    )  # fmt: skip
    field_order = ("what", "first", "last", "format")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        today = clock.today()
        super().__init__(*args, initial={"first": today.replace(month=1, day=1), "last": today}, **kwargs)


class ReconcileForm(PeriodForm):
    longest = reconciling.LONGEST

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        first, last = reconciling.period(clock.today())
        super().__init__(*args, initial={"first": first, "last": last}, **kwargs)
