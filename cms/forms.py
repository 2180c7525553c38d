"""The forms in which editors write challenges and sites: bilingual, with choices and euros where the record holds codes and cents."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, strip_tags
from django.utils.text import slugify
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.account import NotificationPreferencesForm
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.fields import RichTextField

from citylab.accounts.models import Organisation
from citylab.challenges.models import ASSUMABLE as CHALLENGE_ASSUMABLE
from citylab.challenges.models import Challenge, ChallengeProgress
from citylab.challenges.services import assert_criteria_unchanged
from citylab.core.errors import DomainError
from citylab.testbeds.models import ASSUMABLE as SITE_ASSUMABLE
from citylab.testbeds.models import SITE_CONSTRAINTS


class NameForm(forms.ModelForm):
    """The person's own name, on Wagtail's account page."""

    class Meta:
        model = get_user_model()
        fields: ClassVar = ["name"]


class CommentMailForm(NotificationPreferencesForm):
    """Which of Wagtail's own letters a person wants: those about comments. The others are messages of ours, chosen with all the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("submitted_notifications", "approved_notifications", "rejected_notifications"):
            self.fields.pop(name, None)


REQUIRED = {
    "it": _("To be published, the record needs this in Italian."),
    "en": _("To be published, the record needs this in English."),
}


class EurosField(forms.DecimalField):
    """Euros on screen, cents in the record."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_digits=14, decimal_places=2, localize=True, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return (Decimal(value) / 100).quantize(Decimal("0.01")) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        euros = super().clean(value)
        return None if euros is None else int(euros * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class RecordForm(WagtailAdminModelForm):
    """A bilingual record: a draft needs its name in one language, publication everything in both."""

    names: ClassVar[tuple[str, str]]
    # JSON lists of codes, chosen as check boxes.
    coded: ClassVar[dict[str, list[tuple[str, Any]]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in self.coded.items():
            self._choose(name, choices)
        for name in ("code", "slug"):
            self.fields[name].required = False
        self.fields["code"].disabled = self.instance.first_published_at is not None
        for name, field in self.fields.items():
            if field.required and name[-3:] in ("_it", "_en"):
                field.error_messages["required"] = REQUIRED[name[-2:]]

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        old = self.fields[name]
        held = getattr(self.instance, name) or []
        # A code that is no longer offered stays until somebody takes it away.
        unknown = [(code, code) for code in held if code not in dict(choices)]
        self.fields[name] = forms.MultipleChoiceField(
            label=old.label, help_text=old.help_text, choices=[*choices, *unknown], required=False, widget=forms.CheckboxSelectMultiple, initial=held
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        name = next((data[name] for name in self.names if data.get(name)), "")
        if not name:
            if not any(field in self.errors for field in self.names):
                self.add_error(self.names[0], _("Write it in at least one language; both are needed to publish."))
            return data
        if not self.is_deferred_validation:
            self._refuse_empty_texts(data)
        for field, length in (("code", 20), ("slug", 100)):
            if not data.get(field) and field not in self.errors:
                data[field] = self._free(field, slugify(name)[:length].strip("-") or self.instance._meta.model_name)
        return data

    def _refuse_empty_texts(self, data: dict[str, Any]) -> None:
        """A rich text is never an empty string: what counts is whether anything can be read."""
        for name, field in self.fields.items():
            if field.required and name not in self.errors and isinstance(self.instance._meta.get_field(name), RichTextField) and not strip_tags(data[name]).strip():
                self.add_error(name, field.error_messages["required"])

    def _free(self, field: str, wanted: str) -> str:
        """`wanted`, or with the first number that makes it unique."""
        others = type(self.instance).objects.exclude(pk=self.instance.pk)
        taken = set(others.filter(**{f"{field}__startswith": wanted[:16]}).values_list(field, flat=True))
        if wanted not in taken:
            return wanted
        return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted[:16]}-{number}") not in taken)


class ChallengeForm(RecordForm):
    names = ("title_it", "title_en")
    coded: ClassVar[dict[str, Any]] = {"applicant_kinds": list(Organisation.Kind.choices), "assumed": list(CHALLENGE_ASSUMABLE.items())}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "budget_max_cents" in self.fields:
            self.fields["budget_max_cents"] = EurosField(label=_("Highest contribution, in euro"), required=False, initial=self.instance.budget_max_cents)
        published = ChallengeProgress.objects.select_related("challenge").filter(challenge_id=self.instance.pk).first() if self.instance.pk else None
        if published and "mode" in self.fields:
            self._hold_mode(published)
        if published and "closes_at" in self.fields:
            self._hold_closing_time(published)

    def _hold_mode(self, published: ChallengeProgress) -> None:
        """Proposals are written for a sportello or for a ranking, and the days of each case follow: once public, it stays."""
        self.fields["mode"].disabled = True
        self.initial["mode"] = published.published_mode
        self.fields["mode"].help_text = _("It was published so, and proposals are written for it: it can no longer change. For another mode, publish a new challenge.")

    def _hold_closing_time(self, published: ChallengeProgress) -> None:
        """People prepare for a closing time once it is public: the form shows it, and says where it is moved."""
        field = self.fields["closes_at"]
        field.disabled = True
        self.initial["closes_at"] = published.published_closes_at
        challenge = published.challenge
        if published.published_closes_at is None:
            field.help_text = _("Published as always open. To stop taking proposals, close the challenge.")
        elif not challenge.live:
            field.help_text = _("It was public already, so it moves only by extending the deadline, once the challenge is on the site again.")
        else:
            moved = localtime(challenge.effective_closes_at)
            text = _("It is public: it moves only later, and everyone with a draft is told. At present: %(moment)s.") % {"moment": date_format(moved, "SHORT_DATETIME_FORMAT")}
            field.help_text = format_html('{} <a href="{}">{}</a>', text, reverse("challenge_extend", args=[challenge.pk]), _("Extend the deadline"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.instance.pk and "criteria" in self.formsets:
            try:
                assert_criteria_unchanged(self._with_criteria())
            except DomainError as error:
                self.add_error(None, str(error))
            except ValidationError:
                pass  # the criteria's own fields already say what is wrong
        return data

    def _with_criteria(self) -> Challenge:
        """The challenge as the form would leave it, for the check of frozen criteria."""
        formset = self.formsets["criteria"]
        if not formset.is_valid():
            raise ValidationError("criteria")
        candidate = Challenge(pk=self.instance.pk)
        candidate.criteria = [form.instance for form in formset.forms if form not in formset.deleted_forms and (form.instance.pk or form.has_changed())]
        return candidate


class SiteForm(RecordForm):
    names = ("name_it", "name_en")
    coded: ClassVar[dict[str, Any]] = {"constraints": list(SITE_CONSTRAINTS.items()), "assumed": list(SITE_ASSUMABLE.items())}
