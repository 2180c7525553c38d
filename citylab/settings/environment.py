"""Reads the environment once, and says clearly what is missing or malformed."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")


def required(name: str, why: str) -> str:
    """The value of `name`; ImproperlyConfigured with what it is for where it is absent or empty."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {why}. See .env.example.")
    return value


def required_address(name: str, schemes: tuple[str, ...], why: str) -> str:
    """A required URL with a host and one of these schemes; ImproperlyConfigured otherwise."""
    value = required(name, why)
    if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)) or not value.split("://", 1)[1]:
        raise malformed(name, f"it must start with {' or '.join(s + '://' for s in schemes)}")
    try:
        urlsplit(value).port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise malformed(name, "its port is no number") from None
    return value


def malformed(name: str, how: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is malformed: {how}. See .env.example.")
