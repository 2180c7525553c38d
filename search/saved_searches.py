"""Searches that a person keeps: named, renamed, paused, deleted; what they find, and whether a published record answers them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.accounts.models import User
from citylab.challenges.selectors import Status, visible_challenges
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.core.locks import locked
from citylab.testbeds.selectors import visible_sites

from .facets import FACETS, passes
from .listing import found_among
from .models import SavedSearch

MOST_FOR_ONE_PERSON = 20
MOST_VALUES = 30
LISTS = {SavedSearch.Kind.CHALLENGE: "public:challenge_list", SavedSearch.Kind.SITE: "public:site_list", SavedSearch.Kind.ALL: "public:search"}


def saved_searches_of(user: Any) -> QuerySet[SavedSearch]:
    return SavedSearch.objects.filter(user=user)


def kinds_of(kind: str) -> list[str]:
    """The kinds of record that a search of this kind looks among."""
    return ["challenge", "site"] if kind == SavedSearch.Kind.ALL else [kind]


def address_of(search: SavedSearch) -> str:
    """The list with these words and filters, in the reader's language."""
    query = QueryDict(mutable=True)
    if search.words:
        query["q"] = search.words
    for name, values in search.filters.items():
        query.setlist(name, values)
    return reverse(LISTS[SavedSearch.Kind(search.kind)]) + (f"?{query.urlencode()}" if query else "")


def filter_labels(searches: Sequence[SavedSearch]) -> dict[Any, list[str]]:
    """The chosen filter values of each search as people read them; a value that no record has any more stays a code."""
    labels = {kind: _labels(kind) for kind in FACETS if any(search.kind == kind and search.filters for search in searches)}
    return {
        search.pk: [labels[search.kind].get((name, value), value) for name, values in search.filters.items() for value in values]
        for search in searches
        if search.filters
    }


def _labels(kind: str) -> dict[tuple[str, str], str]:
    return {(facet.name, code): label for record in _public(kind) for facet in FACETS[kind] for code, label in facet.values(record).items()}


def _public(kind: str) -> list[Any]:
    return list(visible_challenges(clock.now()) if kind == "challenge" else visible_sites())


def search_save(*, user: User, name: str, kind: str, words: str, filters: Mapping[str, Sequence[str]], language: str) -> SavedSearch:
    """Keep a search; what it finds now is not new. Raises DomainError: "kind", "words_missing", "name_missing", "name_taken", "too_many"."""
    if kind not in SavedSearch.Kind.values:
        raise DomainError("kind", _("This list cannot be saved."))
    words = " ".join(words.split())[:200]
    if kind == SavedSearch.Kind.ALL and not words:
        raise DomainError("words_missing", _("Write the words to search for."))
    known = {facet.name for facet in FACETS.get(kind, [])}
    kept = {filter_name: sorted(set(values))[:MOST_VALUES] for filter_name, values in filters.items() if filter_name in known and values}
    with transaction.atomic():
        locked(User, user.pk)  # so that two pages at once cannot pass the limit
        if SavedSearch.objects.filter(user=user).count() >= MOST_FOR_ONE_PERSON:
            raise DomainError("too_many", _("You already keep %(count)s searches. Delete one that you no longer need.") % {"count": MOST_FOR_ONE_PERSON})
        search = SavedSearch(user=user, name=_free_name(user, name), kind=kind, words=words, filters=kept, language=language, created_at=clock.now())
        search.known = _found(search)
        search.save()
    return search


def search_rename(*, search_id: Any, user: User, name: str) -> None:
    """Raises SavedSearch.DoesNotExist, DomainError("name_missing" | "name_taken")."""
    with transaction.atomic():
        search = _own(search_id, user)
        search.name = _free_name(user, name, but=search)
        search.save(update_fields=["name"])


def search_pause(*, search_id: Any, user: User, paused: bool) -> None:
    """Stop or resume the alerts of a search; what was published in between is not new. Raises SavedSearch.DoesNotExist."""
    with transaction.atomic():
        search = _own(search_id, user)
        if search.is_paused and not paused:
            search.known = _found(search)
        search.is_paused = paused
        search.save(update_fields=["is_paused", "known"])


def search_delete(*, search_id: Any, user: User) -> None:
    """Raises SavedSearch.DoesNotExist."""
    with transaction.atomic():
        _own(search_id, user).delete()


def _own(search_id: Any, user: User) -> SavedSearch:
    locked(User, user.pk)  # names are compared among all searches of a person
    return SavedSearch.objects.get(pk=search_id, user=user)


def _free_name(user: User, name: str, but: SavedSearch | None = None) -> str:
    name = " ".join(name.split())[:80]
    if not name:
        raise DomainError("name_missing", _("Give it a name by which you will know it."))
    others = SavedSearch.objects.filter(user=user, name__iexact=name)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise DomainError("name_taken", _("You already have a search of this name."))
    return name


class Answers:
    """Which searches a published record answers, as the list shows it now or once it opens; the same words are looked up once.

    `records` are those that will be asked about, by kind: they are found however many others come before them.
    """

    def __init__(self, records: Mapping[str, Sequence[Any]]) -> None:
        self._keys = {kind: [str(record.pk) for record in some] for kind, some in records.items()}
        self._found: dict[tuple[str, str, str], set[str]] = {}

    def is_answer(self, search: SavedSearch, kind: str, record: Any) -> bool:
        """Whether the search finds this record."""
        if kind not in kinds_of(search.kind) or (search.kind in FACETS and not passes(kind, record, _waited_for(search.filters))):
            return False
        return not search.words or str(record.pk) in self._ids(search.words, kind, search.language)

    def _ids(self, words: str, kind: str, language: str) -> set[str]:
        key = (words, kind, language)
        if key not in self._found:
            with override(language):
                self._found[key] = found_among(words, kind, self._keys[kind])
        return self._found[key]


def _waited_for(filters: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Whoever waits for open challenges waits for those that open later too: nothing is published when they do."""
    status = filters.get("status", [])
    return {**filters, "status": [*status, Status.NOT_YET_OPEN.value]} if Status.OPEN in status else dict(filters)


def _found(search: SavedSearch) -> dict[str, list[int]]:
    """Everything that the search finds now."""
    records = {kind: _public(kind) for kind in kinds_of(search.kind)}
    answers = Answers(records)
    return {kind: [record.pk for record in some if answers.is_answer(search, kind, record)] for kind, some in records.items()}
