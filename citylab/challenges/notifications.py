"""The messages about challenges."""

from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class QuestionSetAside(Notification):
    code = "question_set_aside"
    category = "questions"
    label = _("Your question was set aside")
    template = "challenges/messages/question_set_aside"
