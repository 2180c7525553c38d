from django.urls import path

from .views import pilot

urlpatterns = [
    path("", pilot.pilots, name="pilots"),
    path("<uuid:pk>/", pilot.pilot, name="pilot"),
    path("<uuid:pk>/<slug:code>/", pilot.act, name="pilot_act"),
    path("<uuid:pk>/<slug:code>/<slug:item>/", pilot.act, name="pilot_act_on"),
]
