"""Search in Elasticsearch: one index for each kind, written with external versions, so that the order of writes does not matter."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from elasticsearch import ApiError, Elasticsearch, TransportError, helpers
from elasticsearch.dsl.query import Bool, MatchAll, MatchNone, Query, Terms

from ... import analysis
from .. import PUBLIC_KINDS, Deletion, Document, Entry, Found, Hit, Refused, TextQuery, Unavailable, Wanted, batches
from .client import BULK_TIMEOUT, NO_ROOM, PATIENT, client, or_unavailable, patiently, pause
from .indices import Indices
from .queries import containing, fitting, nearness, source, stands, words_had

CHUNK = 500
MOST_BYTES = 10 * 1024 * 1024
PAGE = 2000
KEEP_ALIVE = "10m"
BEST_FIRST = [{"_score": "desc"}, {"object_id": "asc"}]


class ElasticsearchEngine:
    """The indices with a prefix (the installation's own, or scratch ones). Raises Unavailable where the cluster does not answer in time."""

    name = "elasticsearch"
    is_degraded = False

    def __init__(self, prefix: str = "", connection: Elasticsearch | None = None, tries: int = PATIENT) -> None:
        self.client = connection or client()
        self.indices = Indices(self.client, prefix or settings.ELASTICSEARCH_PREFIX)
        self.tries = tries
        self._patient = self.client.options(request_timeout=BULK_TIMEOUT)

    def index(self, documents: Iterable[Document]) -> int:
        written = 0
        for batch in batches(documents, CHUNK):
            outcome = self._write([(document.kind, _action(document)) for document in batch])
            outcome.raise_if_refused()
            written += len(outcome.written)
        return written

    def delete(self, kind: str, object_id: str, revision: int) -> None:
        self._write([(kind, _deletion(object_id, revision))]).raise_if_refused()

    def write(self, documents: Sequence[Document], deletions: Sequence[Deletion]) -> dict[tuple[str, str], str]:
        """Bring records to what they are, in bulk, in every index that is written, to be found at once. Why, where one was refused, by kind and id."""
        actions = [(d.kind, _action(d)) for d in documents] + [(kind, _deletion(object_id, revision)) for kind, object_id, revision in deletions]
        refused = {}
        for batch in batches(actions, CHUNK):
            refused.update(self._write(batch, refresh=True).refused)
        return refused

    def fill(self, kind: str, index: str, documents: Sequence[Document], deletions: Sequence[Deletion] = ()) -> None:
        """Write documents to one index alone, which keeps what it has newer."""
        actions = [(kind, _action(d)) for d in documents] + [(kind, _deletion(object_id, revision)) for _kind, object_id, revision in deletions]
        with or_unavailable():
            for batch in batches(actions, CHUNK):
                self._bulk({kind: [index]}, batch).raise_if_refused()

    def _write(self, actions: Sequence[tuple[str, dict[str, Any]]], refresh: bool = False) -> "_Outcome":
        """Write to all indices of the write aliases. A rebuild may add one meanwhile: then it gets the same writes before we are done."""
        outcome = _Outcome()
        done: set[str] = set()
        with or_unavailable():
            kinds = dict.fromkeys(kind for kind, _action in actions)
            while wanted := {kind: fresh for kind in kinds if (fresh := [index for index in self.indices.ensure(kind) if index not in done])}:
                outcome.add(self._bulk(wanted, [pair for pair in actions if pair[0] in wanted], refresh))
                done.update(*wanted.values())
        return outcome

    def _bulk(self, into: Mapping[str, Sequence[str]], actions: Sequence[tuple[str, dict[str, Any]]], refresh: bool = False) -> "_Outcome":
        outcome, attempt = _Outcome(), 0
        left = [(kind, index, action) for kind, action in actions for index in into[kind]]
        while left:
            again = []
            for (kind, index, action), status, error in self._sent(left, refresh):
                key = (kind, action["_id"])
                if status < 300:
                    outcome.written.add(key)
                elif status == NO_ROOM:
                    again.append((kind, index, action))
                elif status == 404 and error and index in self.indices.written(kind):
                    raise Unavailable(f"Elasticsearch: {index} has not its own alias: search_rebuild makes the indices anew")
                # 409: the index has something newer. 404: what is deleted was not there, or the index was thrown away meanwhile.
                elif status not in (404, 409):
                    if status >= 500:
                        raise Unavailable(f"Elasticsearch: {error}"[:500])
                    outcome.refused[key] = str(error)[:500]
            if again:
                attempt += 1
                if attempt > self.tries:
                    raise Unavailable("Elasticsearch has no room")
                pause(attempt)
            left = again
        return outcome

    def _sent(self, rows: Sequence[tuple[str, str, dict[str, Any]]], refresh: bool) -> list[tuple[tuple[str, str, dict[str, Any]], int, Any]]:
        """Each row with the status that the cluster gave it; a request that was turned away as a whole gives all of them that."""
        actions = ({**action, "_index": self.indices.own(index)} for _kind, index, action in rows)
        try:
            answers = list(
                helpers.streaming_bulk(self._patient, actions, chunk_size=len(rows), max_chunk_bytes=MOST_BYTES, raise_on_error=False, require_alias=True, refresh=refresh)
            )
        except ApiError as error:
            if error.status_code != NO_ROOM:
                raise
            return [(row, NO_ROOM, error) for row in rows]
        outcomes = [next(iter(answer.values())) for _ok, answer in answers]
        return [(row, outcome["status"], outcome.get("error")) for row, outcome in zip(rows, outcomes, strict=True)]

    def refresh(self, kind: str) -> None:
        """Make what was written visible now, rather than within a second."""
        with or_unavailable():
            self._patient.indices.refresh(index=self.indices.write(kind))

    def entries(self, kind: str, index: str = "") -> Iterator[Entry]:
        with or_unavailable():
            patient, name = self._patient, index or self.indices.read(kind)
            patiently(lambda: patient.indices.refresh(index=name), self.tries)
            point = patiently(lambda: patient.open_point_in_time(index=name, keep_alive=KEEP_ALIVE), self.tries)["id"]
            after: list[Any] | None = None

            def page() -> Any:
                return patient.search(
                    pit={"id": point, "keep_alive": KEEP_ALIVE}, size=PAGE, sort=[{"object_id": "asc"}], search_after=after, source_includes=["digest"], version=True,
                    track_total_hits=False,
                )  # fmt: skip

            try:
                while hits := patiently(page, self.tries)["hits"]["hits"]:
                    yield from map(_entry, hits)
                    after = hits[-1]["sort"]
            finally:
                with suppress(ApiError, TransportError):  # it goes by itself
                    patient.close_point_in_time(id=point)

    def held(self, kind: str, keys: Collection[str], index: str = "") -> list[Entry]:
        """What is held of these records, also what no search shows yet."""
        with or_unavailable():
            name = index or self.indices.read(kind)
            answer = patiently(lambda: self._patient.mget(index=name, ids=list(keys), source_includes=["digest"]), self.tries)
            return [_entry(found) for found in answer["docs"] if found["found"]]

    def lost(self, documents: Sequence[Document]) -> Collection[str]:
        """None: a document is there with all its words, or not at all."""
        return ()

    def match(self, query: TextQuery, questions: Sequence[Wanted]) -> list[Found]:
        texts = nearness(query)
        asked: list[tuple[str, Query, int]] = []
        for question in questions:
            filters = [Terms(object_id=list(question.chosen))] if question.chosen else fitting(question.constraints, question.kind) if question.constraints else []
            if not filters:
                asked.append((question.kind, Bool(should=texts, minimum_should_match=1) if texts else MatchNone(), question.limit))
                continue
            near = texts or [MatchAll(boost=0)]
            asked += [
                (question.kind, Bool(should=near, filter=filters, minimum_should_match=0), question.limit),
                # With nothing but `should` one of them would have to match: those that share no word would be missing.
                (question.kind, Bool(should=near, filter=[MatchAll()], must_not=[Bool(filter=filters)], minimum_should_match=0), question.others),
            ]
        answers = iter(self._searches(asked))
        return [Found(*next(answers), *next(answers)) if question.chosen or question.constraints else self._found(next(answers)[0]) for question in questions]

    @staticmethod
    def _found(hits: list[Hit]) -> Found:
        return Found(hits, len(hits))

    def _searches(self, asked: Sequence[tuple[str, Query, int]]) -> list[tuple[list[Hit], int]]:
        """Several searches in one request: of each its hits and how many there are in all."""
        lines: list[dict[str, Any]] = []
        for kind, query, size in asked:
            lines += [{"index": self.indices.read(kind)}, {"query": query.to_dict(), "size": size, "sort": BEST_FIRST, "_source": ["accepted"], "track_total_hits": True}]
        with or_unavailable():
            answers = self.client.msearch(searches=lines)["responses"]
        found = []
        for (kind, _query, _size), answer in zip(asked, answers, strict=True):
            if "error" in answer:
                raise Unavailable(f"Elasticsearch: {answer['error'].get('reason', answer['error'])}"[:500])
            hits = [Hit(kind, hit["_id"], float(hit["_score"] or 0), hit["_source"].get("accepted", 0)) for hit in answer["hits"]["hits"]]
            found.append((hits, answer["hits"]["total"]["value"]))
        return found

    def search(self, query: str, language: str, kinds: Collection[str], *, limit: int, some: bool = False, only: Collection[str] = ()) -> list[Hit]:
        public = [kind for kind in kinds if kind in PUBLIC_KINDS]
        asked = containing(query, language, some=some)
        if not asked or not public:
            return []
        if only:
            asked = Bool(must=[asked], filter=[Terms(object_id=list(only))])
        found = [words_had(hit) for hits, _total in self._searches([(kind, asked, limit) for kind in public]) for hit in hits]
        return sorted(found, key=lambda hit: (-hit.words, -hit.score, hit.kind, hit.object_id))[:limit]

    def corrected(self, query: str, language: str) -> str:
        result = query[:300]
        asked = [token for token in analysis.tokens(result, language) if len(analysis.folded(token.word)) >= 4]
        if not asked:
            return result
        field = {"field": f"spelling_{language}", "suggest_mode": "missing", "max_edits": 2, "prefix_length": 1, "min_word_length": 4, "sort": "score", "size": 5}
        suggest = {str(number): {"text": analysis.folded(token.word), "term": field} for number, token in enumerate(asked)}
        # A word that stands in another form is known: only its stem says so.
        known = {str(number): {"filter": stands(token.stem, language).to_dict()} for number, token in enumerate(asked)}
        with or_unavailable():
            answer = self.client.search(index=[self.indices.read(kind) for kind in PUBLIC_KINDS], size=0, suggest=suggest, aggs=known, ignore_unavailable=True)
        for number, token in enumerate(asked):
            options = [option for entry in answer["suggest"][str(number)] for option in entry["options"]]
            if options and not answer["aggregations"][str(number)]["doc_count"]:
                result = re.sub(rf"(?<!\w){re.escape(token.word)}(?!\w)", options[0]["text"], result)
        return result

    def suggestions(self, beginning: str, language: str, kinds: Sequence[str], limit: int) -> list[str]:
        public = [kind for kind in kinds if kind in PUBLIC_KINDS]
        asked = containing(beginning, language)
        if not asked or not public:
            return []
        with or_unavailable():
            answer = self.client.search(
                index=[self.indices.read(kind) for kind in public], query=asked.to_dict(), size=limit * 3, source_includes=[f"title_{language}"], ignore_unavailable=True
            )
        return list(dict.fromkeys(hit["_source"][f"title_{language}"] for hit in answer["hits"]["hits"]))[:limit]


@dataclass
class _Outcome:
    """What became of writes, by kind and id: written to an index at least, or why they were refused."""

    written: set[tuple[str, str]] = field(default_factory=set)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, other: "_Outcome") -> None:
        self.written |= other.written
        self.refused |= other.refused

    def raise_if_refused(self) -> None:
        if self.refused:
            (kind, object_id), why = next(iter(self.refused.items()))
            raise Refused(f"Elasticsearch refuses {len(self.refused)} documents, first {kind} {object_id}: {why}")


def _entry(found: Any) -> Entry:
    return Entry(found["_id"], found["_version"], found["_source"].get("digest", ""))


def _action(document: Document) -> dict[str, Any]:
    return {"_op_type": "index", "_id": document.object_id, "version": document.revision, "version_type": "external_gte", "_source": source(document)}


def _deletion(object_id: str, revision: int) -> dict[str, Any]:
    return {"_op_type": "delete", "_id": object_id, "version": revision, "version_type": "external_gte"}
