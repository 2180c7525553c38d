"""Ranking with PostgreSQL's text search, whose own ranking knows no rarity: it finds the candidates, and BM25 over them is worked out here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from ... import weights
from .. import Found, Hit, TextQuery, Wanted
from ..terms import asked, possible
from .rows import Asked, as_found
from .tables import COLUMNS, FIELDS

# How many of the best by PostgreSQL's own ranking are looked at closely.
CANDIDATES = 150
# How many words a mistyped one is compared with.
ALIKE = 200
RANK = "ts_rank_cd(d.vector, query, 2)"


class PostgresqlRanking:
    def __init__(self, using: str) -> None:
        self.using = using

    def nearest(self, query: TextQuery, questions: Sequence[Asked]) -> list[Found]:
        """For each question the nearest documents, all in one statement; with fitting records those, the others, and how many there are of each."""
        known = self._frequencies(query, [question.kind for question, _fitting in questions])
        chosen = {kind: asked(query, counts, counts[""]) for kind, counts in known.items()}
        selects, params = [], []
        for number, (question, fitting) in enumerate(questions):
            select, more = _placed(query, question, fitting, _any(chosen[question.kind]["whole"]))
            selects.append(f"SELECT {number}, * FROM ({select}) AS question_{number}")
            params += more
        rows: list[list[Any]] = [[] for _question in questions]
        for number, *row in self._rows(" UNION ALL ".join(selects), params):
            rows[number].append(row)
        judged = []
        for number, (question, _fitting) in enumerate(questions):
            kind = question.kind
            texts = [[text or "" for text in row[4:]] for row in rows[number]]
            scores = _scores(kind, texts, chosen[kind], known[kind], known[kind][""])
            both = sorted(zip(rows[number], scores, strict=True), key=lambda pair: (-pair[1], pair[0][0]))
            judged += [(number, row[0], score, *row[1:4]) for row, score in both]
        return as_found(questions, judged)

    def _frequencies(self, query: TextQuery, kinds: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each kind in how many documents each stem of a text stands, and for "" how many documents there are."""
        stems = possible(query)
        sql = (
            "SELECT kind, term, (SELECT COUNT(*) FROM search_searchdocument d WHERE d.kind = asked_kind.kind AND language = %s AND vector @@ quoted::tsquery) "
            "FROM unnest(%s::text[]) AS asked_kind(kind), unnest(%s::text[], %s::text[]) AS asked(term, quoted) "
            "UNION ALL SELECT kind, '', (SELECT COUNT(*) FROM search_searchdocument d WHERE d.kind = asked_kind.kind AND language = %s) FROM unnest(%s::text[]) AS asked_kind(kind)"
        )
        known: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
        for kind, term, count in self._rows(sql, [query.language, list(known), stems, [_quoted(stem) for stem in stems], query.language, list(known)]):
            known[kind][term] = count
        return known

    def containing(self, groups: list[list[str]], language: str, kinds: Sequence[str], limit: int, *, least: int, only: Sequence[str]) -> list[Hit]:
        """Public documents that have a word of at least so many groups, those that have most first; a word ending in * is a beginning."""
        parts = [f"({_any(group)})" for group in groups]
        words = (" & " if least == len(groups) else " | ").join(parts)
        sql = (
            "SELECT r.kind, r.object_id, ts_rank(d.people_vector, query, 1) AS score, r.accepted, had.words FROM search_searchdocument d "
            "JOIN search_searchrecord r ON r.id = d.record_id CROSS JOIN to_tsquery('simple', %s) AS query "
            "CROSS JOIN LATERAL (SELECT COUNT(*) AS words FROM unnest(%s::text[]) AS part WHERE d.people_vector @@ to_tsquery('simple', part)) AS had "
            "WHERE d.people_vector @@ query AND had.words >= %s AND d.language = %s AND d.kind = ANY(%s) AND (r.object_id = ANY(%s) OR %s) ORDER BY had.words DESC, score DESC, r.object_id LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, [words, parts, least, language, list(kinds), list(only), not only, limit])]

    def has_trigrams(self) -> bool:
        """Whether pg_trgm is at hand; not every database lets its user have it."""
        ((found,),) = self._rows("SELECT to_regoperator('<->(text,text)') IS NOT NULL", [])
        return bool(found)

    def alike(self, words: Sequence[str], language: str) -> dict[str, list[str]]:
        """For each word the known ones that share most runs of three letters with it, frequent ones first."""
        sql = (
            "SELECT asked.word, known.word FROM unnest(%s::text[]) AS asked(word) CROSS JOIN LATERAL "
            "(SELECT word, frequency FROM search_searchterm WHERE language = %s ORDER BY word <-> asked.word LIMIT %s) AS known ORDER BY known.frequency DESC, known.word"
        )
        found: dict[str, list[str]] = {word: [] for word in words}
        for asked_word, known in self._rows(sql, [list(found), language, ALIKE]):
            found[asked_word].append(known)
        return found

    def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())


def _placed(query: TextQuery, question: Wanted, fitting: QuerySet[Any] | None, words: str) -> tuple[str, list[Any]]:
    """SQL that gives (id, accepted, does it fit?, how many of its sort there are, its words in each field) of the candidates, and its parameters."""
    kind, columns = question.kind, ", ".join(f"d.{column}" for column in COLUMNS.values())
    most = max(question.limit, question.others, CANDIDATES)
    ids, only = fitting.order_by().values("pk").query.sql_with_params() if fitting is not None else ("", ())
    sql = (
        f"WITH judged AS (SELECT r.id, r.object_id, r.accepted, {f'r.id IN ({ids})' if ids else 'TRUE'} AS fits FROM search_searchrecord r WHERE r.kind = %s AND NOT r.is_deleted), "
        f"near AS (SELECT d.record_id, d.id AS document_id, {RANK} AS rank FROM search_searchdocument d, to_tsquery('simple', %s) query "
        "WHERE d.vector @@ query AND d.kind = %s AND d.language = %s), "
        "placed AS (SELECT judged.*, near.document_id, ROW_NUMBER() OVER (PARTITION BY fits ORDER BY near.rank DESC NULLS LAST, object_id) AS place, "
        f"COUNT(*) OVER (PARTITION BY fits) AS total FROM judged {'LEFT ' if ids else ''}JOIN near ON near.record_id = judged.id) "
        f"SELECT object_id, accepted, fits, total, {columns} FROM placed LEFT JOIN search_searchdocument d ON d.id = document_id WHERE place <= %s"
    )
    return sql, [*only, kind, words, kind, query.language, most]


def _scores(kind: str, texts: Sequence[Sequence[str]], chosen: Mapping[str, Sequence[str]], known: Mapping[str, int], count: int) -> list[float]:
    """The score of each candidate from its words in each field."""
    scores = [0.0] * len(texts)
    for field in FIELDS[kind]:
        position = list(COLUMNS).index(field)
        words = [text[position].split() for text in texts]
        for place, score in enumerate(_bm25(words, chosen[field], known if field == "whole" else {}, count, weights.K1[field])):
            scores[place] += weights.FIELDS[field] * score
    return scores


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
