"""The audit trail in words: who did what, before and after; and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import formats
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from citylab.accounts.models import Role, User
from citylab.audit.models import AuditEntry
from citylab.audit.services import trail
from citylab.core.clock import rome
from citylab.core.spreadsheets import safe
from citylab.proposals.models import Decision
from citylab.proposals.workflow import State
from citylab.testbeds.models import Site

ACTIONS = {
    "start": gettext_lazy("Draft started"),
    "copy": gettext_lazy("Draft copied from another proposal"),
    "attach": gettext_lazy("File attached"),
    "detach": gettext_lazy("File removed"),
    "submit": gettext_lazy("Proposal handed in"),
    "assign": gettext_lazy("Responsible officer named"),
    "start_screening": gettext_lazy("Screening opened"),
    "checklist": gettext_lazy("Checklist saved"),
    "request_changes": gettext_lazy("Additions requested"),
    "resume_screening": gettext_lazy("Back to screening"),
    "settle": gettext_lazy("Reply judged"),
    "declare_inadmissible": gettext_lazy("Declared inadmissible"),
    "start_evaluation": gettext_lazy("Passed to evaluation"),
    "change_site": gettext_lazy("Site changed"),
    "assign_evaluator": gettext_lazy("Evaluator asked"),
    "take_off_evaluator": gettext_lazy("Evaluator taken off"),
    "declare_conflict": gettext_lazy("Declaration on conflicts of interest"),
    "confirm_sheet": gettext_lazy("Score sheet confirmed"),
    "give_refusal_notice": gettext_lazy("Refusal notice given"),
    "observe": gettext_lazy("Observations handed in"),
    "resume_evaluation": gettext_lazy("Back to evaluation"),
    "approve": gettext_lazy("Approved"),
    "reject": gettext_lazy("Rejected"),
    "reject_after_notice": gettext_lazy("Rejected after the refusal notice"),
    "withdraw": gettext_lazy("Withdrawn by the start-up"),
    "reopen_screening": gettext_lazy("Reopened for screening"),
    "reopen_evaluation": gettext_lazy("Reopened for evaluation"),
    "note": gettext_lazy("Internal note written"),
    "message": gettext_lazy("Formal message sent"),
    "delivery": gettext_lazy("Delivery of a PEC recorded"),
}


@dataclass(frozen=True)
class Line:
    """One row of the trail as a person reads it."""

    sequence: int
    at: datetime
    who: str
    role: str
    what: str
    before: str
    after: str
    details: str


def lines(case_id: Any) -> list[Line]:
    """The trail of a case, newest first (two queries, and one more where its site was changed)."""
    entries = trail("proposal", case_id)
    ids = {entry.actor_id for entry in entries} | {entry.data.get(name) for entry in entries for name in ("from", "to", "evaluator") if isinstance(entry.data.get(name), int)}
    people = User.objects.in_bulk({pk for pk in ids if pk})
    codes = {entry.data[name] for entry in entries if entry.action == "change_site" for name in ("site_from", "site_to")}
    sites = {site.code: site.name for site in Site.objects.filter(code__in=codes)} if codes else {}
    return [_line(entry, people, sites) for entry in reversed(entries)]


def _line(entry: AuditEntry, people: Mapping[int, User], sites: Mapping[str, str]) -> Line:
    before, after = _state(entry.from_state), _state(entry.to_state)
    if entry.action == "assign":
        before, after = _person(entry.data.get("from"), people) or _("nobody"), _person(entry.data.get("to"), people)
    if entry.action == "change_site":
        before, after = (sites.get(code, code) for code in (entry.data["site_from"], entry.data["site_to"]))
    roles = ", ".join(str(Role(code).label) if code in Role.values else code for code in entry.actor_role.split(",") if code and code != "system")
    who = _person(entry.actor_id, people) if entry.actor_id else _("The clock")
    return Line(entry.sequence, entry.at.astimezone(rome), who, roles, str(ACTIONS.get(entry.action, entry.action)), before, after, _details(entry, people))


def _state(code: str) -> str:
    return str(State(code).label) if code in State.values else code


def _person(pk: int | None, people: Mapping[int, User]) -> str:
    if pk is None:
        return ""
    return str(people[pk]) if pk in people else _("Person %(number)s, no longer here") % {"number": pk}


def _details(entry: AuditEntry, people: Mapping[int, User]) -> str:
    data = entry.data
    found = []
    if entry.action == "checklist":
        counts = [(list(data.values()).count(code), text) for code, text in (("passed", _("in order")), ("failed", _("not in order")), ("not_applicable", _("does not apply")))]
        found += [f"{count} {text}" for count, text in counts if count]
    if "items" in data:
        found.append(ngettext("%(count)s point", "%(count)s points", data["items"]) % {"count": data["items"]})
    if "clock_stopped" in data:
        found.append(_("the clock stopped") if data["clock_stopped"] else _("the clock went on"))
    if "settled" in data:
        found.append(_("settled") if data["settled"] else _("open again"))
    if "evaluator" in data:
        found.append(_person(data["evaluator"], people))
    if "has_conflict" in data:
        found.append(_("steps back") if data["has_conflict"] else _("no conflict"))
    if data.get("outcome") in Decision.Outcome.values:
        found.append(str(Decision.Outcome(data["outcome"]).label))
    if data.get("act"):
        found.append(_("act %(number)s") % {"number": data["act"]})
    if data.get("register"):
        found.append(_("register number %(number)s") % {"number": data["register"]})
    if "version" in data:
        found.append(_("version %(number)s") % {"number": data["version"]})
    if entry.action == "delivery" and "on" in data:
        found.append(_("delivered on %(day)s") % {"day": formats.date_format(date.fromisoformat(data["on"]), "SHORT_DATE_FORMAT")})
    return ", ".join(found)


def as_csv(found: Sequence[Line]) -> str:
    """The trail as a table, oldest first, as spreadsheets of the reader's language open it: with a byte-order mark, and ";" in Italian."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";" if (get_language() or "it").startswith("it") else ",", lineterminator="\r\n")
    writer.writerow([_("Number"), _("When"), _("Who"), _("Role"), _("What"), _("Before"), _("After"), _("Details")])
    for line in reversed(found):
        writer.writerow([safe(cell) for cell in (line.sequence, line.at.strftime("%Y-%m-%d %H:%M:%S"), line.who, line.role, line.what, line.before, line.after, line.details)])
    return "\ufeff" + target.getvalue()
