"""The same records in both engines, so that a test can ask either: the embedded one and a real Elasticsearch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex
from typing import Any
from unittest import mock

from django.conf import settings
from django.test import override_settings

from search import matching
from search.documents import all_keys, documents
from search.engines import Engine, Found, Unavailable
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.elasticsearch.client import PATIENT, pause
from search.engines.embedded import EmbeddedEngine
from search.listing import look_up
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


class PatientEngine(ElasticsearchEngine):
    """Asks again where the cluster, which other tests use too, has no room: no test of a ranking is about that."""

    def match(self, *asked: Any, **more: Any) -> list[Found]:
        for attempt in range(1, PATIENT):
            try:
                return super().match(*asked, **more)
            except Unavailable:
                pause(attempt)
        return super().match(*asked, **more)


@contextmanager
def answering(prefix: str | None) -> Iterator[Engine]:
    """What a panel asks is the cluster with that prefix, or without one the embedded engine; never a reserve."""
    with override_settings(ELASTICSEARCH_URL=settings.TESTS_ELASTICSEARCH_URL if prefix else ""):
        engine = PatientEngine(prefix) if prefix else EmbeddedEngine()
    with mock.patch.object(matching, "get_engine", lambda: engine):
        yield engine


def found_ids(query: str, kinds: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """(kind, id) of what has all of a person's words, best first, and the corrected words where the typed ones found nothing."""
    answer = look_up(query, kinds)
    return ([], "") if answer.is_partial else (answer.found, answer.corrected)
