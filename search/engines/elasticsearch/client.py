"""The client of the cluster that the settings name. It asks for nothing but its own indices."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from time import sleep
from typing import Any, TypeVar

from django.conf import settings
from elasticsearch import ApiError, Elasticsearch, TransportError

from .. import Unavailable

Answer = TypeVar("Answer")

# Seconds. A search that takes longer is answered by the reserve; writing in bulk has time.
SEARCH_TIMEOUT = 2.0
BULK_TIMEOUT = 60.0
NO_ROOM = 429
# A cluster that has no room is asked again after 2, 4, 8 … seconds, at most a minute: so many times by who has time, and by who has less.
PATIENT, HURRIED = 8, 2
LONGEST_PAUSE = 60.0


@lru_cache
def _client(url: str, api_key: str, username: str, password: str, ca_certificate: str) -> Elasticsearch:
    options: dict[str, Any] = {"request_timeout": SEARCH_TIMEOUT, "max_retries": 0, "retry_on_timeout": False}
    if api_key:
        options["api_key"] = api_key
    elif username:
        options["basic_auth"] = (username, password)
    if ca_certificate:
        options["ca_certs"] = ca_certificate
    return Elasticsearch(url, **options)


def client() -> Elasticsearch:
    """One for each process and address."""
    return _client(
        settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_API_KEY, settings.ELASTICSEARCH_USERNAME, settings.ELASTICSEARCH_PASSWORD, settings.ELASTICSEARCH_CA_CERTIFICATE
    )


@contextmanager
def or_unavailable() -> Iterator[None]:
    """Whatever the cluster cannot answer is Unavailable."""
    try:
        yield
    except (ApiError, TransportError) as error:
        raise Unavailable(f"Elasticsearch: {type(error).__name__}: {error}"[:500]) from error


def pause(attempt: int) -> None:
    """Leave a cluster without room alone for a while, each time twice as long."""
    sleep(min(LONGEST_PAUSE, 2.0**attempt))


def patiently(ask: Callable[[], Answer], tries: int = PATIENT) -> Answer:
    """The answer; asked again, ever later, while the cluster says that it has no room."""
    for attempt in range(1, tries + 1):
        try:
            return ask()
        except ApiError as error:
            if error.status_code != NO_ROOM:
                raise
            pause(attempt)
    return ask()
