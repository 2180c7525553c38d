"""Taking an evaluator off a case: only by the office, only before the sheet of this version is confirmed, with a reason that the evaluator is told."""

from typing import Any

import pytest
from django.urls import reverse

from citylab.audit.services import trail
from citylab.core import outbox
from citylab.core.errors import NotAllowed
from citylab.notifications.models import OutgoingMessage
from citylab.proposals import selectors
from citylab.proposals.models import Assignment, Evaluation, Proposal, Score
from citylab.proposals.services import deciding, evaluating, screening, submitting
from tests import factories

from .conftest import signed_in, text_of


@pytest.fixture
def case(people: Any, made: Any) -> Proposal:
    return made("evaluation")


@pytest.fixture
def asked(case: Proposal, people: Any) -> Assignment:
    return evaluating.evaluator_assign(proposal_id=case.pk, actor=people.officer, evaluator=people.evaluator)


@pytest.fixture
def officer(people: Any) -> Any:
    return signed_in(people.officer)


def address(assignment: Assignment) -> str:
    return reverse("desk:take_off_evaluator", args=[assignment.proposal_id, assignment.pk])


def test_the_evaluator_goes_with_the_unconfirmed_sheet_and_is_told_why(officer: Any, people: Any, case: Proposal, asked: Assignment) -> None:
    evaluating.conflict_declare(assignment_id=asked.pk, actor=people.evaluator, has_conflict=False)
    code = case.versions.get().criteria[0]["code"]
    evaluating.sheet_save(proposal_id=case.pk, actor=people.evaluator, scores={code: (3, "")}, reasons="", confirm=False)
    page = officer.get(reverse("desk:case", args=[case.pk]), {"tab": "evaluation"})
    assert address(asked) in page.content.decode()
    response = officer.post(address(asked), {"reason": "In ferie fino a maggio."})
    assert response.url == reverse("desk:case", args=[case.pk]) + "?tab=evaluation"
    assert not Assignment.objects.exists() and not Evaluation.objects.exists() and not Score.objects.exists()
    assert signed_in(people.evaluator).get(reverse("desk:evaluation", args=[case.pk])).status_code == 404
    assert case.notes.get().text == f"{people.evaluator}: In ferie fino a maggio."
    entry = trail("proposal", case.pk)[-1]
    assert (entry.action, entry.actor_id, entry.data) == ("take_off_evaluator", people.officer.pk, {"evaluator": people.evaluator.pk, "note": case.notes.get().pk})
    assert "Evaluator taken off" in text_of(officer.get(reverse("desk:case", args=[case.pk]), {"tab": "trail"}))
    while outbox.drain():
        pass
    message = OutgoingMessage.objects.get(user=people.evaluator, kind="evaluation_taken_off")
    assert case.number in message.subject and "In ferie fino a maggio." in message.text
    # Asked and taken off before anybody was told: the request is not told any more.
    assert not OutgoingMessage.objects.filter(kind="evaluation_asked").exists()


def test_whoever_was_taken_off_may_be_asked_again(people: Any, case: Proposal, asked: Assignment) -> None:
    evaluating.evaluator_take_off(proposal_id=case.pk, assignment_id=asked.pk, actor=people.officer, reason="Un errore.")
    again = evaluating.evaluator_assign(proposal_id=case.pk, actor=people.officer, evaluator=people.evaluator)
    assert again.declared_at is None


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nobody_is_taken_off(officer: Any, asked: Assignment, reason: str) -> None:
    response = officer.post(address(asked), {"reason": reason})
    assert response.status_code == 422
    assert response.context["form"].errors["reason"] == ["Give the reason."]
    assert Assignment.objects.get() == asked


def test_a_confirmed_sheet_stays_and_what_was_typed_is_shown_back(officer: Any, people: Any, case: Proposal) -> None:
    factories.sheet_confirmed(case, people.officer, people.evaluator)
    confirmed = Assignment.objects.get()
    assert address(confirmed) not in officer.get(reverse("desk:case", args=[case.pk]), {"tab": "evaluation"}).content.decode()
    response = officer.post(address(confirmed), {"reason": "Troppo severo."})
    assert response.status_code == 409
    assert "has confirmed a score sheet, which counts" in text_of(response) and "Troppo severo." in text_of(response)
    assert Evaluation.objects.get().confirmed_at is not None and not case.notes.exists()


