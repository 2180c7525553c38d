from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class InvitationSent(Notification):
    code = "invitation"
    category = "organisation"
    mandatory = True  # the person asked for is not here yet, or has to decide
    label = _("Invitation to an organisation")
    template = "accounts/messages/invitation"


class AccessAsked(Notification):
    code = "access_asked"
    category = "organisation"
    mandatory = True
    label = _("Somebody asks to join")
    template = "accounts/messages/access_asked"


class AccessAnswered(Notification):
    code = "access_answered"
    category = "organisation"
    mandatory = True
    label = _("Answer to a request to join")
    template = "accounts/messages/access_answered"
