"""The match panel of a proposal, on real rows."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from citylab.core import clock, outbox
from citylab.proposals.models import Proposal
from citylab.taxonomy.models import Technology
from citylab.testbeds.services import booking_hold
from search.matching import match_proposal
from search.rebuilding import rebuild_embedded
from search.verdicts import Bench
from tests import factories

pytestmark = pytest.mark.django_db


def drain():
    while outbox.drain():
        pass


def panel(proposal):
    found = Proposal.objects.select_related("organisation", "sector").get(pk=proposal.pk)
    return match_proposal(found)


def shown(matches):
    """code → (group, reason codes, blocker codes) of everything a panel shows."""
    return {
        match.record.code: (str(match.group), [line.code for line in match.reasons], [line.code for line in match.blockers])
        for group in matches.values()
        for match in group
    }


def test_a_panel_says_what_fits_nearly_fits_and_does_not_and_why():
    first = clock.today() + timedelta(days=90)
    factories.site("adatto", name_it="Parco della pioggia", description_it="<p>Sensori di pioggia ovunque.</p>")
    factories.site("senza-corrente", capabilities=())
    busy = factories.site("occupato")
    booking_hold(site_id=busy.pk, case_id="00000000-0000-0000-0000-000000000001", label="", starts_on=first, ends_on=first + timedelta(days=9), actor=None)
    factories.site("chiuso", available_until=first - timedelta(days=1))
    factories.site("bozza", publish=False)
    factories.challenge("aperta", title_it="Sensori per la pioggia")
    factories.challenge("chiusa", closes_at=clock.now() + timedelta(days=1))
    factories.challenge("enti", applicant_kinds=["public"])
    draft = factories.draft()
    drain()
    with clock.travelling_to(clock.now() + timedelta(days=2)):
        found = panel(draft)
    sites = shown(found.sites)
    assert sites["adatto"] == ("fits", ["text", "sector", "capability"], [])
    assert sites["senza-corrente"][::2] == ("nearly", ["capability_missing"])
    assert sites["occupato"][::2] == ("nearly", ["no_place"])
    assert sites["chiuso"][::2] == ("not", ["no_place"])
    assert "bozza" not in sites
    challenges = shown(found.challenges)
    assert challenges["aperta"][0] == "fits" and "text" in challenges["aperta"][1]
    assert challenges["chiusa"][::2] == ("not", ["closed"])
    assert challenges["enti"][::2] == ("nearly", ["applicant_kind"])
    assert found.counts == {"fits": 2, "nearly": 3, "not": 2}


def test_a_panel_names_the_day_from_which_a_site_is_free_and_the_day_on_which_a_challenge_opens():
    first = clock.today() + timedelta(days=90)
    busy = factories.site("occupato")
    booking_hold(site_id=busy.pk, case_id="00000000-0000-0000-0000-000000000001", label="", starts_on=first, ends_on=datetime(2027, 5, 11).date(), actor=None)
    opens = datetime(2027, 6, 1, 0, 0, tzinfo=clock.rome)  # 31 May, 22:00 UTC
    factories.challenge("futura", opens_at=opens)
    draft = factories.draft()
    drain()
    with override("it"):
        found = panel(draft)
        (site,), (challenge,) = found.sites["nearly"], found.challenges["nearly"]
        remedies = [site.blockers[0].note, challenge.blockers[0].note]
    assert "12 maggio 2027" in remedies[0].lower()
    assert "1 giugno 2027" in remedies[1].lower() and "31" not in remedies[1]


def test_the_nearest_site_with_what_is_missing_is_named():
    factories.site("senza", capabilities=(), latitude=45.07, longitude=7.68)
    factories.site("vicino", name_it="Piazza vicina", latitude=45.075, longitude=7.68)
    factories.site("lontano", name_it="Campo lontano", latitude=45.15, longitude=7.68)
    draft = factories.draft()
    drain()
    with override("it"):
        (line,) = next(match for match in panel(draft).sites["nearly"] if match.record.code == "senza").blockers
    assert "Piazza vicina" in line.note and "556" in line.note


@pytest.mark.parametrize("fetched", [1, 50])
def test_the_nearest_site_with_what_is_missing_is_looked_for_among_all(monkeypatch, fetched):
    """Also among those whose text is too far to be fetched, and no site that is not published or has only some of it."""
    monkeypatch.setattr("search.matching.FITTING", fetched)
    monkeypatch.setattr("search.matching.OTHERS", fetched)
    factories.site("senza", name_it="Pioggia e sensori", capabilities=("power",), latitude=45.07, longitude=7.68)
    factories.site("lontano", name_it="Sensori di pioggia", capabilities=("power", "5g"), latitude=45.15, longitude=7.68)
    factories.site("vicino", name_it="Ultimo", capabilities=("power", "5g"), latitude=45.08, longitude=7.68)
    factories.site("bozza", capabilities=("power", "5g"), latitude=45.07, longitude=7.68, publish=False)
    factories.site("mezzo", capabilities=("5g",), latitude=45.071, longitude=7.68)
    draft = factories.draft(capabilities=["power", "5g"])
    drain()
    with override("it"):
        matches = panel(draft).sites["nearly"]
    (line,) = next(match for match in matches if match.record.code == "senza").blockers
    assert "Ultimo" in line.note and "1,1" in line.note
    assert line.address.endswith("/vicino/")


def test_a_draft_that_says_nothing_yet_meets_no_constraint():
    factories.site(), factories.challenge()
    drain()
    found = panel(factories.draft(complete=False))
    assert found.counts == {"fits": 2, "nearly": 0, "not": 0}
    assert [match.reasons for match in found.sites["fits"]] == [()]


def test_only_pilots_that_ran_are_history():
    site = factories.site("parco", capacity=3)
    factories.approved_pilot(at=site)
    draft = factories.draft()
    drain()
    assert "history" not in shown(panel(draft).sites)["parco"][1]
    factories.pilot_in("running", at=site)
    assert "history" in shown(panel(draft).sites)["parco"][1]


def test_what_people_wrote_is_text_in_the_reasons_never_markup():
    factories.site("parco", name_it="<script>pioggia</script>", description_it="<p>pioggia</p>")
    draft = factories.draft(title="<b>pioggia</b> <script>alert(1)</script>")
    drain()
    (match,) = panel(draft).sites["fits"]
    text = next(line.text for line in match.reasons if line.code == "text")
    assert "<mark>pioggia</mark>" in text and "<script" not in text and "<b>" not in text


def test_a_text_that_says_the_same_with_another_word_speaks_for_it_too():
    factories.challenge("sfida", title_it="Micromobilità", summary_it="", description_it="", expected_it="")
    factories.challenge("altra", title_it="Mercati", summary_it="", description_it="", expected_it="")
    said = dict.fromkeys(("summary", "description", "novelty"), "")
    draft = factories.draft(title="Monopattini", **said)
    drain()
    with override("en"):
        found = {match.record.code: [line.text for line in match.reasons if line.code == "text"] for match in panel(draft).challenges["fits"]}
    assert found == {"sfida": ["Both texts speak of: <mark>Monopattini</mark>"], "altra": []}


def test_the_challenge_that_is_answered_says_how_its_text_agrees_however_many_are_nearer():
    ours = factories.challenge("sfida", title_it="Pioggia", summary_it="Bicchieri.", description_it="", expected_it="")
    for _turn in range(52):
        factories.challenge(title_it="Sensori per la pioggia", summary_it="Avvisare quando piove molto.")
    draft = factories.draft(to=ours)
    rebuild_embedded()
    (match,) = panel(draft).challenges["fits"]
    assert (match.record, [line.code for line in match.reasons][:1]) == (ours, ["sector"])
    assert "text" in [line.code for line in match.reasons]
    (why,) = Bench("challenge", [ours.pk]).matches([Proposal.objects.get(pk=draft.pk)])
    assert [(line.code, line.text) for line in why.reasons] == [(line.code, line.text) for line in match.reasons]
    assert why.score == pytest.approx(match.score)


def queries(call):
    with CaptureQueriesContext(connection) as found:
        call()
    return len(found)


def test_a_panel_takes_the_same_queries_whatever_the_number_of_sites():
    draft = factories.draft()
    counts = []
    for more in (3, 27):
        for _turn in range(more):
            site = factories.site()
            booking_hold(
                site_id=site.pk, case_id=f"00000000-0000-0000-0000-{site.pk:012d}", label="", starts_on=clock.today(), ends_on=clock.today(), actor=None
            )
            factories.challenge().technologies.add(factories.term(Technology, "iot"))
        rebuild_embedded()
        counts.append(queries(lambda: panel(draft)))
    assert counts[0] == counts[1] <= 15
