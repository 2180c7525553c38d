"""Search in the application's own database: FTS5 on SQLite, text search on PostgreSQL, over text prepared by our analyser."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from django.db import connections, transaction
from django.db.models import F, Max, QuerySet
from rapidfuzz import fuzz, process

from ... import analysis
from ...models import SearchDocument, SearchFact, SearchPeriod, SearchRecord, SearchTerm
from .. import PUBLIC_KINDS, Deletion, Document, Entry, Facts, Found, Hit, TextQuery, Wanted
from ..terms import people_words
from . import tables
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
        return sum(self._index(batch) for batch in _batches(documents))

    def write(self, documents: Sequence[Document], deletions: Sequence[Deletion]) -> None:
        """Bring records to what they are."""
        self.index(documents)
        for kind, object_id, revision in deletions:
            self.delete(kind, object_id, revision)

    def _index(self, batch: Sequence[Document], *, whatever_revision: bool = False) -> int:
        # Words are prepared beforehand: SQLite has one writer, and others wait for it.
        prepared = {(d.kind, d.object_id): [_prepared(d, language) for language in d.texts] for d in batch}
        with transaction.atomic(using=self.using):
            held = self._locked(prepared)
            newer = [d for d in batch if whatever_revision or held[d.kind, d.object_id].revision <= d.revision]
            self._empty([held[d.kind, d.object_id] for d in newer])
            records = {(d.kind, d.object_id): _record(d, held[d.kind, d.object_id].pk) for d in newer}
            SearchRecord.objects.using(self.using).bulk_create(
                records.values(), update_conflicts=True, unique_fields=["kind", "object_id"], update_fields=[name for name in _columns() if name not in ("kind", "object_id")]
            )
            pairs = [(records[d.kind, d.object_id], d) for d in newer]
            SearchFact.objects.using(self.using).bulk_create([SearchFact(record=r, name=name, value=v) for r, d in pairs for name, v in _values(d.facts)])
            SearchPeriod.objects.using(self.using).bulk_create(
                [SearchPeriod(record=r, starts_on=first, ends_on=last) for r, d in pairs for first, last in d.facts.free or ()]
            )
            rows = [(r, row) for r, d in pairs for row in prepared[d.kind, d.object_id]]
            for record, row in rows:
                row.record = record
            SearchDocument.objects.using(self.using).bulk_create([row for _record, row in rows])
            self._learn(newer)
        return len(newer)

    def _locked(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], SearchRecord]:
        """The records' rows, locked; those that were not there are made, deleted and older than anything."""
        rows = SearchRecord.objects.using(self.using)
        new = [SearchRecord(kind=kind, object_id=object_id, revision=-1, is_deleted=True) for kind, object_id in sorted(keys)]
        SearchRecord.objects.using(self.using).bulk_create(new, ignore_conflicts=True)
        found = rows.select_for_update().filter(kind__in={kind for kind, _id in keys}, object_id__in=[object_id for _kind, object_id in keys]).order_by("pk")
        return {(record.kind, record.object_id): record for record in found}

    def _empty(self, records: Sequence[SearchRecord]) -> None:
        for model in (SearchDocument, SearchFact, SearchPeriod):
            model.objects.using(self.using).filter(record__in=[record.pk for record in records]).delete()

    def put_right(self, documents: Sequence[Document], deletions: Sequence[Deletion]) -> None:
        """As `write`, also where the index holds what claims to be newer than anything in the database: for repairs."""
        for batch in _batches(documents):
            self._index(batch, whatever_revision=True)
        self.write([], deletions)

    def _learn(self, documents: Sequence[Document]) -> None:
        """Remember the words, as people write them, for mistyped ones."""
        counted = public_words(documents)
        words = sorted(counted)
        for some in (words[start : start + BATCH] for start in range(0, len(words), BATCH)):
            known = set(SearchTerm.objects.using(self.using).filter(word__in={word for _language, word in some}).values_list("language", "word"))
            rows = [SearchTerm(word=word, language=language, frequency=counted[language, word]) for language, word in some if (language, word) not in known]
            SearchTerm.objects.using(self.using).bulk_create(rows, ignore_conflicts=True)

    def delete(self, kind: str, object_id: str, revision: int) -> None:
        with transaction.atomic(using=self.using):
            record = self._locked([(kind, object_id)])[kind, object_id]
            if record.revision <= revision:
                self._empty([record])
                SearchRecord.objects.using(self.using).filter(pk=record.pk).update(revision=revision, is_deleted=True, digest="")

    def entries(self, kind: str) -> Iterator[Entry]:
        rows = SearchRecord.objects.using(self.using).filter(kind=kind, is_deleted=False).order_by("object_id").values_list("object_id", "revision", "digest")
        last = ""
        # By pages: a cursor that stays open would keep SQLite from writing meanwhile.
        while page := list(rows.filter(object_id__gt=last)[:2000]):
            yield from (Entry(*row) for row in page)
            last = page[-1][0]

    def held(self, kind: str, keys: Collection[str]) -> list[Entry]:
        rows = SearchRecord.objects.using(self.using).filter(kind=kind, is_deleted=False, object_id__in=keys)
        return [Entry(*row) for row in rows.values_list("object_id", "revision", "digest")]

    def lost(self, documents: Sequence[Document]) -> Collection[str]:
        """The ids of those whose words in some language are not there."""
        held = SearchDocument.objects.using(self.using).filter(record__kind__in={d.kind for d in documents}, record__object_id__in=[d.object_id for d in documents])
        found = set(held.values_list("record__kind", "record__object_id", "language"))
        return {d.object_id for d in documents if any((d.kind, d.object_id, language) not in found for language in d.texts)}

    def damaged(self) -> list[str]:
        """The full-text tables that do not hold what the documents say; PostgreSQL keeps none apart."""
        return tables.damaged(connections[self.using])

    def fill_anew(self, table: str) -> None:
        """Fill a full-text table from the documents."""
        with transaction.atomic(using=self.using):
            tables.fill_anew(connections[self.using], table)

    def newest_word(self) -> int:
        return int(SearchTerm.objects.using(self.using).aggregate(Max("id"))["id__max"] or 0)

    def forget_words(self, newest: int, kept: Collection[tuple[str, str]]) -> None:
        """Of the words up to the `newest` one, forget those that stand in no record any more; `kept` are (language, word)."""
        last = 0
        while page := list(SearchTerm.objects.using(self.using).filter(pk__gt=last, pk__lte=newest).order_by("pk")[:2000]):
            gone = [term.pk for term in page if (term.language, term.word) not in kept]
            SearchTerm.objects.using(self.using).filter(pk__in=gone).delete()
            last = page[-1].pk

    def match(self, query: TextQuery, questions: Sequence[Wanted]) -> list[Found]:
        return self._ranking.nearest(query, [(question, self._fitting(question)) for question in questions])

    def _fitting(self, question: Wanted) -> QuerySet[SearchRecord] | None:
        """The records that satisfy a question, as a query; None where it asks for nothing but nearness."""
        records = SearchRecord.objects.using(self.using).filter(kind=question.kind, is_deleted=False)
        if question.chosen:
            return records.filter(object_id__in=question.chosen)
        return satisfying(records, question.constraints) if question.constraints else None

    def search(self, query: str, language: str, kinds: Collection[str], *, limit: int, some: bool = False, only: Collection[str] = ()) -> list[Hit]:
        words = people_words(query, language)
        public = [kind for kind in kinds if kind in PUBLIC_KINDS]
        if not words or not public:
            return []
        groups = [analysis.with_synonyms([token.stem], language) for token in words]
        # The last word may still be being typed: its beginning counts too, and so do the stems of the words that begin so.
        beginning = analysis.folded(words[-1].word)
        stems = [analysis.stem(word, language) for word in self._beginning(beginning, language, COMPLETIONS)]
        groups[-1] = list(dict.fromkeys([*groups[-1], beginning + "*", *stems]))
        return self._ranking.containing(groups, language, public, limit, least=1 if some else len(groups), only=list(only))

    def _beginning(self, letters: str, language: str, limit: int) -> list[str]:
        terms = SearchTerm.objects.using(self.using).filter(language=language, word__startswith=letters)
        return list(terms.order_by("-frequency", "word").values_list("word", flat=True)[:limit])

    def corrected(self, query: str, language: str) -> str:
        result = query[:300]
        tokens = analysis.tokens(result, language)
        known = self._known([analysis.folded(token.word) for token in tokens], language)
        stems = {analysis.stem(word, language) for word in set().union(*known.values())}
        for token in tokens:
            plain = analysis.folded(token.word)
            if token.stem in stems or len(plain) < 4:
                continue
            found = process.extractOne(plain, known[plain], scorer=fuzz.ratio, score_cutoff=74)
            if found:
                result = re.sub(rf"(?<!\w){re.escape(token.word)}(?!\w)", found[0], result)
        return result

    def _known(self, words: Sequence[str], language: str) -> Mapping[str, Sequence[str]]:
        """For each word those of the language that it may stand for, frequent ones first: those alike where the database finds them, else all."""
        if isinstance(self._ranking, PostgresqlRanking) and self._ranking.has_trigrams():
            return self._ranking.alike(words, language)
        terms = SearchTerm.objects.using(self.using).filter(language=language).order_by(F("frequency").desc(), "word")
        return dict.fromkeys(words, list(terms.values_list("word", flat=True)))

    def suggestions(self, beginning: str, language: str, kinds: Sequence[str], limit: int) -> list[str]:
        hits = self.search(beginning, language, kinds, limit=limit * 3)
        found = SearchDocument.objects.using(self.using).filter(
            language=language, record__kind__in=kinds, record__object_id__in=[hit.object_id for hit in hits]
        )
        titles = {(kind, object_id): title for kind, object_id, title in found.values_list("record__kind", "record__object_id", "title")}
        return list(dict.fromkeys(titles[hit.kind, hit.object_id] for hit in hits if (hit.kind, hit.object_id) in titles))[:limit]


