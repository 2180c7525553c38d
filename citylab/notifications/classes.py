"""Named notifications: each says its code, its category and its templates."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The categories that a person may switch off, with their names; formal acts always go out.
CATEGORIES: dict[str, Promise] = {
    "formal": _("Formal acts: receipts, requests, decisions"),
    "progress": _("Progress of your cases and pilots"),
    "deadlines": _("Deadlines and reminders"),
    "payments": _("Payments, sums that come back, and reminders of what is due"),
    "organisation": _("Invitations and members of your organisation"),
    "questions": _("Answers to your questions"),
    "alerts": _("New challenges and sites that you asked to be told of"),
    "desk": _("Work on the desk"),
}


class Notification:
    """Base of all messages. `template` + “_subject.txt” and “.txt” are rendered in the reader's language, “.html” too if there is one
    (otherwise the text is set in the common page). Texts extend notifications/base.txt, pages notifications/base.html.

    Besides the caller's context they get `user`, `language`, `site_url` and `city`; `address` in the context is the path of the page
    that the message leads to.
    """

    code: ClassVar[str]
    category: ClassVar[str]
    label: ClassVar["Promise | str"]
    template: ClassVar[str]
    # Formal acts start and stop terms: nobody can switch them off.
    mandatory: ClassVar[bool] = False
    # Its text opens something to whoever reads it: kept no longer than until it is sent, or given up.
    is_secret: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        code = cls.__dict__.get("code")
        if code is None:
            return  # a base shared by several kinds
        if cls.category not in CATEGORIES:
            raise ValueError(f"{cls.__qualname__}: {cls.category} is not a category")
        if code in registry:
            raise ValueError(f"{cls.__qualname__}: {registry[code].__qualname__} already has the code {code}")
        registry[code] = cls


# Every kind of message by its code.
registry: dict[str, type[Notification]] = {}
