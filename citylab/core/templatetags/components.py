"""Small helpers of the templates."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms, template
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext as _

from citylab.core import charts

register = template.Library()


@register.filter
def is_group(field: Any) -> bool:
    """A field of several boxes or buttons: a fieldset with a legend."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.filter
def is_checkbox(field: Any) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def described(field: Any) -> Any:
    """The field's widget with its class and with its help and error announced."""
    identifier = field.id_for_label
    announced = [f"{identifier}-h"] * bool(field.help_text) + [f"{identifier}-e"] * bool(field.errors)
    widget = field.field.widget
    css = "form-check-input" if isinstance(widget, forms.CheckboxInput) else "form-select" if isinstance(widget, forms.Select) else "form-control"
    attributes = {"class": css + (" is-invalid" if field.errors else "")}
    if announced:
        attributes["aria-describedby"] = " ".join(announced)
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """The present query with some values changed; a value of None or "" goes."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


@register.filter
def euro(cents: int | None) -> str:
    """Cents as euro in the reader's language: “1.234,50 €”, “€1,234.50”."""
    if cents is None:
        return ""
    return _("€%(amount)s") % {"amount": formats.number_format(Decimal(cents) / 100, 2, force_grouping=True)}


@register.filter
def email_words(address: str) -> str:
    """An e-mail address that a narrow column may break before its @, and nowhere else as long as that is enough."""
    name, at, host = str(address).rpartition("@")
    return format_html("{}<wbr>{}", name, at + host)


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """A value of a mapping by a key that is itself a variable."""
    return mapping.get(key) if mapping else None


@register.filter
def number(value: Any) -> str:
    """A number in the reader's language, without zeros that say nothing."""
    return "" if value is None else formats.number_format(Decimal(value).normalize() + 0, force_grouping=True)


@register.inclusion_tag("components/chart.html")
def line_chart(identifier: Any, title: str, unit: str, readings: Iterable[Any], target: Any = None, baseline: Any = None) -> dict[str, Any]:
    """A small chart drawn by the server, with its numbers as a table; `readings` have `read_on` and `value`, oldest first."""
    rows = list(readings)
    last = rows[-1] if rows else None
    return {
        "id": f"chart-{identifier}", "title": title, "unit": unit, "target": target, "baseline": baseline, "last": last, "first": rows[0] if len(rows) > 1 else None,
        "count": len(rows), "chart": charts.line([(row.read_on, row.value) for row in rows], baseline=baseline, target=target), "readings": rows,
    }  # fmt: skip
