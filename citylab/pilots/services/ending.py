"""The end of a pilot: completed, ended by either side, restored, reported, closed."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.proposals import files
from citylab.proposals.models import Attachment
from citylab.testbeds.services import booking_free

from ..models import FinalReport, Pilot, RestorationCheck
from ..selectors import REPORT_FILE, report_files
from ..workflow import State
from .communicating import PORTAL, act_send, declaration_receive
from .moving import carry, lapse_requests, not_future, opened, opened_for, record, written


def _day(day: date) -> str:
    return date_format(day, "j F Y")


def _reason(pilot: Pilot, reason: str) -> str:
    pilot.ending_reason = written(reason, "reason_missing", _("Give the reason."))
    return audit.digest(pilot.audit_salt, pilot.ending_reason)


def pilot_complete(*, pilot_id: Any, actor: Any, completed_on: date | None = None) -> Pilot:
    """The test is over as planned; the site is given back next. Raises DomainError("date_future" | "before_start")."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "complete")
        pilot.completed_on = not_future(completed_on or clock.today())
        if pilot.started_on and pilot.completed_on < pilot.started_on:
            raise DomainError("before_start", _("The test started on %(day)s: its last day cannot come before.") % {"day": _day(pilot.started_on)})
        lapse_requests(pilot)
        return carry(pilot, "complete", actor=actor, data={"on": pilot.completed_on.isoformat()})


def _removal(day: date | None) -> date:
    if day is None or day < clock.today():
        raise DomainError("removal_date", _("Write the day by which everything is removed, today or later."))
    return day


def pilot_terminate(*, pilot_id: Any, actor: Any, reason: str, removal_due_on: date) -> Pilot:
    """The start-up ends the pilot early. Raises DomainError("reason_missing" | "removal_date")."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "terminate")
        pilot.removal_due_on = _removal(removal_due_on)
        digest = _reason(pilot, reason)
        lapse_requests(pilot)
        sent = declaration_receive(pilot, "terminate", actor=actor, payload={})
        return carry(pilot, "terminate", actor=actor, data={**sent, "reason": digest, "removal": removal_due_on.isoformat()}, payload=sent)


def pilot_revoke(*, pilot_id: Any, actor: Any, reason: str, removal_due_on: date, channel: str = PORTAL) -> Pilot:
    """The city ends the pilot. Raises DomainError("reason_missing" | "removal_date" | "channel" | "pec_missing")."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "revoke")
        pilot.removal_due_on = _removal(removal_due_on)
        digest = _reason(pilot, reason)
        lapse_requests(pilot)
        sent = act_send(pilot, "revoke", actor=actor, channel=channel, payload={})
        return carry(pilot, "revoke", actor=actor, data={**sent, "reason": digest, "removal": removal_due_on.isoformat()}, payload=sent)


def pilot_begin_restoration(*, pilot_id: Any, actor: Any) -> Pilot:
    """After an early end: the site is being given back."""
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "begin_restoration")
        return carry(pilot, "begin_restoration", actor=actor)


def restoration_check_record(*, pilot_id: Any, actor: Any, checked_on: date, passed: bool, note: str = "") -> RestorationCheck:
    """The city's look at the site: passed, the place is free again and the report is due; failed, the start-up mends and the check repeats.

    Raises DomainError("date_future" | "before_end" | "note_missing" for a failed check without a note).
    """
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "confirm_restoration")
        on_site_until = pilot.completed_on or pilot.started_on  # ended early, only its first day is known
        if on_site_until and checked_on < on_site_until:
            raise DomainError("before_end", _("The test was on the site on %(day)s: the check cannot come before.") % {"day": _day(on_site_until)})
        if not passed and not note.strip():
            raise DomainError("note_missing", _("Write what must still be put in order."))
        check = RestorationCheck.objects.create(
            pilot=pilot, checked_on=not_future(checked_on), passed=passed, note=note.strip(), checked_by=actor, recorded_at=clock.now()
        )
        data = {"check": check.pk, "passed": passed}
        if passed:
            booking_free(case_id=pilot.pk, on=checked_on, actor=actor)
            carry(pilot, "confirm_restoration", actor=actor, data=data)
        else:
            record(pilot, "fail_restoration", actor=actor, data=data, topic="pilot.restoration_failed", payload={"check": check.pk})
    return check


