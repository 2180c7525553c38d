"""What an invented proposal goes through until its decision, step by step through the real services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zlib import crc32

from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.core.clock.holidays import is_working_day
from citylab.proposals import form
from citylab.proposals.models import Proposal, Signature, StampDuty
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.services import clocks, deciding, drafting, evaluating, screening, submitting
from citylab.testbeds.models import Site

from . import texts
from .answers import complete
from .papers import paper
from .people import People
from .timeline import Story

# From handing in to evaluation, and from there to the decision, in days.
SCREENING, EVALUATION, DECISION = 2, 8, 10


@dataclass
class Case:
    """One use of an idea with everybody and everything that its story needs."""

    idea: Mapping[str, Any]
    use: Mapping[str, Any]
    number: int
    people: People
    challenge: Challenge | None
    site: Site | None
    proposal: Proposal = field(init=False)

    def __post_init__(self) -> None:
        self.today = clock.today()  # of the load: the steps themselves run on other days
        self.story, _colon, self.detail = self.use["story"].partition(":")
        self.ago: int = self.use["ago"]
        self.language = self.use.get("language", "it")
        self.organisation = self.people.organisations[self.use["by"]]
        self.owner = self.people.owners[self.use["by"]]
        self.officer = self.people["officer" if self.use.get("officer") == 1 else "officer_2"]
        closes = self.challenge.closes_at if self.challenge and self.challenge.mode == "competitive" else None
        closed_ago = (self.today - closes.astimezone(clock.rome).date()).days if closes else self.ago
        self.evaluated_ago = min(self.ago - EVALUATION, closed_ago - 2)

    def at(self, days_ago: int, hour: int) -> datetime:
        """A moment for the start-up, any day of the week; its minute belongs to this case."""
        minute = crc32(f"{self.use['title']}{days_ago}".encode()) % 60
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), clock.rome)

    def office(self, days_ago: int, hour: int) -> datetime:
        """A moment for the city: on the working day before, where the day is none."""
        day = self.today - timedelta(days=days_ago)
        back = next(days for days in range(10) if is_working_day(day - timedelta(days=days)))
        return self.at(days_ago + back, hour)

    def say(self, options: tuple[str, ...]) -> str:
        return options[crc32(self.use["title"].encode()) % len(options)]

    def act(self, reasons: str) -> dict[str, Any]:
        """An act adopted outside, on the day it is recorded."""
        return {"reasons": reasons, "act_number": f"DD {400 + self.number}/{clock.today().year}", "act_date": clock.today(), "signed_by": "Dirigente (demo)", "channel": "portal"}


def draft(case: Case) -> Story:
    """Started and, section by section, written; `detail` says how many sections."""
    answers = complete(case.idea, case.use, clock.today())
    sections = form.current().sections[: int(case.detail)]
    yield case.at(case.ago + 2, 21)
    case.proposal = drafting.proposal_start(organisation=case.organisation, actor=case.owner, challenge=case.challenge, language=case.language)
    names = {question.name for section in sections for question in section.fields}
    yield case.at(case.ago, 18)
    written = {name: value for name, value in answers.items() if name in names}
    drafting.answers_save(proposal_id=case.proposal.pk, actor=case.owner, answers=written, base_version=0)
    if int(case.detail) > 6:
        yield case.at(case.ago - 1, 22)
        drafting.attachment_add(proposal_id=case.proposal.pk, actor=case.owner, kind="technical_sheet", upload=_sheet(case))


def _sheet(case: Case) -> Any:
    return paper("scheda-tecnica.pdf", case.use["title"], str(case.organisation), "Scheda tecnica · Technical sheet")


def submission(case: Case) -> Story:
    """Written, signed, stamped and handed in."""
    owner = case.owner
    yield case.at(case.ago + 9, 21)
    case.proposal = drafting.proposal_start(organisation=case.organisation, actor=owner, challenge=case.challenge, language=case.language)
    key = {"proposal_id": case.proposal.pk, "actor": owner}
    yield case.at(case.ago + 3, 17)
    drafting.answers_save(**key, answers=complete(case.idea, case.use, clock.today() + timedelta(days=3)), base_version=0)
    drafting.attachment_add(**key, kind="technical_sheet", upload=_sheet(case))
    if "installation" in {*case.idea["flags"], *case.use.get("flags", [])}:
        drafting.attachment_add(**key, kind="site_plan", upload=paper("planimetria.pdf", case.use["title"], "Planimetria · Site plan"))
    yield case.at(case.ago, 8 if case.ago == 0 else 10 + case.number % 8)
    signed, identity = (
        drafting.attachment_add(**key, kind=kind, upload=paper(f"{kind}.pdf", case.use["title"], label))
        for kind, label in (("signed_summary", "Riepilogo firmato · Signed summary"), ("identity_document", "Documento di identità (demo) · Identity document (demo)"))
    )
    signature = submitting.SignatureGiven(Signature.Kind.HANDWRITTEN, str(case.organisation.representative_name), signed, identity)
    if case.organisation.kind == "nonprofit":
        stamp = submitting.StampGiven(exemption=StampDuty.Ground.ONLUS, exemption_note="Iscrizione al RUNTS (demo)")
    else:
        stamp = submitting.StampGiven(serial_number=f"0199{case.number:010d}", stamped_on=clock.today(), not_reused=True)
    case.proposal = submitting.proposal_submit(**key, signature=signature, stamp=stamp)


def screening_opened(case: Case) -> Story:
    key = {"proposal_id": case.proposal.pk, "actor": case.officer}
    yield case.office(max(case.ago - SCREENING, 0), 9)
    screening.screening_start(**key)
    if case.number % 3 == 0:
        screening.note_add(**key, text=case.say(texts.NOTES))


def checked(case: Case, days_ago: int, *, all_lines: bool = True) -> Story:
    """The checklist ticked; not `all_lines` leaves the last ones open."""
    yield case.office(days_ago, 11)
    items = list(CHECKLIST) if all_lines else list(CHECKLIST)[:5]
    screening.checklist_save(proposal_id=case.proposal.pk, actor=case.officer, results={item: ("passed", "") for item in items})


def additions_asked(case: Case, days_ago: int) -> Story:
    yield case.office(days_ago, 12)
    items = [screening.AskedItem(section, text, name) for section, name, text in case.say(texts.ADDITIONS)]
    screening.changes_request(proposal_id=case.proposal.pk, actor=case.officer, items=items, channel="portal", text=texts.ADDITIONS_LEAD[case.language])


def additions_answered(case: Case, days_ago: int) -> Story:
    key = {"proposal_id": case.proposal.pk, "actor": case.owner}
    yield case.at(days_ago, 19)
    proposal = Proposal.objects.get(pk=case.proposal.pk)
    answers = {name: f"{proposal.answers[name]} {texts.ADDED[case.language]}" for name in ("plan", "resources")}
    drafting.answers_save(**key, answers=answers, base_version=proposal.version)
    items = list(proposal.change_requests.latest("id").items.all())
    submitting.additions_submit(**key, replies={item.pk: texts.REPLY[case.language] for item in items})
    yield case.office(days_ago - 1, 10)
    for item in items[:-1]:
        screening.reply_settle(item_id=item.pk, actor=case.officer, settled=True)


def additions_ran_out(case: Case, days_ago: int) -> Story:
    yield case.at(days_ago, 1)
    clocks.additions_run_out(proposal_id=case.proposal.pk)


def evaluation(case: Case, sheets: int = 3) -> Story:
    """The panel asked, its declarations, and `sheets` confirmed score sheets."""
    key = {"proposal_id": case.proposal.pk, "actor": case.officer}
    days_ago = case.evaluated_ago
    yield from checked(case, days_ago + 2)
    yield case.office(days_ago, 9)
    screening.evaluation_start(**key)
    yield case.office(days_ago - 1, 10)
    assignments = [evaluating.evaluator_assign(**key, evaluator=evaluator) for evaluator in case.people.evaluators]
    codes = [criterion["code"] for criterion in case.proposal.versions.latest("number").criteria]
    for position, assignment in enumerate(assignments[:sheets]):
        yield case.office(max(days_ago - 3 - position, 0), 14 + position)
        evaluating.conflict_declare(assignment_id=assignment.pk, actor=assignment.evaluator, has_conflict=False)
        evaluating.sheet_save(
            proposal_id=case.proposal.pk, actor=assignment.evaluator, scores=_scores(case, codes, position), reasons=texts.SHEET[_quality(case)][position], confirm=True
        )


def _quality(case: Case) -> str:
    return "weak" if case.story.startswith(("refusal", "rejected")) else "good"


def _scores(case: Case, codes: list[str], position: int) -> dict[str, tuple[int | None, str]]:
    """Believable points: good proposals from 3 to 5, weak ones from 1 to 3, each evaluator a little different."""
    lowest = 1 if _quality(case) == "weak" else 3
    return {code: (lowest + crc32(f"{case.use['title']}{code}{position}".encode()) % 3, "") for code in codes}


def refusal_noticed(case: Case, days_ago: int, reasons: str) -> Story:
    yield case.office(days_ago, 12)
    deciding.refusal_notice_give(proposal_id=case.proposal.pk, actor=case.officer, reasons=reasons, channel="portal")


def observed(case: Case, days_ago: int) -> Story:
    yield case.at(days_ago, 16)
    deciding.observations_submit(proposal_id=case.proposal.pk, actor=case.owner, text=case.say(texts.OBSERVATIONS))
