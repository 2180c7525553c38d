"""What both sides fill in on a pilot's pages. Rules live in the services; forms parse and say what is missing."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import Role
from citylab.accounts.selectors import users_with_role
from citylab.core import clock
from citylab.proposals.forms import ChannelMixin
from citylab.proposals.forms import DeliveryForm as CaseDeliveryForm

from .models import Gate, Incident, Pilot
from .selectors import report_files
from .services.correcting import row_mark
from .services.preparing import RECHECKED
from .services.presenting import FIELDS, card_mark, words_mark
from .workflow import State

ACCEPTED = ".pdf,.p7m,.jpg,.jpeg,.png,.webp,.docx,.xlsx,.pptx,.odt,.ods,.odp"


def day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def long_text(label: Any, rows: int = 4, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), max_length=more.pop("max_length", 5000), **more)


# "1.250" is a thousand to some and one and a quarter to others.
THOUSAND_OR_DECIMALS = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")


class NumberField(forms.DecimalField):
    """A number with a decimal comma or point, whatever the reader's language; thousands are written without a mark."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_digits=14, decimal_places=4, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **more)
        self.error_messages["invalid"] = _("Write a number, such as 12.5.")

    def to_python(self, value: Any) -> Decimal | None:
        plain = re.sub(r"[\s\u00a0]", "", str(value or ""))
        if THOUSAND_OR_DECIMALS.fullmatch(plain):
            raise forms.ValidationError(_("Unclear: write 1250 for a thousand and more, 1.2500 for decimals."), code="ambiguous")
        if plain and not re.fullmatch(r"-?\d{1,14}([.,]\d+)?", plain):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(plain.replace(",", "."))


def as_typed(value: Decimal) -> str:
    """A number as somebody would type it in the reader's language, never unclear."""
    plain = f"{value.normalize():f}"
    return (f"{value:.4f}" if THOUSAND_OR_DECIMALS.fullmatch(plain) else plain).replace(".", get_format("DECIMAL_SEPARATOR"))


class PilotForm(forms.Form):
    """A form that knows the pilot, and the thing of it that it is about."""

    def __init__(self, *args: Any, pilot: Pilot, item: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pilot, self.item = pilot, item
        self.prepare()

    def prepare(self) -> None:
        """What depends on the pilot: choices, first values, fields that do not apply."""


class ActForm(ChannelMixin, PilotForm):
    """An act of the city, which goes out as a formal message: how it is sent stands last."""

    def prepare(self) -> None:
        super().prepare()
        self.order_fields([name for name in self.fields if name != "channel"])


class ConfirmForm(PilotForm):
    """A move without data of its own."""


class CitySignatureForm(PilotForm):
    agreement_number = forms.CharField(label=_("Number of the agreement"), max_length=40)
    signed_on = day(_("Signed for the city on"), initial=clock.today)


class StartupSignatureForm(PilotForm):
    signed_on = day(_("Signed for the start-up on"), initial=clock.today)


class GateForm(PilotForm):
    result = forms.ChoiceField(label=_("How it stands"), choices=Gate.State.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), max_length=300, required=False, help_text=_("Number of the permit, policy or payment, or what is missing. Both sides read it."))

    def prepare(self) -> None:
        self.initial = {"result": self.item.result, "note": self.item.note, **self.initial}


class StartForm(PilotForm):
    started_on = day(_("First day of the test"), initial=clock.today)


class SuspendForm(ActForm):
    reason = long_text(_("Reason"))
    restart_conditions = long_text(_("What must happen before the pilot may go on"))
    incident = forms.TypedChoiceField(label=_("Because of an incident"), required=False, coerce=int, empty_value=None)

    def prepare(self) -> None:
        super().prepare()
        rows = [(str(incident.pk), _("Number %(number)s: %(text)s") % {"number": incident.number, "text": incident.text[:60]}) for incident in self.pilot.incidents.all()]
        if rows:
            self.fields["incident"].choices = [("", _("No incident")), *rows]  # type: ignore[attr-defined]
        else:
            del self.fields["incident"]


class CompleteForm(PilotForm):
    completed_on = day(_("Last day of the test"), initial=clock.today)


class EndForm(PilotForm):
    reason = long_text(_("Reason"))
    removal_due_on = day(_("Everything is removed by"))


class RevokeForm(ActForm, EndForm):
    """Ended by the city."""


