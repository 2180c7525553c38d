from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class NewMatch(Notification):
    code = "new_match"
    category = "alerts"
    label = _("A new challenge or site that you asked to be told of")
    template = "search/messages/new_match"
