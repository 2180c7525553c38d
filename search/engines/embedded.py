"""Search in the application's own database: FTS5 on SQLite, text search on PostgreSQL, over text stemmed beforehand."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from django.db import connection, transaction
from rapidfuzz import fuzz, process

from .. import analysis
from ..models import SearchDocument, SearchTerm
from . import Document, Hit

# The words of a long text that ask the most: more only cost time.
QUERY_TERMS = 60
# How many known words a beginning may stand for.
COMPLETIONS = 30
# A column weight of .48 on the body stands in for a larger k1, which FTS5 cannot set; the title counts half.
TITLE_WEIGHT, BODY_WEIGHT = 0.5, 0.48
PUBLIC_KINDS = ("site", "challenge", "pilot", "programme", "story")


class EmbeddedEngine:
    def index(self, documents: Sequence[Document], revision: int) -> int:
        written = 0
        with transaction.atomic():
            for document in documents:
                values = {
                    "title": document.title, "stemmed_title": analysis.stemmed(document.title, document.language), "stemmed_body": analysis.stemmed(document.body, document.language),
                    "is_public": document.is_public, "revision": revision,
                }  # fmt: skip
                key = {"kind": document.kind, "object_id": document.object_id, "language": document.language}
                row, created = SearchDocument.objects.get_or_create(**key, defaults=values)
                if not created:
                    written += SearchDocument.objects.filter(pk=row.pk, revision__lte=revision).update(**values)
                written += created
                if document.is_public:
                    self._learn(document)
        return written

    def _learn(self, document: Document) -> None:
        """Remember the words, as people write them, for mistyped ones."""
        words = Counter(analysis.folded(token.word) for token in analysis.tokens(f"{document.title} {document.body}", document.language))
        known = {term.word for term in SearchTerm.objects.filter(word__in=list(words), language=document.language)}
        SearchTerm.objects.bulk_create(
            [SearchTerm(word=word, language=document.language, frequency=count) for word, count in words.items() if word not in known and 2 < len(word) <= 60], ignore_conflicts=True
        )

    def delete(self, kind: str, object_id: str) -> None:
        SearchDocument.objects.filter(kind=kind, object_id=object_id).delete()

    def indexed(self, kind: str) -> set[str]:
        return set(SearchDocument.objects.filter(kind=kind).values_list("object_id", flat=True))

    def forget_words(self) -> None:
        SearchTerm.objects.all().delete()

    def match(self, text: str, language: str, kinds: Collection[str], limit: int) -> list[Hit]:
        stems = Counter(token.stem.replace("-", "") for token in analysis.tokens(text, language))
        terms = analysis.with_synonyms((stem for stem, _count in stems.most_common(QUERY_TERMS)), language)
        return self._ranked([[term] for term in terms], language, kinds, any_word=True, public_only=False, limit=limit) if terms else []

    def search(self, query: str, language: str, kinds: Collection[str], *, public_only: bool, limit: int) -> list[Hit]:
        words = [token for token in analysis.tokens(query[:300], language)][:12]
        if not words:
            return []
        groups = [analysis.with_synonyms([token.stem.replace("-", "")], language) for token in words]
        # The last word may still be being typed: its beginning counts too, and so do the stems of the words that begin so.
        beginning = analysis.folded(words[-1].word)
        whole = SearchTerm.objects.filter(language=language, word__startswith=beginning).order_by("-frequency", "word").values_list("word", flat=True)[:COMPLETIONS]
        stems = [analysis.stem(word, language).replace("-", "") for word in whole]
        groups[-1] = list(dict.fromkeys([*groups[-1], beginning.replace("-", "") + "*", *stems]))
        return self._ranked(groups, language, kinds, any_word=False, public_only=public_only, limit=limit)

    def corrected(self, query: str, language: str) -> str:
        """The query with each unknown word replaced by the nearest known one; the query itself where none is near."""
        known = list(SearchTerm.objects.filter(language=language).order_by("-frequency", "word").values_list("word", flat=True))
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

    def _ranked(self, groups: list[list[str]], language: str, kinds: Collection[str], *, any_word: bool, public_only: bool, limit: int) -> list[Hit]:
        run = self._postgresql if connection.vendor == "postgresql" else self._sqlite
        return run(groups, language, list(kinds), any_word, public_only, limit)

    def _sqlite(self, groups: list[list[str]], language: str, kinds: list[str], any_word: bool, public_only: bool, limit: int) -> list[Hit]:
        def quoted(term: str) -> str:
            return f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'

        asked = (" OR " if any_word else " AND ").join("(" + " OR ".join(quoted(term) for term in group) + ")" for group in groups)
        marks = ",".join("%s" for _kind in kinds)
        sql = (
            f"SELECT d.kind, d.object_id, d.language, -bm25(search_fts, {TITLE_WEIGHT}, {BODY_WEIGHT}) AS score FROM search_fts JOIN search_searchdocument d ON d.id = search_fts.rowid "  # noqa: S608 - only numbers and placeholders
            f"WHERE search_fts MATCH %s AND d.language = %s AND d.kind IN ({marks}) {'AND d.is_public' if public_only else ''} ORDER BY score DESC, d.id LIMIT %s"
        )
        return self._hits(sql, [asked, language, *kinds, limit])

    def _postgresql(self, groups: list[list[str]], language: str, kinds: list[str], any_word: bool, public_only: bool, limit: int) -> list[Hit]:
        def quoted(term: str) -> str:
            return f"'{term[:-1]}':*" if term.endswith("*") else f"'{term}'"

        asked = (" | " if any_word else " & ").join("(" + " | ".join(quoted(term) for term in group) + ")" for group in groups)
        sql = (
            "SELECT kind, object_id, language, ts_rank(vector, query, 1) AS score FROM search_searchdocument, to_tsquery('simple', %s) query "  # noqa: S608 - only placeholders
            f"WHERE vector @@ query AND language = %s AND kind = ANY(%s) {'AND is_public' if public_only else ''} ORDER BY score DESC, id LIMIT %s"
        )
        return self._hits(sql, [asked, language, kinds, limit])

    def _hits(self, sql: str, params: list[object]) -> list[Hit]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return [Hit(*row) for row in cursor.fetchall()]
