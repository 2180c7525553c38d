"""What officers and evaluators fill in. Rules live in the services; forms parse and say what is missing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citylab.accounts.models import Role
from citylab.accounts.selectors import users_with_role
from citylab.challenges.models import Challenge
from citylab.proposals.forms import ChannelMixin
from citylab.proposals.models import Decision, Turn
from citylab.proposals.services.deciding import APPROVALS
from citylab.proposals.workflow import State
from citylab.taxonomy.models import Sector
from citylab.testbeds.models import Site

from .selectors import colleagues_with_work, work_of

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ActMixin(ChannelMixin):
    """The act is adopted outside; here are its number, its date and who signed it."""

    act_number = forms.CharField(label=_("Number of the act"), max_length=40)
    act_date = forms.DateField(label=_("Date of the act"), widget=DATE)
    signed_by = forms.CharField(label=_("Signed by"), max_length=160)


def reasons(label: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 6}), error_messages={"required": _("Write the reasons.")})


class QueueForm(forms.Form):
    """The filters over the queue; every one may be empty."""

    text = forms.CharField(label=_("Search"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Number, title or organisation")}))
    state = forms.ChoiceField(label=_("State"), required=False)
    turn = forms.ChoiceField(label=_("Whose turn"), required=False, choices=[("", _("All")), (Turn.OFFICE, _("The city")), (Turn.APPLICANT, _("The start-up"))])
    officer = forms.ChoiceField(label=_("Officer"), required=False)
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    challenge = forms.ChoiceField(label=_("Challenge"), required=False)
    late = forms.BooleanField(label=_("Late only"), required=False)
    today = forms.BooleanField(label=_("Due today only"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "state": [("", _("All that are pending")), *((value, label) for value, label in State.choices if value != State.DRAFT)],
            "officer": [("", _("All")), ("me", _("Mine")), ("nobody", _("Nobody's")), *((str(user.pk), str(user)) for user in users_with_role(Role.OFFICER))],
            "sector": [("", _("All")), *((sector.code, sector.name) for sector in Sector.objects.all())],
            "challenge": [("", _("All")), *((challenge.code, challenge.title) for challenge in Challenge.objects.only("code", "title_it", "title_en"))],
        }
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]


class SavedFilterForm(forms.Form):
    name = forms.CharField(label=_("Name of the filter"), max_length=60, error_messages={"required": _("Give the filter a name.")})
    is_shared = forms.BooleanField(label=_("Show it to colleagues"), required=False)
    query = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)


class AssignForm(forms.Form):
    officer = forms.ModelChoiceField(label=_("Responsible officer"), queryset=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["officer"].queryset = users_with_role(Role.OFFICER)  # type: ignore[attr-defined]


class TakeOffForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), help_text=_("The evaluator is told it, and it stays among the notes of the case."), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Give the reason.")},
    )  # fmt: skip


class HandOverForm(forms.Form):
    from_officer = forms.ModelChoiceField(label=_("Cases and pilots of"), queryset=None, empty_label=_("Choose a person"))
    to_officer = forms.ModelChoiceField(label=_("Go to"), queryset=None, empty_label=_("Choose a person"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_officer"].queryset = colleagues_with_work()  # type: ignore[attr-defined]
        self.fields["to_officer"].queryset = users_with_role(Role.OFFICER)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("from_officer") and data.get("from_officer") == data.get("to_officer"):
            self.add_error("to_officer", _("Choose two different people."))
        return data


class StillThere(forms.MultipleChoiceField):
    """Things to tick; what somebody else dealt with meanwhile is left out."""

    def to_python(self, value: Any) -> list[str]:
        return [item for item in super().to_python(value) if self.valid_value(item)]


class HandedWorkForm(forms.Form):
    """Which cases and pilots of a colleague go, all of them unless somebody unticks."""

    cases = StillThere(label=_("Undecided cases"), required=False, widget=forms.CheckboxSelectMultiple)
    pilots = StillThere(label=_("Pilots that are not over"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, giver: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in work_of(giver).items():
            if rows:
                self.fields[name].choices = rows  # type: ignore[attr-defined]
                self.fields[name].initial = [pk for pk, _label in rows]
            else:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("cases") or data.get("pilots")):
            raise forms.ValidationError(_("Tick what goes to the other person."))
        return data


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple)


class PeopleForm(forms.Form):
    text = forms.CharField(label=_("Name or e-mail"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"}))
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("All roles")), *Role.choices])


class NoteForm(forms.Form):
    text = forms.CharField(label=_("Internal note"), help_text=_("The start-up never sees it."), widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": _("Write the note.")})


class MessageForm(ChannelMixin):
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 6}))
    field_order = ["subject", "body", "channel"]


class InadmissibleForm(ActMixin):
    reasons = reasons(_("Reasons"))
    field_order = ["reasons", "act_number", "act_date", "signed_by", "channel"]


class RejectForm(InadmissibleForm):
    pass


class ReopenForm(ActMixin):
    to = forms.ChoiceField(label=_("Where the case goes on"), choices=[("screening", _("Screening")), ("evaluation", _("Evaluation"))], widget=forms.RadioSelect)
    reasons = reasons(_("Reasons for reopening"))
    field_order = ["to", "reasons", "act_number", "act_date", "signed_by", "channel"]


class RefusalNoticeForm(ChannelMixin):
    reasons = reasons(_("Reasons that stand in the way"))
    field_order = ["reasons", "channel"]


class ApproveForm(ActMixin):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=[(o.value, o.label) for o in APPROVALS], widget=forms.RadioSelect)
    reasons = reasons(_("Reasons"))
    conditions = forms.CharField(label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Needed when approved with conditions."))
    third_party = forms.CharField(label=_("Third party"), required=False, max_length=200, help_text=_("Whose word is awaited, for example ARPA."))
    site = forms.ModelChoiceField(label=_("Site"), queryset=None, required=False, empty_label=_("No site"))
    starts_on = forms.DateField(label=_("First day, with set-up"), widget=DATE)
    ends_on = forms.DateField(label=_("Last day, with removal"), widget=DATE)
    field_order = ["outcome", "reasons", "conditions", "third_party", "site", "starts_on", "ends_on", "act_number", "act_date", "signed_by", "channel"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(live=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("outcome") == Decision.Outcome.APPROVED_WITH_CONDITIONS and not data.get("conditions", "").strip():
            self.add_error("conditions", _("Write the conditions."))
        if data.get("outcome") == Decision.Outcome.APPROVED_SUBJECT_TO_THIRD_PARTY and not data.get("third_party", "").strip():
            self.add_error("third_party", _("Name the third party."))
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("The last day comes before the first."))
        return data


class SiteChangeForm(forms.Form):
    """Another site: why, if the officer wants to say so. `seen` is the site that the page showed, empty for none."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=2000, help_text=_("It stands in the message to the start-up."), widget=forms.Textarea(attrs={"rows": 3}))
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class EvaluatorForm(forms.Form):
    evaluator = forms.ModelChoiceField(label=_("Evaluator"), queryset=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evaluator"].queryset = users_with_role(Role.EVALUATOR)  # type: ignore[attr-defined]


class ConflictForm(forms.Form):
    has_conflict = forms.ChoiceField(
        label=_("Do you have a conflict of interest with this applicant or proposal?"),
        choices=[("no", _("No: I declare that I have none")), ("yes", _("Yes: I step back"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class ConfirmForm(forms.Form):
    """A move without data of its own."""
