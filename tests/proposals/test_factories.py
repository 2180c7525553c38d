"""Every state can be reached by its real moves: what the other tests build on."""

import pytest

from citylab.pilots.workflow import State as PilotState
from citylab.proposals.workflow import State
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", State.values)
def test_a_proposal_reaches(state):
    assert factories.proposal_in(state).state == state


@pytest.mark.parametrize("state", PilotState.values)
def test_a_pilot_reaches(state):
    assert factories.pilot_in(state).state == state


def test_a_competitive_proposal_is_rejected_without_notice():
    c = factories.challenge(mode="competitive", criteria=(("impact", 60, 3), ("tech", 40, 0)))
    assert factories.proposal_in("rejected", to=c).state == "rejected"
