"""Copies of a case and everything that hangs on it, for bulk loading: the rows that the services wrote, with other ids, people and days.

What stands in rows as an id, a register number, a digest or a day is changed everywhere it stands, the trail included; its hashes are
worked out anew. Free texts keep their wording and their salt, so that the digests in the trail still prove them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import models

from citylab.accounts.models import User
from citylab.audit.hashing import BEGINNING, entry_hash
from citylab.audit.models import AuditEntry
from citylab.core import clock
from citylab.core.models import OutboxMessage
from citylab.payments import models as payments
from citylab.pilots import models as pilots
from citylab.proposals import models as proposals
from citylab.proposals.services.submitting import digest_of

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PROPOSAL = proposals.Proposal
STAMPS = "0299"  # the serial numbers of copies begin with these digits
STAMP = "stamp"
# Every table with rows of a case, in an order in which what is referred to comes first, and the way from its row to the proposal; of the ledger to the pilot.
# A copied pilot has paid with a stamp at most (volume._exemplars): nothing stands here of checkouts and what follows them.
PARTS: tuple[tuple[type[models.Model], str], ...] = (
    (PROPOSAL, "pk"),
    (PROPOSAL.technologies.through, "proposal"),
    (PROPOSAL.capabilities.through, "proposal"),
    (proposals.ProposalSite, "proposal"),
    (proposals.Attachment, "proposal"),
    (proposals.RegisterEntry, "case_id"),
    (proposals.ProposalVersion, "proposal"),
    (proposals.Signature, "version__proposal"),
    (proposals.StampDuty, STAMP),
    (proposals.Communication, "proposal"),
    (proposals.ScreeningCheck, "version__proposal"),
    (proposals.ChangeRequest, "proposal"),
    (proposals.ChangeRequestItem, "request__proposal"),
    (proposals.RefusalNotice, "proposal"),
    (proposals.Note, "proposal"),
    (proposals.Assignment, "proposal"),
    (proposals.Evaluation, "assignment__proposal"),
    (proposals.Score, "evaluation__assignment__proposal"),
    (proposals.Decision, "proposal"),
    (pilots.Pilot, "proposal"),
    (pilots.Gate, "pilot__proposal"),
    (pilots.Milestone, "pilot__proposal"),
    (pilots.Indicator, "pilot__proposal"),
    (pilots.Reading, "indicator__pilot__proposal"),
    (pilots.Incident, "pilot__proposal"),
    (pilots.Suspension, "pilot__proposal"),
    (pilots.ExtensionRequest, "pilot__proposal"),
    (pilots.SuspensionRequest, "pilot__proposal"),
    (pilots.RestorationCheck, "pilot__proposal"),
    (pilots.FinalReport, "pilot__proposal"),
    (pilots.PilotNote, "pilot__proposal"),
    (payments.Charge, "pilot__proposal"),
    (payments.LedgerTransaction, "pilot"),
    (payments.LedgerEntry, "transaction__pilot"),
)
# Ids that stand in the trail and in messages, by the kind of case and their name there.
REFERENCES: dict[str, dict[str, type[models.Model]]] = {
    "proposal": {
        "attachment": proposals.Attachment, "assignment": proposals.Assignment, "communication": proposals.Communication, "decision": proposals.Decision,
        "evaluation": proposals.Evaluation, "item": proposals.ChangeRequestItem, "note": proposals.Note, "notice": proposals.RefusalNotice, "request": proposals.ChangeRequest,
    },
    "pilot": {
        "proposal": PROPOSAL, "decision": proposals.Decision, "milestone": pilots.Milestone, "indicator": pilots.Indicator, "note": pilots.PilotNote,
        "request": pilots.ExtensionRequest, "suspension": pilots.Suspension, "check": pilots.RestorationCheck, "communication": proposals.Communication,
    },
    "charge": {"pilot": pilots.Pilot, "stamp": proposals.StampDuty},
}  # fmt: skip
# In the trail an incident stands by its number, in messages by its id.
MESSAGE_REFERENCES = {kind: {**names, "incident": pilots.Incident} for kind, names in REFERENCES.items()}


def _of_case(proposal: Any, way: str) -> models.Q:
    if way == STAMP:  # on the request, or on the decision
        return models.Q(version__proposal=proposal) | models.Q(charge__pilot__proposal=proposal)
    pilot = getattr(proposal, "pilot", None)
    return models.Q(**{way: str(proposal.pk) if way == "case_id" else pilot and pilot.pk if way in ("pilot", "transaction__pilot") else proposal.pk})


@dataclass(frozen=True)
class Exemplar:
    """A case that the services made: its rows by table, its trail and its messages."""

    proposal: Any
    owner_id: int
    rows: dict[type[models.Model], list[models.Model]]
    trail: list[AuditEntry]
    messages: list[OutboxMessage]

    @classmethod
    def read(cls, proposal: Any) -> "Exemplar":
        rows = {model: list(model._default_manager.filter(_of_case(proposal, way)).order_by("pk")) for model, way in PARTS}
        cases = [str(proposal.pk), *(str(row.pk) for model in (pilots.Pilot, payments.Charge) for row in rows[model])]
        trail = list(AuditEntry.objects.filter(case_kind__in=REFERENCES, case_id__in=cases).order_by("case_kind", "case_id", "sequence"))
        return cls(proposal, proposal.created_by_id, rows, trail, list(OutboxMessage.objects.filter(key__in=cases).order_by("pk")))


@dataclass
class Numbers:
    """Where ids, case numbers and register numbers go on: read once, kept in memory, written back at the end."""

    ids: dict[type[models.Model], int] = field(default_factory=dict)
    cases: dict[int, int] = field(default_factory=lambda: dict(proposals.CaseCounter.objects.values_list("year", "last")))
    register: dict[int, int] = field(default_factory=lambda: dict(proposals.RegisterCounter.objects.values_list("year", "last")))
    stamps: int = field(default_factory=lambda: proposals.StampDuty.objects.filter(serial_number__startswith=STAMPS).count())

    def next_id(self, model: type[models.Model]) -> int | UUID:
        if isinstance(model._meta.pk, models.UUIDField):
            return uuid4()
        if model not in self.ids:
            self.ids[model] = model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0
        self.ids[model] += 1
        return self.ids[model]

    def next_in(self, counter: dict[int, int], year: int) -> int:
        counter[year] = counter.get(year, 0) + 1
        return counter[year]

    def save(self) -> None:
        for model, counter in ((proposals.CaseCounter, self.cases), (proposals.RegisterCounter, self.register)):
            for year, last in counter.items():
                model.objects.update_or_create(year=year, defaults={"last": last})


@dataclass
class Copy:
    """One copy being made. `title` replaces the exemplar's, `shift` moves every day, `organisation` and `owner_id` are whose it is."""

    exemplar: Exemplar
    numbers: Numbers
    organisation: Any
    owner_id: int
    title: str
    shift: timedelta
    ids: dict[type[models.Model], dict[Any, Any]] = field(default_factory=lambda: defaultdict(dict))
    words: dict[str, str] = field(default_factory=dict)  # strings that stand in other rows: numbers, digests, ids

    def rows(self) -> Iterator[models.Model]:
        """Every row of the copy, in an order in which it can be inserted."""
        if self.title:
            self.words[self.exemplar.proposal.title] = self.title
        for model, _way in PARTS:
            for row in self.exemplar.rows[model]:
                yield self._row(model, row)
        yield from self._trail()
        for message in self.exemplar.messages:
            kind = message.topic.partition(".")[0]
            yield self._made(OutboxMessage, message, {"key": self.words[message.key], "payload": self._references(message.payload, MESSAGE_REFERENCES.get(kind, {}))})

    def _row(self, model: type[models.Model], row: models.Model) -> models.Model:
        own = OWN.get(model)
        made = self._made(model, row, own(self, row) if own else {})
        self.ids[model][row.pk] = made.pk
        if model in (PROPOSAL, pilots.Pilot, proposals.Attachment, payments.Charge):
            self.words[str(row.pk)] = str(made.pk)
        return made

    def _made(self, model: type[models.Model], row: models.Model, values: dict[str, Any]) -> Any:
        pk = model._meta.pk.attname  # type: ignore[union-attr]
        values[pk] = self.numbers.next_id(model)
        # By position: naming millions of columns would cost half of the time.
        return model(*[values[name] if name in values else change(self, getattr(row, name)) for name, change in _changes(model)])

    def _trail(self) -> Iterator[AuditEntry]:
        previous: dict[str, str] = {}
        for entry in self.exemplar.trail:
            case = self.words[entry.case_id]
            data = self._references(entry.data, REFERENCES[entry.case_kind])
            made = self._made(AuditEntry, entry, {"case_id": case, "data": data, "previous_hash": previous.get(case, BEGINNING), "hash": ""})
            made.actor_id = self.person(entry.actor_id)
            made.hash = previous[case] = entry_hash(made)
            yield made

    def _references(self, data: dict[str, Any], names: dict[str, type[models.Model]]) -> dict[str, Any]:
        found = {}
        for name, value in data.items():
            if name in names and value is not None:
                model = names[name]
                key = UUID(value) if isinstance(model._meta.pk, models.UUIDField) else value
                changed = self.ids[model].get(key, value)
                found[name] = str(changed) if isinstance(changed, UUID) else changed
            else:
                found[name] = self.json(value)
        return found

    def person(self, pk: int | None) -> int | None:
        return self.owner_id if pk == self.exemplar.owner_id else pk

    def text(self, value: str) -> str:
        return self.words.get(value, value)

    def json(self, value: Any) -> Any:
        """The same value with days moved and known strings replaced."""
        if isinstance(value, str):
            return (date.fromisoformat(value) + self.shift).isoformat() if DAY.fullmatch(value) else self.words.get(value, value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return {name: self.json(item) for name, item in value.items()} if isinstance(value, dict) else value

    def moved(self, value: Any) -> Any:
        return value + self.shift if value is not None else None


# --- how the columns of a table change ----------------------------------------------------------------------------------------

_cached: dict[type[models.Model], list[tuple[str, Callable[[Copy, Any], Any]]]] = {}


def _changes(model: type[models.Model]) -> list[tuple[str, Callable[[Copy, Any], Any]]]:
    if model not in _cached:
        _cached[model] = [(column.attname, _change(column)) for column in model._meta.concrete_fields]
    return _cached[model]


def _change(column: Any) -> Callable[[Copy, Any], Any]:
    if isinstance(column, models.ForeignKey):
        target = column.remote_field.model
        if target is User:
            return lambda copy, value: copy.person(value)
        if target.__name__ == "Organisation":
            return lambda copy, value: copy.organisation.pk
        return lambda copy, value: copy.ids[target].get(value, value) if target in copy.ids else value
    if isinstance(column, models.DateField):  # and moments, which are a kind of it
        return lambda copy, value: copy.moved(value)
    if isinstance(column, models.JSONField):
        return lambda copy, value: copy.json(value)
    if isinstance(column, models.CharField):
        return lambda copy, value: copy.text(value) if isinstance(value, str) else value
    return lambda copy, value: value


def _proposal(copy: Copy, row: Any) -> dict[str, Any]:
    by = {name: [version, copy.person(person), *rest] for name, (version, person, *rest) in row.field_versions.items()}
    if row.number is None:
        return {"field_versions": by}
    year = (row.submitted_at + copy.shift).year
    number = f"{row.number.split('-', 1)[0]}-{year}-{copy.numbers.next_in(copy.numbers.cases, year):05d}"
    copy.words[row.number] = number
    return {"number": number, "field_versions": by}


def _register_entry(copy: Copy, row: Any) -> dict[str, Any]:
    year = (row.registered_at + copy.shift).year
    number = copy.numbers.next_in(copy.numbers.register, year)
    copy.words[str(row)] = f"{number:07d}/{year}"
    return {"year": year, "number": number, "case_id": copy.words[row.case_id]}


def _version(copy: Copy, row: Any) -> dict[str, Any]:
    organisation = {name: getattr(copy.organisation, name) for name in row.organisation}
    values = {name: copy.json(getattr(row, name)) for name in ("answers", "files", "challenge", "criteria", "sites")} | {"organisation": organisation}
    digest = digest_of(values)
    copy.words[row.digest] = digest
    copy.words[_minute(row.submitted_at)] = _minute(row.submitted_at + copy.shift)
    return {**values, "digest": digest}


def _minute(moment: datetime) -> str:
    """A moment as the receipt writes it."""
    return moment.astimezone(clock.rome).strftime("%d/%m/%Y %H:%M")


def _communication(copy: Copy, row: Any) -> dict[str, Any]:
    """Subjects and receipts name the case's and the register's numbers."""
    subject, body = row.subject, row.body
    for old, new in copy.words.items():
        if ("/" in old or old.count("-") == 2) and len(old) < 20:
            subject, body = subject.replace(old, new), body.replace(old, new)
    return {"subject": subject, "body": body}


def _stamp(copy: Copy, row: Any) -> dict[str, Any]:
    if row.serial_number is None:
        return {}
    copy.numbers.stamps += 1
    return {"serial_number": f"{STAMPS}{copy.numbers.stamps:010d}"}


def _pilot(copy: Copy, row: Any) -> dict[str, Any]:
    code = "p-" + copy.words[copy.exemplar.proposal.number].split("-", 1)[1]
    return {"code": code, "slug": code}


def _ledger_transaction(copy: Copy, row: Any) -> dict[str, Any]:
    case, key, what = row.key.split(":", 2)
    return {"key": f"{case}:{copy.words[key]}:{what}", "pilot": copy.ids[pilots.Pilot][row.pilot]}


OWN: dict[type[models.Model], Callable[[Copy, Any], dict[str, Any]]] = {
    PROPOSAL: _proposal,
    proposals.Attachment: lambda copy, row: {"key": f"volume/{uuid4().hex}"},
    proposals.RegisterEntry: _register_entry,
    proposals.ProposalVersion: _version,
    proposals.Communication: _communication,
    proposals.StampDuty: _stamp,
    pilots.Pilot: _pilot,
    payments.LedgerTransaction: _ledger_transaction,
    payments.LedgerEntry: lambda copy, row: {"charge": copy.ids[payments.Charge][row.charge]},
}


