"""The queue: what comes first, what can be narrowed, kept and shared, and what it costs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.core import clock
from citylab.desk.models import SavedFilter
from citylab.desk.services import filter_save
from citylab.proposals.models import Proposal
from citylab.proposals.services import screening
from tests import factories

from .conftest import signed_in, text_of

DAY = timedelta(days=1)


def queue(client: Any, **query: str) -> Any:
    return client.get(reverse("desk:queue"), query)


def numbers(response: Any) -> list[str]:
    return [case.number for case in response.context["page"]]


def received(days_ago: int, by: Any, **how: Any) -> Proposal:
    with clock.travelling_to(clock.now() - days_ago * DAY):
        return factories.submitted(by, **how)


def test_late_comes_first_then_the_day_due_then_what_waits_for_the_startup(officer: Any, people: Any, made: Any) -> None:
    waiting = made("changes_requested")
    fresh, late = received(2, people.organisation), received(40, people.organisation)
    response = queue(officer)
    assert numbers(response) == [late.number, fresh.number, waiting.number]
    assert [case.is_late for case in response.context["page"]] == [True, False, False]
    assert "days late" in text_of(response)


def test_the_figures_count_and_lead_to_their_cases(officer: Any, people: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    today = received(30, people.organisation)
    received(40, people.organisation)
    made("changes_requested")
    screening.officer_assign(proposal_id=today.pk, actor=people.officer, officer=people.officer)
    response = queue(officer)
    assert {row["code"]: row["count"] for row in response.context["figures"]} == {"pending": 3, "late": 1, "today": 1, "mine": 2, "unassigned": 1, "waiting": 1}
    for row in response.context["figures"]:
        assert queue(officer, **dict([row["query"].split("=")]) if row["query"] else {}).context["total"] == row["count"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "evaluation"}, {"scored"}),
        ({"state": "approved"}, {"approved"}),
        ({"turn": "applicant"}, {"asked"}),
        ({"turn": "office"}, {"fresh", "scored"}),
        ({"officer": "me"}, {"asked", "scored"}),
        ({"officer": "nobody"}, {"fresh"}),
        ({"sector": "energy"}, {"fresh"}),
        ({"challenge": "rain"}, {"scored"}),
        ({"text": "panchine"}, {"fresh"}),
        ({"text": "nuvola lenta"}, {"fresh", "asked", "scored"}),
        ({"text": "panchine nuvola"}, {"fresh"}),
        ({"text": "nothing like this"}, set()),
        ({"state": "no such state"}, {"fresh", "asked", "scored"}),
        ({"officer": "9" * 40}, {"fresh", "asked", "scored"}),
        ({"text": "\x00"}, {"fresh", "asked", "scored"}),
    ],
)
def test_the_queue_is_narrowed_by(query: dict[str, str], expected: set[str], officer: Any, people: Any, made: Any) -> None:
    factories.sector("energy")
    cases = {
        "fresh": made("submitted", title="Panchine che parlano", sector="energy"), "asked": made("changes_requested"), "scored": made("evaluation", to=factories.challenge("rain")),
        "approved": made("approved"),
    }  # fmt: skip
    assert set(numbers(queue(officer, **query))) == {cases[name].number for name in expected}


def test_drafts_never_reach_the_desk(officer: Any, made: Any) -> None:
    made("draft")
    assert numbers(queue(officer)) == []
    assert numbers(queue(officer, state="draft")) == []


def test_an_empty_queue_and_an_empty_search_say_what_to_do(officer: Any, made: Any) -> None:
    assert "Nothing is pending" in text_of(queue(officer))
    assert "Remove a filter or search for fewer words." in text_of(queue(officer, text="zzz"))


def test_a_case_is_taken_in_its_row_and_the_answer_leads_back_to_it(officer: Any, people: Any, made: Any) -> None:
    case = made("submitted")
    here = reverse("desk:queue") + "?turn=office"
    response = officer.post(reverse("desk:take", args=[case.pk]), {"next": here})
    assert response["Location"] == f"{here}#case-{case.pk}"
    assert Proposal.objects.get(pk=case.pk).officer == people.officer


def test_a_case_that_a_colleague_took_meanwhile_stays_with_the_colleague(officer: Any, people: Any, made: Any) -> None:
    case = made("submitted")
    screening.officer_assign(proposal_id=case.pk, actor=people.colleague, officer=people.colleague)
    response = officer.post(reverse("desk:take", args=[case.pk]), {"next": reverse("desk:queue")}, follow=True)
    assert f"Second Officer has taken {case.number} meanwhile." in text_of(response)
    assert Proposal.objects.get(pk=case.pk).officer == people.colleague


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_taking_a_case_never_leads_to_another_site(target: str, officer: Any, made: Any) -> None:
    case = made("submitted")
    assert officer.post(reverse("desk:take", args=[case.pk]), {"next": target})["Location"] == reverse("desk:case", args=[case.pk])


def test_pages_keep_the_filter(officer: Any, people: Any) -> None:
    for _time in range(26):
        factories.submitted(people.organisation, actor=people.owner)
    first = queue(officer, turn="office")
    assert (len(numbers(first)), first.context["total"]) == (25, 26)
    assert "?turn=office&amp;page=2" in first.content.decode()
    assert len(numbers(queue(officer, turn="office", page="2"))) == 1


def test_the_search_as_you_type_gets_only_the_rows(officer: Any, made: Any) -> None:
    made("submitted")
    response = officer.get(reverse("desk:queue"), headers={"HX-Target": "queue-results"})
    assert [template.name for template in response.templates][0] == "desk/_queue_rows.html"
    assert response["Cache-Control"] == "no-store"
    assert "<html" not in response.content.decode()


# --- saved filters


def saved(response: Any) -> dict[str, tuple[int, bool]]:
    return {row["filter"].name: (row["count"], row["is_own"]) for row in response.context["saved"]}


def test_a_saved_filter_keeps_its_query_and_counts(officer: Any, people: Any, made: Any) -> None:
    made("submitted")
    made("evaluation")
    response = officer.post(reverse("desk:filter_save"), {"name": "Fresh", "query": "state=submitted&page=3&bad=1"})
    assert response["Location"].endswith("?state=submitted&page=3&bad=1")
    kept = SavedFilter.objects.get()
    assert (kept.query, kept.is_shared, kept.owner) == ("state=submitted", False, people.officer)
    assert saved(queue(officer)) == {"Fresh": (1, True)}


def test_a_shared_filter_is_seen_by_colleagues_and_counts_for_whoever_looks(officer: Any, people: Any, made: Any) -> None:
    made("evaluation")
    filter_save(owner=people.officer, name="My work", query="officer=me", is_shared=True)
    filter_save(owner=people.officer, name="Private", query="turn=office", is_shared=False)
    assert saved(queue(officer)) == {"My work": (1, True), "Private": (1, True)}
    assert saved(queue(signed_in(people.colleague))) == {"My work": (0, False)}


@pytest.mark.parametrize(("name", "message"), [("", "Give the filter a name."), ("Mine", "You already have a filter with this name."), ("x" * 61, "at most 60 characters")])
def test_a_filter_that_cannot_be_saved_says_why_and_keeps_the_text(name: str, message: str, officer: Any, people: Any) -> None:
    filter_save(owner=people.officer, name="Mine", query="", is_shared=False)
    response = officer.post(reverse("desk:filter_save"), {"name": name, "query": "turn=office", "is_shared": "on"})
    assert response.status_code == 422
    assert message in text_of(response)
    assert response.context["filter_form"]["name"].value() == name
    assert response.context["query"] == "turn=office"
    assert SavedFilter.objects.count() == 1


def test_only_its_owner_deletes_a_shared_filter(officer: Any, people: Any) -> None:
    kept = filter_save(owner=people.officer, name="Shared", query="", is_shared=True)
    assert signed_in(people.colleague).post(reverse("desk:filter_delete", args=[kept.pk])).status_code == 404
    assert SavedFilter.objects.filter(pk=kept.pk).exists()
    assert officer.post(reverse("desk:filter_delete", args=[kept.pk])).status_code == 302
    assert not SavedFilter.objects.exists()


# --- cost and access


def test_the_queue_costs_the_same_with_3_and_with_30_cases(officer: Any, people: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection, ) as queries:
            assert officer.get(reverse("desk:queue")).status_code == 200
        return len(queries)

    for index in range(3):
        factories.submitted(people.organisation, actor=people.owner)
        filter_save(owner=people.officer, name=f"Filter {index}", query="turn=office", is_shared=True)
    officer.get(reverse("desk:queue"))
    at_3 = cost()
    for index in range(3, 30):
        factories.submitted(people.organisation, actor=people.owner)
        filter_save(owner=people.officer, name=f"Filter {index}", query="sector=mobility", is_shared=True)
    assert cost() == at_3 <= 15


@pytest.mark.parametrize(
    ("role", "status", "target"),
    [("officer", 200, ""), ("administrator", 200, ""), ("evaluator", 302, "desk:evaluations"), ("department", 302, "desk:pilots"), ("editor", 403, ""), ("startup", 403, "")],
)
def test_everybody_lands_where_their_work_is(role: str, status: int, target: str, people: Any) -> None:
    client = signed_in(getattr(people, role))
    response = client.get(reverse("desk:home"))
    assert response.status_code == status
    if target:
        assert response["Location"] == reverse(target)
        assert client.get(response["Location"]).status_code == 200
