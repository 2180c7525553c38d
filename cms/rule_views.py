"""Wagtail's pages for the rules of costs: saving goes through the service, and a worked example stands beside the form."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.log_actions import log
from wagtail.snippets.views import snippets

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.core.errors import DomainError
from citylab.core.numbers import whole
from citylab.payments.examples import worked_example
from citylab.payments.models import DepositRule, FeeRule
from citylab.payments.services import keeping_rules as services

from .rule_forms import RuleForm
from .side_panels import LivePanel, as_written

editing = roles(Role.EDITOR, Role.ADMINISTRATOR)
# An exemption has no arithmetic of its own.
WITH_EXAMPLE: dict[str, Any] = {"feerule": FeeRule, "depositrule": DepositRule}


class WorkedExamplePanel(LivePanel):
    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Toggle worked example")
        icon_name = "calendar-check"
        has_counter = False

    name = "worked-example"
    title = _("A worked example")
    template_name = "cms/side_panels/worked_example.html"
    view_name = "worked_example"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        versions = [] if self.object.pk is None else self.object.versions.order_by("-number")[:20]
        return {**super().get_context_data(parent_context), "versions": versions}


class SavedByService:
    """What the domain refuses is told at the top of the form, or at the dates; what was typed stays."""

    logged_as = ""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return super().form_valid(form)  # type: ignore[misc,no-any-return]
        except DomainError as error:
            form.add_error("valid_from" if error.code == "rules_overlap" else None, str(error))
            self.produced_error_message = self.get_error_message()  # type: ignore[attr-defined]
            return self.form_invalid(form)  # type: ignore[attr-defined,no-any-return]

    def save_instance(self) -> Any:
        form, user = self.form, self.request.user  # type: ignore[attr-defined]
        if isinstance(form, RuleForm):
            own = {name: form.cleaned_data[name] for name in ("sites", "challenges") if name in form.cleaned_data}
            saved: Any = services.rule_save(rule=form.instance, actor=user, seen_version=form.cleaned_data["seen_version"], **own)
        else:
            saved = services.payee_save(payee=form.instance, actor=user)
        log(instance=saved, action=self.logged_as, user=user, content_changed=True)
        return saved

    def get_side_panels(self) -> MediaContainer:
        panels = super().get_side_panels()  # type: ignore[misc]
        if self.model._meta.model_name not in WITH_EXAMPLE:  # type: ignore[attr-defined]
            return panels  # type: ignore[no-any-return]
        return MediaContainer([*panels, WorkedExamplePanel(self.form.instance, self.request)])  # type: ignore[attr-defined]


@editing
class CreateView(SavedByService, snippets.CreateView):
    logged_as = "wagtail.create"


@editing
class EditView(SavedByService, snippets.EditView):
    logged_as = "wagtail.edit"

    def get_object(self, queryset: Any = None) -> Any:
        """A rule's key is that of the table above it, where Django does not turn a text that is no number into “not found”."""
        if whole(str(self.kwargs[self.pk_url_kwarg])) is None:
            raise Http404
        return super().get_object(queryset)


@roles(Role.EDITOR, Role.ADMINISTRATOR)
@require_admin_access
@require_POST
def worked_example_view(request: HttpRequest, kind: str) -> HttpResponse:
    """The panel's content for the form as it stands in the browser; nothing is saved."""
    if kind not in WITH_EXAMPLE:
        raise Http404
    return render(request, "cms/side_panels/_worked_example.html", {"examples": worked_example(as_written(request, WITH_EXAMPLE[kind]))})
