"""Ranking with PostgreSQL's text search, whose own ranking knows no rarity: it finds the candidates, and BM25 over them is worked out here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from ... import weights
from .. import Found, Hit, TextQuery
from ..terms import Frequencies, asked
from .rows import as_found
from .tables import COLUMNS, FIELDS

# How many of the best by PostgreSQL's own ranking are looked at closely.
CANDIDATES = 150
RANK = "ts_rank_cd(d.vector, query, 2)"


class PostgresqlRanking:
    def __init__(self, using: str) -> None:
        self.using = using

    def nearest(self, query: TextQuery, kind: str, limit: int) -> list[Hit]:
        """The documents nearest to a text."""
        chosen, known, count = self._asked(query, kind)
        if not chosen["whole"]:
            return []
        columns = ", ".join(f"d.{COLUMNS[field]}" for field in FIELDS[kind])
        sql = (
            f"SELECT r.object_id, r.accepted, {columns} FROM search_searchdocument d JOIN search_searchrecord r ON r.id = d.record_id, to_tsquery('simple', %s) query "
            f"WHERE d.vector @@ query AND d.kind = %s AND d.language = %s ORDER BY {RANK} DESC, r.object_id LIMIT %s"
        )
        rows = self._rows(sql, [_any(chosen["whole"]), kind, query.language, max(limit, CANDIDATES)])
        scores = _scores(kind, [row[2:] for row in rows], chosen, known, count)
        return _best([Hit(kind, row[0], score, row[1]) for row, score in zip(rows, scores, strict=True)], limit)

    def nearest_of(self, query: TextQuery, kind: str, fitting: QuerySet[Any], limit: int, others: int) -> Found:
        """The nearest of the `fitting` records, those of the others, and how many there are of each; also such as share no word."""
        chosen, known, count = self._asked(query, kind)
        ids, only = fitting.order_by().values("pk").query.sql_with_params()
        columns = ", ".join(f"d.{COLUMNS[field]}" for field in FIELDS[kind])
        sql = (
            f"WITH judged AS (SELECT r.id, r.object_id, r.accepted, r.id IN ({ids}) AS fits FROM search_searchrecord r WHERE r.kind = %s AND NOT r.is_deleted), "
            f"near AS (SELECT d.record_id, d.id AS document_id, {RANK} AS rank FROM search_searchdocument d, to_tsquery('simple', %s) query "
            "WHERE d.vector @@ query AND d.kind = %s AND d.language = %s), "
            "placed AS (SELECT judged.*, near.document_id, ROW_NUMBER() OVER (PARTITION BY fits ORDER BY near.rank DESC NULLS LAST, object_id) AS place, "
            "COUNT(*) OVER (PARTITION BY fits) AS total FROM judged LEFT JOIN near ON near.record_id = judged.id) "
            f"SELECT object_id, accepted, fits, total, {columns} FROM placed LEFT JOIN search_searchdocument d ON d.id = document_id WHERE place <= %s ORDER BY place"
        )
        rows = self._rows(sql, [*only, kind, _any(chosen["whole"]), kind, query.language, max(limit, others, CANDIDATES)])
        scores = _scores(kind, [[text or "" for text in row[4:]] for row in rows], chosen, known, count)
        judged = sorted(zip(rows, scores, strict=True), key=lambda pair: (-pair[1], pair[0][0]))
        found = as_found(kind, [(row[0], score, row[1], row[2], row[3]) for row, score in judged], others)
        return Found(found.hits[:limit], found.total, found.others, found.others_total)

    def _asked(self, query: TextQuery, kind: str) -> tuple[dict[str, list[str]], Mapping[str, int], int]:
        """The terms of each field, in how many documents each stem stands, and how many documents there are."""
        found: list[Frequencies] = [({}, 0)]

        def frequencies(stems: Sequence[str]) -> Frequencies:
            sql = (
                "SELECT term, (SELECT COUNT(*) FROM search_searchdocument WHERE kind = %s AND language = %s AND vector @@ quoted::tsquery) "
                "FROM unnest(%s::text[], %s::text[]) AS asked(term, quoted) UNION ALL SELECT '', COUNT(*) FROM search_searchdocument WHERE kind = %s AND language = %s"
            )
            known = dict(self._rows(sql, [kind, query.language, list(stems), [_quoted(stem) for stem in stems], kind, query.language]))
            found.append((known, known[""]))
            return found[-1]

        return (asked(query, frequencies), *found[-1])

    def containing(self, groups: list[list[str]], language: str, kinds: Sequence[str], limit: int) -> list[Hit]:
        """Public documents that have a word of each group; one ending in * is a beginning."""
        words = " & ".join("(" + " | ".join(_quoted(word) for word in group) + ")" for group in groups)
        sql = (
            "SELECT r.kind, r.object_id, ts_rank(d.people_vector, query, 1) AS score, r.accepted FROM search_searchdocument d JOIN search_searchrecord r ON r.id = d.record_id, "
            "to_tsquery('simple', %s) query WHERE d.people_vector @@ query AND d.language = %s AND d.kind = ANY(%s) ORDER BY score DESC, r.object_id LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, [words, language, list(kinds), limit])]

    def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())


def _scores(kind: str, texts: Sequence[Sequence[str]], chosen: Mapping[str, Sequence[str]], known: Mapping[str, int], count: int) -> list[float]:
    """The score of each candidate from its words in each field."""
    scores = [0.0] * len(texts)
    for position, field in enumerate(FIELDS[kind]):
        words = [text[position].split() for text in texts]
        for place, score in enumerate(_bm25(words, chosen[field], known if field == "whole" else {}, count, weights.K1[field])):
            scores[place] += weights.FIELDS[field] * score
    return scores


def _best(hits: Sequence[Hit], limit: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.object_id))[:limit]


def _bm25(texts: Sequence[Sequence[str]], wanted: Sequence[str], known: Mapping[str, int], count: int, k1: float) -> list[float]:
    """BM25 of each text. Where it is not known in how many documents of the index a term stands, the candidates are taken for a sample of it."""
    if not texts:
        return []
    asked_for = set(wanted)
    counted = [Counter(word for word in text if word in asked_for) for text in texts]
    among = Counter(word for text in counted for word in text)
    average = sum(map(len, texts)) / len(texts) or 1
    rarity = {}
    for word in wanted:
        frequency = known.get(word) or among[word]
        rarity[word] = log(1 + (count - frequency + 0.5) / (frequency + 0.5))
    return [
        sum(rarity[word] * times / (times + k1 * (1 - weights.B + weights.B * len(text) / average)) for word, times in found.items())
        for text, found in zip(texts, counted, strict=True)
    ]


def _any(terms: Sequence[str]) -> str:
    return " | ".join(_quoted(term) for term in terms)


def _quoted(term: str) -> str:
    return f"'{term[:-1]}':*" if term.endswith("*") else f"'{term}'"
