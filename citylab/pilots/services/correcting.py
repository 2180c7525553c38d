"""Putting right what was recorded: milestones, indicators and their readings. What they said before stays in the trail."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.core.errors import Conflict

from ..models import Indicator, Milestone, Pilot, Reading
from ..workflow import BEFORE_START, ON_SITE, State
from .moving import not_future, opened, record, written
from .presenting import confirmations_fall

READABLE = (*ON_SITE, State.RESTORATION, State.REPORTING)
OPEN = (*BEFORE_START, *READABLE)
# What of each can be corrected.
FIELDS: dict[type, tuple[str, ...]] = {
    Milestone: ("title", "due_on", "done_on"),
    Indicator: ("name_it", "name_en", "unit", "baseline", "target", "method"),
    Reading: ("read_on", "value", "note"),
}
# What of an indicator stands on the public card.
SHOWN = {"name_it", "name_en", "unit", "baseline", "target"}


def row_mark(row: Any) -> str:
    """A short mark of a row as it stands, to tell whether it is still what somebody looked at."""
    return hashlib.sha256("\0".join(str(getattr(row, name)) for name in FIELDS[type(row)]).encode()).hexdigest()[:16]


def milestone_correct(*, milestone_id: Any, actor: Any, title: str, due_on: date, done_on: date | None = None, seen: str = "") -> Milestone:
    """Other words or days; without `done_on` it is not reached. `seen` is the mark of what was looked at.

    Raises DomainError("title_missing" | "date_future"), Conflict("row_changed" | "row_gone").
    """
    with transaction.atomic():
        pilot, milestone = _opened(Milestone, milestone_id, actor, OPEN, seen)
        title = written(title, "title_missing", _("Give it a name."))[:200]
        return _correct(pilot, milestone, actor, "correct_milestone", title=title, due_on=due_on, done_on=done_on and not_future(done_on))


def milestone_remove(*, milestone_id: Any, actor: Any, seen: str = "") -> None:
    """Raises Conflict("row_changed" | "row_gone")."""
    with transaction.atomic():
        pilot, milestone = _opened(Milestone, milestone_id, actor, OPEN, seen)
        _remove(pilot, milestone, actor, "remove_milestone")


def indicator_correct(
    *, indicator_id: Any, actor: Any, name_it: str, name_en: str, unit: str, baseline: Decimal, target: Decimal, method: str = "", seen: str = ""
) -> Indicator:
    """Other words or values; where the public card shows them, both sides confirm it again. Raises DomainError("title_missing"), Conflict("row_changed" | "row_gone")."""
    with transaction.atomic():
        pilot, indicator = _opened(Indicator, indicator_id, actor, OPEN, seen)
        name_it = written(name_it or name_en, "title_missing", _("Give it a name."))
        before = {name: getattr(indicator, name) for name in SHOWN}
        _correct(
            pilot, indicator, actor, "correct_indicator", topic=_followed(indicator), name_it=name_it[:160], name_en=(name_en.strip() or name_it)[:160], unit=unit[:20], baseline=baseline,
            target=target, method=method[:300],
        )  # fmt: skip
        if indicator.is_public and before != {name: getattr(indicator, name) for name in SHOWN}:
            confirmations_fall(pilot)
    return indicator


def indicator_show(*, indicator_id: Any, actor: Any, is_public: bool) -> Indicator:
    """Put an indicator with its readings on the public card, which both sides then confirm again; or take it off."""
    with transaction.atomic():
        pilot, indicator = _opened(Indicator, indicator_id, actor, None, permission="pilots.edit_public_card")
        if indicator.is_public == is_public:
            return indicator
        indicator.is_public = is_public
        indicator.save(update_fields=["is_public"])
        if is_public:
            confirmations_fall(pilot)
        record(pilot, "show_indicator" if is_public else "hide_indicator", actor=actor, data={"indicator": indicator.pk}, topic="pilot.public_changed")
    return indicator


def indicator_remove(*, indicator_id: Any, actor: Any, seen: str = "") -> None:
    """Raises Conflict("readings_exist" | "row_changed" | "row_gone"): what was measured does not go with one click."""
    with transaction.atomic():
        pilot, indicator = _opened(Indicator, indicator_id, actor, OPEN, seen)
        if indicator.readings.exists():
            raise Conflict("readings_exist", _("There are readings of this indicator. Remove them first, or take the indicator off the public card."))
        _remove(pilot, indicator, actor, "remove_indicator", topic=_followed(indicator))


def reading_correct(*, reading_id: Any, actor: Any, read_on: date, value: Decimal, note: str = "", seen: str = "") -> Reading:
    """Another day, value or note. Raises DomainError("date_future"), Conflict("reading_exists" | "row_changed" | "row_gone")."""
    with transaction.atomic():
        pilot, reading = _opened(Reading, reading_id, actor, READABLE, seen)
        try:
            with transaction.atomic():
                return _correct(
                    pilot, reading, actor, "correct_reading", topic="pilot.public_changed", read_on=not_future(read_on), value=value, note=note[:300]
                )
        except IntegrityError as error:
            raise Conflict("reading_exists", _("There is already a reading for this day.")) from error


def reading_remove(*, reading_id: Any, actor: Any, seen: str = "") -> None:
    """Raises Conflict("row_changed" | "row_gone")."""
    with transaction.atomic():
        pilot, reading = _opened(Reading, reading_id, actor, READABLE, seen)
        _remove(pilot, reading, actor, "remove_reading", topic="pilot.public_changed")


def _opened(model: Any, pk: Any, actor: Any, states: tuple[State, ...] | None, seen: str = "", permission: str = "pilots.record") -> tuple[Pilot, Any]:
    """The row and its pilot, which is locked."""
    rows = model.objects.filter(pk=pk)
    pilot_id = rows.values_list("indicator__pilot_id" if model is Reading else "pilot_id", flat=True).first()
    pilot = opened(pilot_id, actor, permission, states=states) if pilot_id else None
    row = rows.first()  # as it stands under the lock
    if pilot is None or row is None:
        raise Conflict("row_gone", _("Somebody has removed this in the meantime."))
    if seen and seen != row_mark(row):
        raise Conflict("row_changed", _("Somebody has corrected this in the meantime. Look at it as it stands now."))
    return pilot, row


def _correct(pilot: Pilot, row: Any, actor: Any, action: str, topic: str = "", **values: Any) -> Any:
    before = _kept(pilot, row)
    for name, value in values.items():
        setattr(row, name, value)
    after = _kept(pilot, row)
    changed = [name for name in values if before[name] != after[name]]
    if changed:
        row.save(update_fields=changed)
        record(
            pilot,
            action,
            actor=actor,
            data={**_named(row), "from": {name: before[name] for name in changed}, "to": {name: after[name] for name in changed}},
            topic=topic,
        )
    return row


def _remove(pilot: Pilot, row: Any, actor: Any, action: str, topic: str = "") -> None:
    data = {**_named(row), "from": _kept(pilot, row)}
    row.delete()
    record(pilot, action, actor=actor, data=data, topic=topic)


def _named(row: Any) -> dict[str, Any]:
    """Which row it is, as the trail names it; a reading with its indicator."""
    return {row._meta.model_name: row.pk, **({"indicator": row.indicator_id} if isinstance(row, Reading) else {})}


def _kept(pilot: Pilot, row: Any) -> dict[str, str]:
    """The row's values as the trail keeps them: words as digests."""
    found = {}
    for name in FIELDS[type(row)]:
        value = getattr(row, name)
        found[name] = (
            f"{value.normalize():f}"
            if isinstance(value, Decimal)
            else value.isoformat()
            if isinstance(value, date)
            else audit.digest(pilot.audit_salt, value)
            if value
            else ""
        )
    return found


def _followed(indicator: Indicator) -> str:
    return "pilot.public_changed" if indicator.is_public else ""
