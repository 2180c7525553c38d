"""Remarks about matches: kept once, without a person, and counted for the city."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from citylab.core import clock
from search.feedback import Place, feedback_record, feedback_take_back, not_relevant, quality_report
from search.matching import Line, Match
from search.models import MatchFeedback
from search.policy import Group
from tests import factories

pytestmark = pytest.mark.django_db


def match(record, group=Group.NOT, score=0.4321):
    reasons, blockers = (Line("Stesso ambito", "aiuta", "sector", 1.0),), (Line("Manca: 5G", "", "capability_missing"),)
    return Match(record, "", group, score, reasons, blockers)


def record(place, found, verdict="not_relevant", kind="site"):
    feedback_record(place=place, kind=kind, match=found, verdict=verdict, engine="embedded")


def test_a_remark_is_kept_as_the_match_was_shown():
    site, proposal = factories.site(), uuid.uuid4()
    record(Place(proposal), match(site))
    (row,) = MatchFeedback.objects.all()
    kept = (row.kind, row.object_id, row.proposal_id, row.group, row.score, row.engine, row.reasons, row.verdict, row.day)
    assert kept == ("site", str(site.pk), proposal, "not", Decimal("0.45"), "embedded", ["sector", "capability_missing"], "not_relevant", clock.today())


def test_a_remark_holds_no_person():
    assert not [field.name for field in MatchFeedback._meta.get_fields() if isinstance(field, models.ForeignKey)]
    assert {field.name for field in MatchFeedback._meta.get_fields()} == {
        "id",
        "kind",
        "object_id",
        "proposal_id",
        "group",
        "score",
        "engine",
        "reasons",
        "verdict",
        "day",
        "once",
    }


def test_the_same_remark_counts_once_for_a_proposal_and_for_a_session():
    site, proposal = factories.site(), uuid.uuid4()
    for place in (Place(proposal), Place(proposal), Place(proposal, "seed"), Place(None, "seed"), Place(None, "seed"), Place(None, "other")):
        record(place, match(site))
    assert list(MatchFeedback.objects.order_by("pk").values_list("proposal_id", flat=True)) == [proposal, None, None]


def test_who_asks_why_something_fits_remarks_nothing():
    site, place = factories.site(), Place(uuid.uuid4())
    for group in Group:
        record(place, match(site, group), "why_not")
        MatchFeedback.objects.update(once=models.F("group"))
    assert list(MatchFeedback.objects.order_by("pk").values_list("group", flat=True)) == ["nearly", "not"]


def test_a_remark_can_be_taken_back_and_leaves_the_others():
    site, place = factories.site(), Place(uuid.uuid4())
    record(place, match(site))
    record(place, match(site), "why_not")
    assert not_relevant(place, [("site", site.pk), ("challenge", site.pk)]) == {"site": {site.pk}, "challenge": set()}
    for _turn in range(2):
        feedback_take_back(place=place, kind="site", object_id=site.pk, verdict="not_relevant")
    assert not_relevant(place, [("site", site.pk)]) == {"site": set(), "challenge": set()}
    assert [row.verdict for row in MatchFeedback.objects.all()] == ["why_not"]


def test_the_report_counts_by_record_since_a_day_the_most_refused_first():
    site, challenge = factories.site(name_it="Parco"), factories.challenge(title_it="Pioggia")
    today = clock.today()
    with clock.travelling_to(clock.now() - timedelta(days=40)):
        record(Place(uuid.uuid4()), match(site))
    for group in (Group.FITS, Group.NEARLY):
        record(Place(uuid.uuid4()), match(challenge, group), kind="challenge")
    record(Place(uuid.uuid4()), match(site), "why_not")

    def rows(since):
        with override("it"):
            report = quality_report(since)
        return [(row.kind, row.object_id, row.name, row.shown, row.not_relevant, row.why_not) for row in report]

    refused = ("challenge", str(challenge.pk), "Pioggia", {"fits": 1, "nearly": 1, "not": 0}, 2, 0)
    assert rows(today - timedelta(days=30)) == [refused, ("site", str(site.pk), "Parco", {"fits": 0, "nearly": 0, "not": 1}, 0, 1)]
    assert rows(today - timedelta(days=60)) == [refused, ("site", str(site.pk), "Parco", {"fits": 0, "nearly": 0, "not": 2}, 1, 1)]
    assert rows(today + timedelta(days=1)) == []


def test_the_report_keeps_what_was_said_about_a_record_that_is_gone():
    record(Place(uuid.uuid4()), match(factories.site()))
    MatchFeedback.objects.update(object_id="999999")
    (row,) = quality_report(clock.today())
    assert (row.record, row.name, row.not_relevant) == (None, "", 1)


def test_the_report_takes_three_queries_whatever_the_number_of_rows():
    counts = []
    for more in (3, 27):
        for _turn in range(more):
            record(Place(uuid.uuid4()), match(factories.site()))
            record(Place(uuid.uuid4()), match(factories.challenge()), kind="challenge")
        with CaptureQueriesContext(connection) as queries:
            quality_report(clock.today())
        counts.append(len(queries))
    assert counts == [3, 3]
