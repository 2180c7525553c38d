"""What can go wrong for a person, said in a way that a page or the API can show."""

from django.utils.functional import Promise


class DomainError(Exception):
    """A refusal with a stable code and a message for the reader, in the reader's language."""

    def __init__(self, code: str, message: "str | Promise") -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class Conflict(DomainError):
    """Somebody else was first: the row changed since it was read."""


class NotAllowed(DomainError):
    """This person may not do this now."""
