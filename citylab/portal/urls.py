from django.urls import include, path
from django.utils.translation import pgettext_lazy

from .views import case, costs, files, home, matches, proposal, searches, submission

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path(pgettext_lazy("url", "messages/"), home.inbox, name="messages"),
    path(pgettext_lazy("url", "matches/"), matches.matches, name="matches"),
    path(pgettext_lazy("url", "matches/<uuid:pk>/"), matches.matches, name="matches_of"),
    path(pgettext_lazy("url", "matches/<uuid:pk>/why/"), matches.why, name="match_why"),
    path(pgettext_lazy("url", "matches/<uuid:pk>/opinion/"), matches.match_feedback, name="match_feedback"),
    path(pgettext_lazy("url", "matches/<uuid:pk>/alerts/"), matches.alerts, name="alerts"),
    path(pgettext_lazy("url", "saved-searches/"), searches.searches, name="searches"),
    path(pgettext_lazy("url", "saved-searches/save/"), searches.search_save, name="search_save"),
    path(pgettext_lazy("url", "saved-searches/<int:pk>/"), searches.search_change, name="search_change"),
    path(pgettext_lazy("url", "organisations/new/"), home.organisation_create, name="organisation_create"),
    path(pgettext_lazy("url", "organisations/<uuid:pk>/"), home.organisation, name="organisation"),
    path(pgettext_lazy("url", "organisations/<uuid:pk>/members/"), home.members, name="members"),
    path(pgettext_lazy("url", "organisations/<uuid:pk>/members/<int:membership>/"), home.member_change, name="member_change"),
    path(pgettext_lazy("url", "organisations/<uuid:pk>/invitations/<int:invitation>/"), home.invitation_revoke, name="invitation_revoke"),
    path(pgettext_lazy("url", "proposals/new/"), proposal.start, name="start"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/section/<slug:code>/"), proposal.section, name="section"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/section/<slug:code>/save/"), proposal.autosave, name="autosave"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/matches/"), proposal.panel, name="panel"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/costs/"), costs.costs, name="costs"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/files/"), files.attach, name="attach"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/files/<uuid:attachment>/"), files.download, name="download"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/files/<uuid:attachment>/remove/"), files.detach, name="detach"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/copy/"), proposal.copy, name="copy"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/delete/"), proposal.delete, name="delete"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/review/"), submission.review, name="review"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/summary/"), submission.summary, name="summary"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/submit/"), submission.submit, name="submit"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/receipt/"), submission.receipt, name="receipt"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/submitted/<int:number>/"), submission.submitted, name="submitted"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/submitted/<int:number>/data/"), submission.submitted_data, name="submitted_data"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/"), case.case, name="case"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/additions/"), case.additions, name="additions"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/observations/"), case.observations, name="observations"),
    path(pgettext_lazy("url", "proposals/<uuid:pk>/withdraw/"), case.withdraw, name="withdraw"),
    path(pgettext_lazy("url", "pilots/"), include("citylab.portal.pilot_urls")),
]
