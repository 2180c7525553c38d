"""What the pilot of an approved proposal goes through, step by step through the real services."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zlib import crc32

from citylab.core import clock
from citylab.pilots.models import Gate, Indicator, Pilot
from citylab.pilots.services import approving, ending, preparing, presenting, recording, running
from citylab.proposals.models import Decision

from . import moneywork, texts
from .casework import Case
from .course import Course
from .timeline import Story

READING_DAYS = 14
# How far from baseline to target an indicator got at its last reading, by the end of the story.
REACHED = {"closed:stop": Decimal("0.35"), "closed:procure": Decimal("0.95"), "closed:adopt": Decimal("1.05"), "closed:extend": Decimal("0.9")}


def approved(course: Course) -> Story:
    case = course.case
    yield case.office(course.decided, 12)
    flags = {*case.idea["flags"], *case.use.get("flags", [])}
    third_party = next((name for flag, name in texts.THIRD_PARTY.items() if flag in flags), "")
    outcome = Decision.Outcome.APPROVED_SUBJECT_TO_THIRD_PARTY if third_party else Decision.Outcome.APPROVED_WITH_CONDITIONS if case.number % 2 else Decision.Outcome.APPROVED
    course.pilot = approving.proposal_approve(
        proposal_id=case.proposal.pk, actor=case.officer, outcome=outcome, third_party=third_party, conditions=texts.CONDITIONS if case.number % 2 else "",
        site_id=case.site.pk if case.site else None, **case.act(texts.APPROVED),
    )  # fmt: skip


def signed_by_startup(course: Course) -> Story:
    yield course.case.at(course.decided - 6, 15)
    preparing.agreement_record_signature(**course.key, **course.startup, side="startup", signed_on=clock.today())


def signed_by_city(course: Course) -> Story:
    yield course.case.office(course.decided - 8, 11)
    preparing.agreement_record_signature(**course.key, **course.city, side="city", signed_on=clock.today(), agreement_number=f"RCU {course.case.number}/{clock.today().year}")


def gates_set(course: Course, *, leave: tuple[str, ...] = ()) -> Story:
    """The requirements that are not met by themselves turn green, but those named in `leave`."""
    yield course.case.office(course.decided - 14, 10)
    red = course.pilot.gates.filter(result=Gate.State.RED, follows_money=False).exclude(kind__in=[*preparing.AUTOMATIC_GATES, *leave])
    for kind in red.values_list("kind", flat=True):
        preparing.gate_set(**course.key, **course.city, kind=kind, result=Gate.State.GREEN, note="Documento acquisito agli atti")
    recording.note_add(**course.key, **course.startup, text=texts.STARTUP_NOTE)
    recording.note_add(**course.key, **course.city, text=texts.CITY_NOTE)


def declared_ready(course: Course) -> Story:
    yield course.case.office(course.decided - 18, 11)
    preparing.pilot_declare_ready(**course.key, **course.city)


def presented(course: Course) -> Story:
    """The public card, where the story has one, written by the city and confirmed by both."""
    card = course.case.use.get("card")
    if card is None:
        return
    yield course.case.office(course.first + 2, 16)
    words = {"public_title_it": card["it"], "public_title_en": card["en"], "public_summary_it": card["summary_it"], "public_summary_en": card["summary_en"]}
    presenting.public_card_save(**course.key, **course.city, **words)
    presenting.public_card_confirm(**course.key, **course.city, side="city")
    yield course.case.at(course.first + 1, 18)
    presenting.public_card_confirm(**course.key, **course.startup, side="startup")
    names = {row["it"]: row["en"] for row in course.case.idea["indicators"]}
    for indicator in course.pilot.indicators.all():
        indicator.name_en, indicator.is_public = names.get(indicator.name_it, indicator.name_en), True
        indicator.save(update_fields=["name_en", "is_public"])


def started(course: Course) -> Story:
    yield course.case.at(course.first, 9)
    preparing.pilot_start(**course.key, **course.city)


def measured(course: Course, until: int) -> Story:
    """Readings every other week from the start until `until` days ago, one on the last day, and the milestones on the way."""
    indicators = list(course.pilot.indicators.all())
    milestones = list(course.pilot.milestones.all())
    days = list(range(course.first - READING_DAYS, max(until, 0), -READING_DAYS))
    for days_ago in [*days, until] if until == course.last else days:
        yield course.case.at(days_ago, 17)
        share = Decimal(course.first - days_ago) / Decimal(course.first - course.last)
        for indicator in indicators:
            recording.reading_add(indicator_id=indicator.pk, **course.startup, read_on=clock.today(), value=_value(course.case, indicator, share))
        while milestones and milestones[0].due_on <= clock.today():
            recording.milestone_done(milestone_id=milestones.pop(0).pk, **course.startup, done_on=clock.today())


def _value(case: Case, indicator: Indicator, share: Decimal) -> Decimal:
    """Between baseline and target, nearer the target as time goes by, with a little unrest."""
    reached = REACHED.get(case.use["story"], Decimal("0.85"))
    unrest = Decimal(crc32(f"{indicator.name_it}{share}".encode()) % 13 - 6) / 100 if share < 1 else 0
    value = indicator.baseline + (indicator.target - indicator.baseline) * (reached * share + unrest)
    return max(value, Decimal(0)).quantize(Decimal("1") if abs(indicator.target) >= 50 else Decimal("0.1"))


def incident(course: Course, days_ago: int, text: str, measures: str, *, settle: bool) -> Story:
    yield course.case.at(days_ago, 8)
    happened_at = datetime.combine(clock.today(), time(3, 40), clock.rome)
    found = recording.incident_report(**course.key, **course.startup, happened_at=happened_at, severity="medium", text=text, measures=measures)
    yield course.case.at(days_ago, 10)
    running.pilot_suspend(**course.key, **course.city, reason=texts.SUSPENSION, restart_conditions=texts.RESTART, incident_id=found.pk)
    if settle:
        yield course.case.office(days_ago - 6, 12)
        recording.incident_settle(incident_id=found.pk, **course.city, measures=measures)
        running.pilot_restart(**course.key, **course.city)


def completed(course: Course) -> Story:
    yield course.case.at(course.last, 18)
    ending.pilot_complete(**course.key, **course.startup)


def site_checked(course: Course, days_ago: int, *, passed: bool) -> Story:
    yield course.case.office(days_ago, 10)
    checker = course.case.people["department"] if passed else course.case.officer
    ending.restoration_check_record(
        **course.key, actor=checker, checked_on=clock.today(), passed=passed, note=texts.CHECK_PASSED if passed else texts.CHECK_FAILED
    )


def reported(course: Course, days_ago: int) -> Story:
    yield course.case.at(days_ago, 16)
    indicator = course.pilot.indicators.first()
    last = indicator.readings.last() if indicator else None
    results = ""
    if indicator and last:
        numbers = {"baseline": f"{indicator.baseline:g}", "reached": f"{last.value:g}", "unit": indicator.unit, "target": f"{indicator.target:g}"}
        results = texts.REPORT.format(indicator=indicator.name_it, **numbers)
    lessons = course.case.use.get("lessons", texts.LESSONS)
    ending.final_report_submit(**course.key, **course.startup, results=results, lessons=lessons, next_steps=texts.NEXT_STEPS)


def closed(course: Course, days_ago: int) -> Story:
    yield course.case.office(days_ago, 12)
    ending.pilot_close(**course.key, **course.city, outcome=course.case.detail, reasons=course.case.use["reasons"])


def extension_asked(course: Course) -> Story:
    yield course.case.at(4, 11)
    pilot = Pilot.objects.get(pk=course.pilot.pk)
    running.extension_request(**course.key, **course.startup, ends_on=(pilot.ends_on or clock.today()) + timedelta(days=60), reason=texts.EXTENSION)


def terminated(course: Course) -> Story:
    yield course.case.at(4, 10)
    ending.pilot_terminate(**course.key, **course.startup, reason=texts.TERMINATED, removal_due_on=clock.today() + timedelta(days=14))


def revoked(course: Course) -> Story:
    yield course.case.office(6, 12)
    ending.pilot_revoke(**course.key, **course.city, reason=texts.REVOKED, removal_due_on=clock.today() + timedelta(days=14))


def withdrawn(course: Course) -> Story:
    yield course.case.at(course.decided - 16, 17)
    preparing.pilot_withdraw(**course.key, **course.startup, reason=texts.PILOT_WITHDRAWN)


def until_running(course: Course) -> Story:
    """From the decision to the first day on site."""
    yield from approved(course)
    yield from signed_by_startup(course)
    yield from signed_by_city(course)
    yield from moneywork.paid(course)
    yield from gates_set(course)
    yield from declared_ready(course)
    yield from presented(course)
    yield from started(course)


def pilot(course: Course) -> Story:
    """The whole course of the case's story."""
    story = course.case.story
    before = {
        "agreement": [approved],
        "agreement_half": [approved, signed_by_startup],
        "pilot_withdrawn": [approved, signed_by_startup, signed_by_city, moneywork.stamped, withdrawn],
        "ready": [approved, signed_by_startup, signed_by_city, moneywork.paid, gates_set, declared_ready],
    }
    if story in before:
        for part in before[story]:
            yield from part(course)
    elif story == "preparation":
        for part in (approved, signed_by_startup, signed_by_city, moneywork.paid):
            yield from part(course)
        yield from gates_set(course, leave=(Gate.Kind.PERMITS, Gate.Kind.INSURANCE))
    else:
        yield from until_running(course)
        yield from _on_site(course)


