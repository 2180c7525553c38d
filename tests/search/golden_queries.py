"""The golden queries: what start-ups would write, and what must stand first on the demo city."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from citylab.accounts.models import Organisation, Role
from citylab.core import clock
from citylab.demo import catalogue
from citylab.proposals.models import Proposal
from citylab.taxonomy.models import Sector
from search.matching import MatchPanel
from tests import factories

FOLDER = Path(__file__).parent / "golden"
EXPECTATIONS = ("challenge", "challenges", "site", "sites", "nearly", "closed")


@dataclass(frozen=True)
class Golden:
    """A query with what is expected of its panel."""

    language: str
    row: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.language}-{self.row['id']}"

    @property
    def known_miss(self) -> str:
        """Why it is not expected to hold."""
        return str(self.row.get("known_miss", ""))

    def draft(self) -> Proposal:
        """The proposal as the start-up would have it, not saved."""
        row, starts_on, ends_on = self.row, None, None
        if "starts" in row:
            starts_on = clock.today() + timedelta(days=row["starts"])
            ends_on = starts_on + timedelta(days=row["days"] - 1)
        answers = {name: row[name] for name in ("title", "summary", "description", "technologies", "capabilities") if name in row}
        answers |= {"requested": row["requested"] * 100} if "requested" in row else {}
        answers |= {"own_place_coordinates": row["near"]} if "near" in row else {}
        return Proposal(
            language=self.language, answers=answers, organisation=Organisation(kind=row.get("kind", "")), sector=Sector.objects.get(code=row["sector"]),
            trl_now=row.get("trl"), starts_on=starts_on, ends_on=ends_on, area_m2=row.get("area"),
        )  # fmt: skip

    def missed(self, panel: MatchPanel) -> list[str]:
        """The expectations that the panel does not meet, each with what stands there instead."""
        order = {kind: [m.record.code for group in found.values() for m in group] for kind, found in (("site", panel.sites), ("challenge", panel.challenges))}
        first = {group: [m.record.code for m in panel.challenges[group]][:1] for group in ("nearly", "not")}
        row = self.row
        held = {
            "challenge": lambda: order["challenge"][0] in row["challenge"],
            "site": lambda: order["site"][0] in row["site"],
            "challenges": lambda: set(row["challenges"]) <= set(order["challenge"][:3]),
            "sites": lambda: set(row["sites"]) <= set(order["site"][:3]),
            "nearly": lambda: first["nearly"] == [row["nearly"]],
            "closed": lambda: first["not"] == [row["closed"]],
        }
        return [f"{name} {row[name]}: {order if name not in ('nearly', 'closed') else first}" for name in EXPECTATIONS if name in row and not held[name]()]

    def wanted(self) -> list[tuple[str, str]]:
        """What it wants, as (kind, code); of alternatives the first that stands highest counts."""
        row = self.row
        return [("challenge", code) for name in ("challenge", "challenges") for code in row.get(name, ())] + [
            ("site", code) for name in ("site", "sites") for code in row.get(name, ())
        ]


def golden(language: str) -> list[Golden]:
    return [Golden(language, row) for row in tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))["queries"]]


def load_city() -> None:
    """The demo city's sites, challenges and archive, without its people and cases."""
    catalogue.load(factories.person(Role.EDITOR), factories.person(Role.EDITOR))