def test_a_declared_conflict_stays_on_file(officer: Any, people: Any, case: Proposal, asked: Assignment) -> None:
    evaluating.conflict_declare(assignment_id=asked.pk, actor=people.evaluator, has_conflict=True, note="Parente.")
    response = officer.post(address(asked), {"reason": "Non serve più."})
    assert response.status_code == 409 and "stepped back" in text_of(response)
    assert Assignment.objects.get().conflict_note == "Parente."


def test_a_colleague_was_first(officer: Any, people: Any, case: Proposal, asked: Assignment) -> None:
    evaluating.evaluator_take_off(proposal_id=case.pk, assignment_id=asked.pk, actor=people.officer, reason="Malattia.")
    assert officer.get(address(asked)).status_code == 409
    response = officer.post(address(asked), {"reason": "Malattia."})
    assert response.status_code == 409 and "no longer scores this proposal" in text_of(response)
    assert case.notes.count() == 1


@pytest.fixture
def again(people: Any, made: Any) -> Proposal:
    """A case that was scored, rejected, reopened and completed: what is evaluated now is its second version."""
    case = made("rejected", to=factories.challenge(mode="competitive"))
    key = {"proposal_id": case.pk, "actor": people.officer}
    deciding.proposal_reopen(**key, to="screening", **factories.act())
    screening.changes_request(**key, items=[screening.AskedItem("plan", "Precisate le date.")], channel="portal")
    (item,) = case.change_requests.get().items.all()
    submitting.additions_submit(proposal_id=case.pk, actor=people.owner, replies={item.pk: "Fatto."})
    screening.reply_settle(item_id=item.pk, actor=people.officer, settled=True)
    factories.checklist_passed(case, people.officer)
    screening.evaluation_start(**key)
    return Proposal.objects.get(pk=case.pk)


def test_whoever_scored_an_earlier_version_can_be_taken_off_and_that_sheet_stays_on_file(officer: Any, people: Any, again: Proposal) -> None:
    asked = Assignment.objects.get()
    first = Evaluation.objects.get()
    code = again.versions.last().criteria[0]["code"]
    evaluating.sheet_save(proposal_id=again.pk, actor=people.evaluator, scores={code: (1, "")}, reasons="", confirm=False)
    assert "What was confirmed about an earlier version stays on file." in text_of(officer.get(address(asked)))
    response = officer.post(address(asked), {"reason": "In ferie."})
    assert response.status_code == 302
    assert Evaluation.objects.get() == first and first.scores.count() == len(again.versions.first().criteria)
    assert signed_in(people.evaluator).get(reverse("desk:evaluation", args=[again.pk])).status_code == 404
    assert list(selectors.assignments_of(people.evaluator)) == []
    page = officer.get(reverse("desk:case", args=[again.pk]), {"tab": "evaluation"})
    assert page.context["assignments"] == [] and [row["sheet"] for row in page.context["earlier"]] == [first]
    assert "1 sheet on an earlier version" in text_of(page) and "version 1" in text_of(page)
    with pytest.raises(NotAllowed):
        evaluating.sheet_save(proposal_id=again.pk, actor=people.evaluator, scores={code: (5, "")}, reasons="", confirm=False)
    twice = officer.post(address(asked), {"reason": "In ferie."})
    assert twice.status_code == 409 and "no longer scores this proposal" in text_of(twice)


def test_whoever_was_taken_off_with_an_earlier_sheet_declares_anew_when_asked_again(people: Any, again: Proposal) -> None:
    asked = Assignment.objects.get()
    evaluating.evaluator_take_off(proposal_id=again.pk, assignment_id=asked.pk, actor=people.officer, reason="In ferie.")
    while outbox.drain():
        pass
    before = OutgoingMessage.objects.filter(user=people.evaluator, kind="evaluation_asked").count()
    back = evaluating.evaluator_assign(proposal_id=again.pk, actor=people.officer, evaluator=people.evaluator)
    assert (back.pk, back.taken_off_at, back.declared_at, back.has_conflict) == (asked.pk, None, None, None)
    while outbox.drain():
        pass
    assert OutgoingMessage.objects.filter(user=people.evaluator, kind="evaluation_asked").count() == before + 1
    assert Evaluation.objects.get().confirmed_at is not None


def test_an_evaluator_sees_that_a_new_version_waits_for_a_sheet(people: Any, again: Proposal) -> None:
    assert [row.confirmed for row in selectors.assignments_of(people.evaluator)] == [False]
