"""Two people (or six) do something at the same moment: one wins, the others are told, and nothing is written twice or by halves."""

import pytest

from citylab.audit.verifying import verify
from citylab.challenges.models import ChallengeProgress
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError
from citylab.core.models import OutboxMessage
from citylab.pilots.models import Pilot
from citylab.pilots.services import approving
from citylab.proposals.models import Assignment, Decision, Proposal, ProposalVersion, RegisterCounter, RegisterEntry, StampDuty
from citylab.proposals.services import deciding, drafting, evaluating, screening, submitting
from citylab.testbeds.models import Booking
from citylab.testbeds.services import SlotLost
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def submitting_of(draft, **stamp):
    owner = factories.owner_of(draft.organisation)
    signature = factories.signature(draft, owner)
    given = stamp.get("stamp") or factories.stamp()
    return lambda: submitting.proposal_submit(proposal_id=draft.pk, actor=owner, signature=signature, stamp=given)


def in_evaluation(people, **how):
    made = factories.proposal_in("evaluation", people=people, **how)
    factories.sheet_confirmed(made, people.officer, people.evaluator)
    return made


def losers(results):
    return [result for result in results if isinstance(result, DomainError)]


def gapless():
    counter = RegisterCounter.objects.get()
    entries = list(RegisterEntry.objects.order_by("number").values_list("number", "registered_at"))
    assert [number for number, _moment in entries] == list(range(1, counter.last + 1))
    assert [moment for _number, moment in entries] == sorted(moment for _number, moment in entries), "numbers and moments go the same way"


def test_six_submissions_at_once_get_six_numbers_without_a_gap(together):
    challenge = factories.challenge(mode="competitive", criteria=(("impact", 100, 0),))
    assert not RegisterCounter.objects.exists()  # even the year's counter is made in the race
    results = together(*(submitting_of(factories.draft(to=challenge)) for _turn in range(6)))
    assert losers(results) == []
    gapless()
    year = clock.today().year
    assert sorted(Proposal.objects.values_list("number", flat=True)) == [f"TCL-{year}-{number:05d}" for number in range(1, 7)]
    progress = ChallengeProgress.objects.get()
    assert (progress.proposals_received, progress.criteria_frozen_at is not None) == (6, True)
    assert verify() == []


def test_a_stamp_used_by_two_at_once_counts_for_one(together):
    stamp = factories.stamp()
    results = together(*(submitting_of(factories.draft(), stamp=stamp) for _turn in range(2)))
    assert [error.code for error in losers(results)] == ["stamp_used"]
    assert StampDuty.objects.count() == ProposalVersion.objects.count() == RegisterEntry.objects.count() == 1
    assert sorted(Proposal.objects.values_list("state", flat=True)) == ["draft", "submitted"]
    gapless()


def test_a_double_click_hands_in_once(together):
    draft = factories.draft()
    owner = factories.owner_of(draft.organisation)
    signature = factories.signature(draft, owner)
    stamps = [factories.stamp(), factories.stamp()]
    results = together(*(lambda s=s: submitting.proposal_submit(proposal_id=draft.pk, actor=owner, signature=signature, stamp=s) for s in stamps))
    assert [type(error) for error in losers(results)] == [Conflict]
    assert ProposalVersion.objects.count() == RegisterEntry.objects.count() == StampDuty.objects.count() == 1
    assert OutboxMessage.objects.filter(topic="proposal.submitted").count() == 1
    assert verify() == []


def test_two_officers_decide_at_once_one_wins_the_other_is_told(together):
    people, colleague = factories.city(), factories.person("officer")
    challenge = factories.challenge(mode="competitive", criteria=(("impact", 100, 0),))
    for _round in range(3):
        proposal = in_evaluation(people, to=challenge)
        before = RegisterEntry.objects.count()
        results = together(
            lambda: approving.proposal_approve(proposal_id=proposal.pk, actor=people.officer, outcome="approved", **factories.act()),
            lambda: deciding.proposal_reject(proposal_id=proposal.pk, actor=colleague, **factories.act()),
        )
        (told,) = losers(results)
        assert isinstance(told, Conflict) and told.code == "illegal_move"
        decision = Decision.objects.get(proposal=proposal)
        state = Proposal.objects.get(pk=proposal.pk).state
        assert state == decision.outcome
        assert Pilot.objects.filter(proposal=proposal).exists() == (state == "approved")
        assert RegisterEntry.objects.count() == before + 1
    gapless()
    assert verify() == []


def test_two_officers_approve_at_once_and_there_is_one_pilot(together):
    people, colleague = factories.city(), factories.person("officer")
    proposal = in_evaluation(people)
    results = together(*(lambda a=a: approving.proposal_approve(proposal_id=proposal.pk, actor=a, outcome="approved", **factories.act()) for a in (people.officer, colleague)))
    assert [type(error) for error in losers(results)] == [Conflict]
    assert Pilot.objects.count() == Decision.objects.count() == 1


