"""The city's own records: taxonomy, programmes, sites, challenges with their questions, and the archive of earlier pilots."""

from typing import Any

from django.db import models
from wagtail.log_actions import LogContext

from citylab.challenges.models import Challenge, Criterion, Question
from citylab.core import clock
from citylab.pilots.models import Pilot
from citylab.pilots.services.archiving import archive_record_add
from citylab.taxonomy.models import Capability, Pole, Programme, S3Area, Sector, Technology
from citylab.testbeds.models import Asset, Blackout, RequiredPermit, Site

from .content import moment, read, rich

TERMS: dict[str, Any] = {"sectors": Sector, "s3_areas": S3Area, "poles": Pole, "technologies": Technology, "capabilities": Capability}
# CommuniCity's criteria, weights and minimums (domain §4, B7).
CRITERIA = (
    ("impact", "Impatto", "Impact", 25, 3),
    ("implementation", "Attuazione", "Implementation", 15, 2),
    ("excellence", "Qualità dell'idea", "Excellence", 20, 2),
    ("co_creation", "Co-creazione", "Co-creation", 30, 3),
    ("technology", "Tecnologia", "Technology", 10, 2),
)
SITE_ASSUMED = ["latitude", "longitude", "district", "area_m2", "surface", "capacity", "constraints", "permits", "accessibility", "blackouts"]
CHALLENGE_ASSUMED = ["description", "expected", "mode", "opens_at", "closes_at", "trl_min", "trl_max", "technologies", "capabilities", "applicant_kinds", "owner"]
OPEN_AIR = (
    "Percorsi e barriere da verificare con l'ufficio nel sopralluogo, prima di ogni prova.",
    "Routes and barriers to be checked with the office at the site visit, before every test.",
)
INDOORS = ("Accessi, ascensori e servizi da verificare con chi gestisce il luogo.", "Entrances, lifts and toilets to be checked with whoever runs the place.")
OFFICE = ("Città di Torino, ufficio innovazione", "City of Turin, innovation office")
CONTACT = "torinocitylab@example.org"


def load(editor: Any, moderator: Any) -> None:
    """Create what is missing, by code; nothing that exists is changed. `editor` writes, `moderator` publishes."""
    _terms()
    _programmes()
    with LogContext(user=moderator):
        _sites(editor)
        _challenges(editor)
    _questions(editor)
    _archive(editor)