def final_report_submit(
    *, pilot_id: Any, actor: Any, results: str, lessons: str, next_steps: str = "", uploads: Sequence[Any] = (), remove: Collection[str] = ()
) -> FinalReport:
    """The start-up's report, once or again until the pilot is closed: `uploads` joins its files, `remove` names those that go.

    Raises DomainError("results_missing" | "lessons_missing" | "report_file").
    """
    with transaction.atomic():
        opened(pilot_id, actor, "pilots.act_for_startup", states=(State.REPORTING,))
    stored = files.store_all(uploads, "report_file")  # outside the lock: a large file must hold nobody up
    try:
        return _report_write(pilot_id, actor, {"results": results, "lessons": lessons, "next_steps": next_steps}, stored, remove)
    except (DomainError, DatabaseError):
        for _name, file in stored:
            files.forget(file.key)  # nothing refers to it
        raise


def _report_write(pilot_id: Any, actor: Any, texts: dict[str, str], stored: list[tuple[str, files.StoredFile]], remove: Collection[str]) -> FinalReport:
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.act_for_startup", states=(State.REPORTING,))
        report, _created = FinalReport.objects.update_or_create(
            pilot=pilot,
            defaults={
                "results": written(texts["results"], "results_missing", _("Write what came out of it.")),
                "lessons": written(texts["lessons"], "lessons_missing", _("Write what you learned, also from what did not work.")),
                "next_steps": texts["next_steps"].strip(),
                "submitted_by": actor,
                "submitted_at": clock.now(),
            },
        )
        pilot.final_report = report
        moment = clock.now()
        gone = list(report_files(pilot).filter(pk__in=list(remove)))
        for attachment in gone:
            attachment.removed_at = moment
            attachment.save(update_fields=["removed_at"])
            outbox.publish("attachment.removed", attachment.pk)
        added = [
            Attachment.objects.create(
                proposal_id=pilot.proposal_id, kind=REPORT_FILE, name=name, key=file.key, sha256=file.sha256, size=file.size, content_type=file.content_type, uploaded_by=actor,
                uploaded_at=moment,
            )
            for name, file in stored
        ]  # fmt: skip
        data = {
            "digest": audit.digest(pilot.audit_salt, report.results + report.lessons), "files": {str(file.pk): file.sha256 for file in added},
            "removed": [str(file.pk) for file in gone],
        }  # fmt: skip
        record(pilot, "submit_report", actor=actor, data=data, topic="pilot.report_submitted")
    return report


def pilot_close(*, pilot_id: Any, actor: Any, outcome: str, reasons: str, channel: str = PORTAL) -> Pilot:
    """Close with what the city does next and why. A case with an open deposit stays open (as in Helsinki's Allu: domain §7).

    Raises DomainError("report_missing" | "deposit_open" | "outcome" | "reason_missing" | "channel" | "pec_missing").
    """
    with transaction.atomic():
        pilot = opened_for(pilot_id, actor, "close")
        if not FinalReport.objects.filter(pilot=pilot).exists():
            raise Conflict("report_missing", _("The final report has not arrived yet."))
        if pilot.holds_deposit:
            raise DomainError("deposit_open", _("A deposit is still held or on its way back. Release it or keep it with reasons, and wait until it has gone back."))
        if outcome not in Pilot.Outcome.values:
            raise DomainError("outcome", _("Choose the outcome."))
        pilot.outcome = outcome
        pilot.outcome_reasons = written(reasons, "reason_missing", _("Give the reason."))
        pilot.closed_on = clock.today()
        sent = act_send(pilot, "close", actor=actor, channel=channel, payload={})
        data = {**sent, "outcome": outcome, "reasons": audit.digest(pilot.audit_salt, pilot.outcome_reasons)}
        return carry(pilot, "close", actor=actor, data=data, payload=sent)
