"""Rankings of competitive challenges: the order, ties, and when they are final."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.proposals import scoring
from citylab.proposals.models import Proposal
from citylab.proposals.services import deciding, evaluating
from tests import factories

from .conftest import signed_in, text_of

CRITERIA = (("impact", 50, 0), ("technology", 50, 0))
DAY = timedelta(days=1)


@pytest.fixture
def challenge(db: Any) -> Challenge:
    return factories.challenge("ranked", mode="competitive", criteria=CRITERIA)


def page(client: Any, challenge: Challenge) -> Any:
    return client.get(reverse("desk:ranking", args=[challenge.code]))


def score(case: Proposal, people: Any, impact: int, technology: int) -> None:
    assignment = evaluating.evaluator_assign(proposal_id=case.pk, actor=people.officer, evaluator=people.evaluator)
    evaluating.conflict_declare(assignment_id=assignment.pk, actor=people.evaluator, has_conflict=False)
    evaluating.sheet_save(proposal_id=case.pk, actor=people.evaluator, scores={"impact": (impact, ""), "technology": (technology, "")}, reasons="So.", confirm=True)


def order(response: Any) -> list[tuple[int | None, str, float | None]]:
    return [(item["row"].position, item["row"].proposal.title, item["points"]) for item in response.context["rows"]]


def test_points_then_impact_then_the_moment_of_receipt_decide(officer: Any, people: Any, made: Any, challenge: Challenge) -> None:
    cases = {title: made("evaluation", to=challenge, title=title) for title in ("late", "early", "best", "unscored", "impact")}
    moment = clock.now()
    for title, minutes in (("late", 9), ("early", 1)):
        Proposal.objects.filter(pk=cases[title].pk).update(submitted_at=moment + timedelta(minutes=minutes))
    for title, scores in (("late", (3, 5)), ("early", (3, 5)), ("best", (5, 5)), ("impact", (5, 3))):
        score(cases[title], people, *scores)
    assert order(page(officer, challenge)) == [(1, "best", 100.0), (2, "impact", 80.0), (3, "early", 80.0), (4, "late", 80.0), (None, "unscored", None)]


def test_withdrawn_inadmissible_and_drafts_take_no_part(officer: Any, made: Any, challenge: Challenge) -> None:
    for state in ("draft", "withdrawn", "inadmissible"):
        made(state, to=challenge)
    response = page(officer, challenge)
    assert order(response) == []
    assert "No proposals yet" in text_of(response)


def test_a_ranking_is_provisional_until_the_call_is_closed_and_all_is_decided(officer: Any, people: Any, made: Any, challenge: Challenge, travel: Any) -> None:
    case = made("evaluation", to=challenge)
    score(case, people, 2, 2)
    assert page(officer, challenge).context["is_final"] is False
    assert "The call is still open." in text_of(page(officer, challenge))
    travel(clock.now() + 40 * DAY)
    assert (page(officer, challenge).context["is_final"], "1 proposal is not decided yet." in text_of(page(officer, challenge))) == (False, True)
    deciding.proposal_reject(proposal_id=case.pk, actor=people.officer, **factories.act())
    assert (page(officer, challenge).context["is_final"], "Final ranking" in text_of(page(officer, challenge))) == (True, True)


def test_only_competitive_challenges_are_ranked(officer: Any, challenge: Challenge) -> None:
    plain = factories.challenge("plain")
    assert [row["challenge"].code for row in officer.get(reverse("desk:rankings")).context["challenges"]] == ["ranked"]
    assert page(officer, plain).status_code == 404


def test_without_a_competitive_challenge_the_list_says_so(officer: Any, db: Any) -> None:
    assert "No competitive challenge" in text_of(officer.get(reverse("desk:rankings")))


@pytest.mark.parametrize(("who", "status"), [("officer", 200), ("administrator", 200), ("evaluator", 403), ("department", 403), ("editor", 403), ("startup", 403)])
def test_who_reads_rankings(who: str, status: int, people: Any, challenge: Challenge) -> None:
    client = signed_in(getattr(people, who))
    assert (page(client, challenge).status_code, client.get(reverse("desk:rankings")).status_code) == (status, status)


def test_a_ranking_costs_the_same_with_3_and_with_30_proposals(officer: Any, people: Any, challenge: Challenge) -> None:
    both = SimpleNamespace(officer=people.officer, evaluator=people.evaluator)

    def add(times: int) -> None:
        for _time in range(times):
            score(factories.proposal_in("evaluation", people.organisation, people=both, actor=people.owner, to=challenge), people, 3, 3)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page(officer, challenge).status_code == 200
        return len(queries)

    add(3)
    page(officer, challenge)
    at_3 = cost()
    add(27)
    assert cost() == at_3 <= 15


def test_ranked_is_pure() -> None:
    moment = datetime(2027, 3, 1, tzinfo=clock.rome)
    criteria = [{"code": "impact", "weight": 50, "minimum": 0}, {"code": "technology", "weight": 50, "minimum": 0}]
    results = {name: scoring.result(criteria, [{"impact": impact, "technology": technology}]) for name, impact, technology in (("a", 2, 4), ("b", 4, 2), ("c", 4, 2))}
    entries = [scoring.Entry("none", None, moment), *(scoring.Entry(name, results[name], moment + index * DAY) for index, name in enumerate("acb"))]
    assert [entry.key for entry in scoring.ranked(entries)] == ["c", "b", "a", "none"]
