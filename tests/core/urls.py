"""A translated address, for the language switch."""

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse
from django.urls import path
from django.utils.functional import lazystr
from django.utils.translation import get_language


class _Challenges:
    def __str__(self) -> str:
        return "challenges/<int:pk>/" if get_language() == "en" else "sfide/<int:pk>/"


urlpatterns = i18n_patterns(path(lazystr(_Challenges()), lambda request, pk: HttpResponse(), name="challenge"))
