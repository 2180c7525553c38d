"""A real Elasticsearch for the tests that ask for one."""

from secrets import token_hex

import pytest
from django.conf import settings as configured

from tests.services import need


@pytest.fixture
def elasticsearch(settings):
    """The installation's engine is a real cluster, in indices that are made when they are first written, and thrown away afterwards."""
    if not configured.TESTS_ELASTICSEARCH_URL:
        need("Elasticsearch")
    from search.engines.elasticsearch import ElasticsearchEngine
    from search.engines.reserve import breaker, slowness

    settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_PREFIX = configured.TESTS_ELASTICSEARCH_URL, f"test-{token_hex(6)}"
    breaker.succeeded(), slowness.succeeded()
    engine = ElasticsearchEngine()
    yield engine
    breaker.succeeded(), slowness.succeeded()
    engine.indices.throw_away(sorted(engine.client.indices.get(index=f"{settings.ELASTICSEARCH_PREFIX}-*")))
