"""Search in Elasticsearch: one index for each kind, written with external versions, so that the order of writes does not matter."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from elasticsearch import ApiError, Elasticsearch, TransportError, helpers
from elasticsearch.dsl.query import Bool, MatchAll, Query

from ... import analysis
from .. import KINDS, PUBLIC_KINDS, Constraints, Document, Entry, Found, Hit, TextQuery, Unavailable
from .client import BULK_TIMEOUT, client
from .indices import Indices
from .queries import containing, fitting, nearness, source, stands

# A cluster that has no room answers 429: it is asked again after 2, 4, 8 … seconds, at most a minute.
PATIENCE = {"max_retries": 6, "initial_backoff": 2, "max_backoff": 60}
CHUNK = 500
PAGE = 2000
KEEP_ALIVE = "2m"
BEST_FIRST = [{"_score": "desc"}, {"object_id": "asc"}]


@contextmanager
def _or_unavailable() -> Iterator[None]:
    try:
        yield
    except (ApiError, TransportError) as error:
        raise Unavailable(f"Elasticsearch: {type(error).__name__}: {error}"[:500]) from error


class ElasticsearchEngine:
    """The indices with a prefix (the installation's own, or scratch ones). Raises Unavailable where the cluster does not answer in time."""

    name = "elasticsearch"
    is_degraded = False

    def __init__(self, prefix: str = "", connection: Elasticsearch | None = None) -> None:
        self.client = connection or client()
        self.indices = Indices(self.client, prefix or settings.ELASTICSEARCH_PREFIX)

    def index(self, documents: Iterable[Document]) -> int:
        return self._write((document.kind, _action(document)) for document in documents)

    def delete(self, kind: str, object_id: str, revision: int) -> None:
        self._write([(kind, _deletion(object_id, revision))])

    def write(self, documents: Sequence[Document], deletions: Sequence[tuple[str, str, int]]) -> None:
        """Bring records to what they are, in bulk; deletions are (kind, id, revision). Returns once every index that is written has them."""
        self._write([(d.kind, _action(d)) for d in documents] + [(kind, _deletion(object_id, revision)) for kind, object_id, revision in deletions])

    def _write(self, actions: Iterable[tuple[str, dict[str, Any]]]) -> int:
        """Write to all indices of the write alias. A rebuild may add one meanwhile: then it gets the same writes before we are done."""
        with _or_unavailable():
            known: dict[str, list[str]] = {}

            def placed(rows: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
                for kind, action in rows:
                    if kind not in known:
                        known[kind] = self.indices.ensure(kind)
                    for index in known[kind]:
                        yield {**action, "_index": index}

            if not isinstance(actions, list):
                return self._bulk(placed(actions))
            written = self._bulk(placed(actions))
            for kind, before in list(known.items()):
                added = [index for index in self.indices.written(kind) if index not in before]
                self._bulk({**action, "_index": index} for index in added for of, action in actions if of == kind)
            return written

    def fill(self, index: str, documents: Iterable[Document]) -> int:
        """Write documents to one index alone; how many it did not have newer."""
        with _or_unavailable():
            return self._bulk({**_action(document), "_index": index} for document in documents)

    def _bulk(self, actions: Iterable[dict[str, Any]]) -> int:
        patient = self.client.options(request_timeout=BULK_TIMEOUT)
        written = 0
        for ok, result in helpers.streaming_bulk(patient, actions, chunk_size=CHUNK, raise_on_error=False, **PATIENCE):
            (outcome,) = result.values()
            # 409: the index has something newer. 404: what is deleted was not there; the deletion counts all the same.
            if not ok and outcome["status"] not in (404, 409):
                raise Unavailable(f"Elasticsearch refused {outcome.get('_id')}: {outcome.get('error')}"[:500])
            written += ok
        return written

    def refresh(self, kind: str) -> None:
        """Make what was written visible now, rather than within a second."""
        with _or_unavailable():
            self.client.options(request_timeout=BULK_TIMEOUT).indices.refresh(index=self.indices.write(kind))

    def entries(self, kind: str, index: str = "") -> Iterator[Entry]:
        with _or_unavailable():
            patient = self.client.options(request_timeout=BULK_TIMEOUT)
            name = index or self.indices.read(kind)
            patient.indices.refresh(index=name)
            point = patient.open_point_in_time(index=name, keep_alive=KEEP_ALIVE)["id"]
            after: list[Any] | None = None
            try:
                while True:
                    answer = patient.search(
                        pit={"id": point, "keep_alive": KEEP_ALIVE}, size=PAGE, sort=[{"object_id": "asc"}], search_after=after, source_includes=["digest"], version=True,
                        track_total_hits=False,
                    )  # fmt: skip
                    hits = answer["hits"]["hits"]
                    if not hits:
                        return
                    for hit in hits:
                        yield Entry(hit["_id"], hit["_version"], hit["_source"].get("digest", ""))
                    after = hits[-1]["sort"]
            finally:
                patient.close_point_in_time(id=point)

    def match(self, query: TextQuery, kind: str, limit: int, constraints: Constraints | None = None, others: int = 0) -> Found:
        texts = nearness(query)
        if constraints is None:
            if not texts:
                return Found([], 0)
            (hits, _total), = self._searches([(kind, Bool(should=texts, minimum_should_match=1), limit)])
            return Found(hits, len(hits))
        filters = fitting(constraints, kind)
        asked = [
            (kind, Bool(should=texts or [MatchAll(boost=0)], filter=filters, minimum_should_match=0), limit),
            (kind, Bool(should=texts or [MatchAll(boost=0)], must_not=[Bool(filter=filters)], minimum_should_match=0), others),
        ]
        (hits, total), (rest, rest_total) = self._searches(asked)
        return Found(hits, total, rest, rest_total)

    def _searches(self, asked: Sequence[tuple[str, Query, int]]) -> list[tuple[list[Hit], int]]:
        """Several searches in one request: of each its hits and how many there are in all."""
        lines: list[dict[str, Any]] = []
        for kind, query, size in asked:
            lines += [{"index": self.indices.read(kind)}, {"query": query.to_dict(), "size": size, "sort": BEST_FIRST, "_source": ["accepted"], "track_total_hits": True}]
        with _or_unavailable():
            answers = self.client.msearch(searches=lines)["responses"]
        found = []
        for (kind, _query, _size), answer in zip(asked, answers, strict=True):
            if "error" in answer:
                raise Unavailable(f"Elasticsearch: {answer['error'].get('reason', answer['error'])}"[:500])
            hits = [Hit(kind, hit["_id"], float(hit["_score"] or 0), hit["_source"].get("accepted", 0)) for hit in answer["hits"]["hits"]]
            found.append((hits, answer["hits"]["total"]["value"]))
        return found

    def search(self, query: str, language: str, kinds: Collection[str], *, limit: int) -> list[Hit]:
        words = analysis.tokens(query[:300], language)[:12]
        public = [kind for kind in kinds if kind in PUBLIC_KINDS]
        if not words or not public:
            return []
        asked = containing([analysis.with_synonyms([token.stem], language) for token in words], analysis.folded(words[-1].word), language)
        found = [hit for hits, _total in self._searches([(kind, asked, limit) for kind in public]) for hit in hits]
        return sorted(found, key=lambda hit: (-hit.score, hit.kind, hit.object_id))[:limit]

    def corrected(self, query: str, language: str) -> str:
        result = query[:300]
        asked = [token for token in analysis.tokens(result, language) if len(analysis.folded(token.word)) >= 4]
        if not asked:
            return result
        field = {"field": f"spelling_{language}", "suggest_mode": "missing", "max_edits": 2, "prefix_length": 1, "min_word_length": 4, "sort": "score", "size": 5}
        suggest = {str(number): {"text": analysis.folded(token.word), "term": field} for number, token in enumerate(asked)}
        # A word that stands in another form is known: only its stem says so.
        known = {str(number): {"filter": stands(token.stem, language).to_dict()} for number, token in enumerate(asked)}
        with _or_unavailable():
            answer = self.client.search(index=[self.indices.read(kind) for kind in PUBLIC_KINDS], size=0, suggest=suggest, aggs=known, ignore_unavailable=True)
        for number, token in enumerate(asked):
            options = [option for entry in answer["suggest"][str(number)] for option in entry["options"]]
            if options and not answer["aggregations"][str(number)]["doc_count"]:
                result = re.sub(rf"(?<!\w){re.escape(token.word)}(?!\w)", options[0]["text"], result)
        return result

    def suggestions(self, beginning: str, language: str, kinds: Sequence[str], limit: int) -> list[str]:
        words = analysis.tokens(beginning[:300], language)[:12]
        public = [kind for kind in kinds if kind in PUBLIC_KINDS]
        if not words or not public:
            return []
        asked = containing([analysis.with_synonyms([token.stem], language) for token in words], analysis.folded(words[-1].word), language)
        with _or_unavailable():
            answer = self.client.search(
                index=[self.indices.read(kind) for kind in public], query=asked.to_dict(), size=limit * 3, source_includes=[f"title_{language}"], ignore_unavailable=True
            )
        return list(dict.fromkeys(hit["_source"][f"title_{language}"] for hit in answer["hits"]["hits"]))[:limit]


def _action(document: Document) -> dict[str, Any]:
    return {"_op_type": "index", "_id": document.object_id, "version": document.revision, "version_type": "external_gte", "_source": source(document)}


def _deletion(object_id: str, revision: int) -> dict[str, Any]:
    return {"_op_type": "delete", "_id": object_id, "version": revision, "version_type": "external_gte"}
