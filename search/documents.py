"""From domain records to documents: read in batches, with the same number of queries whatever their number.

A record that is gone or not published has none. Sites and challenges carry as history the texts of what was accepted there: proposals that the
city approved, and pilots with a public card.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from typing import Any

from django.db.models import CharField, Max, UUIDField
from django.db.models.functions import Cast
from django.utils.html import strip_tags

from citylab.challenges.models import Challenge
from citylab.challenges.selectors import closing_moment
from citylab.core.bilingual import in_language
from citylab.core.models import OutboxMessage
from citylab.pilots.models import Pilot
from citylab.pilots.selectors import public_pilots
from citylab.proposals.models import Proposal
from citylab.proposals.workflow import State
from citylab.taxonomy.models import Programme
from citylab.testbeds.models import Site
from citylab.testbeds.selectors import calendars

from .engines import LANGUAGES, Deletion, Document, Facts, Text

# Answers that say what a proposal is about, after its title.
TELLING = ("summary", "description", "novelty")
# How many accepted texts a place's document holds at most, newest first: more would only make it longer.
MOST_HISTORY = 60
# Documents made at a time, and keys read at a time: the database sorts all of them for each such page.
PAGE, MOST_KEYS = 500, 5000
Revisions = Mapping[str, int]
Builder = Callable[[Collection[str], Revisions], list[Document]]


def revisions(kind: str, keys: Collection[str]) -> Revisions:
    """The newest of the outbox messages about each record that its document follows (0 where there is none).

    Always read before the record: a text may then be newer than its revision, which the next message puts right, but never older.
    """
    found = OutboxMessage.objects.filter(key__in=keys, topic__in=followed(kind)).order_by().values_list("key").annotate(Max("id"))
    return defaultdict(int, dict(found))


def followed(kind: str) -> list[str]:
    """The topics about records of a kind that a consumer of an `indexing` module hears of."""
    wiring: Mapping[str, list[str]] = import_module("citylab.wiring").CONSUMERS
    return [topic for topic, consumers in wiring.items() if topic.startswith(f"{kind}.") and any(".indexing." in consumer for consumer in consumers)]


def documents(kind: str, keys: Collection[str]) -> list[Document]:
    """The documents of these records as they are now."""
    return BUILDERS[kind](keys, revisions(kind, keys))


def states(kind: str, keys: Collection[str]) -> tuple[list[Document], list[Deletion]]:
    """What an index must hold of these records as they are now: their documents, and the deletions of those that have none."""
    known = revisions(kind, keys)
    found = BUILDERS[kind](keys, known)
    held = {document.object_id for document in found}
    return found, [(kind, key, known[key]) for key in keys if key not in held]


def site_texts(site: Any, language: str, terms: Iterable[str] | None = None) -> tuple[str, str]:
    """A site's title and text in a language; the names of its sectors and capabilities come as `terms`, or are at hand."""
    words = [in_language(site, name, language) for name in ("summary", "description")]
    if terms is None:
        terms = [in_language(term, "name", language) for term in (*site.sectors.all(), *(asset.capability for asset in site.assets.all()))]
    words += terms
    return in_language(site, "name", language), strip_tags(" ".join([*words, site.code]))


def challenge_texts(challenge: Any, language: str, terms: Iterable[str] | None = None) -> tuple[str, str]:
    """A challenge's title and text in a language; the names of its technologies come as `terms`, or are at hand, as its sector must be."""
    words = [in_language(challenge, name, language) for name in ("summary", "description", "expected")]
    words += [in_language(challenge.sector, "name", language) if challenge.sector else ""]
    words += terms if terms is not None else [in_language(technology, "name", language) for technology in challenge.technologies.all()]
    return in_language(challenge, "title", language), strip_tags(" ".join([*words, challenge.code, challenge.city]))


def proposal_texts(proposal: Proposal) -> tuple[str, str]:
    """A proposal's title and what it is about, in its own language."""
    return str(proposal.answers.get("title") or proposal.title), " ".join(str(proposal.answers.get(name) or "") for name in TELLING)


def _site_documents(keys: Collection[str], known: Revisions) -> list[Document]:
    sites = list(Site.objects.filter(pk__in=keys, live=True).prefetch_related("sectors", "assets__capability"))
    history, accepted = _history("site", [site.pk for site in sites])
    # From the first day there is: what the index holds must not change because a day has passed.
    calendar = calendars(sites, date.min)

    def facts(site: Any) -> Facts:
        free = tuple((period.starts_on, period.ends_on) for period in calendar[site.pk].free_periods())
        capabilities = tuple(sorted(asset.capability.code for asset in site.assets.all()))
        return Facts(capabilities=capabilities, free=free, area_m2=site.area_m2, point=(site.latitude, site.longitude))

    return [_document("site", site, known, site_texts, history, accepted, facts(site)) for site in sites]


def _challenge_documents(keys: Collection[str], known: Revisions) -> list[Document]:
    challenges = list(Challenge.objects.filter(pk__in=keys, live=True).select_related("sector", "progress").prefetch_related("technologies", "capabilities"))
    history, accepted = _history("challenge", [challenge.pk for challenge in challenges])

    def facts(challenge: Any) -> Facts:
        return Facts(
            capabilities=tuple(sorted(c.code for c in challenge.capabilities.all())), applicant_kinds=tuple(sorted(challenge.applicant_kinds or [])), trl_min=challenge.trl_min,
            trl_max=challenge.trl_max, budget_max_cents=challenge.budget_max_cents, opens_at=challenge.opens_at, closes_at=closing_moment(challenge),
            point=(challenge.latitude, challenge.longitude) if challenge.latitude is not None and challenge.longitude is not None else None,
            maximum_metres=challenge.maximum_distance_metres,
        )  # fmt: skip

    return [_document("challenge", challenge, known, challenge_texts, history, accepted, facts(challenge)) for challenge in challenges]