class WithdrawForm(PilotForm):
    reason = long_text(_("Reason"))


class CheckForm(PilotForm):
    checked_on = day(_("Day of the check"), initial=clock.today)
    passed = forms.ChoiceField(label=_("Result"), choices=[("yes", _("The site is in order")), ("no", _("Something must still be put in order"))], widget=forms.RadioSelect)
    note = long_text(_("What was found"), required=False, help_text=_("Needed when something must still be put in order."))


class SeveralFiles(forms.FileField):
    """Any number of files; the service says which of them are accepted."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, widget=SeveralFilesInput(attrs={"accept": ACCEPTED}), **more)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return list(data or ())


class SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True


class ReportForm(PilotForm):
    results = long_text(_("What came out of it"), 8, max_length=20000, help_text=_("Compared with the indicators and their targets."))
    lessons = long_text(_("What you learned"), 6, max_length=20000, help_text=_("Also from what did not work."))
    next_steps = long_text(_("How it could go on"), required=False, max_length=20000)
    remove = forms.MultipleChoiceField(label=_("Take attached files off"), required=False, widget=forms.CheckboxSelectMultiple)
    uploads = SeveralFiles(label=_("Attach files"), help_text=_("PDF, p7m, JPEG, PNG, WebP or office documents without macros, at most 20 MB each."))

    def prepare(self) -> None:
        report = getattr(self.pilot, "final_report", None)
        if report:
            self.initial = {"results": report.results, "lessons": report.lessons, "next_steps": report.next_steps}
        attached = [(str(file.pk), file.name) for file in report_files(self.pilot)]
        if attached:
            self.fields["remove"].choices = attached  # type: ignore[attr-defined]
        else:
            del self.fields["remove"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors and data.get("uploads"):
            self.add_error("uploads", _("Choose the files again: the browser does not keep them."))
        return data


class CloseForm(ActForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Pilot.Outcome.choices, widget=forms.RadioSelect)
    reasons = long_text(_("Reasons"), 6, help_text=_("Why the city decides so. The outcome stands on the public card, the reasons do not."))


class DatesForm(PilotForm):
    starts_on = day(_("New first day, with set-up"))
    ends_on = day(_("New last day, with removal"))
    reason = long_text(_("Reason"))

    def prepare(self) -> None:
        self.initial = {"starts_on": self.pilot.starts_on, "ends_on": self.pilot.ends_on}


class ExtensionForm(PilotForm):
    ends_on = day(_("New last day, with removal"))
    reason = long_text(_("Reason"))


class ExtensionAnswerForm(ActForm):
    granted = forms.ChoiceField(label=_("Answer"), choices=[("yes", _("Grant: the last day and the booking move")), ("no", _("Refuse: the dates stay"))], widget=forms.RadioSelect)
    rechecked = forms.MultipleChoiceField(
        label=_("Also valid for the added days"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("Needed to grant: look at each of them again.")
    )
    answer = long_text(_("Reasons"), required=False, help_text=_("Needed to refuse."))

    def prepare(self) -> None:
        super().prepare()
        needed = [gate for gate in self.pilot.gates.all() if gate.kind in RECHECKED and gate.result != Gate.State.NOT_NEEDED]
        if needed:
            self.fields["rechecked"].choices = [(gate.kind, gate.get_kind_display()) for gate in needed]  # type: ignore[attr-defined]
        else:
            del self.fields["rechecked"]


class SuspensionRequestForm(PilotForm):
    reason = long_text(_("Reason"))


class DeclineForm(ActForm):
    answer = long_text(_("Reasons"))


class DeliveryForm(CaseDeliveryForm, PilotForm):
    """When a PEC arrived."""


class MilestoneForm(PilotForm):
    title = forms.CharField(label=_("Milestone"), max_length=200)
    due_on = day(_("To be reached by"))


class MilestoneDoneForm(PilotForm):
    done_on = day(_("Reached on"), initial=clock.today)


SHOWING = _("A public card that both sides had confirmed leaves the public pages until they confirm it again.")


class IndicatorForm(PilotForm):
    name_it = forms.CharField(label=_("Name in Italian"), max_length=160)
    name_en = forms.CharField(label=_("Name in English"), max_length=160)
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False, help_text=_("For example %, minutes, kg."))
    baseline = NumberField(label=_("Starting value"))
    target = NumberField(label=_("Target value"))
    method = forms.CharField(label=_("How it is measured"), max_length=300, required=False)
    is_public = forms.BooleanField(label=_("Show it on the public card"), required=False, help_text=SHOWING)


class ReadingForm(PilotForm):
    read_on = day(_("Day of the reading"), initial=clock.today)
    value = NumberField(label=_("Value"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def prepare(self) -> None:
        super().prepare()
        unit = getattr(self.item, "indicator", self.item).unit
        if unit:
            self.fields["value"].label = _("Value (%(unit)s)") % {"unit": unit}


class SeenForm(PilotForm):
    """About a thing as it stood when the form was opened; asks whether it goes where it has no field of its own."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def prepare(self) -> None:
        super().prepare()
        values = {name: getattr(self.item, name) for name in self.fields if name != "seen"}
        self.initial = {name: as_typed(value) if isinstance(value, Decimal) else value for name, value in values.items()} | {"seen": row_mark(self.item)}