def _missing(model: type[models.Model], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = set(model._default_manager.values_list("code", flat=True))
    return [row for row in rows if row["code"] not in known]


def _terms() -> None:
    for name, model in TERMS.items():
        rows = read("taxonomy")[name]
        positions = {row["code"]: position for position, row in enumerate(rows, start=1)}
        model.objects.bulk_create(
            model(
                code=row["code"], name_it=row["it"], name_en=row["en"], description_it=row.get("description_it", ""), description_en=row.get("description_en", ""),
                position=positions[row["code"]], **({"unit": row.get("unit", "")} if model is Capability else {}),
            )
            for row in _missing(model, rows)
        )  # fmt: skip


def _programmes() -> None:
    moment_now = clock.now()
    Programme.objects.bulk_create(
        Programme(
            code=row["code"], kind=row["kind"], name_it=row["it"], name_en=row["en"], summary_it=row["summary_it"], summary_en=row["summary_en"], years=row.get("years", ""),
            source=row["source"], is_active=row["active"], updated_at=moment_now,
        )
        for row in _missing(Programme, read("programmes")["programmes"])
    )  # fmt: skip


def _publish(record: Any, editor: Any, published_at: Any) -> None:
    """As editors do it: one writes a revision, another publishes it, which tells the rest of the program."""
    record.live = False
    record.first_published_at = published_at
    record.save()
    record.save_revision(user=editor, log_action=True).publish(skip_permission_checks=True)


def _sites(editor: Any) -> None:
    sectors = {sector.code: sector for sector in Sector.objects.all()}
    capabilities = {capability.code: capability for capability in Capability.objects.all()}
    permits = read("sites")["permits"]
    for row in _missing(Site, read("sites")["sites"]):
        indoor = row.get("indoor", False)
        accessibility = INDOORS if indoor else OPEN_AIR
        site = Site(
            code=row["code"], slug=row["slug"], kind=row["kind"], name_it=row["it"], name_en=row["en"], latitude=row["latitude"], longitude=row["longitude"], source=row["source"],
            district=row.get("district"), area_m2=row.get("area_m2"), surface=row.get("surface", ""), capacity=row["capacity"], indoor=indoor, constraints=row["constraints"],
            summary_it=row["summary_it"], summary_en=row["summary_en"], description_it=rich(row["description_it"]), description_en=rich(row["description_en"]),
            accessibility_it=accessibility[0], accessibility_en=accessibility[1], owner_it=OFFICE[0], owner_en=OFFICE[1], contact_email=CONTACT, assumed=[*SITE_ASSUMED, "owner"],
        )  # fmt: skip
        site.sectors = [sectors[code] for code in row["sectors"]]
        site.assets = [Asset(**{**asset, "capability": capabilities[asset["capability"]]}) for asset in row["assets"]]
        site.permits = [RequiredPermit(**permits[key]) for key in row["permits"]]
        site.blackouts = [Blackout(**blackout) for blackout in row.get("blackouts", [])]
        with clock.travelling_to(moment(-520)):
            _publish(site, editor, clock.now())


def _challenges(editor: Any) -> None:
    sectors, areas = ({term.code: term for term in model.objects.all()} for model in (Sector, S3Area))
    technologies, capabilities = ({term.code: term for term in model.objects.all()} for model in (Technology, Capability))
    programmes = {programme.code: programme for programme in Programme.objects.all()}
    for row in _missing(Challenge, read("challenges")["challenges"]):
        mode = row.get("mode", Challenge.Mode.OPEN)
        latitude, longitude = row.get("point", (None, None))
        challenge = Challenge(
            code=row["code"], slug=row["slug"], city=row.get("city", "Torino"), title_it=row["it"], title_en=row["en"], summary_it=row["summary_it"], summary_en=row["summary_en"],
            description_it=rich(row["description_it"]), description_en=rich(row["description_en"]), expected_it=row["expected_it"], expected_en=row["expected_en"],
            owner_it=OFFICE[0], owner_en=OFFICE[1], contact_email=CONTACT, mode=mode, sector=sectors[row["sector"]], s3_area=areas.get(row.get("s3", "")),
            programme=programmes.get(row.get("programme", "")), applicant_kinds=row.get("applicants", []), trl_min=row["trl"][0], trl_max=row["trl"][1],
            budget_max_cents=row["budget"] * 100 if "budget" in row else None, co_funding_percent=row.get("co_funding"), opens_at=moment(row["opens"]),
            closes_at=moment(row["closes"], 12) if "closes" in row else None, source=row["source"], latitude=latitude, longitude=longitude,
            assumed=[*CHALLENGE_ASSUMED, *(["latitude", "longitude"] if "point" in row else [])],
        )  # fmt: skip
        challenge.technologies = [technologies[code] for code in row.get("technologies", [])]
        challenge.capabilities = [capabilities[code] for code in row.get("capabilities", [])]
        if mode == Challenge.Mode.COMPETITIVE:
            challenge.criteria = [
                Criterion(code=code, name_it=it, name_en=en, weight=weight, minimum=minimum, position=position)
                for position, (code, it, en, weight, minimum) in enumerate(CRITERIA, start=1)
            ]
        with clock.travelling_to(moment(min(row["opens"], 0) - 7, 10)):
            _publish(challenge, editor, clock.now())


def _questions(editor: Any) -> None:
    if Question.objects.exists():
        return
    challenges = {challenge.code: challenge for challenge in Challenge.objects.all()}
    Question.objects.bulk_create(
        Question(
            challenge=challenges[row["challenge"]], language=row["language"], text=row["text"], asked_at=moment(-row["asked"], 11), answer_it=row.get("answer_it", ""),
            answer_en=row.get("answer_en", ""), answered_by=editor if "answered" in row else None, answered_at=moment(-row["answered"], 15) if "answered" in row else None,
        )
        for row in read("challenges")["questions"]
    )  # fmt: skip


def _archive(editor: Any) -> None:
    sectors = {sector.code: sector for sector in Sector.objects.all()}
    sites = {site.code: site for site in Site.objects.all()}
    sources = read("archive")["sources"]
    for row in _missing(Pilot, read("archive")["pilots"]):
        archive_record_add(
            actor=editor, code=row["code"], sector=sectors[row["sector"]], site=sites.get(row.get("site", "")), title=row["it"], public_title_it=row["it"], public_title_en=row["en"],
            public_summary_it=row["summary_it"], public_summary_en=row["summary_en"], organisation=row.get("organisation", ""), city=row.get("city", "Torino"), years=row["years"],
            source=row["source"], source_note_it=f"Scheda d'archivio. Fonte: {sources[row['source']]}.", source_note_en=f"Archive record. Source: {sources[row['source']]}.",
        )  # fmt: skip
