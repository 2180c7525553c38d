"""Named notifications: each says its code, its category and its templates."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The categories that a person may switch off, with their names; formal acts always go out.
CATEGORIES: dict[str, Promise] = {
    "formal": _("Formal acts: receipts, requests, decisions"),
    "progress": _("Progress of your cases and pilots"),
    "deadlines": _("Deadlines and reminders"),
    "organisation": _("Invitations and members of your organisation"),
    "questions": _("Answers to your questions"),
    "desk": _("Work on the desk"),
}


class Notification:
    """Base of all messages. `template` + “_subject.txt”, “.txt” and “.html” are rendered in the reader's language."""

    code: ClassVar[str]
    category: ClassVar[str]
    label: ClassVar["Promise | str"]
    template: ClassVar[str]
    mandatory: ClassVar[bool] = False