def public_words(documents: Iterable[Document]) -> Counter[tuple[str, str]]:
    """The words of public texts, as people write them: (language, word), with how often they occur."""
    counted: Counter[tuple[str, str]] = Counter()
    for document in documents:
        if document.kind in PUBLIC_KINDS:
            for language, text in document.texts.items():
                counted.update((language, word) for word in analysis.words(f"{text.title} {text.body}", language) if 2 < len(word) <= 60)
    return counted


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


def _columns() -> list[str]:
    return [column.name for column in SearchRecord._meta.concrete_fields if not column.primary_key]


def _record(document: Document, pk: int) -> SearchRecord:
    facts = document.facts
    latitude, longitude = facts.point or (None, None)
    return SearchRecord(
        pk=pk, kind=document.kind, object_id=document.object_id, revision=document.revision, digest=document.digest, accepted=document.accepted, has_calendar=facts.free is not None,
        area_m2=facts.area_m2, trl_min=facts.trl_min, trl_max=facts.trl_max, budget_max_cents=facts.budget_max_cents, opens_at=facts.opens_at, closes_at=facts.closes_at,
        latitude=latitude, longitude=longitude, maximum_metres=facts.maximum_metres,
    )  # fmt: skip


def _values(facts: Facts) -> list[tuple[str, str]]:
    return [("capability", code) for code in facts.capabilities] + [("applicant_kind", kind) for kind in facts.applicant_kinds]


def _prepared(document: Document, language: str) -> SearchDocument:
    text = document.texts[language]
    own = f"{text.title} {text.body}"
    whole = f"{own} {text.history}"
    stems = analysis.stems(whole, language)
    ranked = document.kind in ("site", "challenge")
    return SearchDocument(
        kind=document.kind, language=language, title=text.title, stemmed_title=analysis.stemmed(text.title, language),
        body=analysis.stemmed(text.body, language) if document.kind in PUBLIC_KINDS else "", whole=" ".join(stems), pairs=" ".join(analysis.pairs(stems)),
        words=" ".join(analysis.words(whole, language)) if ranked else "", grams=" ".join(analysis.grams(whole)) if ranked else "",
    )  # fmt: skip
