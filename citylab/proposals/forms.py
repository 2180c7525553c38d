"""What every form asks that sends a formal message of a case, or records that one has arrived."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Communication


class ChannelMixin(forms.Form):
    channel = forms.ChoiceField(label=_("How it is sent"), help_text=_("On the portal it counts as received today; by PEC, on the day of the receipt of delivery, which you record later."), choices=Communication.Channel.choices, widget=forms.RadioSelect, initial=Communication.Channel.PORTAL)


class DeliveryForm(forms.Form):
    legally_received_on = forms.DateField(label=_("Delivered on"), help_text=_("The day on the PEC's receipt of delivery."), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
