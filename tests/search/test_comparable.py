"""What an officer compares a case with: other sites, and cases of the past with their outcome."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from citylab.accounts.models import Membership
from citylab.core import clock, outbox
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal
from citylab.proposals.services import siting
from citylab.testbeds.models import Site
from citylab.testbeds.services import booking_hold
from search.comparable import SHOWN_CASES, other_sites, similar_cases
from search.rebuilding import rebuild_embedded
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


def drain():
    while outbox.drain():
        pass


def fresh(proposal):
    return Proposal.objects.get(pk=proposal.pk)


def taken(site, first, days, case="00000000-0000-0000-0000-000000000001"):
    booking_hold(site_id=site.pk, case_id=case, label="", starts_on=first, ends_on=first + (days - 1) * DAY, actor=None)


def choices(proposal):
    drain()
    return other_sites(fresh(proposal))


def archive(code, **fields):
    values = {
        "title": code, "slug": code, "is_archive": True, "archive_organisation": "Sereno S.p.A.", "archive_city": "Torino", "archive_years": "2019–2020", "created_at": clock.now(), "updated_at": clock.now(),
        "public_title_it": "Sensori per la pioggia nei tombini", "public_title_en": "Rain sensors in drains", "public_summary_it": "Sensori alimentati a batteria misurano la pioggia e avvisano quando piove molto.", "public_summary_en": "They warn of heavy rain.",
        **fields,
    }  # fmt: skip
    made = Pilot.objects.create(code=code, **values)
    outbox.publish("pilot.public_changed", made.pk)
    return made


# --- other sites


def test_a_site_that_has_what_is_needed_fits_better_than_one_that_lacks_it():
    factories.site("senza", capabilities=())
    factories.site("con")
    found = choices(factories.submitted(sites=["senza"]))
    assert found.current.code == "senza"
    assert [line.code for line in found.current_choice.match.blockers] == ["capability_missing"]
    assert [(choice.match.record.code, choice.fits_better, choice.is_earlier) for choice in found.others] == [("con", True, False)]


def test_a_site_that_fits_less_but_is_free_earlier_is_named_with_its_day():
    first = clock.today() + 90 * DAY
    asked = factories.site("chiesto", description_it="<p>Sensori di pioggia che avvisano il centro operativo.</p>")
    taken(asked, first, 61)
    other = factories.site("altro", capabilities=())
    taken(other, first, 10, case="00000000-0000-0000-0000-000000000002")
    found = choices(factories.submitted(sites=["chiesto"]))
    assert found.current_free_from == first + 61 * DAY
    (choice,) = found.others
    assert (choice.match.record.code, choice.fits_better, choice.is_earlier, choice.free_from) == ("altro", False, True, first + 10 * DAY)


def test_sites_that_do_not_fit_at_all_are_no_alternatives():
    factories.site("chiesto", capabilities=())
    factories.site("chiuso", available_until=clock.today())
    assert choices(factories.submitted(sites=["chiesto"])).others == []


def test_the_best_site_has_no_alternative():
    factories.site("adatto")
    factories.site("senza", capabilities=())
    assert choices(factories.submitted(sites=["adatto"])).others == []


def test_the_site_that_the_city_assigned_is_the_one_to_compare_with():
    people = factories.city()
    factories.site("senza", capabilities=())
    better = factories.site("con")
    proposal = factories.proposal_in("screening", people=people, sites=["senza"])
    siting.site_change(proposal_id=proposal.pk, actor=people.officer, site_id=better.pk, seen=proposal.wished_sites.get().site_id)
    found = choices(proposal)
    assert (found.current.code, found.others) == ("con", [])


def test_a_proposal_without_a_site_is_shown_those_that_fit_or_nearly_do():
    factories.site("con")
    factories.site("senza", capabilities=())
    found = choices(factories.submitted())
    assert found.current is None
    assert [(choice.match.record.code, choice.fits_better, choice.is_earlier) for choice in found.others] == [("con", True, False), ("senza", True, False)]


def test_a_site_behind_all_that_fit_knows_them_as_better():
    for index in range(6):
        factories.site(f"adatto-{index}", description_it="<p>Sensori di pioggia che avvisano il centro operativo.</p>")
    factories.site("ultimo", name_it="Magazzino", summary_it="Deposito.", description_it="<p>Scaffali.</p>")
    found = choices(factories.submitted(sites=["ultimo"]))
    assert (found.current_choice.match.record.code, found.current_choice.match.group) == ("ultimo", "fits")
    assert len(found.others) == 5 and all(choice.fits_better and choice.match.group == "fits" for choice in found.others)


def test_a_site_that_is_free_earlier_is_named_also_behind_all_that_a_panel_shows():
    first = clock.today() + 90 * DAY
    asked = factories.site("chiesto", description_it="<p>Sensori di pioggia che avvisano il centro operativo.</p>")
    taken(asked, first, 61)
    for number in range(6):
        nearer = factories.site(f"vicino-{number}", description_it="<p>Sensori di pioggia che avvisano il centro.</p>", available_until=first + 300 * DAY)
        taken(nearer, first, 80, case=f"00000000-0000-0000-0001-{number:012}")
    behind = factories.site("dietro", name_it="Magazzino", summary_it="Deposito.", description_it="<p>Scaffali.</p>")
    taken(behind, first, 10, case="00000000-0000-0000-0000-000000000002")
    found = choices(factories.submitted(sites=["chiesto"]))
    assert [(choice.match.record.code, choice.fits_better, choice.is_earlier) for choice in found.others] == [("dietro", False, True)]


def test_a_site_that_the_engine_did_not_bring_is_judged_all_the_same(monkeypatch):
    monkeypatch.setattr("search.matching.FITTING", 1)
    factories.site("adatto")
    factories.site("ultimo", name_it="Magazzino", summary_it="Deposito.", description_it="<p>Scaffali.</p>")
    found = choices(factories.submitted(sites=["ultimo"]))
    assert (found.current_choice.match.record.code, found.current_choice.match.group) == ("ultimo", "fits")


def test_a_site_that_was_withdrawn_has_no_verdict_and_whatever_fits_is_better():
    asked = factories.site("chiesto")
    factories.site("con")
    proposal = factories.submitted(sites=["chiesto"])
    Site.objects.filter(pk=asked.pk).update(live=False)
    found = choices(proposal)
    assert (found.current, found.current_choice) == (asked, None)
    assert [(choice.match.record.code, choice.fits_better) for choice in found.others] == [("con", True)]


# --- similar cases


def cases(proposal, reader=None):
    drain()
    return similar_cases(fresh(proposal), reader or factories.person("officer"))


def test_a_decided_case_comes_with_its_decision_and_the_words_in_common():
    past = factories.proposal_in("inadmissible")
    (found,) = cases(factories.submitted())
    assert (found.proposal, found.decision.outcome, found.decision.reasons, found.pilot) == (past, "inadmissible", "Per queste ragioni.", None)
    assert found.words[:2] == ("Sensori", "pioggia")
    assert found.share == pytest.approx(1, abs=0.01)


def test_an_approved_case_and_its_public_pilot_are_one():
    people = factories.city()
    pilot = factories.pilot_in("closed", people=people)
    Pilot.objects.filter(pk=pilot.pk).update(
        public_title_it="Sensori per la pioggia",
        public_summary_it="Avvisano.",
        public_confirmed_by_city_at=clock.now(),
        public_confirmed_by_startup_at=clock.now(),
    )
    outbox.publish("pilot.public_changed", pilot.pk)
    (found,) = cases(factories.submitted())
    assert (found.proposal, found.decision.outcome, found.pilot.pk, found.pilot.outcome != "") == (pilot.proposal, "approved", pilot.pk, True)


def test_archive_pilots_are_found_with_what_is_known_of_them():
    archive("a-2019-1", outcome="adopt", outcome_reasons="Funzionano.")
    archive("b-2019-1", public_title_it="Bicchieri per la pioggia", public_title_en="Cups for rain", public_summary_it="Stoviglie compostabili al mercato rionale, ogni sabato mattina.")
    (found,) = cases(factories.submitted())
    assert (found.proposal, found.decision, found.title, found.organisation) == (None, None, "Rain sensors in drains", "Sereno S.p.A.")
    assert (found.pilot.outcome, found.words[:2]) == ("adopt", ("Sensori", "pioggia"))


def test_an_archive_pilot_that_says_it_with_other_words_of_the_same_meaning_is_found():
    archive("a-2019-1", public_title_it="Monopattini e alberi", public_summary_it="Monopattini.")
    (found,) = cases(factories.submitted(title="Micromobilità nel verde", summary="Verde.", description="Micromobilità.", novelty="Nulla."))
    assert (found.pilot.code, found.words, found.share) == ("a-2019-1", ("Micromobilità", "Verde"), 1)


@pytest.mark.parametrize(("state", "is_past"), [("draft", False), ("submitted", False), ("screening", False), ("changes_requested", False), ("evaluation", False), ("refusal_notice", False), ("approved", True), ("rejected", True), ("inadmissible", True), ("withdrawn", True)])  # fmt: skip
def test_only_what_is_over_is_compared_with(state, is_past):
    other = factories.proposal_in(state)
    assert [found.proposal for found in cases(factories.submitted())] == ([other] if is_past else [])


def test_an_officer_does_not_see_cases_of_the_own_organisation():
    past = factories.proposal_in("inadmissible")
    insider = factories.person("officer")
    Membership.objects.create(user=insider, organisation=past.organisation, role=Membership.Role.READER, joined_at=clock.now())
    asked = factories.submitted()
    assert cases(asked, insider) == []
    assert len(cases(asked)) == 1


def test_a_case_is_not_compared_with_itself_nor_with_what_speaks_of_other_things():
    factories.proposal_in("inadmissible", title="Bicchieri compostabili", summary="Stoviglie.", description="Compost.", novelty="Nulla.")
    assert cases(factories.proposal_in("inadmissible")) == []


def test_both_parts_cost_the_same_with_3_and_with_30_records():
    reader = factories.person("officer")
    asked = factories.submitted()

    def grow(numbers):
        for index in numbers:
            factories.site(f"luogo-{index}")
            archive(f"a-{index}")
            factories.proposal_in("inadmissible")
        rebuild_embedded()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            other_sites(fresh(asked))
            found = similar_cases(fresh(asked), reader)
        assert len(found) == SHOWN_CASES
        return len(queries)

    grow(range(3))
    cost()
    at_3 = cost()
    grow(range(3, 30))
    assert cost() == at_3
