"""The filters of the public lists: how to read their values from a record. Saved searches are judged by the same ones."""

from typing import Any

from citylab.challenges.selectors import Status

from .listing import Facet

CHALLENGE_FACETS = [
    Facet("status", lambda c: {c.status_now: str(Status(c.status_now).label)}),
    Facet("sector", lambda c: {c.sector.code: c.sector.name}),
    Facet("mode", lambda c: {c.mode: c.get_mode_display()}),
    Facet("city", lambda c: {c.city: c.city}),
]
SITE_FACETS = [
    Facet("sector", lambda s: {x.code: x.name for x in s.sectors.all()}),
    Facet("kind", lambda s: {s.kind: s.get_kind_display()}),
    Facet("capability", lambda s: {a.capability.code: a.capability.name for a in s.assets.all()}),
    Facet("district", lambda s: {str(s.district): str(s.district)} if s.district else {}),
]
FACETS: dict[str, list[Facet]] = {"challenge": CHALLENGE_FACETS, "site": SITE_FACETS}


def passes(kind: str, record: Any, chosen: dict[str, list[str]]) -> bool:
    """Whether a record stays in the list under these filters: values of one are alternatives, different ones all apply."""
    return all(not chosen.get(facet.name) or set(chosen[facet.name]) & set(facet.values(record)) for facet in FACETS[kind])
