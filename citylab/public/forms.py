"""What readers write on public pages: stars and why, and a question about a challenge."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import WENT_WELL, WENT_WRONG


class ScoreForm(forms.Form):
    score = forms.TypedChoiceField(choices=[(n, str(n)) for n in range(1, 6)], coerce=int)
    page = forms.CharField(max_length=300)

    def clean_page(self) -> str:
        """A path of this site, never another address: the reader is sent back to it."""
        page: str = self.cleaned_data["page"]
        if not page.startswith("/") or page.startswith(("//", "/\\")):
            raise forms.ValidationError("page")
        return page


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    comment = forms.CharField(label=_("Would you like to add something?"), required=False, max_length=200, help_text=_("At most 200 characters. Please write no personal data."))

    def __init__(self, *args: Any, score: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.choices = WENT_WELL if score > 3 else WENT_WRONG  # type: ignore[attr-defined]
        reason.label = _("What did you like best?") if score > 3 else _("Where did you meet the greatest difficulty?")


class QuestionForm(forms.Form):
    text = forms.CharField(label=_("Your question"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("Question and answer appear on the challenge's page, without your name."))
