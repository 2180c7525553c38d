"""The index follows the records: what the outbox says changed is read anew and written with the newest message's id as revision.

The embedded index is written with the message, in its transaction. For Elasticsearch the message leaves a row, and `search.tasks.write_waiting`
writes all that wait in bulk: while the cluster is away they wait.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from citylab.core import outbox
from citylab.core.locks import locked
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal

from . import tasks, waiting
from .documents import RECORDS, states
from .engines.embedded import EmbeddedEngine
from .ranking import PLACES
from .waiting import Work

# Where the name of a term stands in a document: kind of record, and how the record refers to the term.
TERMS = {
    "sector": (("site", "sectors"), ("challenge", "sector"), ("pilot", "sector")),
    "capability": (("site", "assets__capability"), ("challenge", "capabilities")),
    "technology": (("challenge", "technologies"),),
}


def refresh(kind: str, key: str) -> None:
    """Bring the index to what the record is now; a record that is gone or not public leaves it."""
    engine = EmbeddedEngine()
    found, gone = states(kind, [key])
    if found:
        engine.index(found)
    for deletion in gone:
        engine.delete(*deletion)
    revision = found[0].revision if found else gone[0][2]
    if settings.ELASTICSEARCH_URL:
        waiting.add(Work.WRITE, kind, [key], revision)
    if kind in (*PLACES, "proposal"):
        waiting.add(Work.AFFINITIES, kind, [key], revision)
    outbox.nudge(tasks.nudge)


def changed(kind: str, key: Any) -> None:
    """Another record changed what this one's document says: publish that under its lock, so that the document gets a revision of its own."""
    with transaction.atomic():
        if locked(RECORDS[kind].objects.all(), key):
            outbox.publish(f"{kind}.content_changed", key)


def handle_challenge(key: str, payload: dict[str, Any]) -> None:
    refresh("challenge", key)


def handle_site(key: str, payload: dict[str, Any]) -> None:
    refresh("site", key)


def handle_booking(key: str, payload: dict[str, Any]) -> None:
    """A place was taken or freed."""
    changed("site", payload["site"])


def handle_pilot(key: str, payload: dict[str, Any]) -> None:
    """A pilot's card and its place: what was tried there belongs to the site's and the challenge's history."""
    refresh("pilot", key)
    _changed_places(Pilot.objects.filter(pk=key).values_list("site", "challenge"))


def handle_proposal(key: str, payload: dict[str, Any]) -> None:
    refresh("proposal", key)


def handle_programme(key: str, payload: dict[str, Any]) -> None:
    refresh("programme", key)


def handle_decided(key: str, payload: dict[str, Any]) -> None:
    """An approved proposal enters the history of its challenge and of its pilot's site; one that is no longer approved leaves it."""
    refresh("proposal", key)
    _changed_places(Proposal.objects.filter(pk=key).values_list("pilot__site", "challenge"))


def _changed_places(rows: Iterable[tuple[Any, Any]]) -> None:
    for site, challenge in rows:
        for kind, place in (("site", site), ("challenge", challenge)):
            if place is not None:
                changed(kind, place)


def handle_term(key: str, payload: dict[str, Any]) -> None:
    """A word of the taxonomy has another name: it stands in the documents of the records sorted under it."""
    for kind, lookup in TERMS.get(payload["model"], ()):
        for pk in RECORDS[kind].objects.filter(**{lookup: key}).order_by("pk").values_list("pk", flat=True).distinct():
            changed(kind, pk)


def handle_organisation(key: str, payload: dict[str, Any]) -> None:
    """The name of an organisation stands in the documents of its pilots."""
    for pk in Pilot.objects.filter(organisation=key).order_by("pk").values_list("pk", flat=True):
        changed("pilot", pk)
