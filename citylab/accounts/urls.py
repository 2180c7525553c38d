from django.urls import path
from django.utils.translation import pgettext_lazy

from . import views

urlpatterns = [
    path(pgettext_lazy("url", "start/"), views.start, name="start"),
    path(pgettext_lazy("url", "demo-sign-in/"), views.demo_login, name="demo_login"),
    path(pgettext_lazy("url", "invitation/<str:token>/"), views.invitation, name="invitation"),
    path(pgettext_lazy("url", "access-request/<int:pk>/"), views.access_request, name="access_request"),
    path(pgettext_lazy("url", "my-account/"), views.account_settings, name="account_settings"),
]
