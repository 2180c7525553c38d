"""The report on what start-ups say about matches: who reads it, what it counts, and that it names nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.core import clock
from search.feedback import Place, feedback_record
from search.matching import Line, Match
from search.models import MatchFeedback
from search.policy import Group
from search.quality import report
from tests import factories

from .conftest import signed_in, text_of

DAY = timedelta(days=1)


def remark(record: Any, kind: str = "site", verdict: str = "not_relevant", group: Group = Group.NEARLY, codes: tuple[str, ...] = ("text", "capability_missing"), seed: str = "") -> None:
    found = Match(record, "", group, 0.5, tuple(Line(code, "", code) for code in codes), ())
    feedback_record(place=Place(seed=seed or str(MatchFeedback.objects.count())), kind=kind, match=found, verdict=verdict, engine="embedded")


def page(client: Any, **query: Any) -> Any:
    return client.get(reverse("desk:quality"), query)


@pytest.mark.parametrize(("who", "status"), [("officer", 200), ("administrator", 200), ("evaluator", 403), ("department", 403), ("editor", 403), ("startup", 403)])
def test_who_reads_it(who: str, status: int, people: Any) -> None:
    assert page(signed_in(getattr(people, who))).status_code == status


def test_the_menu_leads_there(officer: Any) -> None:
    assert f'<a href="{reverse("desk:quality")}">Quality of matches</a>' in text_of(officer.get(reverse("desk:queue")))
    assert f'<a href="{reverse("desk:quality")}" aria-current="page">Quality of matches</a>' in text_of(page(officer))


def test_without_remarks_it_says_so(officer: Any) -> None:
    assert "Nobody has said anything yet" in text_of(page(officer))


def test_records_are_counted_by_what_was_said_with_the_reasons_they_had(officer: Any) -> None:
    park, square = factories.site("park", name_en="Wide park"), factories.site("square", name_en="Small square")
    call = factories.challenge("rain", title_en="Rain")
    for _turn in range(3):
        remark(park)
    remark(park, group=Group.FITS, codes=("sector",))
    remark(square, verdict="why_not", group=Group.NOT, codes=("no_place",))
    remark(call, "challenge", group=Group.FITS, codes=("text",))
    response = page(officer)
    rows = {found.row.name: (found.row.not_relevant, found.row.why_not, found.refused_reasons) for found in response.context["page"]}
    assert rows == {
        "Wide park": (4, 0, [("lacks something", 3), ("words in common", 3), ("same sector", 1)]),
        "Rain": (1, 0, [("words in common", 1)]),
        "Small square": (0, 1, []),
    }
    assert list(rows) == ["Wide park", "Rain", "Small square"]
    text = text_of(response)
    for expected in ("<strong>5</strong> times “not relevant”", "<strong>1</strong> time “why not?”", "words in common (4), lacks something (3), same sector (1).", "fits 1, nearly 3", "does not fit 1", "Site · park", "Challenge · rain"):
        assert expected in text


def test_only_the_chosen_period_counts_and_a_strange_one_is_the_usual_one(officer: Any) -> None:
    site = factories.site("park")
    for days in (10, 60, 200):
        remark(site, seed=str(days))
        MatchFeedback.objects.filter(day=clock.today()).update(day=clock.today() - days * DAY)
    counts = {
        given: sum(found.row.not_relevant for found in page(officer, days=given).context["page"]) for given in ("30", "90", "365", "", "7", "x", "-1", "²")
    }
    assert counts == {"30": 1, "90": 2, "365": 3, "": 2, "7": 2, "x": 2, "-1": 2, "²": 2}


def test_a_record_that_is_not_public_or_gone_keeps_its_line_without_a_link(officer: Any) -> None:
    hidden, gone = factories.site("hidden", name_en="Hidden yard", publish=False), factories.site("gone", publish=False)
    remark(hidden)
    remark(gone)
    address = hidden.get_absolute_url()
    gone.delete()
    text = text_of(page(officer))
    assert "Hidden yard" in text and f'href="{address}"' not in text and "No longer here" in text


def test_nobody_is_named(officer: Any, made: Any, people: Any) -> None:
    case = made("screening")
    found = Match(factories.site("park"), "", Group.NOT, 0.5, (Line("x", "", "text"),), ())
    feedback_record(place=Place(proposal_id=case.pk), kind="site", match=found, verdict="not_relevant", engine="embedded")
    text = text_of(page(officer))
    for hidden in (case.number, str(case.pk), people.organisation.legal_name, people.owner.email):
        assert hidden not in text


@pytest.mark.django_db
def test_an_unknown_code_stays_readable() -> None:
    remark(factories.site("park"), codes=("brand_new",))
    assert report(clock.today()).reasons == [("brand_new", 1)]


def test_it_costs_the_same_with_3_and_with_30_records(officer: Any) -> None:
    def grow(numbers: range) -> None:
        for index in numbers:
            remark(factories.site(f"place-{index}"))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page(officer).status_code == 200
        return len(queries)

    grow(range(3))
    page(officer)
    at_3 = cost()
    grow(range(3, 30))
    assert cost() == at_3
    assert (len(page(officer).context["page"]), len(page(officer, page=2).context["page"])) == (25, 5)
