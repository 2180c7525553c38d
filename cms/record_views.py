"""How Wagtail's pages for a record differ: nobody publishes alone, whoever may write may also withdraw, and all of it happens at once or not at all."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.widgets.button import Button
from wagtail.snippets.views import snippets

from citylab.accounts.access import roles
from citylab.accounts.models import Role
from citylab.challenges.models import Challenge
from citylab.core.errors import DomainError

from .side_panels import WhoCouldAnswerPanel


class NobodyPublishesAlone:
    """Publishing goes through moderation, for administrators too."""

    def get_available_actions(self) -> list[str]:
        return [action for action in super().get_available_actions() if action != "publish"]  # type: ignore[misc]


editing = roles(Role.EDITOR, Role.ADMINISTRATOR)


@editing
class CreateView(NobodyPublishesAlone, snippets.CreateView):
    def get_side_panels(self) -> MediaContainer:
        return MediaContainer([*super().get_side_panels(), WhoCouldAnswerPanel(self.form.instance, self.request)])


@editing
class EditView(NobodyPublishesAlone, snippets.EditView):
    def get_side_panels(self) -> MediaContainer:
        """The panel is not drawn again after saving in the background: it follows the form by itself."""
        panels = super().get_side_panels()
        if self.expects_json_response or self.hydrate_create_view:
            return panels
        return MediaContainer([*panels, WhoCouldAnswerPanel(self.object, self.request)])

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        return [*super().header_more_buttons, *record_buttons(self.live_object)]

    def workflow_action_action(self) -> HttpResponse | None:
        """Approving publishes: what the domain refuses is told, and nothing of it has happened; what was typed is saved."""
        try:
            with transaction.atomic():
                return super().workflow_action_action()
        except DomainError as error:
            messages.error(self.request, str(error))
            return HttpResponseRedirect(self.get_edit_url())


@editing
class UnpublishView(snippets.UnpublishView):
    """Taking a record off the public pages needs no second person; the rest of the product hears of it in the same transaction."""

    permission_required = "change"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            return super().post(request, *args, **kwargs)


@editing
class WorkflowActionView(snippets.WorkflowActionView):
    """The same from the list of what waits."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.redirect_url)


def record_buttons(record: Any) -> list[Button]:
    """What can be done with a published record besides editing it."""
    if not record.live:
        return []
    buttons = [Button(_("See on the site"), record.get_absolute_url(), icon_name="view", priority=40)]
    if isinstance(record, Challenge):
        if record.effective_closes_at:
            buttons.append(Button(_("Extend the deadline"), reverse("challenge_extend", args=[record.pk]), icon_name="time", priority=60))
        buttons.append(Button(_("Close"), reverse("challenge_close", args=[record.pk]), icon_name="lock", priority=70))
    unpublish = reverse(type(record).snippet_viewset.get_url_name("unpublish"), args=[record.pk])
    return [*buttons, Button(_("Unpublish"), unpublish, icon_name="download", priority=80)]
