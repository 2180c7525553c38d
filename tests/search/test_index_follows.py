"""The index follows what editors and the city do, through the outbox, and never shows what it must not."""

import pytest
from django.core.management import call_command
from django.utils.translation import override

from citylab.accounts.services.organisations import organisation_update
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import clock, outbox
from citylab.pilots.models import Pilot
from citylab.proposals.services import deciding
from citylab.testbeds.services import site_published, site_unpublished
from search import indexing
from search.engines import Document, Text, get_engine
from search.models import SearchDocument, SearchTerm
from tests import factories

from .answering import found_ids

pytestmark = pytest.mark.django_db


def drain():
    while outbox.drain():
        pass


def found(query, kind="site", language="it"):
    with override(language):
        return [key for _kind, key in found_ids(query, [kind])[0]]


def rows(kind, record):
    return set(SearchDocument.objects.filter(record__kind=kind, record__object_id=str(record.pk)).values_list("language", "title"))


def test_a_published_site_is_found_in_both_languages():
    site = factories.site("parco", name_it="Parco delle Vallere", name_en="Vallere park")
    assert rows("site", site) == set()
    drain()
    assert rows("site", site) == {("it", "Parco delle Vallere"), ("en", "Vallere park")}
    assert found("vallere") == found("park", language="en") == [str(site.pk)]


def test_a_renamed_site_is_found_by_its_new_name_alone():
    site = factories.site("parco", name_it="Parco delle Vallere")
    drain()
    site.name_it = "Giardino Colonnetti"
    site.save()
    site_published(site_id=site.pk, actor=None)
    drain()
    assert (found("vallere"), found("colonnetti")) == ([], [str(site.pk)])


@pytest.mark.parametrize(("make", "unpublished"), [(factories.site, site_unpublished), (factories.challenge, challenge_unpublished)])
def test_what_is_unpublished_leaves_the_index(make, unpublished):
    record = make("segnale")
    kind = record._meta.model_name
    drain()
    assert len(rows(kind, record)) == 2
    type(record).objects.filter(pk=record.pk).update(live=False)
    unpublished(**{f"{kind}_id": record.pk}, actor=None)
    drain()
    assert rows(kind, record) == set()
    assert found("segnale", kind) == []


def test_an_unpublished_record_never_enters_even_when_told_late():
    challenge = factories.challenge("tardi")
    challenge_published(challenge_id=challenge.pk, actor=None)
    type(challenge).objects.filter(pk=challenge.pk).update(live=False)
    drain()
    assert rows("challenge", challenge) == set()


@pytest.mark.parametrize("code", ["sector", "capability"])
def test_a_renamed_term_is_found_where_it_stands(code):
    site = factories.site("parco", capabilities=("power",))
    drain()
    term = factories.sector() if code == "sector" else site.assets.get().capability
    term.name_it = "Novità assoluta"
    term.save()
    drain()
    assert found("novità assoluta") == [str(site.pk)]


def test_a_renamed_organisation_is_found_by_its_pilot():
    pilot = factories.pilot_in("running")
    Pilot.objects.filter(pk=pilot.pk).update(
        public_title_it="Prova", public_title_en="Trial", public_confirmed_by_city_at=clock.now(), public_confirmed_by_startup_at=clock.now()
    )
    drain()
    indexing.refresh("pilot", str(pilot.pk))
    organisation = pilot.organisation
    organisation_update(
        organisation_id=organisation.pk,
        actor=factories.owner_of(organisation),
        data={"legal_name": "Rinominata S.p.A.", "kind": "startup", "country": "IT", "vat_number": organisation.vat_number},
        version=organisation.version,
    )
    drain()
    assert found("rinominata", "pilot") == [str(pilot.pk)]


def test_a_pilot_is_found_only_once_both_sides_confirmed_its_card():
    pilot = factories.pilot_in("running")
    drain()
    indexing.refresh("pilot", str(pilot.pk))
    assert rows("pilot", pilot) == set()


def test_drafts_are_in_no_index_and_proposals_in_no_public_search():
    draft, submitted = factories.draft(title="Bozzaprivata"), factories.submitted(title="Candidataprivata")
    drain()
    assert not SearchDocument.objects.filter(record__object_id=str(draft.pk)).exists()
    assert list(SearchDocument.objects.filter(record__object_id=str(submitted.pk)).values_list("kind", "body")) == [("proposal", "")]
    for kinds in (["site"], ["site", "challenge", "pilot"], ["proposal"]):
        for query in ("bozzaprivata", "candidataprivata", "candidatapriv"):
            assert found_ids(query, kinds) == ([], "")
    assert not SearchTerm.objects.filter(word__contains="privata").exists()
    # The words of the city's own index correct nobody either.
    assert get_engine().corrected("candidataprivatta", "it") == "candidataprivatta"


def test_a_withdrawn_proposal_is_matched_with_nothing_new():
    from search.editor_panel import who_could_answer

    challenge = factories.challenge(title_it="Sensori per la pioggia")
    proposal = factories.submitted(title="Sensori per la pioggia")
    drain()
    assert who_could_answer(challenge, str(challenge.pk)).more == 1
    deciding.proposal_withdraw(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation))
    assert who_could_answer(challenge, str(challenge.pk)).more == 0


def test_a_rebuild_finds_everything_anew_and_forgets_what_is_gone():
    site, hidden = factories.site("parco", name_it="Parco"), factories.site("nascosto", publish=False)
    engine = get_engine()
    engine.index(
        [
            Document("site", "999999", 1, {"it": Text("Fantasma", "Cancellato.")}),
            Document("site", str(hidden.pk), 1, {"it": Text("Nascosto", "Non più pubblico.")}),
        ]
    )
    call_command("search_rebuild", verbosity=0)
    assert [entry.object_id for entry in engine.entries("site")] == [str(site.pk)]
    assert not SearchTerm.objects.filter(word="fantasma").exists()
    assert found("parco") == [str(site.pk)]