def _on_site(course: Course) -> Story:
    story = course.case.story
    if story in ("running", "running_extension", "terminated", "revoked"):
        yield from measured(course, 7 if story in ("terminated", "revoked") else 0)
        if course.case.use.get("money") == "disputed":
            yield from moneywork.disputed(course, 6)
        yield from {"running_extension": extension_asked, "terminated": terminated, "revoked": revoked}.get(story, _nothing)(course)
    elif story == "suspended":
        yield from measured(course, 12)
        yield from incident(course, 11, texts.INCIDENT, texts.INCIDENT_MEASURES, settle=False)
    elif story == "running_restarted":
        yield from measured(course, 50)
        yield from incident(course, 49, texts.STORM, texts.STORM_MEASURES, settle=True)
    else:
        yield from measured(course, course.last)
        yield from completed(course)
        yield from _after(course)


def _after(course: Course) -> Story:
    story = course.case.story
    if story == "restoration_failed":
        yield from site_checked(course, course.last - 7, passed=False)
    elif story != "restoration":
        yield from site_checked(course, course.last - 5, passed=True)
        if story in ("reported", "closed"):
            yield from moneywork.deposit_decided(course, course.last - 12)
        if story != "reporting":
            yield from reported(course, course.last - 30 if story == "closed" else course.last - 29)
        if story == "closed":
            yield from closed(course, course.last - 50)


def _nothing(course: Course) -> Story:
    yield from ()


