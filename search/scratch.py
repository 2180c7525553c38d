"""An index for a while: beside the installation's own, in the same form, thrown away at the end."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import connection, connections

from .engines import Index
from .engines.elasticsearch import ElasticsearchEngine
from .engines.elasticsearch.client import BULK_TIMEOUT, client, patiently
from .engines.embedded import EmbeddedEngine, tables
from .models import Affinity, SearchDocument, SearchFact, SearchPeriod, SearchRecord, SearchTerm

ALIAS = "search_scratch"
MODELS = (SearchRecord, SearchFact, SearchPeriod, SearchDocument, SearchTerm, Affinity)


@contextmanager
def scratch(name: str, purpose: str) -> Iterator[tuple[Index, str]]:
    """An empty engine of that name (its indices are named by their purpose), and the database that keeps its affinities. The embedded one is of the installation's vendor."""
    with _database() as using:
        if name == EmbeddedEngine.name:
            yield EmbeddedEngine(using), using
            return
        engine = ElasticsearchEngine(f"{settings.ELASTICSEARCH_PREFIX}-scratch-{purpose}-{token_hex(6)}", client().options(request_timeout=BULK_TIMEOUT))
        try:
            for kind in ("site", "challenge", "proposal"):
                patiently(lambda kind=kind: engine.indices.ensure(kind))  # type: ignore[misc]
            yield engine, using
        finally:
            patiently(lambda: engine.indices.throw_away(sorted(engine.client.indices.get(index=f"{engine.indices.prefix}-*"))))


@contextmanager
def _database() -> Iterator[str]:
    """A database with the index's tables alone: a file of its own on SQLite, a schema of its own on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="citylab-scratch-") as folder:
        schema = f"scratch_{token_hex(6)}"
        options: dict[str, Any] = {**connection.settings_dict}
        if connection.vendor == "sqlite":
            options["NAME"] = str(Path(folder) / "scratch.sqlite3")
        else:
            options["OPTIONS"] = {**options.get("OPTIONS", {}), "options": f"-c search_path={schema}"}
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA {schema}")
        connections.databases[ALIAS] = options
        try:
            with connections[ALIAS].schema_editor() as editor:
                for model in MODELS:
                    editor.create_model(model)
            tables.create(connections[ALIAS])
            tables.create_vocabularies(connections[ALIAS])
            yield ALIAS
        finally:
            connections[ALIAS].close()
            del connections[ALIAS]
            del connections.databases[ALIAS]
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP SCHEMA {schema} CASCADE")
