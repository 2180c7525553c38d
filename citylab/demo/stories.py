"""The eighty stories: what each invented proposal does from its first line to where it stands today."""

from citylab.challenges.models import Challenge
from citylab.proposals.services import communicating, deciding, screening
from citylab.testbeds.models import Site

from . import casework, texts
from .casework import Case
from .content import ideas
from .course import Course
from .people import People
from .pilotwork import pilot
from .timeline import Story


def cases(people: People) -> list[Case]:
    """All uses of all ideas, numbered in the order of the files."""
    challenges = {challenge.code: challenge for challenge in Challenge.objects.select_related("sector", "programme", "progress")}
    sites = {site.code: site for site in Site.objects.all()}
    uses = [(idea, use) for idea in ideas() for use in idea["uses"]]
    return [
        Case(idea, use, number, people, challenges[use["for"]] if "for" in use else None, sites[use["at"]] if "at" in use else None)
        for number, (idea, use) in enumerate(uses, start=1)
    ]


def story(case: Case) -> Story:
    """Everything that happens to a case, in order."""
    if case.story == "draft":
        yield from casework.draft(case)
        return
    yield from casework.submission(case)
    if case.story == "submitted":
        yield from _waiting(case)
        return
    yield from casework.screening_opened(case)
    yield from SCREENED.get(case.story, _evaluated)(case)


def _waiting(case: Case) -> Story:
    """Received; assigned to an officer where the use names one."""
    if "officer" in case.use:
        yield case.office(max(case.ago - 1, 0), 9)
        screening.officer_assign(proposal_id=case.proposal.pk, actor=case.officer, officer=case.officer)


def _screening(case: Case) -> Story:
    if case.number % 2:
        yield from casework.checked(case, max(case.ago - 5, 0), all_lines=False)


def _with_additions(case: Case) -> Story:
    yield from casework.additions_asked(case, case.ago - 6)
    yield from casework.additions_answered(case, case.ago - 19)


def _additions_ran_out(case: Case) -> Story:
    yield from casework.additions_asked(case, case.ago - 6)
    yield from casework.additions_ran_out(case, case.ago - 6 - 35)


def _changes_requested(case: Case) -> Story:
    yield from casework.additions_asked(case, max(case.ago - 7, 1))


def _withdrawn(case: Case) -> Story:
    yield case.at(case.ago - 10, 15)
    deciding.proposal_withdraw(proposal_id=case.proposal.pk, actor=case.owner, note=case.say(texts.WITHDRAWN))


def _inadmissible(case: Case) -> Story:
    yield case.office(case.ago - 12, 12)
    screening.inadmissible_declare(proposal_id=case.proposal.pk, actor=case.officer, **case.act(case.use.get("reasons", texts.INADMISSIBLE)))


def _evaluated(case: Case) -> Story:
    """Scored, and then whatever the panel's work leads to."""
    yield from casework.evaluation(case, int(case.detail) if case.story == "evaluation" else 3)
    if case.story == "evaluation":
        if case.number % 2:
            yield case.office(max(case.evaluated_ago - 6, 0), 16)
            subject, body = texts.MESSAGE
            communicating.message_send(proposal_id=case.proposal.pk, actor=case.officer, subject=subject, body=body, channel="portal")
    else:
        yield from DECIDED.get(case.story, _piloted)(case)


def _reasons(case: Case) -> str:
    return str(case.use.get("reasons", case.say(texts.REFUSAL)))


def _refusal_notice(case: Case) -> Story:
    yield from casework.refusal_noticed(case, 5, _reasons(case))


def _refusal_observed(case: Case) -> Story:
    yield from casework.refusal_noticed(case, 12, _reasons(case))
    yield from casework.observed(case, 4)


def _evaluation_resumed(case: Case) -> Story:
    yield from casework.refusal_noticed(case, 34, _reasons(case))
    yield from casework.observed(case, 26)
    yield case.office(14, 11)
    deciding.evaluation_resume(proposal_id=case.proposal.pk, actor=case.officer)
    screening.note_add(proposal_id=case.proposal.pk, actor=case.officer, text=texts.REOPENED_EVALUATION)


def _rejected(case: Case) -> Story:
    noticed = case.evaluated_ago - casework.DECISION
    yield from casework.refusal_noticed(case, noticed, _reasons(case))
    yield from casework.observed(case, noticed - 7)
    yield case.office(noticed - 24, 12)
    deciding.proposal_reject(proposal_id=case.proposal.pk, actor=case.officer, **case.act(_reasons(case)))


def _rejected_competitive(case: Case) -> Story:
    yield case.office(case.evaluated_ago - casework.DECISION, 12)
    deciding.proposal_reject(proposal_id=case.proposal.pk, actor=case.officer, **case.act(texts.REJECTED))


def _piloted(case: Case) -> Story:
    yield from pilot(Course(case))


SCREENED = {
    "screening": _screening,
    "screening_additions": _with_additions,
    "screening_run_out": _additions_ran_out,
    "changes_requested": _changes_requested,
    "withdrawn": _withdrawn,
    "inadmissible": _inadmissible,
}
DECIDED = {
    "refusal_notice": _refusal_notice,
    "refusal_observed": _refusal_observed,
    "evaluation_resumed": _evaluation_resumed,
    "rejected": _rejected,
    "rejected_competitive": _rejected_competitive,
}
