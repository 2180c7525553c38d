"""What people are told about a pilot's money."""

from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class MoneyTerms(Notification):
    """What starts a term: sums to pay, a decision on a deposit."""

    code = "money_terms"
    category = "formal"
    label = _("Sums to pay, and decisions on deposits")
    template = "payments/messages/news"
    mandatory = True


class MoneyNews(Notification):
    """What became of a payment or of a sum that comes back."""

    code = "money_news"
    category = "payments"
    label = _("Payments and refunds")
    template = "payments/messages/news"


class MoneyReminder(Notification):
    """A sum is due soon, or late."""

    code = "money_reminder"
    category = "payments"
    label = _("Reminders of sums to pay")
    template = "payments/messages/news"


class MoneyAtTheDesk(Notification):
    """What the responsible officer has to look at."""

    code = "money_desk"
    category = "desk"
    label = _("Deposits, transfers and disputes of a pilot")
    template = "payments/messages/news"
