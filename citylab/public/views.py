"""What anyone sees: challenges, sites, pilots and programmes, as lists, maps and pages of their own."""

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.accounts.access import public, signed_in
from citylab.accounts.models import Organisation
from citylab.challenges import selectors as challenges
from citylab.challenges.models import ASSUMABLE as CHALLENGE_ASSUMABLE
from citylab.challenges.models import Challenge
from citylab.challenges.services import question_ask
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.pilots import selectors as pilots
from citylab.pilots.models import Pilot
from citylab.taxonomy.models import Programme
from citylab.testbeds import selectors as sites
from citylab.testbeds.models import ASSUMABLE as SITE_ASSUMABLE
from citylab.testbeds.models import SITE_CONSTRAINTS, Site
from search.facets import CHALLENGE_FACETS, SITE_FACETS
from search.listing import Facet, Listing, listing

from .costs import example
from .filters import chosen_values, filters_and_chips, words
from .forms import QuestionForm
from .structured import challenge_sheet, service_sheet

PAGE_SIZE = 12


class Place(NamedTuple):
    """A record on the map and in the list beside it."""

    name: str
    address: str
    detail: str
    latitude: float | None
    longitude: float | None


def _found(request: HttpRequest, kind: str, records: list[Any], facets: list[Facet]) -> Listing:
    """Those of the records that the words and filters of the address leave."""
    query, as_typed = words(request)
    return listing(records, kind, query, facets, chosen_values(request, facets), as_typed=as_typed)


def _list_page(request: HttpRequest, kind: str, found: Listing, facet_labels: dict[str, Any], place: Callable[[Any], Place] | None = None) -> HttpResponse:
    """A list with filters and, where records have a place, a map of all of them. htmx takes its parts from the same page."""
    is_map = place is not None and request.GET.get("view") == "map"
    page = Paginator(found.records, PAGE_SIZE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        **filters_and_chips(request, found, facet_labels),
        "page": page, "kind": kind, "query": words(request)[0], "corrected": found.corrected, "is_partial": found.is_partial, "is_cut": found.is_cut, "is_degraded": found.is_degraded, "is_map": is_map, "has_map": place is not None, "total": page.paginator.count,
    }  # fmt: skip
    if is_map and place:
        context["places"] = _numbered([place(record) for record in found.records])
        context["points"] = [spot for spot in context["places"] if spot["mark"]]
    return render(request, f"public/{kind}_list.html", context)


def _numbered(places: list[Place]) -> list[dict[str, Any]]:
    """What the map and the list beside it show; records without coordinates have no number and come last."""
    numbers = count(1)
    return [
        {"name": p.name, "address": p.address, "detail": p.detail, "lat": p.latitude, "lon": p.longitude, "mark": next(numbers) if p.latitude is not None else None}
        for p in sorted(places, key=lambda p: p.latitude is None)
    ]


@public
def challenge_list(request: HttpRequest) -> HttpResponse:
    moment = clock.now()
    records = list(challenges.visible_challenges(moment).order_by("status_now", "effective_closing", "code"))
    order = {"open": 0, "not_yet_open": 1, "closed": 2}
    records.sort(key=lambda c: (order[c.status_now], c.effective_closing is None, c.effective_closing or moment, c.code))
    found = _found(request, "challenge", records, CHALLENGE_FACETS)
    labels = {"status": _("State"), "sector": _("Sector"), "mode": _("Mode"), "city": _("First published in")}
    is_placed = any(_has_place(record) for record in records)  # most needs are the whole city's; without one at a place there is nothing to draw
    return _list_page(request, "challenge", found, labels, _challenge_place if is_placed else None)


def _has_place(challenge: Challenge) -> bool:
    return challenge.latitude is not None and challenge.longitude is not None


def _challenge_place(challenge: Challenge) -> Place:
    point = (challenge.latitude, challenge.longitude) if _has_place(challenge) else (None, None)
    detail = f"{challenges.Status(challenge.status_now).label} · {challenge.sector.name}"  # type: ignore[attr-defined, union-attr]
    return Place(challenge.title, challenge.get_absolute_url(), detail, *point)


@public
def challenge(request: HttpRequest, slug: str) -> HttpResponse:
    found = challenges.challenge_detail(slug, clock.now())
    if found is None:
        moved = challenges.moved_to(slug)
        if moved is None:
            raise Http404
        return redirect("public:challenge", slug=moved.slug, permanent=True)
    return render(request, "public/challenge.html", _challenge_context(request, found))


def _challenge_context(request: HttpRequest, found: Challenge) -> dict[str, Any]:
    moment = clock.now()
    closes = found.effective_closes_at
    kinds = dict(Organisation.Kind.choices)
    return {
        "challenge": found, "status": challenges.status(found, moment), "closes_at": closes, "days_left": clock.days_until(closes) if closes else None,
        "criteria": challenges.criteria_of(found), "questions": list(challenges.published_questions(found)), "extensions": list(found.extensions.all()),
        "kinds": [kinds[kind] for kind in found.applicant_kinds if kind in kinds], "pilots": list(pilots.public_pilots().filter(challenge=found)[:6]),
        "structured": challenge_sheet(request, found, closes), "assumed": [CHALLENGE_ASSUMABLE[name] for name in found.assumed if name in CHALLENGE_ASSUMABLE],
    }  # fmt: skip


