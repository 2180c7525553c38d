"""Search in the application's own database: FTS5 on SQLite, text search on PostgreSQL, over text prepared by our analyser."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db import connections, transaction
from django.db.models import F
from rapidfuzz import fuzz, process

from ... import analysis
from ...models import SearchDocument, SearchFact, SearchPeriod, SearchRecord, SearchTerm
from .. import PUBLIC_KINDS, Constraints, Document, Entry, Facts, Found, Hit, TextQuery
from .facts import satisfying
from .postgresql import PostgresqlRanking
from .sqlite import SqliteRanking

# How many known words a beginning may stand for.
COMPLETIONS = 30
BATCH = 200


class EmbeddedEngine:
    """The index in database `using`: the application's own, or a scratch one of the same vendor."""

    name = "embedded"
    is_degraded = False

    def __init__(self, using: str = "default") -> None:
        self.using = using
        self._ranking = PostgresqlRanking(using) if connections[using].vendor == "postgresql" else SqliteRanking(using)

    def index(self, documents: Iterable[Document]) -> int:
        written = 0
        for batch in _batches(documents):
            with transaction.atomic(using=self.using):
                written += self._write(batch)
        return written

    def _write(self, batch: Sequence[Document]) -> int:
        kinds = {document.kind for document in batch}
        held = SearchRecord.objects.using(self.using).filter(kind__in=kinds, object_id__in=[document.object_id for document in batch])
        revisions = {(record.kind, record.object_id): record.revision for record in held}
        newer = [d for d in batch if revisions.get((d.kind, d.object_id), -1) <= d.revision]
        for kind in kinds:
            SearchRecord.objects.using(self.using).filter(kind=kind, object_id__in=[d.object_id for d in newer if d.kind == kind]).delete()
        records = SearchRecord.objects.using(self.using).bulk_create([_record(document) for document in newer])
        pairs = list(zip(records, newer, strict=True))
        SearchFact.objects.using(self.using).bulk_create([SearchFact(record=r, name=name, value=v) for r, d in pairs for name, v in _values(d.facts)])
        SearchPeriod.objects.using(self.using).bulk_create(
            [SearchPeriod(record=r, starts_on=first, ends_on=last) for r, d in pairs for first, last in d.facts.free or ()]
        )
        SearchDocument.objects.using(self.using).bulk_create([_prepared(r, d, language) for r, d in pairs for language in d.texts])
        self._learn([document for document in newer if document.kind in PUBLIC_KINDS])
        return len(newer)

    def _learn(self, documents: Sequence[Document]) -> None:
        """Remember the words, as people write them, for mistyped ones."""
        counted: Counter[tuple[str, str]] = Counter()
        for document in documents:
            for language, text in document.texts.items():
                counted.update((language, word) for word in analysis.words(f"{text.title} {text.body}", language) if 2 < len(word) <= 60)
        words = sorted(counted)
        for some in (words[start : start + BATCH] for start in range(0, len(words), BATCH)):
            known = set(SearchTerm.objects.using(self.using).filter(word__in={word for _language, word in some}).values_list("language", "word"))
            rows = [SearchTerm(word=word, language=language, frequency=counted[language, word]) for language, word in some if (language, word) not in known]
            SearchTerm.objects.using(self.using).bulk_create(rows, ignore_conflicts=True)

    def delete(self, kind: str, object_id: str, revision: int) -> None:
        with transaction.atomic(using=self.using):
            found = SearchRecord.objects.using(self.using).filter(kind=kind, object_id=object_id)
            if found.filter(revision__gt=revision).exists():
                return
            found.delete()
            SearchRecord.objects.using(self.using).create(kind=kind, object_id=object_id, revision=revision, is_deleted=True)

    def entries(self, kind: str) -> Iterator[Entry]:
        rows = SearchRecord.objects.using(self.using).filter(kind=kind, is_deleted=False).order_by("object_id").values_list("object_id", "revision", "digest")
        for row in rows.iterator(chunk_size=2000):
            yield Entry(*row)

    def forget_words(self) -> None:
        """Before everything is indexed anew: the words with which mistyped ones are compared come from what is there then."""
        SearchTerm.objects.using(self.using).all().delete()

    def match(self, query: TextQuery, kind: str, limit: int, constraints: Constraints | None = None, others: int = 0) -> Found:
        if constraints is None:
            hits = self._ranking.nearest(query, kind, limit)
            return Found(hits, len(hits))
        records = SearchRecord.objects.using(self.using).filter(kind=kind, is_deleted=False)
        return self._ranking.nearest_of(query, kind, satisfying(records, constraints), limit, others)

    def search(self, query: str, language: str, kinds: Collection[str], *, limit: int) -> list[Hit]:
        words = analysis.tokens(query[:300], language)[:12]
        public = [kind for kind in kinds if kind in PUBLIC_KINDS]
        if not words or not public:
            return []
        groups = [analysis.with_synonyms([token.stem], language) for token in words]
        # The last word may still be being typed: its beginning counts too, and so do the stems of the words that begin so.
        beginning = analysis.folded(words[-1].word)
        stems = [analysis.stem(word, language) for word in self._beginning(beginning, language, COMPLETIONS)]
        groups[-1] = list(dict.fromkeys([*groups[-1], beginning + "*", *stems]))
        return self._ranking.containing(groups, language, public, limit)

    def _beginning(self, letters: str, language: str, limit: int) -> list[str]:
        terms = SearchTerm.objects.using(self.using).filter(language=language, word__startswith=letters)
        return list(terms.order_by("-frequency", "word").values_list("word", flat=True)[:limit])

    def corrected(self, query: str, language: str) -> str:
        terms = SearchTerm.objects.using(self.using).filter(language=language).order_by(F("frequency").desc(), "word")
        known = list(terms.values_list("word", flat=True))
        stems = {analysis.stem(word, language) for word in known}
        result = query[:300]
        for token in analysis.tokens(result, language):
            plain = analysis.folded(token.word)
            if token.stem in stems or len(plain) < 4:
                continue
            found = process.extractOne(plain, known, scorer=fuzz.ratio, score_cutoff=74)
            if found:
                result = re.sub(rf"(?<!\w){re.escape(token.word)}(?!\w)", found[0], result)
        return result

    def suggestions(self, beginning: str, language: str, kinds: Sequence[str], limit: int) -> list[str]:
        hits = self.search(beginning, language, kinds, limit=limit * 3)
        found = SearchDocument.objects.using(self.using).filter(
            language=language, record__kind__in=kinds, record__object_id__in=[hit.object_id for hit in hits]
        )
        titles = {(kind, object_id): title for kind, object_id, title in found.values_list("record__kind", "record__object_id", "title")}
        return list(dict.fromkeys(titles[hit.kind, hit.object_id] for hit in hits if (hit.kind, hit.object_id) in titles))[:limit]


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """In batches in which no record stands twice."""
    batch: dict[tuple[str, str], Document] = {}
    for document in documents:
        if len(batch) == BATCH or (document.kind, document.object_id) in batch:
            yield list(batch.values())
            batch = {}
        batch[document.kind, document.object_id] = document
    if batch:
        yield list(batch.values())


