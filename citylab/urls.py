"""Addresses. Ours live under /it/ and /en/ with translated paths; short addresses for QR codes and machines stand outside."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path
from django.utils.translation import pgettext_lazy
from django.views.static import serve
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.views import front

urlpatterns = [
    path("", include("citylab.public.short_urls")),
    path("editing/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    *i18n_patterns(
        path(pgettext_lazy("url", "account/"), include("allauth.urls")),
        path("", include("citylab.accounts.urls")),
        path(pgettext_lazy("url", "my-area/"), include("citylab.portal.urls")),
        path(pgettext_lazy("url", "desk/"), include("citylab.desk.urls")),
        path("", include("citylab.public.urls")),
        path("", front, name="front"),
        path("", include(wagtail_urls)),
    ),
]

if settings.MEDIA_ROOT:  # public images on this machine's disk; a bucket serves its own
    urlpatterns = [path(f"{settings.MEDIA_URL.lstrip('/')}<path:path>", serve, {"document_root": settings.MEDIA_ROOT}), *urlpatterns]
if settings.DEBUG:
    urlpatterns = [*staticfiles_urlpatterns(), *urlpatterns]