@signed_in
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """A public question about an open challenge; whoever has signed in may ask."""
    found = challenges.challenge_detail(slug, clock.now())
    if found is None:
        raise Http404
    form = QuestionForm(request.POST or None)
    is_open = challenges.is_open(found, clock.now())
    if request.method == "POST" and form.is_valid():
        try:
            question_ask(challenge_id=found.pk, language=(get_language() or "it")[:2], actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error("text", str(error))
        else:
            messages.success(request, _("Your question has been sent. It appears on this page, without your name, when it is answered."))
            return redirect(f"{found.get_absolute_url()}#questions")
    return render(request, "public/ask.html", {"challenge": found, "form": form, "is_open": is_open}, status=422 if form.errors else 200)


@public
def site_list(request: HttpRequest) -> HttpResponse:
    records = list(sites.visible_sites())
    records.sort(key=lambda s: s.name)
    found = _found(request, "site", records, SITE_FACETS)
    labels = {"sector": _("Sector"), "kind": _("Kind of place"), "capability": _("What it offers"), "district": _("District")}
    return _list_page(request, "site", found, labels, lambda s: Place(s.name, s.get_absolute_url(), s.get_kind_display(), s.latitude, s.longitude))


@public
def site(request: HttpRequest, slug: str) -> HttpResponse:
    found = sites.site_detail(slug)
    if found is None:
        moved = sites.moved_to(slug)
        if moved is None:
            raise Http404
        return redirect("public:site", slug=moved.slug, permanent=True)
    return render(request, "public/site.html", _site_context(found))


def _site_context(found: Site) -> dict[str, Any]:
    today = clock.today()
    return {
        "site": found, "costs": example(found), "constraints": [SITE_CONSTRAINTS[code] for code in found.constraints or [] if code in SITE_CONSTRAINTS],
        "bookings": list(sites.site_bookings(found, today)), "next_free": sites.next_free(found, 30, today),
        "pilots": list(pilots.public_pilots().filter(site=found)[:8]),
        "assumed": [SITE_ASSUMABLE[name] for name in found.assumed if name in SITE_ASSUMABLE],
        "points": [{"lat": found.latitude, "lon": found.longitude, "name": found.name, "address": "#main"}],
    }  # fmt: skip


@public
def pilot_list(request: HttpRequest) -> HttpResponse:
    facets = [
        Facet("sector", lambda p: {p.sector.code: p.sector.name} if p.sector else {}),
        Facet("state", lambda p: {"archive": _("Archive")} if p.is_archive else {p.state: p.get_state_display()}),
        Facet("site", lambda p: {p.site.code: p.site.name} if p.site and p.site.live else {}),
        Facet("city", lambda p: {p.archive_city or "Torino": p.archive_city or "Torino"}),
    ]
    found = _found(request, "pilot", list(pilots.public_pilots()), facets)
    labels = {"sector": _("Sector"), "state": _("State"), "site": _("Site"), "city": _("City")}
    return _list_page(request, "pilot", found, labels, _pilot_place)


def _public_site(pilot: Pilot) -> Site | None:
    """Where the pilot runs, while that place is published."""
    return pilot.site if pilot.site and pilot.site.live else None


def _pilot_place(pilot: Pilot) -> Place:
    site = _public_site(pilot)
    where = site or pilot
    detail = site.name if site else pilot.archive_city
    return Place(pilot.public_title, pilot.get_absolute_url(), detail, where.latitude, where.longitude)


@public
def pilot(request: HttpRequest, slug: str) -> HttpResponse:
    found = pilots.public_pilot(slug)
    if found is None:
        raise Http404
    place = _pilot_place(found)
    points = [{"lat": place.latitude, "lon": place.longitude, "name": place.name, "address": "#main"}] if place.latitude is not None else []
    indicators = [i for i in found.indicators.all() if i.is_public]
    return render(request, "public/pilot.html", {"pilot": found, "points": points, "indicators": indicators})


@public
def programme_list(request: HttpRequest) -> HttpResponse:
    counts = {
        "challenge_count": Count("challenges", filter=Q(challenges__live=True), distinct=True),
        "pilot_count": Count("pilots", filter=Q(pilots__in=pilots.public_pilots().order_by()), distinct=True),
    }
    programmes = list(Programme.objects.annotate(**counts).order_by("kind", "name_it"))
    groups = [{"label": label, "programmes": [p for p in programmes if p.kind == kind]} for kind, label in Programme.Kind.choices]
    return render(request, "public/programme_list.html", {"groups": groups})


@public
def programme(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(Programme, code=code)
    open_now = list(challenges.visible_challenges(clock.now()).filter(programme=found))
    return render(request, "public/programme.html", {"programme": found, "challenges": open_now, "pilots": list(pilots.public_pilots().filter(programme=found))})


@public
def apply(request: HttpRequest) -> HttpResponse:
    """The service sheet of “Present a proposal” (Modello Comuni)."""
    return render(request, "public/apply.html", {"structured": service_sheet(request)})


@public
def root(request: HttpRequest) -> HttpResponse:
    return redirect("/en/" if request.LANGUAGE_CODE == "en" else "/it/")  # type: ignore[attr-defined]


@public
def short_challenge(request: HttpRequest, code: str) -> HttpResponse:
    found = challenges.by_code(code)
    if found is None:
        raise Http404
    return redirect("public:challenge", slug=found.slug)


@public
def short_site(request: HttpRequest, code: str) -> HttpResponse:
    """The address in a site's QR code."""
    found = sites.by_code(code)
    if found is None:
        raise Http404
    return redirect("public:site", slug=found.slug)


@public
def short_pilot(request: HttpRequest, code: str) -> HttpResponse:
    found = pilots.by_code(code)
    if found is None:
        raise Http404
    return redirect("public:pilot", slug=found.slug)


@public
def health(request: HttpRequest) -> HttpResponse:
    """For whoever watches the service: the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