def _record(document: Document) -> SearchRecord:
    facts = document.facts
    latitude, longitude = facts.point or (None, None)
    return SearchRecord(
        kind=document.kind, object_id=document.object_id, revision=document.revision, digest=document.digest, accepted=document.accepted, has_calendar=facts.free is not None,
        area_m2=facts.area_m2, trl_min=facts.trl_min, trl_max=facts.trl_max, budget_max_cents=facts.budget_max_cents, opens_at=facts.opens_at, closes_at=facts.closes_at,
        latitude=latitude, longitude=longitude, maximum_metres=facts.maximum_metres,
    )  # fmt: skip


def _values(facts: Facts) -> list[tuple[str, str]]:
    return [("capability", code) for code in facts.capabilities] + [("applicant_kind", kind) for kind in facts.applicant_kinds]


def _prepared(record: Any, document: Document, language: str) -> SearchDocument:
    text = document.texts[language]
    own = f"{text.title} {text.body}"
    whole = f"{own} {text.history}"
    stems = analysis.stems(whole, language)
    ranked = document.kind in ("site", "challenge")
    return SearchDocument(
        record=record, kind=document.kind, language=language, title=text.title, stemmed_title=analysis.stemmed(text.title, language),
        body=analysis.stemmed(text.body, language) if document.kind in PUBLIC_KINDS else "", whole=" ".join(stems), pairs=" ".join(analysis.pairs(stems)),
        words=" ".join(analysis.words(whole, language)) if ranked else "", grams=" ".join(analysis.grams(whole)) if ranked else "",
    )  # fmt: skip
