"""Who may do what in which state, written down by hand: the tests hold the room to this, never the other way round."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from citylab.core import clock
from citylab.pilots.models import ExtensionRequest, Incident, Pilot, Reading, SuspensionRequest
from citylab.pilots.services import assigning, correcting, ending, preparing, presenting, recording, running

STATES = ("agreement", "preparation", "ready", "running", "suspended", "terminated", "revoked", "restoration", "reporting", "closed", "withdrawn")
PEOPLE = ("owner", "editor", "reader", "stranger", "officer", "insider", "evaluator", "department", "writer", "administrator", "visitor")

CITY = {"officer", "administrator"}
# An officer who belongs to the start-up acts for it and stays out of the city's part.
STARTUP = {"owner", "editor", "insider"}
BOTH = CITY | STARTUP
BEFORE = {"agreement", "preparation", "ready"}
ON_SITE = {"running", "suspended"}
OPEN = BEFORE | ON_SITE | {"restoration", "reporting"}
ALWAYS = set(STATES)

# Move → (the states that allow it, the people who may make it, the state it leads to: None stays).
TABLE: dict[str, tuple[set[str], set[str], str | None]] = {
    "sign_for_city": ({"agreement"}, CITY, None),
    "sign_for_startup": ({"agreement"}, STARTUP, None),
    "set_gate": (BEFORE | ON_SITE, CITY, None),
    "declare_ready": ({"preparation"}, CITY, "ready"),
    "start": ({"ready"}, CITY, "running"),
    "suspend": ({"running"}, CITY, "suspended"),
    "restart": ({"suspended"}, CITY, "running"),
    "complete": (ON_SITE, BOTH, "restoration"),
    "terminate": (ON_SITE, STARTUP, "terminated"),
    "revoke": (BEFORE | ON_SITE, CITY, "revoked"),
    "begin_restoration": ({"terminated", "revoked"}, CITY, "restoration"),
    "pass_check": ({"restoration"}, CITY | {"department"}, "reporting"),
    "fail_check": ({"restoration"}, CITY | {"department"}, None),
    "submit_report": ({"reporting"}, STARTUP, None),
    "close": ({"reporting"}, CITY, "closed"),
    "withdraw": (BEFORE, STARTUP, "withdrawn"),
    "change_dates": (BEFORE, CITY, None),
    "request_extension": (ON_SITE, STARTUP, None),
    "grant_extension": (ON_SITE, CITY, None),
    "refuse_extension": (ON_SITE, CITY, None),
    "request_suspension": ({"running"}, STARTUP, None),
    "decline_suspension": ({"running"}, CITY, None),
    "add_milestone": (BEFORE | ON_SITE, BOTH, None),
    "reach_milestone": (OPEN, BOTH, None),
    "add_indicator": (BEFORE | ON_SITE, BOTH, None),
    "add_reading": (ON_SITE | {"restoration", "reporting"}, BOTH, None),
    "correct_milestone": (OPEN, BOTH, None),
    "remove_milestone": (OPEN, BOTH, None),
    "correct_indicator": (OPEN, BOTH, None),
    "remove_indicator": (OPEN, BOTH, None),
    "show_indicator": (ALWAYS, BOTH, None),
    "correct_reading": (ON_SITE | {"restoration", "reporting"}, BOTH, None),
    "remove_reading": (ON_SITE | {"restoration", "reporting"}, BOTH, None),
    "report_incident": (ON_SITE | {"ready", "restoration"}, BOTH, None),
    "settle_incident": (OPEN, CITY, None),
    "write_to_other_side": (ALWAYS, BOTH, None),
    "write_internal_note": (ALWAYS, CITY, None),
    "write_card": (ALWAYS, BOTH, None),
    "confirm_card_for_city": (ALWAYS, CITY, None),
    "confirm_card_for_startup": (ALWAYS, STARTUP, None),
    "assign": (ALWAYS, CITY, None),
}

CARD = {"public_title_it": "Pioggia", "public_title_en": "Rain", "public_summary_it": "Sensori di pioggia.", "public_summary_en": "Rain sensors."}


def _due(days: int) -> Any:
    return clock.today() + timedelta(days=days)


# Each move as a call; `on` carries the pilot's key and rows of it that the move is about.
CALLS: dict[str, Callable[[SimpleNamespace, Any], Any]] = {
    "sign_for_city": lambda on, who: preparing.agreement_record_signature(pilot_id=on.pk, actor=who, side="city", signed_on=_due(0), agreement_number="D 7/2027"),
    "sign_for_startup": lambda on, who: preparing.agreement_record_signature(pilot_id=on.pk, actor=who, side="startup", signed_on=_due(0)),
    "set_gate": lambda on, who: preparing.gate_set(pilot_id=on.pk, actor=who, kind="permits", result="green", note="Aut. 12"),
    "declare_ready": lambda on, who: preparing.pilot_declare_ready(pilot_id=on.pk, actor=who),
    "start": lambda on, who: preparing.pilot_start(pilot_id=on.pk, actor=who),
    "suspend": lambda on, who: running.pilot_suspend(pilot_id=on.pk, actor=who, reason="Un guasto.", restart_conditions="Riparare."),
    "restart": lambda on, who: running.pilot_restart(pilot_id=on.pk, actor=who),
    "complete": lambda on, who: ending.pilot_complete(pilot_id=on.pk, actor=who),
    "terminate": lambda on, who: ending.pilot_terminate(pilot_id=on.pk, actor=who, reason="Fondi finiti.", removal_due_on=_due(10)),
    "revoke": lambda on, who: ending.pilot_revoke(pilot_id=on.pk, actor=who, reason="Pericolo.", removal_due_on=_due(10)),
    "begin_restoration": lambda on, who: ending.pilot_begin_restoration(pilot_id=on.pk, actor=who),
    "pass_check": lambda on, who: ending.restoration_check_record(pilot_id=on.pk, actor=who, checked_on=_due(0), passed=True),
    "fail_check": lambda on, who: ending.restoration_check_record(pilot_id=on.pk, actor=who, checked_on=_due(0), passed=False, note="Un palo."),
    "submit_report": lambda on, who: ending.final_report_submit(pilot_id=on.pk, actor=who, results="Bene.", lessons="Batterie."),
    "close": lambda on, who: ending.pilot_close(pilot_id=on.pk, actor=who, outcome="adopt", reasons="Utile."),
    "withdraw": lambda on, who: preparing.pilot_withdraw(pilot_id=on.pk, actor=who, reason="Cambio di piani."),
    "change_dates": lambda on, who: preparing.dates_change(pilot_id=on.pk, actor=who, starts_on=_due(3), ends_on=_due(70), reason="Neve."),
    "request_extension": lambda on, who: running.extension_request(pilot_id=on.pk, actor=who, ends_on=_due(90), reason="Troppa pioggia."),
    "grant_extension": lambda on, who: running.extension_answer(request_id=on.extension(), actor=who, granted=True, rechecked=("permits", "insurance")),
    "refuse_extension": lambda on, who: running.extension_answer(request_id=on.extension(), actor=who, granted=False, answer="No."),
    "request_suspension": lambda on, who: running.suspension_request(pilot_id=on.pk, actor=who, reason="Manca il personale."),
    "decline_suspension": lambda on, who: running.suspension_decline(request_id=on.suspension(), actor=who, answer="Non serve."),
    "add_milestone": lambda on, who: recording.milestone_add(pilot_id=on.pk, actor=who, title="Collaudo", due_on=_due(20)),
    "reach_milestone": lambda on, who: recording.milestone_done(milestone_id=on.milestone(), actor=who),
    "add_indicator": lambda on, who: recording.indicator_add(pilot_id=on.pk, actor=who, name_it="Ore", name_en="Hours", unit="h", baseline=Decimal(0), target=Decimal(9)),
    "add_reading": lambda on, who: recording.reading_add(indicator_id=on.indicator(), actor=who, read_on=on.free_day(), value=Decimal(60)),
    "correct_milestone": lambda on, who: correcting.milestone_correct(milestone_id=on.milestone(), actor=who, title=f"Collaudo {on.fresh()}", due_on=_due(21)),
    "remove_milestone": lambda on, who: correcting.milestone_remove(milestone_id=on.milestone(), actor=who),
    "correct_indicator": lambda on, who: correcting.indicator_correct(indicator_id=on.indicator(), actor=who, name_it="Ore", name_en="Hours", unit="h", baseline=Decimal(0), target=Decimal(10 + on.fresh())),
    "remove_indicator": lambda on, who: correcting.indicator_remove(indicator_id=on.indicator(), actor=who),
    "show_indicator": lambda on, who: correcting.indicator_show(indicator_id=on.indicator(), actor=who, is_public=not on.shown()),
    "correct_reading": lambda on, who: correcting.reading_correct(reading_id=on.reading(), actor=who, read_on=on.free_day(), value=Decimal(61)),
    "remove_reading": lambda on, who: correcting.reading_remove(reading_id=on.reading(), actor=who),
    "report_incident": lambda on, who: recording.incident_report(pilot_id=on.pk, actor=who, happened_at=clock.now(), severity="low", text="Una caduta."),
    "settle_incident": lambda on, who: recording.incident_settle(incident_id=on.incident(), actor=who, measures="Fissato meglio."),
    "write_to_other_side": lambda on, who: recording.note_add(pilot_id=on.pk, actor=who, text="Ci vediamo lunedì."),
    "write_internal_note": lambda on, who: recording.note_add(pilot_id=on.pk, actor=who, text="Da vedere.", internal=True),
    "write_card": lambda on, who: presenting.public_card_save(pilot_id=on.pk, actor=who, **{**CARD, "public_title_en": f"Rain {on.fresh()}"}),
    "confirm_card_for_city": lambda on, who: presenting.public_card_confirm(pilot_id=on.pk, actor=who, side="city"),
    "confirm_card_for_startup": lambda on, who: presenting.public_card_confirm(pilot_id=on.pk, actor=who, side="startup"),
    "assign": lambda on, who: assigning.pilot_assign(pilot_id=on.pk, actor=who, officer=on.officer),
}  # fmt: skip


def prepared(pilot: Pilot, officer: Any) -> SimpleNamespace:
    """What the calls are about; rows that a move needs are looked up when it is made."""
    serial = iter(range(10_000))

    def newest(rows: Any) -> Any:
        return rows.order_by("-pk").values_list("pk", flat=True).first()

    return SimpleNamespace(
        pk=pilot.pk, officer=officer, fresh=lambda: next(serial), free_day=lambda: clock.today() - timedelta(days=next(serial)),
        extension=lambda: newest(pilot.extension_requests), suspension=lambda: newest(pilot.suspension_requests), incident=lambda: newest(pilot.incidents),
        milestone=lambda: newest(pilot.milestones.filter(done_on__isnull=True)) or newest(pilot.milestones), indicator=lambda: newest(pilot.indicators),
        shown=lambda: pilot.indicators.order_by("-pk").values_list("is_public", flat=True).first(),
        reading=lambda: newest(Reading.objects.filter(indicator__pilot=pilot)),
    )  # fmt: skip


def give_rows(pilot: Pilot, *, without: str = "") -> None:
    """An open incident, a milestone still ahead, an indicator with a reading and one without, and requests that wait, put there directly because most states have none; `without` the ones a move would make."""
    moment = clock.now()
    pilot.milestones.create(title="Ancora davanti", due_on=_due(30))
    measured, _unmeasured = (pilot.indicators.create(name_it=name, name_en=name, baseline=0, target=9, is_public=False) for name in ("Misurato", "Non misurato"))
    measured.readings.create(read_on=date(2020, 1, 1), value=5, entered_at=moment)
    Incident.objects.create(pilot=pilot, number=900, happened_at=moment, severity="low", text="Un ramo.", reported_at=moment)
    if without != "request_extension":
        ExtensionRequest.objects.create(pilot=pilot, ends_on=_due(80), reason="Pioggia.", requested_at=moment)
    if without != "request_suspension":
        SuspensionRequest.objects.create(pilot=pilot, reason="Neve.", requested_at=moment)
