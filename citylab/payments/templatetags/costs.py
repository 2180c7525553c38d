"""How worked-out sums and the fields that they come from are shown."""

from typing import Any

from django import forms, template
from django.utils.translation import get_language

register = template.Library()


@register.filter
def said(text: Any) -> str:
    """A text that exists in both languages, in the reader's."""
    if not text:
        return ""
    return str(text["en" if (get_language() or "it").startswith("en") else "it"])


@register.filter
def cost_field(field: Any) -> Any:
    """The widget with its help and the place of its errors announced: errors may come and go without the page being loaded again."""
    identifier = field.id_for_label
    select = isinstance(field.field.widget, forms.Select)
    attributes = {
        "class": ("form-select" if select else "form-control") + (" is-invalid" if field.errors else ""),
        "aria-describedby": " ".join([f"{identifier}-h"] * bool(field.help_text) + [f"{identifier}-e"]),
    }
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)
