"""What start-ups fill in beside the proposal itself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citylab.accounts.countries import countries
from citylab.accounts.models import Membership, Organisation
from citylab.core import clock
from citylab.proposals.models import Attachment, Signature, StampDuty
from citylab.proposals.services.submitting import SignatureGiven, StampGiven
from citylab.taxonomy.models import Sector, Technology

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OrganisationForm(forms.ModelForm):
    """The profile, filled in once. Identifiers are checked by the service, whose refusals name their field."""

    sector_codes = forms.MultipleChoiceField(label=_("Sectors"), required=False, widget=forms.CheckboxSelectMultiple)
    technology_codes = forms.MultipleChoiceField(label=_("Technologies"), required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "tcl-columns"}))
    country = forms.ChoiceField(label=_("Country"), choices=countries, initial="IT")

    class Meta:
        model = Organisation
        fields = (
            "legal_name", "kind", "legal_form", "country", "vat_number", "tax_code", "foreign_identifier", "rea", "pec", "email", "phone", "website", "address", "postcode", "town",
            "size", "innovative_startup", "impact_startup", "founded_on", "language", "description", "sector_codes", "technology_codes", "representative_name", "representative_role",
            "representative_tax_code", "representative_email", "test_manager_name", "test_manager_email", "test_manager_phone",
        )  # fmt: skip
        widgets = {"founded_on": DATE, "description": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "foreign_identifier": _("The number of your country's register, if you have no VAT number."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["website"].assume_scheme = "https"  # type: ignore[attr-defined]
        self.fields["sector_codes"].choices = [(s.code, s.name) for s in Sector.objects.all()]  # type: ignore[attr-defined]
        self.fields["technology_codes"].choices = [(t.code, t.name) for t in Technology.objects.all()]  # type: ignore[attr-defined]

    # One of these is needed; which, depends on the country.
    one_of = ("vat_number", "tax_code", "foreign_identifier")
    # Fields that need a whole line.
    wide = ("legal_name", "description", "innovative_startup", "impact_startup", "address")
    GROUPS = (
        (_("Who you are"), "", ("legal_name", "kind", "legal_form", "country", "size", "founded_on", "innovative_startup", "impact_startup")),
        (_("Identifiers"), _("From Italy: the VAT number (eleven digits) or the tax code (sixteen characters, or eleven digits). From abroad: the VAT number or the identifier of your register."), ("vat_number", "tax_code", "foreign_identifier", "rea")),
        (_("Seat and contacts"), "", ("address", "postcode", "town", "email", "pec", "phone", "website")),
        (_("What you do"), _("The city finds you by these when a new challenge suits you."), ("description", "language", "sector_codes", "technology_codes")),
        (_("Legal representative"), _("Who signs proposals and agreements."), ("representative_name", "representative_role", "representative_tax_code", "representative_email")),
        (_("Test manager"), _("Who is responsible on the spot while a pilot runs."), ("test_manager_name", "test_manager_email", "test_manager_phone")),
    )

    def groups(self) -> list[dict[str, Any]]:
        """The fields by subject, and the same as text for those who only read."""
        return [{"title": title, "help": help_text, "fields": [self[name] for name in names], "lines": [self._line(name) for name in names]} for title, help_text, names in self.GROUPS]

    def _line(self, name: str) -> dict[str, Any]:
        value = self.initial.get(name)
        options = dict(getattr(self.fields[name], "choices", ()))
        text = ", ".join(str(options.get(code, code)) for code in value) if isinstance(value, list) else options.get(value, value)
        return {"label": self.fields[name].label, "text": (_("Yes") if value else _("No")) if isinstance(value, bool) else text}

    def clean_founded_on(self) -> Any:
        day = self.cleaned_data["founded_on"]
        if day and day > clock.today():
            raise forms.ValidationError(_("This day lies in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        postcode = data.get("postcode", "")
        if data.get("country") == "IT" and postcode and not (len(postcode) == 5 and postcode.isascii() and postcode.isdigit()):
            self.add_error("postcode", _("An Italian postcode has five digits."))
        return data

    def _get_validation_exclusions(self) -> set[str]:
        """The service looks for doubles, and answers without saying whose the identifier is; the model's own check would stop before that."""
        return {*super()._get_validation_exclusions(), *self.one_of}


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.EDITOR, widget=forms.RadioSelect)


class SubmitForm(forms.Form):
    """Signature and stamp duty, as they are given on paper or by a digital signature. What they must hold, the service says."""

    kind = forms.ChoiceField(
        label=_("How the legal representative signs"), choices=Signature.Kind.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the legal representative signed."), "invalid_choice": _("Choose how the legal representative signed.")},
    )  # fmt: skip
    signatory = forms.CharField(label=_("Name of the signatory"), max_length=160, error_messages={"required": _("Write who signed.")})
    document = forms.FileField(
        label=_("Signed summary"), help_text=_("The summary that you printed or downloaded, signed. PDF or p7m, or a scan, at most 20 MB."), required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.p7m,.jpg,.jpeg,.png,.webp"}), error_messages={"empty": _("This file is empty.")},
    )  # fmt: skip
    identity_document = forms.FileField(
        label=_("Identity document of the signatory"), help_text=_("With a handwritten signature (DPR 445/2000 art. 38). PDF or image, at most 20 MB."), required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.webp"}), error_messages={"empty": _("This file is empty.")},
    )  # fmt: skip
    stamp_kind = forms.ChoiceField(
        label=_("Stamp duty of €16"), choices=[("serial", _("I bought a stamp")), ("exempt", _("The organisation is exempt"))], widget=forms.RadioSelect, initial="serial"
    )
    serial_number = forms.CharField(
        label=_("Serial number of the stamp"), required=False, help_text=_("Fourteen digits, printed on the stamp."), max_length=30, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    stamped_on = forms.DateField(label=_("Date on the stamp"), required=False, widget=DATE, error_messages={"invalid": _("Write a date as day/month/year, such as 12/05/2027.")})
    not_reused = forms.BooleanField(label=_("I declare that the stamp was not and will not be used for another document."), required=False)
    exemption = forms.ChoiceField(label=_("Ground of exemption"), required=False, choices=[("", _("Choose")), *StampDuty.Ground.choices])
    exemption_note = forms.CharField(label=_("Rule that grants it"), required=False, max_length=300)

    def signature(self, document: Attachment | None, identity: Attachment | None) -> SignatureGiven:
        """The signature as it was given, with its files; the identity document only where the kind has one."""
        kind = self.cleaned_data.get("kind", "")
        return SignatureGiven(kind, self.cleaned_data.get("signatory", ""), document, identity if kind == Signature.Kind.HANDWRITTEN else None)

    def stamp(self) -> StampGiven:
        """Either the stamp or the exemption, whichever was chosen."""
        data = self.cleaned_data
        if data.get("stamp_kind") == "exempt":
            # Without a ground the service must refuse the exemption, not ask for a stamp.
            return StampGiven(exemption=data.get("exemption") or "none", exemption_note=data.get("exemption_note", ""))
        serial = "".join(data.get("serial_number", "").split())
        return StampGiven(serial_number=serial, stamped_on=data.get("stamped_on"), not_reused=data.get("not_reused", False))


class WithdrawForm(forms.Form):
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class ObservationsForm(forms.Form):
    text = forms.CharField(label=_("Your observations"), max_length=10000, widget=forms.Textarea(attrs={"rows": 8}))