def _document(kind: str, record: Any, known: Revisions, texts: Callable[[Any, str], tuple[str, str]], history: Any, accepted: Any, facts: Facts) -> Document:
    by_language = {language: Text(*texts(record, language), history=" ".join(history[record.pk, language])) for language in LANGUAGES}
    return Document(kind, str(record.pk), known[str(record.pk)], by_language, facts, accepted[record.pk])


def _history(place: str, keys: Collection[Any]) -> tuple[Mapping[tuple[Any, str], list[str]], Mapping[Any, int]]:
    """The texts of what was accepted at each site or challenge, by language, newest first, and how much it was. A proposal and its pilot count once."""
    texts: dict[tuple[Any, str], list[str]] = defaultdict(list)
    counts: dict[Any, int] = defaultdict(int)
    approved = Proposal.objects.filter(state=State.APPROVED).select_related("pilot")
    approved = approved.filter(pilot__site__in=keys) if place == "site" else approved.filter(challenge__in=keys)
    for proposal in approved.order_by("-pk"):
        key = proposal.pilot.site_id if place == "site" else proposal.challenge_id
        counts[key] += 1
        if counts[key] <= MOST_HISTORY:
            texts[key, proposal.language].append(" ".join(proposal_texts(proposal)))
    for pilot in public_pilots().filter(**{f"{place}__in": keys}).order_by("-pk"):
        key = pilot.site_id if place == "site" else pilot.challenge_id
        counts[key] += pilot.proposal_id is None
        if counts[key] <= MOST_HISTORY:
            for language in LANGUAGES:
                texts[key, language].append(f"{in_language(pilot, 'public_title', language)} {in_language(pilot, 'public_summary', language)}")
    return texts, counts


def _pilot_documents(keys: Collection[str], known: Revisions) -> list[Document]:
    def text(pilot: Any, language: str) -> Text:
        names = [in_language(record, "name", language) for record in (pilot.site, pilot.sector) if record]
        words = [
            in_language(pilot, "public_summary", language),
            *names,
            pilot.archive_organisation,
            pilot.organisation.legal_name if pilot.organisation else "",
        ]
        return Text(in_language(pilot, "public_title", language), strip_tags(" ".join(words)))

    pilots = public_pilots().filter(pk__in=keys).select_related("site", "sector", "organisation")
    return [Document("pilot", str(pilot.pk), known[str(pilot.pk)], {language: text(pilot, language) for language in LANGUAGES}) for pilot in pilots]


def _proposal_documents(keys: Collection[str], known: Revisions) -> list[Document]:
    """Received proposals, for the city alone."""
    found = Proposal.objects.filter(pk__in=keys).exclude(state=State.DRAFT)
    return [Document("proposal", str(p.pk), known[str(p.pk)], {p.language: Text(*proposal_texts(p))}) for p in found]


def _programme_documents(keys: Collection[str], known: Revisions) -> list[Document]:
    def text(programme: Programme, language: str) -> Text:
        return Text(in_language(programme, "name", language), strip_tags(f"{in_language(programme, 'summary', language)} {programme.code} {programme.years}"))

    programmes = Programme.objects.filter(pk__in=keys)
    return [Document("programme", str(p.pk), known[str(p.pk)], {language: text(p, language) for language in LANGUAGES}) for p in programmes]


BUILDERS: dict[str, Builder] = {
    "site": _site_documents, "challenge": _challenge_documents, "pilot": _pilot_documents, "proposal": _proposal_documents, "programme": _programme_documents,
}  # fmt: skip
RECORDS: dict[str, Any] = {"site": Site, "challenge": Challenge, "pilot": Pilot, "proposal": Proposal, "programme": Programme}


def register(kind: str, record: Any, builder: Builder) -> None:
    """A room above this one adds a kind of its own: its model, and how its documents are made."""
    RECORDS[kind], BUILDERS[kind] = record, builder


def all_keys(kind: str, after: str, limit: int) -> list[str]:
    """The next keys of the records of a kind, in the order of their characters, which every index shares; `after` is "" for the first."""
    records = RECORDS[kind].objects.all()
    if isinstance(RECORDS[kind]._meta.pk, UUIDField):
        keys = (records.filter(pk__gt=after) if after else records).order_by("pk").values_list("pk", flat=True)
    else:
        keys = records.annotate(characters=Cast("pk", CharField())).filter(characters__gt=after).order_by("characters").values_list("characters", flat=True)
    return [str(key) for key in keys[:limit]]


def pages(kind: str) -> Iterator[list[Document]]:
    """The documents of all records of a kind, in the order of their keys, a page at a time."""
    last = ""
    while keys := all_keys(kind, last, MOST_KEYS):
        for start in range(0, len(keys), PAGE):
            page = keys[start : start + PAGE]
            yield sorted(documents(kind, page), key=lambda document: document.object_id)
        last = keys[-1]
