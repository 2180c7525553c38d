"""The evaluators' room: the declaration first, then the file; sheets blind to each other; results for the office."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.core import outbox
from citylab.notifications.models import OutgoingMessage
from citylab.proposals.models import Assignment, Evaluation, Proposal
from citylab.proposals.services import deciding, evaluating
from tests import factories

from .conftest import signed_in, text_of


def sheet_address(case: Proposal) -> str:
    return reverse("desk:evaluation", args=[case.pk])


def codes(case: Proposal) -> list[str]:
    return [criterion["code"] for criterion in case.versions.latest("number").criteria]


def filled(case: Proposal, value: int = 4, **more: str) -> dict[str, str]:
    scores = {f"score-{code}": str(value) for code in codes(case)}
    return {**scores, **{f"reason-{code}": f"Why {code}." for code in codes(case)}, "reasons": "A good idea.", **more}


@pytest.fixture
def case(people: Any, made: Any) -> Proposal:
    found = made("evaluation")
    evaluating.evaluator_assign(proposal_id=found.pk, actor=people.officer, evaluator=people.evaluator)
    return found


@pytest.fixture
def evaluator(people: Any) -> Any:
    return signed_in(people.evaluator)


def cleared(case: Proposal, who: Any) -> None:
    evaluating.conflict_declare(assignment_id=Assignment.objects.get(proposal=case, evaluator=who).pk, actor=who, has_conflict=False)


def test_the_list_shows_what_is_asked_open_ones_first(evaluator: Any, people: Any, case: Proposal, made: Any) -> None:
    done = made("evaluation")
    factories.sheet_confirmed(done, people.officer, people.evaluator)
    rows = evaluator.get(reverse("desk:evaluations")).context["rows"]
    assert [(row["assignment"].proposal.number, str(row["label"])) for row in rows] == [(case.number, "Declaration awaited"), (done.number, "Confirmed")]


def test_an_empty_list_says_so(evaluator: Any) -> None:
    assert "Nothing to score" in text_of(evaluator.get(reverse("desk:evaluations")))


def test_the_list_costs_the_same_with_3_and_with_30_rows(evaluator: Any, people: Any, made: Any) -> None:
    def ask(times: int) -> None:
        for _time in range(times):
            found = made("evaluation")
            evaluating.evaluator_assign(proposal_id=found.pk, actor=people.officer, evaluator=people.evaluator)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert evaluator.get(reverse("desk:evaluations")).status_code == 200
        return len(queries)

    def warm_cost() -> int:  # what is remembered for a while may just have been forgotten
        evaluator.get(reverse("desk:evaluations"))
        return cost()

    ask(3)
    at_3 = warm_cost()
    ask(27)
    assert warm_cost() == at_3 <= 15


OPENS = {"evaluator": 200, "second_evaluator": 404, "officer": 403, "administrator": 403, "department": 403, "editor": 403, "owner": 403}


@pytest.mark.parametrize(("who", "status"), OPENS.items())
def test_the_sheet_opens_only_for_who_was_asked(who: str, status: int, people: Any, case: Proposal) -> None:
    assert signed_in(getattr(people, who)).get(sheet_address(case)).status_code == status


# --- the declaration


def test_nothing_of_the_file_shows_before_the_declaration(evaluator: Any, case: Proposal) -> None:
    text = text_of(evaluator.get(sheet_address(case)))
    assert "Before the file opens" in text and case.number in text
    assert case.title not in text and "Costano un decimo" not in text
    sheet = case.attachments.get(kind="technical_sheet")
    assert evaluator.get(reverse("desk:attachment", args=[case.pk, sheet.pk])).status_code == 403


def test_no_conflict_opens_the_file(evaluator: Any, case: Proposal) -> None:
    assert evaluator.post(sheet_address(case), {"has_conflict": "no"})["Location"] == sheet_address(case)
    text = text_of(evaluator.get(sheet_address(case)))
    assert case.title in text and "Costano un decimo" in text and "Score sheet" in text
    assert "identity_document.pdf" not in text and "scheda.pdf" in text


def test_a_conflict_closes_the_file_for_good(evaluator: Any, case: Proposal) -> None:
    assert evaluator.post(sheet_address(case), {"has_conflict": "yes", "note": "My brother works there."})["Location"] == reverse("desk:evaluations")
    assert Assignment.objects.get().conflict_note == "My brother works there."
    assert evaluator.get(sheet_address(case)).status_code == 403
    assert evaluator.post(sheet_address(case), filled(case, action="confirm")).status_code == 403
    assert "You stepped back" in text_of(evaluator.get(reverse("desk:evaluations")))


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_the_officer_is_told_of_a_conflict_and_of_nothing_else(evaluator: Any, people: Any, case: Proposal, answer: str) -> None:
    evaluator.post(sheet_address(case), {"has_conflict": answer, "note": "My brother works there."})
    while outbox.drain():
        pass
    messages = OutgoingMessage.objects.filter(user=people.officer, subject__contains=case.number, text__contains="conflict of interest")
    assert [("evaluator steps back" in message.subject, "brother" in message.text) for message in messages] == ([(True, False)] if answer == "yes" else [])


def test_a_declaration_without_an_answer_is_asked_again_and_keeps_the_note(evaluator: Any, case: Proposal) -> None:
    response = evaluator.post(sheet_address(case), {"note": "Hmm."})
    assert response.status_code == 422
    assert "This field is required." in text_of(response)
    assert response.context["form"]["note"].value() == "Hmm."
    assert Assignment.objects.get().declared_at is None


def test_a_case_that_left_evaluation_asks_for_no_declaration(evaluator: Any, people: Any, case: Proposal) -> None:
    factories.sheet_confirmed(case, people.officer, people.second_evaluator)
    deciding.refusal_notice_give(proposal_id=case.pk, actor=people.officer, reasons="No plan.", channel="portal")
    assert "Nothing is owed by you." in text_of(evaluator.get(sheet_address(case)))
    assert evaluator.post(sheet_address(case), {"has_conflict": "no"}).status_code == 409


# --- the sheet


def test_a_sheet_is_saved_half_done_and_comes_back_as_it_was(evaluator: Any, people: Any, case: Proposal) -> None:
    cleared(case, people.evaluator)
    first = codes(case)[0]
    assert (
        evaluator.post(
            sheet_address(case), {f"score-{first}": "3", f"reason-{first}": "Only half.", "reasons": "To be continued.", "action": "save"}
        ).status_code
        == 302
    )
    response = evaluator.get(sheet_address(case))
    row = response.context["rows"][0]
    assert (row["value"], row["reason"], response.context["reasons"]) == (3, "Only half.", "To be continued.")
    assert Evaluation.objects.get().confirmed_at is None
    assert f'id="score-{first}-3" name="score-{first}" value="3" checked' in response.content.decode()


def test_an_incomplete_sheet_is_not_confirmed_and_everything_typed_stays(evaluator: Any, people: Any, case: Proposal) -> None:
    cleared(case, people.evaluator)
    first, second = codes(case)[:2]
    response = evaluator.post(sheet_address(case), {f"score-{first}": "3", f"reason-{second}": "I wonder.", "reasons": " ", "action": "confirm"})
    assert response.status_code == 422
    assert "Score every criterion and write the reasons before confirming." in text_of(response)
    assert [row["missing"] for row in response.context["rows"]] == [False, True, True, True, True]
    assert (response.context["rows"][0]["value"], response.context["rows"][1]["reason"], response.context["reasons_missing"]) == (3, "I wonder.", True)
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize("value", ["6", "-1", "3.5", "many", "²"])
def test_a_score_outside_the_scale_counts_as_missing(value: str, evaluator: Any, people: Any, case: Proposal) -> None:
    cleared(case, people.evaluator)
    response = evaluator.post(sheet_address(case), filled(case, **{f"score-{codes(case)[0]}": value, "action": "confirm"}))
    assert (response.status_code, response.context["rows"][0]["missing"]) == (422, True)


def test_a_confirmed_sheet_is_final(evaluator: Any, people: Any, case: Proposal) -> None:
    cleared(case, people.evaluator)
    assert evaluator.post(sheet_address(case), filled(case, action="confirm")).status_code == 302
    page = evaluator.get(sheet_address(case)).content.decode()
    assert "Your sheet is confirmed" in page and 'name="action"' not in page
    again = evaluator.post(sheet_address(case), filled(case, 1, reasons="Changed my mind.", action="save"))
    assert (again.status_code, again.context["reasons"]) == (409, "Changed my mind.")
    assert set(Evaluation.objects.get().scores.values_list("value", flat=True)) == {4}


def test_others_sheets_show_only_after_ones_own_is_confirmed(evaluator: Any, people: Any, case: Proposal) -> None:
    factories.sheet_confirmed(case, people.officer, people.second_evaluator, 1)
    cleared(case, people.evaluator)
    assert evaluator.get(sheet_address(case)).context["others"] == []
    evaluator.post(sheet_address(case), filled(case, action="save"))
    assert evaluator.get(sheet_address(case)).context["others"] == []
    evaluator.post(sheet_address(case), filled(case, action="confirm"))
    response = evaluator.get(sheet_address(case))
    assert [row["sheet"].assignment.evaluator for row in response.context["others"]] == [people.second_evaluator]
    assert "The other sheets" in text_of(response)


def test_a_sheet_that_arrives_after_the_decision_keeps_what_was_typed(evaluator: Any, people: Any, case: Proposal) -> None:
    cleared(case, people.evaluator)
    factories.sheet_confirmed(case, people.officer, people.second_evaluator)
    deciding.refusal_notice_give(proposal_id=case.pk, actor=people.officer, reasons="No plan.", channel="portal")
    response = evaluator.post(sheet_address(case), filled(case, action="confirm"))
    assert (response.status_code, response.context["reasons"]) == (409, "A good idea.")
    assert "the case is now “Refusal notice”" in text_of(response)


def test_the_sheet_costs_the_same_however_many_colleagues_scored(evaluator: Any, people: Any, case: Proposal) -> None:
    factories_of = [factories.person("evaluator") for _number in range(6)]
    factories.sheet_confirmed(case, people.officer, factories_of[0])
    cleared(case, people.evaluator)
    evaluator.post(sheet_address(case), filled(case, action="confirm"))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert evaluator.get(sheet_address(case)).status_code == 200
        return len(queries)

    evaluator.get(sheet_address(case))
    at_1 = cost()
    for person in factories_of[1:]:
        factories.sheet_confirmed(case, people.officer, person)
    assert cost() == at_1 <= 25


# --- the office's side


def test_an_evaluator_is_asked_once_and_only_with_the_role(people: Any, made: Any) -> None:
    found = made("evaluation")
    officer = signed_in(people.officer)
    address = reverse("desk:assign_evaluator", args=[found.pk])
    assert officer.post(address, {"evaluator": people.evaluator.pk})["Location"].endswith("?tab=evaluation")
    again = officer.post(address, {"evaluator": people.evaluator.pk})
    assert (again.status_code, "This evaluator has already been asked." in text_of(again)) == (422, True)
    assert officer.post(address, {"evaluator": people.colleague.pk}).status_code == 422
    assert officer.post(address, {}).status_code == 422
    assert Assignment.objects.count() == 1


def test_nobody_is_asked_out_of_evaluation(people: Any, made: Any) -> None:
    response = signed_in(people.officer).post(reverse("desk:assign_evaluator", args=[made("screening").pk]), {"evaluator": people.evaluator.pk})
    assert (response.status_code, "the case is now “Screening”" in text_of(response)) == (409, True)


def test_the_office_sees_points_minimums_and_where_evaluators_differ(people: Any, made: Any) -> None:
    challenge = factories.challenge(criteria=(("impact", 60, 3), ("technology", 40, 0)))
    found = made("evaluation", to=challenge)
    for person, scores in ((people.evaluator, (1, 4)), (people.second_evaluator, (3, 5))):
        assignment = evaluating.evaluator_assign(proposal_id=found.pk, actor=people.officer, evaluator=person)
        evaluating.conflict_declare(assignment_id=assignment.pk, actor=person, has_conflict=False)
        evaluating.sheet_save(
            proposal_id=found.pk, actor=person, scores={"impact": (scores[0], ""), "technology": (scores[1], "")}, reasons="So.", confirm=True
        )
    response = signed_in(people.officer).get(reverse("desk:case", args=[found.pk]), {"tab": "evaluation"})
    # impact 2 × 60 + technology 4.5 × 40 = 300 of 500
    assert (response.context["points"], response.context["result"].passed) == (60.0, False)
    assert [(row["mean"], row["line"].passed, row["line"].flagged) for row in response.context["criteria"]] == [(2.0, False, True), (4.5, True, False)]
    text = text_of(response)
    assert text.count("evaluators differ") == 1 and text.count("not reached") == 1 and "Does not pass" in text


def test_the_office_does_not_read_a_sheet_before_it_is_confirmed(people: Any, case: Proposal) -> None:
    cleared(case, people.evaluator)
    evaluating.sheet_save(proposal_id=case.pk, actor=people.evaluator, scores={codes(case)[0]: (1, "Secret thought.")}, reasons="Unfinished.", confirm=False)
    response = signed_in(people.officer).get(reverse("desk:case", args=[case.pk]), {"tab": "evaluation"})
    text = text_of(response)
    assert (response.context["sheets"], response.context["result"]) == ([], None)
    assert "Secret thought." not in text and "Unfinished." not in text and "Awaited" in text
