from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class PilotNews(Notification):
    """Something moved in a pilot; both sides hear of it."""

    code = "pilot_news"
    category = "progress"
    label = _("News of a pilot")
    template = "pilots/messages/news"
