"""An index for a while: beside the installation's own, in the same form, thrown away at the end; what a killed run left, by the first that comes a day later."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import connection, connections

from citylab.core import clock

from .engines import Index
from .engines.elasticsearch import ElasticsearchEngine
from .engines.elasticsearch.client import BULK_TIMEOUT, client, patiently
from .engines.embedded import EmbeddedEngine, tables
from .models import Affinity, SearchDocument, SearchFact, SearchPeriod, SearchRecord, SearchTerm

ALIAS = "search_scratch"
# No run takes so long.
LEFT_BEHIND = timedelta(days=1)
MODELS = (SearchRecord, SearchFact, SearchPeriod, SearchDocument, SearchTerm, Affinity)


@contextmanager
def scratch(name: str, purpose: str) -> Iterator[tuple[Index, str]]:
    """An empty engine of that name (its indices are named by their purpose), and the database that keeps its affinities. The embedded one is of the installation's vendor."""
    with _database() as using:
        if name == EmbeddedEngine.name:
            yield EmbeddedEngine(using), using
            return
        engine = ElasticsearchEngine(f"{_common()}{_moment(clock.now())}-{purpose}-{token_hex(6)}", client().options(request_timeout=BULK_TIMEOUT))
        try:
            forget_left_indices(engine)
            for kind in ("site", "challenge", "proposal"):
                patiently(lambda kind=kind: engine.indices.ensure(kind))  # type: ignore[misc]
            yield engine, using
        finally:
            patiently(lambda: engine.indices.throw_away(sorted(engine.client.indices.get(index=f"{engine.indices.prefix}-*"))))


def _common() -> str:
    return f"{settings.ELASTICSEARCH_PREFIX}-scratch-"


def forget_left_indices(engine: ElasticsearchEngine) -> None:
    """Throw away what a run that was killed left in the cluster."""
    known = patiently(lambda: engine.client.indices.get(index=f"{_common()}*"))
    old = f"{_common()}{_moment(clock.now() - LEFT_BEHIND)}"
    engine.indices.throw_away(sorted(name for name in known if name < old))


def _moment(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M}"


@contextmanager
def _database() -> Iterator[str]:
    """A database with the index's tables alone: a file of its own on SQLite, a schema of its own on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="citylab-scratch-") as folder:
        schema = f"scratch_{_moment(clock.now())}_{token_hex(6)}"
        options: dict[str, Any] = {**connection.settings_dict}
        if connection.vendor == "sqlite":
            options["NAME"] = str(Path(folder) / "scratch.sqlite3")
        else:
            options["OPTIONS"] = {**options.get("OPTIONS", {}), "options": f"-c search_path={schema}"}
            with connection.cursor() as cursor:
                cursor.execute(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'scratch\_%%' AND nspname < %s", [f"scratch_{_moment(clock.now() - LEFT_BEHIND)}"])
                for (left,) in cursor.fetchall():
                    cursor.execute(f'DROP SCHEMA "{left}" CASCADE')
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
