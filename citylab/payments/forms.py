"""What somebody types to work out what a pilot would cost. Nothing is required: what is missing is said on the lines that need it."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import Organisation
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import open_challenges
from citylab.core import clock
from citylab.proposals.form.answers import read_date, read_money
from citylab.testbeds.models import Site

from .arithmetic import Facts

# The limits of the proposal's form.
LARGEST_AREA = 1_000_000
HIGHEST_COST_CENTS = 10_000_000_00
LONGEST = timedelta(days=3660)
YEARS = range(2000, 2101)


class DayField(forms.CharField):
    """A date as people write it, in either language; the text stays where it is none."""

    widget = forms.TextInput(attrs={"type": "date"})

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            day = date.fromisoformat(read_date(text))
        except ValueError as error:
            raise forms.ValidationError(_("Write a date as day/month/year, such as 12/05/2027."), code="date") from error
        if day.year not in YEARS:
            raise forms.ValidationError(_("Check the year: it lies between 2000 and 2100."), code="year")
        return day


class AreaField(forms.CharField):
    """Whole square metres, with the thousands grouped as the reader's language does."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        group = "," if (get_language() or "it").startswith("en") else "."
        plain = re.sub(rf"(?<=\d)[\s\u00a0'{re.escape(group)}](?=\d{{3}}(\D|$))", "", text)
        plain = re.sub(r"\s*(m²|m2|mq)$", "", plain, flags=re.IGNORECASE)
        if not re.fullmatch(r"-?\d{1,15}", plain):
            raise forms.ValidationError(_("Write a whole number of square metres, such as 850."), code="number")
        area = int(plain)
        if area < 0:
            raise forms.ValidationError(_("An area cannot be less than zero."), code="negative")
        if area > LARGEST_AREA:
            raise forms.ValidationError(_("At most %(limit)s square metres."), code="too_large", params={"limit": formats.number_format(LARGEST_AREA, force_grouping=True)})
        return area


class MoneyField(forms.CharField):
    """Cents from an amount in euro, with a comma or a point."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        amount = read_money(re.sub(r"\s*(euro|eur)\s*", "", text, flags=re.IGNORECASE))
        if not isinstance(amount, int):
            if re.search(r"[$£¥]|\b(usd|gbp|chf|jpy)\b", text, re.IGNORECASE):
                raise forms.ValidationError(_("Amounts are in euro: change it into euro first."), code="currency")
            raise forms.ValidationError(_("Write an amount in euro, such as 1.250,00."), code="amount")
        if amount < 0:
            raise forms.ValidationError(_("An amount cannot be less than zero."), code="negative")
        if amount > HIGHEST_COST_CENTS:
            raise forms.ValidationError(_("At most %(limit)s euro."), code="too_high", params={"limit": formats.number_format(HIGHEST_COST_CENTS // 100, force_grouping=True)})
        return amount


class CostForm(forms.Form):
    """`sites` are the published ones, so that the page reads them once."""

    site = forms.ChoiceField(label=_("Site"), required=False, error_messages={"invalid_choice": _("This site is not published: choose one of the list.")})
    starts_on = DayField(label=_("First day on site"), required=False, help_text=_("Set-up included."))
    ends_on = DayField(label=_("Last day on site"), required=False, help_text=_("Removal included: both days count."))
    area = AreaField(label=_("Area you occupy, in square metres"), required=False)
    dismantling = MoneyField(label=_("Cost of dismantling in euro"), required=False, help_text=_("What it would cost to take everything away. Zero, if nothing is installed."))
    applicant = forms.ChoiceField(label=_("Kind of applicant"), required=False, help_text=_("Some are exempt by law or by an act of the city."))
    challenge = forms.ChoiceField(label=_("Challenge"), required=False, error_messages={"invalid_choice": _("This challenge is not open: choose one of the list.")})

    def __init__(self, *args: Any, sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sites = {site.code: site for site in sites}
        challenges: list[Challenge] = list(open_challenges(clock.now()))
        self._choices("site", [("", _("Choose")), *((site.code, site.name) for site in sites)])
        self._choices("applicant", [("", _("Not said")), *Organisation.Kind.choices])
        self._choices("challenge", [("", _("None, or an idea of your own")), *((c.code, c.title) for c in challenges)])
        if self.is_bound:
            for name in ("starts_on", "ends_on"):  # a date field of the browser would not show what is no date
                if self.errors.get(name):
                    self.fields[name].widget.input_type = "text"  # type: ignore[attr-defined]

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day comes before the first."))
        elif first and last and last - first > LONGEST:
            self.add_error("ends_on", _("A pilot of more than ten years: check the dates."))
        return data

    @property
    def chosen(self) -> Site | None:
        return self.sites.get(self.cleaned_data.get("site") or "")

    def facts(self) -> Facts:
        data = self.cleaned_data
        return Facts(
            asked_on=clock.today(), starts_on=data["starts_on"], ends_on=data["ends_on"], area_m2=data["area"], dismantling_cost_cents=data["dismantling"],
            applicant_kind=data["applicant"], challenge=data["challenge"],
        )  # fmt: skip
