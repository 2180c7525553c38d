from django.urls import path
from django.utils.translation import pgettext_lazy

from . import alerts, costs, rating, site_search, views

app_name = "public"
urlpatterns = [
    path(pgettext_lazy("url", "challenges/"), views.challenge_list, name="challenge_list"),
    path(pgettext_lazy("url", "challenges/<slug:slug>/"), views.challenge, name="challenge"),
    path(pgettext_lazy("url", "challenges/<slug:slug>/ask/"), views.ask, name="ask"),
    path(pgettext_lazy("url", "sites/"), views.site_list, name="site_list"),
    path(pgettext_lazy("url", "sites/<slug:slug>/"), views.site, name="site"),
    path(pgettext_lazy("url", "pilots/"), views.pilot_list, name="pilot_list"),
    path(pgettext_lazy("url", "pilots/<slug:slug>/"), views.pilot, name="pilot"),
    path(pgettext_lazy("url", "programmes/"), views.programme_list, name="programme_list"),
    path(pgettext_lazy("url", "programmes/<slug:code>/"), views.programme, name="programme"),
    path(pgettext_lazy("url", "present-a-proposal/"), views.apply, name="apply"),
    path(pgettext_lazy("url", "costs/"), costs.costs, name="costs"),
    path(pgettext_lazy("url", "your-opinion/"), rating.rate, name="rate"),
    path(pgettext_lazy("url", "your-opinion/<str:token>/"), rating.rate_why, name="rate_why"),
    path(pgettext_lazy("url", "search/"), site_search.search, name="search"),
    path(pgettext_lazy("url", "search/suggestions/"), site_search.suggestions, name="suggestions"),
    path(pgettext_lazy("url", "stop-messages/<str:token>/"), alerts.stop, name="alert_stop"),
]
