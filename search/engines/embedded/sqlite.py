"""Ranking with SQLite's FTS5: one table for each field, whose BM25 are summed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from ... import weights
from .. import Found, Hit, TextQuery, Wanted
from ..terms import asked, possible
from .rows import Asked, as_found
from .tables import FIELDS, people, ranked, sizes, vocabulary

# FTS5 has k1 = 1.2 and multiplies by k1 + 1. A column weight divides k1, so that .48 stands in for 2.5.
FTS5_K1 = 1.2
# People's search: a word in the title counts more than one in the text.
TITLE_WEIGHT = 3.0


class SqliteRanking:
    def __init__(self, using: str) -> None:
        self.using = using

    def nearest(self, query: TextQuery, questions: Sequence[Asked]) -> list[Found]:
        """For each question the nearest documents, all in one statement; with fitting records those, the others, and how many there are of each."""
        terms = self._terms(query, [question.kind for question, _fitting in questions])
        selects, params = [], []
        for number, (question, fitting) in enumerate(questions):
            select, more = self._placed(query, question, fitting, terms[question.kind])
            selects.append(f"SELECT {number}, * FROM ({select})")
            params += more
        rows = self._rows(" UNION ALL ".join(selects), params)
        return as_found(questions, sorted(rows, key=lambda row: (row[0], -row[2], row[1])))

    def _placed(self, query: TextQuery, question: Wanted, fitting: QuerySet[Any] | None, terms: Mapping[str, Sequence[str]]) -> tuple[str, list[Any]]:
        """SQL that gives (id, score, accepted, does it fit?, how many of its sort there are) of the best, and its parameters."""
        parts, params = _parts(question.kind, query.language, terms)
        ids, only = fitting.order_by().values("pk").query.sql_with_params() if fitting is not None else ("", ())
        # Only what fits, or does not, is wanted also where it shares no word; the document is found by its record in an index alone.
        judged = (
            f"WITH part AS MATERIALIZED ({parts}), scored AS MATERIALIZED (SELECT id, SUM(score) AS score FROM part GROUP BY id), "
            f"judged AS MATERIALIZED (SELECT r.object_id, COALESCE(scored.score, 0.0) AS score, r.accepted, {f'r.id IN ({ids})' if ids else '1'} AS fits "
            "FROM search_searchrecord r LEFT JOIN search_searchdocument d ON d.record_id = r.id AND d.language = %s LEFT JOIN scored ON scored.id = d.id "
            f"WHERE r.kind = %s AND NOT r.is_deleted {'' if ids else 'AND scored.id IS NOT NULL'}) "
        )
        best = "SELECT * FROM (SELECT *, (SELECT COUNT(*) FROM judged WHERE fits = {0}) FROM judged WHERE fits = {0} ORDER BY score DESC, object_id LIMIT %s)"
        return f"{judged}{best.format(1)} UNION ALL {best.format(0)}", [*params, *only, query.language, question.kind, question.limit, question.others or 1]

    def _terms(self, query: TextQuery, kinds: Sequence[str]) -> dict[str, dict[str, list[str]]]:
        """For each kind the terms of each field, chosen by how rare they are in it; how often each stands is asked once."""
        language = query.language
        stems = possible(query)
        marks = ",".join("%s" for _stem in stems) or "NULL"
        known: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
        selects, params = [], []
        for kind in known:
            selects += [f"SELECT %s, term, doc FROM {vocabulary(kind, language)} WHERE term IN ({marks})", f"SELECT %s, '', COUNT(*) FROM {sizes(kind, language)}"]
            params += [kind, *stems, kind]
        for kind, term, count in self._rows(" UNION ALL ".join(selects), params):
            known[kind][term] = count
        return {kind: asked(query, counts, counts[""]) for kind, counts in known.items()}

    def containing(self, groups: list[list[str]], language: str, kinds: Sequence[str], limit: int, *, least: int, only: Sequence[str]) -> list[Hit]:
        """Public documents that have a word of at least so many groups, those that have most first; a word ending in * is a beginning."""
        table, kept = people(language), f"AND r.object_id IN ({','.join('%s' for _key in only)}) " if only else ""
        part = f"SELECT rowid AS id, -bm25({table}, {TITLE_WEIGHT}, 1.0) AS score FROM {table} WHERE {table} MATCH %s"
        sql = (
            f"WITH part AS MATERIALIZED ({' UNION ALL '.join(part for _group in groups)}), "
            "had AS (SELECT id, SUM(score) AS score, COUNT(*) AS words FROM part GROUP BY id HAVING COUNT(*) >= %s) "
            "SELECT r.kind, r.object_id, had.score, r.accepted, had.words FROM had JOIN search_searchdocument d ON d.id = had.id "
            f"JOIN search_searchrecord r ON r.id = d.record_id WHERE r.kind IN ({','.join('%s' for _kind in kinds)}) "
            f"{kept}ORDER BY had.words DESC, had.score DESC, r.object_id LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, [*map(_any, groups), least, *kinds, *only, limit])]

    def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())


def _parts(kind: str, language: str, terms: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
    """SQL that gives each document's score in each field, and its parameters."""
    parts, params = [], []
    for field in FIELDS[kind]:
        if terms[field]:
            table, factor = ranked(kind, language, field), weights.FIELDS[field] / (FTS5_K1 + 1)
            parts.append(f"SELECT rowid AS id, -bm25({table}, {FTS5_K1 / weights.K1[field]}) * {factor} AS score FROM {table} WHERE {table} MATCH %s")
            params.append(_any(terms[field]))
    return " UNION ALL ".join(parts) or "SELECT NULL AS id, 0.0 AS score WHERE 0", params


def _any(terms: Iterable[str]) -> str:
    return " OR ".join(_quoted(term) for term in terms)


def _quoted(term: str) -> str:
    return f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'
