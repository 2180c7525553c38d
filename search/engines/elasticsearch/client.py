"""The client of the cluster that the settings name. It asks for nothing but its own indices."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from elasticsearch import Elasticsearch

# Seconds. A search that takes longer is answered by the reserve; writing in bulk has time.
SEARCH_TIMEOUT = 2.0
BULK_TIMEOUT = 60.0


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
