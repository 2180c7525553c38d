"""A pilot's own calendar and who acts in it, shared by everything that its story tells."""

from datetime import date
from typing import Any

from citylab.pilots.models import Pilot

from .answers import first_day
from .casework import DECISION, Case


class Course:
    """The pilot's own calendar, in days before the loading (negative: still to come), and who acts."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.decided = case.evaluated_ago - DECISION
        self.first = case.ago - (first_day(case.use, date(2000, 1, 1)) - date(2000, 1, 1)).days
        self.last = self.first - case.use.get("days", case.idea["days"])
        self.pilot: Pilot
        self.city = {"actor": case.officer}
        self.startup = {"actor": case.owner}

    @property
    def key(self) -> dict[str, Any]:
        return {"pilot_id": self.pilot.pk}
