"""Ranking with SQLite's FTS5: one table for each field, whose BM25 are summed."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from ... import weights
from .. import Found, Hit, TextQuery
from ..terms import Frequencies, asked
from .rows import as_found
from .tables import FIELDS, people, ranked, vocabulary

# FTS5 has k1 = 1.2 and multiplies by k1 + 1. A column weight divides k1, so that .48 stands in for 2.5.
FTS5_K1 = 1.2
# People's search: a word in the title counts more than one in the text.
TITLE_WEIGHT = 3.0


class SqliteRanking:
    def __init__(self, using: str) -> None:
        self.using = using

    def nearest(self, query: TextQuery, kind: str, limit: int) -> list[Hit]:
        """The documents nearest to a text."""
        parts, params = self._parts(query, kind)
        if not params:
            return []
        sql = (
            f"WITH part AS MATERIALIZED ({parts}) SELECT r.kind, r.object_id, SUM(part.score) AS score, r.accepted FROM part "
            "JOIN search_searchdocument d ON d.id = part.id JOIN search_searchrecord r ON r.id = d.record_id GROUP BY r.id ORDER BY score DESC, r.object_id LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, [*params, limit])]

    def nearest_of(self, query: TextQuery, kind: str, fitting: QuerySet[Any], limit: int, others: int) -> Found:
        """The nearest of the `fitting` records, those of the others, and how many there are of each; also such as share no word."""
        parts, params = self._parts(query, kind)
        ids, only = fitting.order_by().values("pk").query.sql_with_params()
        sql = (
            f"WITH part AS MATERIALIZED ({parts}), scored AS (SELECT d.record_id, SUM(part.score) AS score FROM part JOIN search_searchdocument d ON d.id = part.id GROUP BY d.record_id), "
            f"judged AS (SELECT r.object_id, COALESCE(scored.score, 0.0) AS score, r.accepted, r.id IN ({ids}) AS fits "
            "FROM search_searchrecord r LEFT JOIN scored ON scored.record_id = r.id WHERE r.kind = %s AND NOT r.is_deleted), "
            "placed AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY fits ORDER BY score DESC, object_id) AS place, COUNT(*) OVER (PARTITION BY fits) AS total FROM judged) "
            "SELECT object_id, score, accepted, fits, total FROM placed WHERE place <= CASE WHEN fits THEN %s ELSE %s END ORDER BY place"
        )
        return as_found(kind, self._rows(sql, [*params, *only, kind, limit, max(others, 1)]), others)

    def _parts(self, query: TextQuery, kind: str) -> tuple[str, list[str]]:
        """SQL that gives each document's score in each field, and its parameters."""
        terms = asked(query, lambda stems: self._frequencies(stems, kind, query.language))
        parts, params = [], []
        for field in FIELDS[kind]:
            if terms[field]:
                table, factor = ranked(kind, query.language, field), weights.FIELDS[field] / (FTS5_K1 + 1)
                parts.append(f"SELECT rowid AS id, -bm25({table}, {FTS5_K1 / weights.K1[field]}) * {factor} AS score FROM {table} WHERE {table} MATCH %s")
                params.append(_any(terms[field]))
        return " UNION ALL ".join(parts) or "SELECT NULL AS id, 0.0 AS score WHERE 0", params

    def _frequencies(self, stems: Sequence[str], kind: str, language: str) -> Frequencies:
        counted = "SELECT '', COUNT(*) FROM search_searchdocument WHERE kind = %s AND language = %s"
        marks = ",".join("%s" for _stem in stems)
        known = dict(self._rows(f"SELECT term, doc FROM {vocabulary(kind, language)} WHERE term IN ({marks}) UNION ALL {counted}", [*stems, kind, language]))
        return known, known[""]

    def containing(self, groups: list[list[str]], language: str, kinds: Sequence[str], limit: int) -> list[Hit]:
        """Public documents that have a word of each group; one ending in * is a beginning."""
        table = people(language)
        words = " AND ".join("(" + " OR ".join(_quoted(word) for word in group) + ")" for group in groups)
        sql = (
            f"SELECT r.kind, r.object_id, -bm25({table}, {TITLE_WEIGHT}, 1.0) AS score, r.accepted FROM {table} JOIN search_searchdocument d ON d.id = {table}.rowid "
            f"JOIN search_searchrecord r ON r.id = d.record_id WHERE {table} MATCH %s AND r.kind IN ({','.join('%s' for _kind in kinds)}) ORDER BY score DESC, r.object_id LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, [words, *kinds, limit])]

    def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())


def _any(terms: Iterable[str]) -> str:
    return " OR ".join(_quoted(term) for term in terms)


def _quoted(term: str) -> str:
    return f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'
