"""Whose text is nearest: the one way in for everything that ranks, whichever engine answers.

Forward, a text is compared with what the index holds. The other way, “whose texts are nearest to this place” is asked of the proposals' own rankings:
each proposal's nearest places are kept with the share of its interest that falls on each (`remember`), because a text that is near to everything
says little about any.
"""

from collections.abc import Collection, Iterable, Sequence
from math import exp, log

from django.db import transaction

from . import weights
from .engines import Document, Engine, Found, Hit, TextQuery, Wanted, get_engine
from .models import Affinity

PLACES = ("site", "challenge")


def ranked(engine: Engine, query: TextQuery, questions: Sequence[Wanted]) -> list[Found]:
    """For each question the nearest records, best first: the engine's text score, a little more for a place where things were accepted before."""
    answers = engine.match(query, questions)
    return [Found(_with_accepted(found.hits), found.total, _with_accepted(found.others), found.others_total) for found in answers]


def _with_accepted(hits: Collection[Hit]) -> list[Hit]:
    scored = [Hit(hit.kind, hit.object_id, hit.score * (1 + weights.ACCEPTED * log(1 + hit.accepted)), hit.accepted) for hit in hits]
    return sorted(scored, key=lambda hit: (-hit.score, hit.object_id))


def nearest(title: str, text: str, language: str, kinds: Collection[str], limit: int, engine: Engine | None = None) -> list[Hit]:
    """The records of these kinds whose texts are nearest to a title and a text in that language, best first; nothing for an empty one.

    Who says whether a reserve answered brings the engine.
    """
    query = TextQuery(title, text, language)
    hits = [hit for found in ranked(engine or get_engine(), query, [Wanted(kind, limit) for kind in kinds]) for hit in found.hits] if query.whole else []
    return sorted(hits, key=lambda hit: (-hit.score, hit.kind, hit.object_id))[:limit]


def affinities(hits: Collection[Hit]) -> dict[str, float]:
    """The share of a text's interest that falls on each of its hits (softmax over their scores); they sum to one."""
    best = max((hit.score for hit in hits), default=0.0)
    parts = {hit.object_id: exp((hit.score - best) / weights.AFFINITY_TEMPERATURE) for hit in hits}
    whole = sum(parts.values())
    return {object_id: part / whole for object_id, part in parts.items()}


def remember(engine: Engine, proposals: Iterable[Document], using: str = "default") -> None:
    """Keep for each proposal its nearest sites and challenges, each with its affinity; what was kept before is replaced."""
    for proposal in proposals:
        rows = []
        for language, text in proposal.texts.items():
            answers = ranked(engine, TextQuery(text.title, text.body, language), [Wanted(kind, weights.AFFINITY_KEPT) for kind in PLACES])
            for kind, found in zip(PLACES, answers, strict=True):
                hits = [hit for hit in found.hits if hit.score > 0]
                rows += [Affinity(proposal_id=proposal.object_id, kind=kind, object_id=object_id, share=share) for object_id, share in affinities(hits).items()]
        with transaction.atomic(using=using):
            forget(proposal.object_id, using)
            Affinity.objects.using(using).bulk_create(rows)


def forget(proposal_id: str, using: str = "default") -> None:
    Affinity.objects.using(using).filter(proposal_id=proposal_id).delete()


def ranked_proposals(engine: Engine, queries: Collection[TextQuery], limit: int, place: tuple[str, str] | None = None, using: str = "default") -> list[Hit]:
    """The other direction: the proposals that a place is for, best first, with scores between 0 and 1.

    `place` is (kind, id) of one that is indexed: first come those that keep it among their nearest, by their affinity. After them, and alone
    for a text that is still being written, those whose texts are nearest to the place's (one query for each language).
    """
    kept = Affinity.objects.using(using).filter(kind=place[0], object_id=place[1]).order_by("-share", "proposal_id")[:limit] if place else ()
    hits = [Hit("proposal", row.proposal_id, row.share) for row in kept]
    known = {hit.object_id for hit in hits}
    others = [hit for query in queries if query.whole for found in ranked(engine, query, [Wanted("proposal", limit)]) for hit in found.hits if hit.object_id not in known]
    best, floor = max((hit.score for hit in others), default=1.0), min((hit.score for hit in hits), default=1.0)
    others = [Hit("proposal", hit.object_id, floor * hit.score / best) for hit in others]
    return [*hits, *sorted(others, key=lambda hit: (-hit.score, hit.object_id))][:limit]
