from django.urls import path
from django.utils.translation import pgettext_lazy

from .views import pilot

urlpatterns = [
    path("", pilot.pilots, name="pilots"),
    path("<uuid:pk>/", pilot.pilot, name="pilot"),
    path(pgettext_lazy("url", "<uuid:pk>/files/<uuid:attachment>/"), pilot.report_file, name="pilot_file"),
    path(pgettext_lazy("url", "<uuid:pk>/deposit-files/<uuid:attachment>/"), pilot.deposit_file, name="deposit_file"),
    path("<uuid:pk>/<slug:code>/", pilot.act, name="pilot_act"),
    path("<uuid:pk>/<slug:code>/<slug:item>/", pilot.act, name="pilot_act_on"),
]
