"""The forms in which editors keep the rules of costs: euros where the record holds cents, boxes where it holds codes."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from citylab.accounts.models import Organisation
from citylab.payments.models import Exemption, Rule

from .forms import EurosField


class RuleForm(WagtailAdminModelForm):
    """`seen_version` is the version on the screen: whoever saves over another's change is told."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # What this form may keep; where there is only one kind, the form does not ask.
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version
        for name in ("site", "payee"):
            if name in self.fields:
                self.fields[name].required = True
        for name in [name for name in self.fields if name.endswith("_cents")]:
            old = self.fields[name]
            label = _("%(label)s, in euro") % {"label": old.label}
            self.fields[name] = EurosField(label=label, help_text=old.help_text, required=False, initial=getattr(self.instance, name))
        if "kind" in self.fields:
            self.fields["kind"].choices = [(kind, label) for kind, label in Rule.Kind.choices if kind in self.kinds]  # type: ignore[attr-defined]
            self.fields["kind"].disabled = self.instance.pk is not None
        elif self.instance.pk is None:
            self.instance.kind = self.kinds[0]

    def clean_seen_version(self) -> int:
        return self.cleaned_data["seen_version"] or 0


class FeeRuleForm(RuleForm):
    kinds = (Rule.Kind.AREA_FEE, Rule.Kind.FLAT_FEE)


class DepositRuleForm(RuleForm):
    kinds = (Rule.Kind.DEPOSIT,)


class ExemptionForm(RuleForm):
    kinds = (Rule.Kind.EXEMPTION,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices, required in (("subjects", Exemption.Subject.choices, True), ("applicant_kinds", Organisation.Kind.choices, False)):
            old = self.fields[name]
            held = getattr(self.instance, name) or []
            help_text = "" if required else _("None ticked: all of them.")
            self.fields[name] = forms.MultipleChoiceField(
                label=old.label, help_text=help_text, choices=choices, required=required, widget=forms.CheckboxSelectMultiple, initial=held
            )
        for name in ("challenges", "sites"):
            self.fields[name].help_text = _("None ticked: all of them.")
