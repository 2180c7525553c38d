"""Which places a proposal is near to follows what changes on either side."""

import pytest

from citylab.challenges.services import challenge_published
from citylab.core import outbox
from citylab.proposals.models import Proposal
from search import affinities, indexing
from search.models import Affinity, WaitingRecord
from tests import factories

pytestmark = pytest.mark.django_db


def drain():
    while outbox.drain():
        pass


def kept(proposal, kind="challenge"):
    return sorted(Affinity.objects.filter(proposal_id=str(proposal.pk), kind=kind).values_list("object_id", flat=True))


def test_a_received_proposal_keeps_its_nearest_places_and_a_draft_none():
    challenge = factories.challenge("pioggia", title_it="Sensori per la pioggia")
    received, draft = factories.submitted(title="Sensori per la pioggia"), factories.draft(title="Sensori per la pioggia")
    drain()
    assert affinities.refresh_waiting() == 1
    assert str(challenge.pk) in kept(received)
    assert kept(draft) == []
    assert not WaitingRecord.objects.exists()


def test_a_new_place_is_kept_by_the_proposals_that_it_concerns():
    received = factories.submitted(title="Sensori per la pioggia")
    drain()
    affinities.refresh_waiting()
    challenge = factories.challenge("pioggia", title_it="Sensori per la pioggia")
    drain()
    assert affinities.refresh_waiting() == 1
    assert str(challenge.pk) in kept(received)


def test_a_place_that_is_withdrawn_is_kept_no_more():
    challenge = factories.challenge("pioggia", title_it="Sensori per la pioggia")
    received = factories.submitted(title="Sensori per la pioggia")
    drain()
    affinities.refresh_waiting()
    type(challenge).objects.filter(pk=challenge.pk).update(live=False)
    challenge_published(challenge_id=challenge.pk, actor=None)
    drain()
    affinities.refresh_waiting()
    assert str(challenge.pk) not in kept(received)


def test_however_often_a_place_changes_its_proposals_are_ranked_once():
    received = factories.submitted(title="Sensori per la pioggia")
    challenge = factories.challenge("pioggia", title_it="Sensori per la pioggia")
    for _change in range(5):
        challenge_published(challenge_id=challenge.pk, actor=None)
    drain()
    waiting = WaitingRecord.objects.filter(work=WaitingRecord.Work.AFFINITIES).values_list("kind", "object_id")
    assert sorted(waiting) == sorted([("challenge", str(challenge.pk)), ("proposal", str(received.pk))])


def test_a_proposal_that_is_gone_is_forgotten():
    received = factories.submitted(title="Sensori per la pioggia")
    Affinity.objects.create(proposal_id=str(received.pk), kind="site", object_id="1", share=1.0)
    Affinity.objects.create(proposal_id="00000000-0000-0000-0000-000000000000", kind="site", object_id="1", share=1.0)
    drain()
    affinities.refresh_all()
    assert set(Affinity.objects.values_list("proposal_id", flat=True)) <= {str(received.pk)}
    Proposal.objects.filter(pk=received.pk).update(state="draft")
    indexing.refresh("proposal", str(received.pk))
    affinities.refresh_waiting()
    assert not Affinity.objects.exists()
