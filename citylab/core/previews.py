"""Previews of records that exist in two languages: the editor chooses which one to look at."""


from django.http import HttpRequest, HttpResponse
from django.utils import translation
from wagtail.models import PreviewableMixin


class BilingualPreviewMixin(PreviewableMixin):
    preview_modes = [("it", "Italiano"), ("en", "English")]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """The public page in the chosen language, rendered at once: afterwards the admin's own language is back."""
        with translation.override(mode_name):
            response = super().serve_preview(request, mode_name)
            response.render()
        return response
