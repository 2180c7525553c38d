"""The full-text tables of the embedded index: FTS5 on SQLite, kept in step by triggers; generated vectors on PostgreSQL.

Every kind, language and field has a table of its own on SQLite, so that how rare a word is, and how long a text, is judged among its equals.
"""

from contextlib import suppress
from typing import Any

from django.db import DatabaseError, transaction

from .. import KINDS, LANGUAGES, PUBLIC_KINDS

CONTENT = "search_searchdocument"
# Field of the score → column that holds its words.
COLUMNS = {"title": "stemmed_title", "whole": "whole", "words": "words", "pairs": "pairs", "grams": "grams"}
# What proposals are matched with is ranked by all five; of what is only compared with them, three are enough.
FIELDS = {"site": tuple(COLUMNS), "challenge": tuple(COLUMNS), "proposal": ("title", "whole", "pairs"), "pilot": ("title", "whole", "pairs")}
# “_” joins the two words of a pair.
TOKENIZE = """tokenize = "unicode61 tokenchars '_'" """


def ranked(kind: str, language: str, field: str) -> str:
    """The FTS5 table that ranks a field of a kind in a language."""
    return f"search_fts_{kind}_{language}_{field}"


def vocabulary(kind: str, language: str) -> str:
    """The table that says in how many documents of a kind each stem stands."""
    return f"{ranked(kind, language, 'whole')}_vocabulary"


def sizes(kind: str, language: str) -> str:
    """FTS5's own small table with a row for each document of a kind: counting those is quicker than in the content."""
    return f"{ranked(kind, language, 'whole')}_docsize"


def people(language: str) -> str:
    """The FTS5 table that people's words are looked up in."""
    return f"search_fts_people_{language}"


def sqlite_tables() -> dict[str, tuple[str, str]]:
    """Name of each FTS5 table → its columns, and which rows of the content belong to it."""
    quoted = ", ".join(f"'{kind}'" for kind in PUBLIC_KINDS)
    found = {people(language): ("stemmed_title, body", f"{{row}}.language = '{language}' AND {{row}}.kind IN ({quoted})") for language in LANGUAGES}
    for kind in KINDS:
        for language in LANGUAGES:
            for field in FIELDS.get(kind, ()):
                found[ranked(kind, language, field)] = (COLUMNS[field], f"{{row}}.kind = '{kind}' AND {{row}}.language = '{language}'")
    return found


def create(connection: Any) -> None:
    """Create them beside the content's table."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            vectors = {"people_vector": ("stemmed_title", "body"), "vector": ("stemmed_title", "whole")}
            for name, (title, body) in vectors.items():
                cursor.execute(
                    f"ALTER TABLE {CONTENT} ADD COLUMN {name} tsvector GENERATED ALWAYS AS "
                    f"(setweight(to_tsvector('simple', {title}), 'A') || setweight(to_tsvector('simple', {body}), 'B')) STORED"
                )
                cursor.execute(f"CREATE INDEX search_document_{name} ON {CONTENT} USING gin ({name})")
            return
        for name, (columns, belongs) in sqlite_tables().items():
            new, old = (", ".join(f"{row}.{column.strip()}" for column in columns.split(",")) for row in ("new", "old"))
            cursor.execute(f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='{CONTENT}', content_rowid='id', {TOKENIZE})")
            cursor.execute(
                f"CREATE TRIGGER {name}_insert AFTER INSERT ON {CONTENT} WHEN {belongs.format(row='new')} BEGIN INSERT INTO {name}(rowid, {columns}) VALUES (new.id, {new}); END"
            )
            cursor.execute(
                f"CREATE TRIGGER {name}_delete AFTER DELETE ON {CONTENT} WHEN {belongs.format(row='old')} "
                f"BEGIN INSERT INTO {name}({name}, rowid, {columns}) VALUES ('delete', old.id, {old}); END"
            )


def damaged(connection: Any) -> list[str]:
    """The names of the FTS5 tables that are not whole, or hold another number of documents than they should."""
    if connection.vendor != "sqlite":
        return []
    found = []
    with connection.cursor() as cursor:
        for name, (_columns, belongs) in sqlite_tables().items():
            try:
                with transaction.atomic(using=connection.alias):
                    # Without comparing the content: a table holds some of its rows alone.
                    cursor.execute(f"INSERT INTO {name}({name}) VALUES ('integrity-check')")
                    cursor.execute(f"SELECT (SELECT COUNT(*) FROM {name}_docsize) = (SELECT COUNT(*) FROM {CONTENT} WHERE {belongs.format(row=CONTENT)})")
                    is_whole = cursor.fetchone()[0]
            except DatabaseError:
                is_whole = False
            if not is_whole:
                found.append(name)
    return found


def fill_anew(connection: Any, name: str) -> None:
    """Empty an FTS5 table and fill it from the content. FTS5's own “rebuild” would take every row."""
    columns, belongs = sqlite_tables()[name]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {name}({name}) VALUES ('delete-all')")
        cursor.execute(f"INSERT INTO {name}(rowid, {columns}) SELECT id, {columns} FROM {CONTENT} WHERE {belongs.format(row=CONTENT)}")


def drop(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {CONTENT} DROP COLUMN people_vector, DROP COLUMN vector")
            return
        for name in sqlite_tables():
            cursor.execute(f"DROP TRIGGER {name}_insert")
            cursor.execute(f"DROP TRIGGER {name}_delete")
            cursor.execute(f"DROP TABLE {name}")


def create_vocabularies(connection: Any) -> None:
    """Create the vocabularies of the FTS5 tables; PostgreSQL counts with its vectors."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for kind in FIELDS:
                for language in LANGUAGES:
                    cursor.execute(f"CREATE VIRTUAL TABLE {vocabulary(kind, language)} USING fts5vocab('{ranked(kind, language, 'whole')}', 'row')")


def create_trigrams(connection: Any) -> None:
    """Let PostgreSQL find words that are alike, where its user may; where not, they are compared here."""
    if connection.vendor == "postgresql":
        with suppress(DatabaseError), transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute("CREATE INDEX search_term_alike ON search_searchterm USING gist (word gist_trgm_ops)")


def drop_trigrams(connection: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS search_term_alike")


def drop_vocabularies(connection: Any) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for kind in FIELDS:
                for language in LANGUAGES:
                    cursor.execute(f"DROP TABLE {vocabulary(kind, language)}")