class MilestoneCorrectForm(SeenForm, MilestoneForm):
    done_on = day(_("Reached on"), required=False, help_text=_("Empty: not reached yet."))


class IndicatorCorrectForm(SeenForm, IndicatorForm):
    is_public = None


class IndicatorShowForm(PilotForm):
    is_public = forms.BooleanField(label=_("Show it with its readings on the public card"), required=False, help_text=SHOWING)

    def prepare(self) -> None:
        self.initial = {"is_public": self.item.is_public}


class ReadingCorrectForm(SeenForm, ReadingForm):
    read_on = day(_("Day of the reading"))


class IncidentForm(PilotForm):
    happened_at = forms.DateTimeField(
        label=_("When it happened"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"invalid": _("Write day and time.")},
    )  # fmt: skip
    severity = forms.ChoiceField(label=_("How serious it is"), choices=Incident.Severity.choices, widget=forms.RadioSelect)
    text = long_text(_("What happened"), 5)
    measures = long_text(_("What was done at once"), required=False)


class SettleForm(PilotForm):
    measures = long_text(_("What was done"), 5)

    def prepare(self) -> None:
        self.initial = {"measures": self.item.measures}


class MessageForm(PilotForm):
    text = long_text(_("Message"))


class DeskNoteForm(PilotForm):
    text = long_text(_("Text"))
    readers = forms.ChoiceField(
        label=_("Who reads it"), choices=[("both", _("Both sides: the start-up gets a message")), ("city", _("Only the city"))], widget=forms.RadioSelect, initial="both"
    )


class CardForm(PilotForm):
    public_title_it = forms.CharField(label=_("Title in Italian"), max_length=160)
    public_title_en = forms.CharField(label=_("Title in English"), max_length=160)
    public_summary_it = long_text(_("Summary in Italian"), 6, max_length=1000, help_text=_("What is tried, where, and what people notice of it. At most 1,000 characters."))
    public_summary_en = long_text(_("Summary in English"), 6, max_length=1000, help_text=_("At most 1,000 characters."))
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def prepare(self) -> None:
        self.initial = {**{name: getattr(self.pilot, name) for name in FIELDS}, "seen": words_mark(self.pilot)}


class CardConfirmForm(PilotForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def prepare(self) -> None:
        self.initial = {"seen": card_mark(self.pilot)}


class AssignForm(PilotForm):
    officer = forms.ModelChoiceField(label=_("Responsible officer"), queryset=None)

    def prepare(self) -> None:
        self.fields["officer"].queryset = users_with_role(Role.OFFICER)  # type: ignore[attr-defined]
        self.initial = {"officer": self.pilot.officer_id}


class PilotFilterForm(forms.Form):
    """The filters over the desk's list; every one may be empty."""

    text = forms.CharField(label=_("Code, title, organisation or site"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All that are not over")), *State.choices])
    turn = forms.ChoiceField(label=_("Whose turn"), required=False, choices=[("", _("All")), ("office", _("The city")), ("applicant", _("The start-up"))])
    officer = forms.ChoiceField(label=_("Officer"), required=False)
    due = forms.ChoiceField(label=_("Due"), required=False, choices=[("", _("Any day")), ("late", _("Late")), ("week", _("In the next seven days"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["officer"].choices = [("", _("All")), ("me", _("Mine")), ("nobody", _("Nobody's")), *((str(u.pk), str(u)) for u in users_with_role(Role.OFFICER))]  # type: ignore[attr-defined]
