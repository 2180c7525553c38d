"""The full-text index, by vendor: an FTS5 table kept in step by triggers on SQLite, a generated vector on PostgreSQL."""

from django.db import migrations

SQLITE = [
    "CREATE VIRTUAL TABLE search_fts USING fts5(stemmed_title, stemmed_body, content='search_searchdocument', content_rowid='id', tokenize='unicode61')",
    "CREATE TRIGGER search_fts_insert AFTER INSERT ON search_searchdocument BEGIN INSERT INTO search_fts(rowid, stemmed_title, stemmed_body) VALUES (new.id, new.stemmed_title, new.stemmed_body); END",
    "CREATE TRIGGER search_fts_delete AFTER DELETE ON search_searchdocument BEGIN INSERT INTO search_fts(search_fts, rowid, stemmed_title, stemmed_body) VALUES ('delete', old.id, old.stemmed_title, old.stemmed_body); END",
    "CREATE TRIGGER search_fts_update AFTER UPDATE ON search_searchdocument BEGIN INSERT INTO search_fts(search_fts, rowid, stemmed_title, stemmed_body) VALUES ('delete', old.id, old.stemmed_title, old.stemmed_body); INSERT INTO search_fts(rowid, stemmed_title, stemmed_body) VALUES (new.id, new.stemmed_title, new.stemmed_body); END",
]
POSTGRESQL = [
    "ALTER TABLE search_searchdocument ADD COLUMN vector tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', stemmed_title), 'A') || setweight(to_tsvector('simple', stemmed_body), 'B')) STORED",
    "CREATE INDEX search_document_vector ON search_searchdocument USING gin (vector)",
]


def create(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE search_searchdocument DROP COLUMN vector")
    else:
        for name in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER search_fts_{name}")
        schema_editor.execute("DROP TABLE search_fts")


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
