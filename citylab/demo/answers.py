"""The complete answers of an invented proposal, from its idea, its use and what many proposals have in common."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zlib import crc32

from .content import read

LEAD_DAYS = 50  # from handing in to the first day on site
SLOW_LEAD_DAYS = 75  # for pilots that have not started yet


def choice(options: Any, title: str, salt: str) -> Any:
    """One of the options, always the same for a title."""
    return options[crc32(f"{title}:{salt}".encode()) % len(options)]


def first_day(use: Mapping[str, Any], submitted_on: date) -> date:
    waiting = use["story"].split(":")[0] in ("agreement", "agreement_half", "preparation", "ready", "pilot_withdrawn")
    return submitted_on + timedelta(days=SLOW_LEAD_DAYS if waiting else LEAD_DAYS)


def declarations() -> dict[str, bool]:
    names = ("truth", "power", "no_insolvency", "no_crime", "contributions", "no_conflict", "costs", "restoration", "privacy")
    return {f"declares_{name}": True for name in names}


def complete(idea: Mapping[str, Any], use: Mapping[str, Any], submitted_on: date) -> dict[str, Any]:
    """Every answer of form version 1. Dates count from the day of handing in."""
    title, language = use["title"], use.get("language", "it")
    common = read("common")[language]
    starts_on = first_day(use, submitted_on)
    days = use.get("days", idea["days"])
    flags = {*idea["flags"], *use.get("flags", [])}
    installed = "installation" in flags
    given: dict[str, Any] = {
        "contact_name": "Persona di contatto (demo)" if language == "it" else "Contact person (demo)", "contact_email": "contatto@example.org", "contact_phone": "+39 011 0000000",
        "test_manager": "Responsabile delle prove (demo), +39 011 0000001" if language == "it" else "Test manager (demo), +39 011 0000001", "is_partnership": use["by"] == "consorzio",
        "title": title, "summary": f"{use['lead']} {use.get('summary', idea['summary'])}", "description": f"{use['lead']}\n\n{use.get('description', idea['description'])}",
        "sector": idea["sector"], "technologies": idea["technologies"], "trl_now": str(idea["trl"][0]), "trl_target": str(idea["trl"][1]), "s3_area": idea.get("s3", ""),
        "novelty": f"{idea['novelty']} {common['novelty_tail']}" if language == "it" else common["novelty_tail"], "is_precommercial": True,
        "starts_on": starts_on.isoformat(), "ends_on": (starts_on + timedelta(days=days)).isoformat(),
        "plan": idea["plan"] if language == "it" else "Set-up, test with participants, removal; a weekly call with the office.", "phases": _phases(idea, language, starts_on, days),
        "resources": choice(common["resources"], title, "resources"), "budget": idea["budget"] * 100, "requested": idea.get("requested", 0) * 100 if "for" in use else 0,
        "team": choice(common["team"], title, "team"), "scale_up": choice(common["scale_up"], title, "scale"), "sites": [use["at"]] if "at" in use else [],
        "own_place": "" if "at" in use else use.get("place") or idea["place"], "capabilities": idea["capabilities"] if "at" in use else [], "area_m2": idea["area"],
        "daily_schedule": choice(common["schedule"], title, "schedule"), "has_installation": installed,
        "co_creation": idea["co_creation"] if language == "it" else "Two workshops with the people concerned, before and during the pilot.",
        "involvement": idea["involvement"] if language == "it" else "About a hundred participants, reached through local associations.", "accessibility": choice(common["accessibility"], title, "access"),
        "has_minors": "minors" in flags, "risks": idea["risks"] if language == "it" else "Fall of a device; misunderstanding by passers-by.",
        "mitigations": idea["mitigations"] if language == "it" else "Double fixing, clear signs, an attendant on the spot.", "monitoring": choice(common["monitoring"], title, "watch"),
        "insurance": choice(common["insurance"], title, "insurance"), "special_means": [code for flag, code in (("vehicle", "automated_vehicle"), ("drone", "drone")) if flag in flags],
        "has_personal_data": "personal" in flags, "hosting": common["hosting"], "security": choice(common["security"], title, "security"), "open_data": choice(common["open_data"], title, "open"),
        "uses_ai": "ai" in flags, "indicators": _indicators(idea, language), "de_minimis": 0, **declarations(),
    }  # fmt: skip
    if given["is_partnership"]:
        given["partners"] = [{"name": "Secondo partner inventato (demo)", "identifier": "", "part": "Misure sul campo e rapporto finale"}]
    if installed:
        given |= {"dismantling": common["dismantling"], "dismantling_cost": 90_000 + idea["area"] * 1_000}
    if "minors" in flags:
        given["minors_measures"] = common["minors"]
    if "personal" in flags:
        given |= {"data_roles": common["data_roles"], "dpia": "to_do"}
    if "ai" in flags:
        given["ai_use"] = common["ai_use"]
    if "vehicle" in flags:
        given |= {**common["vehicle"], "insurance_factor": "4.5"}
    if "drone" in flags:
        given |= common["drone"]
    return given


def _phases(idea: Mapping[str, Any], language: str, starts_on: date, days: int) -> list[dict[str, str]]:
    names = idea["phases"] if language == "it" else ["Set-up", "Test with participants", "Removal"]
    length = days // len(names)
    rows = []
    for index, name in enumerate(names):
        first = starts_on + timedelta(days=index * length + (1 if index else 0))
        last = starts_on + timedelta(days=days if index == len(names) - 1 else (index + 1) * length)
        rows.append({"name": name, "starts_on": first.isoformat(), "ends_on": last.isoformat(), "description": ""})
    return rows


def _indicators(idea: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    return [
        {"name": row[language], "unit": row["unit"], "baseline": str(row["baseline"]), "target": str(row["target"]), "method": row["method"] if language == "it" else "Counted on the spot"}
        for row in idea["indicators"]
    ]
