"""Small helpers of the templates."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms, template
from django.utils import formats
from django.utils.translation import gettext as _

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
def item(mapping: Any, key: Any) -> Any:
    """A value of a mapping by a key that is itself a variable."""
    return mapping.get(key) if mapping else None


@register.inclusion_tag("components/chart.html")
def line_chart(identifier: Any, title: str, unit: str, readings: Sequence[Any], target: Any = None) -> dict[str, Any]:
    """A small chart drawn by the server, from zero, on a 340-wide canvas; `readings` have `read_on` and `value`."""
    values = [float(reading.value) for reading in readings]
    top = max([*values, float(target or 0), 1.0])
    step = 280 / max(1, len(values) - 1)

    def height(value: float) -> float:
        return round(150 - 120 * max(0.0, value) / top, 1)

    points = [
        {"x": round(40 + index * step, 1), "y": height(value), "label_y": round(height(value) - 8, 1), "value": formats.number_format(Decimal(str(value)).normalize() + 0), "day": formats.date_format(reading.read_on, "SHORT_DATE_FORMAT")}
        for index, (reading, value) in enumerate(zip(readings, values, strict=True))
    ]
    chart: dict[str, Any] = {
        "id": f"chart-{identifier}", "title": title, "unit": unit, "points": points, "line": " ".join(f"{p['x']},{p['y']}" for p in points),
        "description": _("%(count)s readings, the last %(last)s %(unit)s") % {"count": len(points), "last": points[-1]["value"] if points else "–", "unit": unit},
        "ends": [{"x": points[0]["x"], "anchor": "start", "label": points[0]["day"]}, {"x": points[-1]["x"], "anchor": "end", "label": points[-1]["day"]}] if len(points) > 1 else [],
    }  # fmt: skip
    if target is not None:
        chart.update(target=formats.number_format(target), target_y=height(float(target)), target_label_y=round(height(float(target)) - 5, 1))
    return {"chart": chart}
