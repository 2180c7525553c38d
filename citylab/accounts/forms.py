from django import forms
from django.utils.translation import gettext_lazy as _

from .models import User


class SignupForm(forms.Form):
    """What we ask beside allauth's e-mail and password."""

    name = forms.CharField(label=_("Name and surname"), max_length=160, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    privacy = forms.BooleanField(label=_("I have read the privacy notice"), error_messages={"required": _("Confirm that you have read the privacy notice.")})

    field_order = ["name", "email", "password1", "privacy"]

    def signup(self, request: object, user: object) -> None:
        """allauth asks for this method; the adapter has kept the name already."""


class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "language")
