"""The one thing owed in a case, and why a move cannot be made yet: pure, over the facts of the case."""

from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citylab.proposals.workflow import State


@dataclass(frozen=True)
class Facts:
    """What is on record of a case, as far as its next step depends on it."""

    state: str
    lines_open: int = 0
    replies_open: int = 0
    evaluators: int = 0
    confirmed: int = 0
    waiting: int = 0
    undelivered: bool = False
    rejection_from: date | None = None
    notice_received: bool = False
    observations: bool = False


@dataclass(frozen=True)
class Step:
    """What the turn box says: who owes what, and where it is done: a move's code, or "tab:…", "assign_evaluator", "pilot" or "" for nothing."""

    is_ours: bool
    title: str
    text: str
    target: str = ""
    label: str = ""


def next_step(facts: Facts, today: date) -> Step:
    """Whose turn it is and the one thing to do."""
    ours, theirs = _("The city's turn"), _("The start-up's turn")
    if facts.undelivered and facts.state not in (State.SUBMITTED, State.WITHDRAWN):
        return Step(True, ours, _("A message went out by PEC and its day of delivery is not recorded: terms count from that day."), "tab:messages", _("Record the delivery"))
    match facts.state:
        case State.SUBMITTED:
            return Step(True, ours, _("The proposal has arrived and nobody has opened it yet."), "start-screening", _("Open the screening"))
        case State.SCREENING if facts.replies_open:
            text = ngettext("The start-up answered: %(count)s reply waits for your word.", "The start-up answered: %(count)s replies wait for your word.", facts.replies_open)
            return Step(True, ours, text % {"count": facts.replies_open}, "tab:screening", _("Read the replies"))
        case State.SCREENING if facts.lines_open:
            text = ngettext("%(count)s line of the checklist is open.", "%(count)s lines of the checklist are open.", facts.lines_open)
            return Step(True, ours, text % {"count": facts.lines_open}, "tab:screening", _("Fill in the checklist"))
        case State.SCREENING:
            return Step(True, ours, _("The checklist is complete."), "start-evaluation", _("Pass to evaluation"))
        case State.CHANGES_REQUESTED:
            return Step(False, theirs, _("Additions were asked for. Without an answer the case returns here by itself."))
        case State.EVALUATION if not facts.evaluators:
            return Step(True, ours, _("Nobody has been asked to score this proposal yet."), "assign_evaluator", _("Ask an evaluator"))
        case State.EVALUATION if facts.waiting:
            text = ngettext("%(count)s score sheet is still to be confirmed.", "%(count)s score sheets are still to be confirmed.", facts.waiting)
            return Step(True, ours, text % {"count": facts.waiting}, "tab:evaluation", _("See the evaluation"))
        case State.EVALUATION:
            return Step(True, ours, _("All sheets are confirmed: the decision can be taken."), "tab:evaluation", _("See the result, then decide"))
        case State.REFUSAL_NOTICE if facts.observations:
            return Step(True, ours, _("The start-up's observations are here. Read them, then go back to evaluation or reject."), "tab:evaluation", _("Read the observations"))
        case State.REFUSAL_NOTICE if facts.rejection_from and today < facts.rejection_from:
            day = formats.date_format(facts.rejection_from, "j F Y")
            return Step(False, theirs, _("It may answer the refusal notice. No rejection before %(day)s.") % {"day": day})
        case State.REFUSAL_NOTICE:
            return Step(True, ours, _("The ten days passed without observations."), "reject", _("Reject"))
        case State.APPROVED:
            return Step(False, _("Approved"), _("The work goes on in the pilot."), "pilot", _("To the pilot"))
        case State.WITHDRAWN:
            return Step(False, _("Closed"), _("The start-up withdrew the proposal. Nothing more is owed."))
    return Step(False, _("Closed"), _("Nothing more is owed in this case."))


def blocked(code: str, facts: Facts, today: date) -> str:
    """Why a move that the state allows cannot be made yet; "" where it can."""
    if code == "start-evaluation" and facts.lines_open:
        return ngettext("%(count)s line of the checklist is open.", "%(count)s lines of the checklist are open.", facts.lines_open) % {"count": facts.lines_open}
    if code in ("approve", "refusal-notice") or (code == "reject" and facts.state == State.EVALUATION):
        return "" if facts.confirmed else _("No score sheet is confirmed yet.")
    if code == "reject" and not facts.notice_received:
        return _("The delivery of the refusal notice is not recorded yet.")
    if code == "reject" and facts.rejection_from and today < facts.rejection_from:
        return _("Not before %(day)s: until then the start-up may answer.") % {"day": formats.date_format(facts.rejection_from, "j F Y")}
    return ""
