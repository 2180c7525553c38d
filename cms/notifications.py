"""The messages of the editors' room."""

from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class TextAwaitsReview(Notification):
    code = "text_awaits_review"
    category = "desk"
    label = _("A text waits for your review")
    template = "cms/messages/text_awaits_review"


class TextReviewed(Notification):
    code = "text_reviewed"
    category = "desk"
    label = _("Your text was reviewed")
    template = "cms/messages/text_reviewed"
