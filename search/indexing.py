"""From domain records to documents: what the outbox says changed is read anew and written with the message's id as revision."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.html import strip_tags

from citylab.challenges.models import Challenge
from citylab.core.bilingual import in_language
from citylab.core.models import OutboxMessage
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal
from citylab.testbeds.models import Site

from .engines import Document, get_engine

LANGUAGES = ("it", "en")


def _bilingual(kind: str, record: Any, title: str, bodies: tuple[str, ...], extra: Callable[[str], str]) -> list[Document]:
    return [
        Document(
            kind, str(record.pk), language, in_language(record, title, language),
            strip_tags(" ".join([*(in_language(record, name, language) for name in bodies), extra(language)])),
        )
        for language in LANGUAGES
    ]  # fmt: skip


def site_documents(pk: Any) -> list[Document]:
    site = Site.objects.filter(pk=pk, live=True).prefetch_related("sectors", "assets__capability").first()
    if site is None:
        return []

    def words(language: str) -> str:
        return " ".join([*(in_language(s, "name", language) for s in site.sectors.all()), *(in_language(a.capability, "name", language) for a in site.assets.all()), site.code])

    return _bilingual("site", site, "name", ("summary", "description"), words)


def challenge_documents(pk: Any) -> list[Document]:
    challenge = Challenge.objects.filter(pk=pk, live=True).select_related("sector").prefetch_related("technologies").first()
    if challenge is None:
        return []

    def words(language: str) -> str:
        return " ".join([in_language(challenge.sector, "name", language), *(in_language(t, "name", language) for t in challenge.technologies.all()), challenge.code, challenge.city])

    return _bilingual("challenge", challenge, "title", ("summary", "description", "expected"), words)


def pilot_documents(pk: Any) -> list[Document]:
    pilot = Pilot.objects.select_related("site", "sector", "organisation").filter(pk=pk).first()
    if pilot is None or not pilot.is_public:
        return []

    def words(language: str) -> str:
        names = [in_language(pilot.site, "name", language) if pilot.site else "", in_language(pilot.sector, "name", language) if pilot.sector else ""]
        return " ".join([*names, pilot.archive_organisation, pilot.organisation.legal_name if pilot.organisation else ""])

    return _bilingual("pilot", pilot, "public_title", ("public_summary",), words)


def proposal_documents(pk: Any) -> list[Document]:
    """A submitted proposal, for the city alone."""
    proposal = Proposal.objects.filter(pk=pk).exclude(state="draft").first()
    if proposal is None:
        return []
    body = f"{proposal.summary} {proposal.answers.get('description', '')}"
    return [Document("proposal", str(proposal.pk), proposal.language, proposal.title, body, is_public=False)]


DOCUMENTS: dict[str, Callable[[Any], list[Document]]] = {
    "site": site_documents, "challenge": challenge_documents, "pilot": pilot_documents, "proposal": proposal_documents,
}  # fmt: skip
RECORDS: dict[str, Any] = {"site": Site, "challenge": Challenge, "pilot": Pilot, "proposal": Proposal}
# Where the name of a term stands in a document: kind of record, and how the record refers to the term.
TERMS = {
    "sector": (("site", "sectors"), ("challenge", "sector"), ("pilot", "sector")),
    "capability": (("site", "assets__capability"),),
    "technology": (("challenge", "technologies"),),
}


def refresh(kind: str, key: str) -> None:
    """Bring the index to what the record is now; a record that is gone or not public leaves it.

    Under the record's lock: whoever reads it later writes it later, so an index never goes back to what a record was.
    """
    engine = get_engine()
    with transaction.atomic():
        RECORDS[kind].objects.select_for_update().filter(pk=key).first()
        documents = DOCUMENTS[kind](key)
        if documents:
            engine.index(documents, _revision(kind, key))
        else:
            engine.delete(kind, key)


def _revision(kind: str, key: str) -> int:
    """The newest message about the record: several that were waiting are then answered by one reading."""
    return OutboxMessage.objects.filter(topic__startswith=f"{kind}.", key=key).order_by("-id").values_list("id", flat=True).first() or 0


def handle_challenge(key: str, payload: dict[str, Any]) -> None:
    refresh("challenge", key)


def handle_site(key: str, payload: dict[str, Any]) -> None:
    refresh("site", key)


def handle_pilot(key: str, payload: dict[str, Any]) -> None:
    refresh("pilot", key)


def handle_proposal(key: str, payload: dict[str, Any]) -> None:
    refresh("proposal", key)


def handle_term(key: str, payload: dict[str, Any]) -> None:
    """A word of the taxonomy has another name: it stands in the documents of the records sorted under it."""
    for kind, lookup in TERMS.get(payload["model"], ()):
        for pk in RECORDS[kind].objects.filter(**{lookup: key}).order_by("pk").values_list("pk", flat=True).distinct():
            refresh(kind, str(pk))


def handle_organisation(key: str, payload: dict[str, Any]) -> None:
    """The name of an organisation stands in the documents of its pilots."""
    for pk in Pilot.objects.filter(organisation=key).order_by("pk").values_list("pk", flat=True):
        refresh("pilot", str(pk))


def rebuild() -> int:
    """Index everything anew, and forget what is no longer there; how many records."""
    get_engine().forget_words()
    count = 0
    for kind, model in RECORDS.items():
        keys = {str(pk) for pk in model.objects.values_list("pk", flat=True)}
        for key in sorted(keys):
            refresh(kind, key)
        for key in get_engine().indexed(kind) - keys:
            refresh(kind, key)
        count += len(keys)
    return count
