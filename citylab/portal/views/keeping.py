"""Texts that are sent in one go wait in the session until then: leaving the page loses nothing."""

from collections.abc import Mapping

from django.http import HttpRequest


def keep(request: HttpRequest, key: str, values: Mapping[str, str]) -> None:
    request.session[f"kept:{key}"] = dict(values)


def kept(request: HttpRequest, key: str) -> dict[str, str]:
    """What was kept under this key, field name → text."""
    return dict(request.session.get(f"kept:{key}", {}))


def forget(request: HttpRequest, key: str) -> None:
    request.session.pop(f"kept:{key}", None)
