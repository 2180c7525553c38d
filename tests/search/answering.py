"""The same records in both engines, so that a test can ask either: the embedded one and a real Elasticsearch."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from django.conf import settings
from django.test import override_settings

from search.documents import all_keys, documents
from search.engines import Engine, get_engine
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine
from search.engines.reserve import breaker
from tests.services import need

ENGINES = ("embedded", "elasticsearch")
KINDS = ("site", "challenge")


def fill_embedded() -> None:
    for kind in KINDS:
        EmbeddedEngine().index(documents(kind, all_keys(kind, "", 10_000)))


@contextmanager
def filled_cluster() -> Iterator[str]:
    """The prefix of indices in a real Elasticsearch that hold every site and challenge; thrown away afterwards."""
    if not settings.TESTS_ELASTICSEARCH_URL:
        need("Elasticsearch")
    with override_settings(ELASTICSEARCH_URL=settings.TESTS_ELASTICSEARCH_URL):
        engine = ElasticsearchEngine(f"test-{token_hex(6)}")
    try:
        for kind in KINDS:
            engine.indices.ensure(kind)
            engine.index(documents(kind, all_keys(kind, "", 10_000)))
            engine.refresh(kind)
        yield engine.indices.prefix
    finally:
        engine.indices.throw_away(sorted(engine.client.indices.get(index=f"{engine.indices.prefix}-*")))


@contextmanager
def answering(prefix: str | None) -> Iterator[Engine]:
    """What pages ask is the cluster with that prefix, or without one the embedded engine. It must be the engine itself that answered."""
    url = settings.TESTS_ELASTICSEARCH_URL if prefix else ""
    breaker.succeeded()
    with override_settings(ELASTICSEARCH_URL=url, ELASTICSEARCH_PREFIX=prefix or settings.ELASTICSEARCH_PREFIX):
        yield get_engine()
    assert not breaker.is_open
