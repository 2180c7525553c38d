"""What happens along the way: milestones, indicators and their readings, incidents, messages between both sides."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError

from ..models import Incident, Indicator, Milestone, PilotNote, Reading
from ..workflow import BEFORE_START, ON_SITE, State
from .moving import not_future, opened, record, written
from .presenting import confirmations_fall

OPEN = (*BEFORE_START, *ON_SITE, State.RESTORATION, State.REPORTING)


def milestone_add(*, pilot_id: Any, actor: Any, title: str, due_on: date) -> Milestone:
    """A further milestone. Raises DomainError("title_missing")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.record", states=(*BEFORE_START, *ON_SITE))
        milestone = Milestone.objects.create(pilot=pilot, title=written(title, "title_missing", _("Give it a name."))[:200], due_on=due_on)
        record(pilot, "add_milestone", actor=actor, data={"milestone": milestone.pk, "due": due_on.isoformat()})
    return milestone


def milestone_done(*, milestone_id: Any, actor: Any, done_on: date | None = None) -> Milestone:
    """Reached. Raises Conflict("already_done"), DomainError("date_future")."""
    with transaction.atomic():
        pilot = opened(Milestone.objects.values_list("pilot_id", flat=True).get(pk=milestone_id), actor, "pilots.record", states=OPEN)
        milestone = pilot.milestones.get(pk=milestone_id)
        if milestone.done_on:
            raise Conflict("already_done", _("This milestone is already marked as reached."))
        milestone.done_on = not_future(done_on or clock.today())
        milestone.save(update_fields=["done_on"])
        record(pilot, "reach_milestone", actor=actor, data={"milestone": milestone.pk})
    return milestone


def indicator_add(*, pilot_id: Any, actor: Any, name_it: str, name_en: str, unit: str, baseline: Decimal, target: Decimal, method: str = "", is_public: bool = False) -> Indicator:
    """A further indicator, with where it starts and what it is to reach; a public one needs the card confirmed again. Raises DomainError("title_missing")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.record", states=(*BEFORE_START, *ON_SITE))
        name_it = written(name_it or name_en, "title_missing", _("Give it a name."))
        indicator = Indicator.objects.create(
            pilot=pilot, name_it=name_it[:160], name_en=(name_en or name_it)[:160], unit=unit[:20], baseline=baseline, target=target, method=method[:300], is_public=is_public
        )
        if is_public:
            confirmations_fall(pilot)
        data = {"indicator": indicator.pk, "baseline": str(baseline), "target": str(target), "public": is_public}
        record(pilot, "add_indicator", actor=actor, data=data, topic="pilot.public_changed" if is_public else "")
    return indicator


def reading_add(*, indicator_id: Any, actor: Any, read_on: date, value: Decimal, note: str = "") -> Reading:
    """A reading of an indicator, one a day. Raises Conflict("reading_exists"), DomainError("date_future")."""
    with transaction.atomic():
        pilot = opened(Indicator.objects.values_list("pilot_id", flat=True).get(pk=indicator_id), actor, "pilots.record", states=(*ON_SITE, State.RESTORATION, State.REPORTING))
        try:
            with transaction.atomic():
                reading = Reading.objects.create(
                    indicator_id=indicator_id, read_on=not_future(read_on), value=value, note=note[:300], entered_by=actor, entered_at=clock.now()
                )
        except IntegrityError as error:
            raise Conflict("reading_exists", _("There is already a reading for this day.")) from error
        record(pilot, "add_reading", actor=actor, data={"indicator": int(indicator_id), "on": read_on.isoformat(), "value": str(value)}, topic="pilot.public_changed")
    return reading


def incident_report(*, pilot_id: Any, actor: Any, happened_at: datetime, severity: str, text: str, measures: str = "") -> Incident:
    """Something went wrong; the other side is told. Raises DomainError("severity" | "text_missing" | "date_future")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.record", states=(*ON_SITE, State.READY, State.RESTORATION))
        if severity not in Incident.Severity.values:
            raise DomainError("severity", _("Say how serious it is."))
        if happened_at > clock.now():
            raise DomainError("date_future", _("This date is in the future."))
        incident = Incident.objects.create(
            pilot=pilot, number=pilot.incidents.count() + 1, happened_at=happened_at, severity=severity,
            text=written(text, "text_missing", _("Write what happened.")), measures=measures.strip(), reported_by=actor, reported_at=clock.now(),
        )  # fmt: skip
        record(
            pilot, "report_incident", actor=actor, topic="pilot.incident_reported", payload={"incident": incident.pk},
            data={"incident": incident.number, "severity": severity, "digest": audit.digest(pilot.audit_salt, incident.text)},
        )  # fmt: skip
    return incident


def incident_settle(*, incident_id: Any, actor: Any, measures: str) -> Incident:
    """Say what was done; the incident is settled. Raises Conflict("already_settled"), DomainError("measures_missing")."""
    with transaction.atomic():
        pilot = opened(Incident.objects.values_list("pilot_id", flat=True).get(pk=incident_id), actor, "pilots.process", states=OPEN)
        incident = pilot.incidents.get(pk=incident_id)
        if incident.settled_on:
            raise Conflict("already_settled", _("This incident is already settled."))
        incident.measures = written(measures, "measures_missing", _("Write what was done."))
        incident.settled_on = clock.today()
        incident.save()
        record(pilot, "settle_incident", actor=actor, data={"incident": incident.number})
    return incident


def note_add(*, pilot_id: Any, actor: Any, text: str, internal: bool = False) -> PilotNote:
    """A message to the other side, or a note that only the city sees. Raises DomainError("note_empty")."""
    with transaction.atomic():
        pilot = opened(pilot_id, actor, "pilots.note_internally" if internal else "pilots.write_note")
        note = PilotNote.objects.create(pilot=pilot, author=actor, text=written(text, "note_empty", _("Write the note.")), written_at=clock.now(), internal=internal)
        record(pilot, "note", actor=actor, data={"note": note.pk, "internal": internal}, topic="" if internal else "pilot.note_written", payload={"note": note.pk})
    return note
