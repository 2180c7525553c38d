"""The search of the whole site: everything that is public, ranked together, as cards with filters that count."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from citylab.challenges.selectors import Status, visible_challenges
from citylab.core import clock
from citylab.pilots.selectors import public_pilots
from citylab.taxonomy.models import Programme, Sector
from citylab.testbeds.models import Site

from .engines import PUBLIC_KINDS
from .listing import Facet, Listing, Option, look_up, narrowed

# What a result is called, and many of them. Pages are told apart by what they are.
NAMES = {
    "challenge": (_("Challenge"), _("Challenges")), "site": (_("Site"), _("Sites")), "pilot": (_("Pilot"), _("Pilots")), "programme": (_("Programme"), _("Programmes")),
    "story": (_("Story"), _("Stories")), "help": (_("Help page"), _("Help pages")),
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """What a result shows of a record, in the reader's language or, of a page, in its own."""

    kind: str
    pk: str
    title: str
    summary: str
    address: str
    detail: str = ""
    language: str = ""  # where it is not sure to be the reader's
    sectors: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    point: tuple[float, float] | None = None

    @property
    def name(self) -> Any:
        return NAMES[self.kind][0]


Cards = dict[str, Card]


@dataclass(frozen=True)
class Answer:
    """What was found, and the language it was found in."""

    listing: Listing
    language: str


FACETS = [
    Facet("kind", lambda card: {card.kind: str(NAMES[card.kind][1])}),
    Facet("sector", lambda card: card.sectors),
    Facet("status", lambda card: {card.status: str(Status(card.status).label)} if card.status else {}),
]


def search(query: str, chosen: Mapping[str, Sequence[str]], *, as_typed: bool = False) -> Answer:
    """Look for a person's words in everything public. A record that is not public any more has no card, whatever an index still holds."""
    if not query.strip():
        return Answer(narrowed([], FACETS, chosen), (get_language() or "it")[:2])
    answer = look_up(query, PUBLIC_KINDS, as_typed=as_typed)
    cards = {kind: make(keys) for kind, make in MAKERS.items() if (keys := [key for found, key in answer.found if found == kind])}
    found = [cards[kind][key] for kind, key in answer.found if key in cards[kind]]
    listing = narrowed(found, FACETS, chosen, answer)
    return Answer(_with_chosen(listing, chosen), answer.language)


def _with_chosen(found: Listing, chosen: Mapping[str, Sequence[str]]) -> Listing:
    """A value that was chosen for other words stays among the filters, so that it can be taken away, even where nothing found has it."""
    missing = {name: set(chosen.get(name, ())) - {option.value for option in options} for name, options in found.facets.items()}
    sectors = {sector.code: sector.name for sector in Sector.objects.filter(code__in=missing["sector"])} if missing["sector"] else {}
    known = {
        "kind": {kind: str(names[1]) for kind, names in NAMES.items()},
        "sector": sectors,
        "status": {value: str(label) for value, label in Status.choices},
    }
    facets = {
        name: [*options, *(Option(code, known[name][code], 0, True) for code in sorted(missing[name]) if code in known[name])]
        for name, options in found.facets.items()
    }
    return replace(found, facets=facets)


def register(kind: str, make: Callable[[Collection[str]], Cards]) -> None:
    """A room above this one says what results of its kind show."""
    MAKERS[kind] = make


def _sectors(*sectors: Any) -> dict[str, str]:
    return {sector.code: sector.name for sector in sectors if sector}


def _point(place: Any) -> tuple[float, float] | None:
    return (place.latitude, place.longitude) if place.latitude is not None and place.longitude is not None else None


def _challenges(keys: Collection[str]) -> Cards:
    return {
        str(c.pk): Card(
            "challenge", f"challenge-{c.pk}", c.title, c.summary, c.get_absolute_url(), c.get_mode_display(), sectors=_sectors(c.sector), status=c.status_now,
            point=_point(c),
        )  # fmt: skip
        for c in visible_challenges(clock.now()).filter(pk__in=keys)
    }


def _sites(keys: Collection[str]) -> Cards:
    return {
        str(s.pk): Card(
            "site", f"site-{s.pk}", s.name, s.summary, s.get_absolute_url(), s.get_kind_display(), sectors=_sectors(*s.sectors.all()), point=_point(s)
        )
        for s in Site.objects.filter(live=True, pk__in=keys).prefetch_related("sectors")
    }


def _pilots(keys: Collection[str]) -> Cards:
    cards = {}
    for pilot in public_pilots().filter(pk__in=keys):
        place = pilot.site if pilot.site and pilot.site.live else None
        cards[str(pilot.pk)] = Card(
            "pilot", f"pilot-{pilot.pk}", pilot.public_title, pilot.public_summary, pilot.get_absolute_url(), place.name if place else pilot.archive_city,
            sectors=_sectors(pilot.sector), point=_point(place or pilot),
        )  # fmt: skip
    return cards


def _programmes(keys: Collection[str]) -> Cards:
    return {
        str(p.pk): Card("programme", f"programme-{p.pk}", p.name, p.summary, reverse("public:programme", args=[p.code]), p.years)
        for p in Programme.objects.filter(pk__in=keys)
    }


MAKERS: dict[str, Callable[[Collection[str]], Cards]] = {"challenge": _challenges, "site": _sites, "pilot": _pilots, "programme": _programmes}
