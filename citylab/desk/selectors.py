"""What the desk reads besides the casework's own selectors: saved filters and the facts behind the turn box."""

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from citylab.accounts.models import User
from citylab.core.clock import deadlines
from citylab.pilots.models import Pilot
from citylab.pilots.services.assigning import OVER
from citylab.proposals import selectors
from citylab.proposals.models import Communication, Evaluation, Proposal, ScreeningCheck
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.workflow import PENDING

from .models import SavedFilter
from .steps import Facts

# Messages from whose legal receipt a term runs.
WITH_TERMS = ("changes_requested", "refusal_notice", "decision")
SETTLED = (ScreeningCheck.Result.PASSED, ScreeningCheck.Result.NOT_APPLICABLE)


def filters_for(user: Any) -> QuerySet[SavedFilter]:
    """One's own saved filters and those that colleagues share."""
    return SavedFilter.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")


def filter_of(query: str) -> selectors.QueueFilter:
    """A saved query string as a filter of the queue."""
    given = QueryDict(query)
    flags = {name: bool(given.get(name)) for name in ("late", "today")}
    return selectors.QueueFilter(**{name: given.get(name, "") for name in ("text", "state", "turn", "officer", "sector", "challenge")}, **flags)


def colleagues_with_work() -> QuerySet[User]:
    """Whoever is responsible for an undecided case or a pilot that is not over, also a person who no longer has the role; with the numbers
    of both as `cases` and `pilots`."""

    def number(records: QuerySet[Any]) -> Coalesce:
        return Coalesce(Subquery(records.filter(officer=OuterRef("pk")).order_by().values("officer").annotate(total=Count("pk")).values("total")), 0)

    people = User.objects.annotate(cases=number(Proposal.objects.filter(state__in=PENDING)), pilots=number(Pilot.objects.filter(is_archive=False).exclude(state__in=OVER)))
    return people.filter(Q(cases__gt=0) | Q(pilots__gt=0)).order_by("name", "email")


def work_of(officer: User) -> dict[str, list[tuple[str, str]]]:
    """What somebody is responsible for: the undecided cases and the pilots that are not over, each with what names it (two queries)."""
    cases = Proposal.objects.filter(officer=officer, state__in=PENDING).select_related("organisation").only("number", "title", "state", "organisation__legal_name").order_by("number")
    pilots = Pilot.objects.filter(officer=officer, is_archive=False).exclude(state__in=OVER).select_related("organisation").order_by("code")
    return {
        "cases": [(str(row.pk), f"{row.number} · {row.title} · {row.organisation.legal_name} ({row.get_state_display()})") for row in cases],
        "pilots": [(str(row.pk), f"{row.code.upper()} · {row.title} · {row.organisation.legal_name} ({row.get_state_display()})") for row in pilots],
    }


def case_facts(case: Proposal) -> Facts:
    """What the next step of a case depends on; `case` as selectors.case() gives it (two queries more)."""
    latest = list(case.versions.all())[-1]
    results = dict(ScreeningCheck.objects.filter(version=latest).values_list("item", "result"))
    confirmed = set(Evaluation.objects.filter(version=latest, confirmed_at__isnull=False).values_list("assignment_id", flat=True))
    able = {assignment.pk for assignment in case.assignments.all() if not assignment.has_conflict}
    notices = [notice for notice in case.refusal_notices.all() if notice.closed_on is None]
    notice = notices[-1] if notices else None
    return Facts(
        state=case.state,
        lines_open=sum(results.get(item) not in SETTLED for item in CHECKLIST),
        replies_open=sum(bool(item.reply) and not item.settled for request in case.change_requests.all() if request.answered_on for item in request.items.all()),
        evaluators=len(able),
        confirmed=len(confirmed),
        waiting=len(able - confirmed),
        undelivered=any(message.kind in WITH_TERMS and message_awaits_delivery(message) for message in case.communications.all()),
        rejection_from=deadlines.rejection_allowed_from(notice.observations_due_on, notice.observations_received_on) if notice else None,
        notice_received=notice is not None and notice.communication.legally_received_on is not None,
        observations=notice is not None and notice.observations_received_on is not None,
    )


def message_awaits_delivery(message: Communication) -> bool:
    """A PEC of ours whose receipt of delivery is not on record yet."""
    return message.direction == Communication.Direction.TO_APPLICANT and message.channel == Communication.Channel.PEC and message.legally_received_on is None
