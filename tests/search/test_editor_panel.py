"""Who could answer what an editor is writing: from profiles and public pilots; proposals only count."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from citylab.challenges.models import Challenge
from citylab.core import clock, outbox
from citylab.pilots.models import Pilot
from citylab.taxonomy.models import Technology
from citylab.testbeds.models import Site
from search.affinities import refresh_all
from search.editor_panel import who_could_answer
from search.models import Affinity
from search.rebuilding import rebuild_embedded
from tests import factories
from tests.remembering import remembered

pytestmark = pytest.mark.django_db

RAIN = "Sensori alimentati a batteria misurano la pioggia e avvisano quando piove molto."


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


def drain():
    while outbox.drain():
        pass


def firm(name, **fields):
    return factories.organisation(legal_name=name, **{"language": "it", "description": RAIN, **fields})


def written(**fields):
    """A challenge as it stands in a form: in no table."""
    values = {"title_it": "Sensori per la pioggia nei sottopassi", "summary_it": "Avvisare quando piove molto, prima che si allaghino."}
    terms = fields.pop("technologies", ())
    made = Challenge(**{**values, **fields})
    made.technologies = [factories.term(Technology, code) for code in terms]
    return made


def names(answers):
    return [candidate.match.name for candidate in answers.candidates]


@remembered
def public_pilot(organisation, people=None, *, told=True, **fields):
    """A pilot that runs, with a public card; unless `told`, nobody has heard of it yet."""
    pilot = factories.pilot_in("running", organisation, people=people)
    values = {"public_title_it": "Pioggia nei tombini", "public_title_en": "Rain in drains", "public_summary_it": RAIN, "public_summary_en": "Sensors.", **fields}
    Pilot.objects.filter(pk=pilot.pk).update(**values, public_confirmed_by_city_at=clock.now(), public_confirmed_by_startup_at=clock.now())
    outbox.publish("pilot.public_changed", pilot.pk)
    if told:
        drain()
    return pilot


def test_nothing_written_finds_nobody():
    firm("Pioggia S.r.l.")
    for empty in (Challenge(), Site(), written(title_it="  ", summary_it="")):
        assert (who_could_answer(empty).candidates, who_could_answer(empty).more) == ([], 0)


def test_a_profile_that_speaks_of_it_is_found_with_the_words_and_the_strength():
    firm("Pioggia S.r.l.", sector_codes=["mobility"], website="https://pioggia.example")
    firm("Bicchieri S.r.l.", description="Stoviglie compostabili per i mercati.")
    (found,) = who_could_answer(written(sector=factories.sector())).candidates
    assert (found.match.name, found.match.group, found.sectors, found.public_pilots) == ("Pioggia S.r.l.", "fits", ("Mobility",), 0)
    assert [(line.code, line.note) for line in found.match.reasons] == [("text", "decisive"), ("sector", "helps")]
    assert "<mark>pioggia</mark>" in found.match.reasons[0].text
    assert sum(line.share for line in found.match.reasons) == pytest.approx(1)


def test_a_profile_that_says_it_with_other_words_of_the_same_meaning_is_found():
    firm("Ali S.r.l.", description="UAV in un parcheggio.")
    firm("Bicchieri S.r.l.", description="Stoviglie compostabili per i mercati.")
    (found,) = who_could_answer(written(title_it="Droni e piazzole di sosta", summary_it="")).candidates
    assert (found.match.name, [line.text for line in found.match.reasons]) == ("Ali S.r.l.", ["Both texts speak of: <mark>Droni</mark>, <mark>sosta</mark>"])


def test_each_language_is_compared_with_profiles_in_that_language():
    firm("Pioggia S.r.l.")
    firm("Rain Ltd", language="en", description="Battery sensors measure rain and warn when it rains heavily.")
    assert names(who_could_answer(written())) == ["Pioggia S.r.l."]
    english = written(title_it="", summary_it="", title_en="Rain sensors in underpasses", summary_en="Warn when it rains heavily.")
    assert names(who_could_answer(english)) == ["Rain Ltd"]


def test_the_same_technology_is_a_reason_of_its_own_and_the_same_sector_alone_is_not():
    firm("Oggetti S.r.l.", description="", technology_codes=["iot"])
    firm("Mobile S.r.l.", description="", sector_codes=["mobility"])
    (found,) = who_could_answer(written(technologies=["iot"], sector=factories.sector())).candidates
    assert (found.match.name, [line.code for line in found.match.reasons]) == ("Oggetti S.r.l.", ["technology"])


def test_whoever_is_not_admitted_stands_last_and_it_is_said():
    firm("Ateneo", kind="research")
    firm("Pioggia S.r.l.", description="Avvisa quando piove molto; sensori.")
    found = who_could_answer(written(applicant_kinds=["startup"])).candidates
    assert [(candidate.match.name, candidate.match.group) for candidate in found] == [("Pioggia S.r.l.", "fits"), ("Ateneo", "nearly")]
    assert [line.text for line in found[1].match.blockers] == ["Only for: Start-up"]


def test_a_public_pilot_speaks_for_its_organisation_and_is_counted():
    organisation = firm("Tombini S.r.l.", description="")
    public_pilot(organisation)
    (found,) = who_could_answer(written()).candidates
    assert (found.match.name, found.public_pilots) == ("Tombini S.r.l.", 1)


def test_a_pilot_that_is_not_public_says_nothing_and_counts_nothing():
    organisation = firm("Pioggia S.r.l.")
    factories.pilot_in("running", organisation)
    drain()
    (found,) = who_could_answer(written()).candidates
    assert found.public_pilots == 0


def test_a_proposal_adds_to_a_number_and_never_names_anybody():
    silent = firm("Segreta S.r.l.", description="")
    factories.proposal_in("screening", silent, title="Sensori per la pioggia", summary=RAIN, novelty="Parola riservata: mongolfiera.")
    drain()
    answers = who_could_answer(written(description_it="<p>Con una mongolfiera.</p>"))
    assert (answers.candidates, answers.more) == ([], 1)


@pytest.mark.parametrize(("state", "counts"), [("draft", 0), ("withdrawn", 0), ("submitted", 1), ("evaluation", 1), ("approved", 1), ("rejected", 1), ("inadmissible", 1)])
def test_which_proposals_count(state, counts):
    factories.proposal_in(state, firm("Segreta S.r.l.", description=""), title="Sensori per la pioggia", summary=RAIN)
    drain()
    assert who_could_answer(written()).more == counts


def test_a_challenge_that_is_published_counts_the_proposals_whose_interest_falls_on_it():
    """As the evaluation ranks them: a text that is near to everything says little about any."""
    ours = factories.challenge("pioggia", title_it="Sensori per la pioggia", summary_it=RAIN)
    ids = [str(factories.proposal_in("submitted", firm(name, description="")).pk) for name in ("Pioggia S.r.l.", "Tutto S.r.l.")]
    drain()
    Affinity.objects.all().delete()
    Affinity.objects.bulk_create(Affinity(proposal_id=pk, kind="challenge", object_id=str(ours.pk), share=share) for pk, share in zip(ids, (0.9, 0.1), strict=True))
    assert (who_could_answer(ours).more, who_could_answer(ours, str(ours.pk)).more) == (2, 1)


def test_a_proposal_that_is_nearest_to_the_only_challenge_but_speaks_of_other_things_does_not_count():
    ours = factories.challenge("pioggia", title_it="Sensori per la pioggia", summary_it="Misurare.", description_it="", expected_it="")
    factories.proposal_in("submitted", firm("Mercati S.r.l.", description=""), title="Sensori", summary="Bicchieri.", description="Stoviglie.", novelty="Nulla.")
    drain()
    refresh_all()
    assert Affinity.objects.get(kind="challenge").share == 1
    assert who_could_answer(ours, str(ours.pk)).more == 0


def test_an_organisation_that_is_shown_is_not_counted_again_however_many_proposals_it_has():
    shown = firm("Pioggia S.r.l.")
    for _turn in range(2):
        factories.proposal_in("submitted", shown)
    drain()
    answers = who_could_answer(written())
    assert (names(answers), answers.more) == (["Pioggia S.r.l."], 0)


def test_a_site_being_written_finds_those_who_could_use_it():
    firm("Pioggia S.r.l.", sector_codes=["mobility"])
    place = Site(name_it="Sottopasso", summary_it="Si allaga quando piove molto: serve chi misura la pioggia.")
    place.sectors = [factories.sector()]
    (found,) = who_could_answer(place).candidates
    assert (found.match.name, [line.code for line in found.match.reasons]) == ("Pioggia S.r.l.", ["text", "sector"])


def test_at_most_ten_are_shown_the_best_first():
    firm("Prima S.r.l.", description=RAIN + " Sottopassi allaghino.")
    for index in range(12):
        firm(f"Altra {index:02} S.r.l.")
    found = names(who_could_answer(written()))
    assert (len(found), found[0]) == (10, "Prima S.r.l.")


@pytest.mark.parametrize("is_saved", [False, True])
def test_it_costs_the_same_with_3_and_with_30_organisations(is_saved):
    people = factories.city()
    saved = factories.challenge("sfida", title_it="Sensori per la pioggia", description_it="<p>Misurare la pioggia.</p>") if is_saved else None

    def grow(numbers):
        for index in numbers:
            public_pilot(firm(f"Pioggia {index} S.r.l."), people, told=False)
        rebuild_embedded()

    def cost():
        offer = Challenge.objects.get(pk=saved.pk) if saved else written(sector=factories.sector(), technologies=["iot"])
        with CaptureQueriesContext(connection) as queries:
            assert who_could_answer(offer, str(saved.pk) if saved else "").candidates
        return len(queries)

    grow(range(3))
    cost()
    at_3 = cost()
    grow(range(3, 30))
    assert cost() == at_3 <= 16


def test_nothing_is_saved():
    firm("Pioggia S.r.l.")
    who_could_answer(written(technologies=["iot"]))
    assert (Challenge.objects.count(), Site.objects.count()) == (0, 0)