def test_a_withdrawal_and_a_decision_at_once(together):
    people = factories.city()
    proposal = in_evaluation(people)
    results = together(
        lambda: deciding.proposal_withdraw(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation)),
        lambda: approving.proposal_approve(proposal_id=proposal.pk, actor=people.officer, outcome="approved", **factories.act()),
    )
    assert [type(error) for error in losers(results)] == [Conflict]
    state = Proposal.objects.get(pk=proposal.pk).state
    assert Decision.objects.exists() == Pilot.objects.exists() == (state == "approved")
    gapless()


def test_two_officers_open_the_same_screening(together):
    proposal = factories.submitted()
    officers = [factories.person("officer"), factories.person("officer")]
    results = together(*(lambda a=a: screening.screening_start(proposal_id=proposal.pk, actor=a) for a in officers))
    assert [type(error) for error in losers(results)] == [Conflict]
    winner = next(officer for officer, result in zip(officers, results) if not isinstance(result, DomainError))
    assert Proposal.objects.get(pk=proposal.pk).officer == winner


def test_two_colleagues_save_the_same_answer_and_one_sees_both_texts(together):
    draft = factories.draft()
    owner, colleague = factories.owner_of(draft.organisation), factories.member(draft.organisation)
    base = draft.version
    results = together(
        lambda: drafting.answers_save(proposal_id=draft.pk, actor=owner, answers={"title": "Uno"}, base_version=base),
        lambda: drafting.answers_save(proposal_id=draft.pk, actor=colleague, answers={"title": "Due"}, base_version=base),
    )
    (told,) = losers(results)
    assert isinstance(told, drafting.SaveConflict)
    found = Proposal.objects.get(pk=draft.pk)
    (conflict,) = told.fields
    assert {conflict.mine, conflict.theirs} == {"Uno", "Due"}
    assert (found.answers["title"], found.title, found.version) == (conflict.theirs, conflict.theirs, base + 1)


def test_two_colleagues_save_different_answers_and_both_are_kept(together):
    draft = factories.draft()
    people = [factories.owner_of(draft.organisation), factories.member(draft.organisation)]
    given = [{"title": "Uno"}, {"summary": "Due"}]
    results = together(*(lambda a=a, v=v: drafting.answers_save(proposal_id=draft.pk, actor=a, answers=v, base_version=draft.version) for a, v in zip(people, given)))
    assert losers(results) == []
    found = Proposal.objects.get(pk=draft.pk)
    assert (found.answers["title"], found.answers["summary"], found.version) == ("Uno", "Due", draft.version + 2)


def test_a_save_while_a_colleague_hands_in_is_in_the_version_or_is_told(together):
    for _round in range(3):
        draft = factories.draft()
        colleague = factories.member(draft.organisation)
        saved, submitted = together(
            lambda: drafting.answers_save(proposal_id=draft.pk, actor=colleague, answers={"title": "All'ultimo"}, base_version=draft.version), submitting_of(draft)
        )
        assert isinstance(submitted, Proposal)
        version = ProposalVersion.objects.get(proposal=draft)
        assert (version.answers["title"] == "All'ultimo") == (not isinstance(saved, Conflict))
        assert Proposal.objects.get(pk=draft.pk).answers == version.answers


def test_an_evaluator_asked_twice_at_once_is_asked_once(together):
    people = factories.city()
    proposal = factories.proposal_in("evaluation", people=people)
    results = together(*(lambda: evaluating.evaluator_assign(proposal_id=proposal.pk, actor=people.officer, evaluator=people.evaluator) for _turn in range(2)))
    assert [error.code for error in losers(results)] == ["already_assigned"]
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize("capacity", [1, 2])
def test_more_approvals_than_places_at_a_site(together, capacity):
    people = factories.city()
    site = factories.site(capacity=capacity)
    proposals = [in_evaluation(people) for _turn in range(capacity + 1)]
    first = clock.today() + 30 * factories.DAY
    dates = {"site_id": site.pk, "starts_on": first, "ends_on": first + 9 * factories.DAY}
    results = together(*(lambda p=p: approving.proposal_approve(proposal_id=p.pk, actor=people.officer, outcome="approved", **dates, **factories.act()) for p in proposals))
    (lost,) = losers(results)
    assert isinstance(lost, SlotLost)
    assert (lost.next_free.starts_on, lost.next_free.days) == (first + 10 * factories.DAY, 10)
    assert sorted(Booking.objects.values_list("place", flat=True)) == list(range(1, capacity + 1))
    # Whoever lost the slot lost nothing else: the case is where it was.
    assert sorted(Proposal.objects.values_list("state", flat=True)) == ["approved"] * capacity + ["evaluation"]
    assert Pilot.objects.count() == Decision.objects.count() == capacity
    gapless()
    assert verify() == []
