"""What stands beside a form as it is being written; beside a challenge or a site, who could answer it."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.ui.side_panels import BaseSidePanel

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.challenges.models import Challenge
from citylab.testbeds.models import Site
from search.editor_panel import who_could_answer

MODELS: dict[str, Any] = {"challenge": Challenge, "site": Site}
# What a match is made of, by kind of record; everything else in the form is left alone.
TEXTS = ("summary_it", "summary_en", "description_it", "description_en")
FIELDS = {
    "challenge": ("title_it", "title_en", *TEXTS, "expected_it", "expected_en", "sector", "technologies", "applicant_kinds", "trl_min", "trl_max"),
    "site": ("name_it", "name_en", *TEXTS, "sectors"),
}


class LivePanel(BaseSidePanel):
    """Fills itself from what stands in the form, saved or not: `view_name` is the view that is asked, for the kind of record."""

    view_name = ""
    order = 250

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {**super().get_context_data(parent_context), "address": reverse(self.view_name, args=[self.model._meta.model_name])}

    @cached_property
    def media(self) -> forms.Media:
        return forms.Media(css={"all": ["cms/css/live-panel.css"]}, js=["cms/js/live-panel.js"])


class WhoCouldAnswerPanel(LivePanel):
    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Toggle who could answer")
        icon_name = "group"
        has_counter = False

    name = "who-could-answer"
    title = _("Who could answer this")
    template_name = "cms/side_panels/who_could_answer.html"
    view_name = "who_could_answer"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context = super().get_context_data(parent_context)
        return context if self.object.pk is None else {**context, "address": f"{context['address']}?record={self.object.pk}"}


@roles(Role.EDITOR, Role.ADMINISTRATOR)
@require_admin_access
@require_POST
def who_could_answer_view(request: HttpRequest, kind: str) -> HttpResponse:
    """The panel's content for the form as it stands in the browser; nothing is saved."""
    if kind not in MODELS:
        raise Http404
    record = request.GET.get("record", "")
    answers = who_could_answer(as_written(request, MODELS[kind], FIELDS[kind]), record if record.isdecimal() else "")
    return render(request, "cms/side_panels/_who_could_answer.html", {"answers": answers, "has_text": any(request.POST.get(name, "").strip() for name in FIELDS[kind][:4])})


def as_written(request: HttpRequest, model: Any, only: Collection[str] = ()) -> Any:
    """An unsaved record with whatever can be read from the form already; a field that is wrong yet counts as empty."""
    record = model()
    form = record.snippet_viewset.get_form_class()(instance=record, for_user=request.user)
    for name in only or [name for name in form.fields if hasattr(model, name)]:
        field = form.fields[name]
        try:
            value = field.clean(field.widget.value_from_datadict(request.POST, request.FILES, name))
        except ValidationError:
            continue
        if value not in (None, ""):
            setattr(record, name, list(value) if hasattr(value, "all") else value)
    return record
