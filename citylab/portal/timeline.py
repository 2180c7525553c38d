"""A case as its applicant follows it: what happened and when, where it stands now, and what is still to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citylab.audit.models import AuditEntry
from citylab.proposals.models import Proposal
from citylab.proposals.workflow import State

# The moves that concern the applicant; the office's own work is not among them.
MOVES = {
    "submit": gettext_lazy("Handed in"),
    "start_screening": gettext_lazy("Screening begun"),
    "request_changes": gettext_lazy("Additions requested"),
    "resume_screening": gettext_lazy("Screening resumed"),
    "declare_inadmissible": gettext_lazy("Declared inadmissible"),
    "start_evaluation": gettext_lazy("Evaluation begun"),
    "give_refusal_notice": gettext_lazy("Refusal notice given"),
    "observe": gettext_lazy("Observations handed in"),
    "resume_evaluation": gettext_lazy("Evaluation resumed"),
    "approve": gettext_lazy("Approved"),
    "reject": gettext_lazy("Rejected"),
    "reject_after_notice": gettext_lazy("Rejected"),
    "withdraw": gettext_lazy("Withdrawn"),
    "reopen_screening": gettext_lazy("Reopened for screening"),
    "reopen_evaluation": gettext_lazy("Reopened for evaluation"),
}
AHEAD = {
    State.SUBMITTED: (gettext_lazy("Screening"), gettext_lazy("Evaluation"), gettext_lazy("Decision")),
    State.SCREENING: (gettext_lazy("Evaluation"), gettext_lazy("Decision")),
    State.CHANGES_REQUESTED: (gettext_lazy("Screening"), gettext_lazy("Evaluation"), gettext_lazy("Decision")),
    State.EVALUATION: (gettext_lazy("Decision"),),
    State.REFUSAL_NOTICE: (gettext_lazy("Decision"),),
}


@dataclass(frozen=True)
class Step:
    """A line of the timeline: done, now or future."""

    label: Any
    kind: str
    at: datetime | date | None = None
    note: str = ""


def steps(proposal: Proposal, trail: Sequence[AuditEntry], due_on: date | None) -> list[Step]:
    """The case's moves from its audit trail, then what is ahead. The last move stands for now while the case is pending."""
    ahead = AHEAD.get(State(proposal.state), ())
    moves = [entry for entry in trail if entry.action in MOVES]
    found = [Step(MOVES[entry.action], "now" if ahead and entry is moves[-1] else "done", entry.at, _register(entry)) for entry in moves]
    return found + [Step(label, "future", due_on if label is ahead[-1] else None) for label in ahead]


def _register(entry: AuditEntry) -> str:
    number = entry.data.get("register")
    return _("Register number %(number)s") % {"number": number} if number else ""
