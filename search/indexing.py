"""From domain records to documents: what the outbox says changed is read anew and written with the message's id as revision."""

from collections.abc import Callable
from typing import Any

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


def refresh(kind: str, key: str, revision: int) -> None:
    """Bring the index to what the record is now; a record that is gone or not public leaves it."""
    engine = get_engine()
    documents = DOCUMENTS[kind](key)
    if documents:
        engine.index(documents, revision)
    else:
        engine.delete(kind, key)


def _revision(topic_prefix: str, key: str) -> int:
    """The newest message about the record: several that were waiting are then answered by one reading."""
    return OutboxMessage.objects.filter(topic__startswith=topic_prefix, key=key).order_by("-id").values_list("id", flat=True).first() or 0


def handle_challenge(key: str, payload: dict[str, Any]) -> None:
    refresh("challenge", key, _revision("challenge.", key))


def handle_site(key: str, payload: dict[str, Any]) -> None:
    refresh("site", key, _revision("site.", key))


def handle_pilot(key: str, payload: dict[str, Any]) -> None:
    refresh("pilot", key, _revision("pilot.", key))


def handle_proposal(key: str, payload: dict[str, Any]) -> None:
    refresh("proposal", key, _revision("proposal.", key))


def rebuild() -> int:
    """Index everything anew; how many records."""
    count = 0
    for kind, model in (("site", Site), ("challenge", Challenge), ("pilot", Pilot), ("proposal", Proposal)):
        for pk in model.objects.values_list("pk", flat=True).iterator():
            refresh(kind, str(pk), _revision(f"{kind}.", str(pk)))
            count += 1
    return count
