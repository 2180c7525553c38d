"""The clock as the services keep it. Every day here was worked out by hand on a calendar of 2027 (Easter Monday 29 March, San Giovanni 24 June)."""

from datetime import date, datetime

import pytest

from citylab.audit import services as audit
from citylab.challenges.services import challenge_close, deadline_extend
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.notifications.models import OutgoingMessage
from citylab.proposals.models import Proposal
from citylab.proposals.services import clocks, communicating, deciding, evaluating, screening, submitting
from tests import factories

pytestmark = pytest.mark.django_db

ASKED = [screening.AskedItem("plan", "Precisate le date.")]


def at(day, hour="10:00"):
    """That day of 2027, written "3 March", as a moment in Rome."""
    return clock.travelling_to(datetime.strptime(f"{day} 2027 {hour}", "%d %B %Y %H:%M").replace(tzinfo=clock.rome))


@pytest.fixture
def people():
    return factories.city()


def fresh(proposal):
    return Proposal.objects.get(pk=proposal.pk)


def standing(proposal):
    """(state, turn, due on) as the queue shows them."""
    found = fresh(proposal)
    return found.state, found.turn, found.due_on


def in_screening(people, day="1 March", **how):
    with at(day):
        return factories.proposal_in("screening", people=people, **how)


def in_evaluation(people, day="1 March", **how):
    with at(day):
        made = factories.proposal_in("evaluation", people=people, **how)
        factories.sheet_confirmed(made, people.officer, people.evaluator)
    return made


def ask(proposal, people, channel="portal"):
    return screening.changes_request(proposal_id=proposal.pk, actor=people.officer, items=ASKED, channel=channel)


def answer(proposal):
    request = proposal.change_requests.last()
    return submitting.additions_submit(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation), replies={item.pk: "Ecco." for item in request.items.all()})


def notice(proposal, people, channel="portal"):
    return deciding.refusal_notice_give(proposal_id=proposal.pk, actor=people.officer, reasons="Manca il piano.", channel=channel)


def observe(proposal):
    return deciding.observations_submit(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation), text="Il piano è nell'allegato.")


def reject(proposal, people):
    return deciding.proposal_reject(proposal_id=proposal.pk, actor=people.officer, **factories.act())


# --- thirty days ----------------------------------------------------------------------------------------------------------------


def test_thirty_days_from_receipt_in_open_mode(people):
    proposal = in_screening(people)  # 1 March + 30 = 31 March, a Wednesday
    assert standing(proposal) == ("screening", "office", date(2027, 3, 31))


def test_an_end_on_easter_monday_moves_to_the_next_working_day(people):
    with at("26 February"):  # + 30 = Sunday 28 March, Easter; Monday is a holiday too
        proposal = factories.submitted()
    assert fresh(proposal).due_on == date(2027, 3, 30)


def test_an_end_on_the_patron_saint_moves_to_the_next_day(people):
    with at("25 May"):  # + 30 = 24 June
        proposal = factories.submitted()
    assert fresh(proposal).due_on == date(2027, 6, 25)


def test_thirty_days_from_the_closing_in_a_competitive_call():
    with at("1 March"):
        challenge = factories.challenge(mode="competitive", closes_at=datetime(2027, 4, 12, 12, tzinfo=clock.rome))
        proposal = factories.submitted(to=challenge)
    assert fresh(proposal).due_on == date(2027, 5, 12)


# --- additions ------------------------------------------------------------------------------------------------------------------


def test_additions_stop_the_clock_and_the_applicant_owes_the_answer(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
    assert standing(proposal) == ("changes_requested", "applicant", date(2027, 4, 12))  # 10 April is a Saturday
    with at("20 March"):
        running = clocks.proceeding_clock(fresh(proposal))
        assert (running.suspended, running.days_used) == (True, 10)


def test_an_answer_resumes_the_clock_where_it_stood(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
    with at("18 March"):
        answer(proposal)
    assert standing(proposal) == ("screening", "office", date(2027, 4, 7))  # 31 March and seven days


def test_a_second_request_asks_but_does_not_stop_the_clock(people):
    proposal = in_screening(people)
    with at("11 March"):
        first = ask(proposal, people)
    with at("18 March"):
        answer(proposal)
    with at("19 March"):
        second = ask(proposal, people)
        assert not clocks.proceeding_clock(fresh(proposal)).suspended
    with at("29 March"):
        answer(proposal)
    assert (first.clock_stopped_on, second.clock_stopped_on) == (date(2027, 3, 11), None)
    assert fresh(proposal).due_on == date(2027, 4, 7)


def test_the_last_day_for_additions_is_whole(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
    with at("12 April", "23:59"):
        assert clocks.run_clocks() == {"additions": 0, "observations": 0}
        answer(proposal)
    assert fresh(proposal).state == "screening"


def test_without_an_answer_the_case_returns_to_screening_by_itself(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
    with at("13 April", "00:10"):
        assert clocks.run_clocks() == {"additions": 1, "observations": 0}
        assert clocks.run_clocks() == {"additions": 0, "observations": 0}
    # Thirty days of 11 March are over on 10 April, a Saturday: the term for additions ends on the 12th, and 20 days were left.
    assert standing(proposal) == ("screening", "office", date(2027, 5, 3))
    last = audit.trail("proposal", proposal.pk)[-1]
    assert (last.action, last.actor_id, last.actor_role, last.from_state, last.to_state) == ("resume_screening", None, "system", "changes_requested", "screening")


def test_an_answer_after_the_last_day_is_late_though_nothing_ran_yet(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
    with at("13 April", "00:01"), pytest.raises(DomainError) as late:
        answer(proposal)
    assert late.value.code == "additions_late"
    assert fresh(proposal).versions.count() == 1


def test_a_second_request_that_runs_out_is_told_too(people):
    proposal = in_screening(people)
    for asked, over in (("11 March", "13 April"), ("14 April", "18 May")):
        with at(asked):
            ask(proposal, people)
        with at(over):
            assert clocks.run_clocks()["additions"] == 1
            outbox.drain()
    told = OutgoingMessage.objects.filter(kind="work_for_officer", dedupe__contains="additions_run_out")
    assert told.count() == 2


def test_a_delivery_by_pec_moves_the_days_for_additions(people):
    proposal = in_screening(people)
    with at("11 March"):
        request = ask(proposal, people, channel="pec")
    with at("16 March"):
        communicating.delivery_record(communication_id=request.communication_id, actor=people.officer, legally_received_on=date(2027, 3, 15))
    assert standing(proposal) == ("changes_requested", "applicant", date(2027, 4, 14))


def test_what_a_pec_has_not_delivered_does_not_run_out(people):
    proposal = in_screening(people)
    with at("11 March"):
        request = ask(proposal, people, channel="pec")
    with at("20 April"):
        assert clocks.run_clocks()["additions"] == 0
        communicating.delivery_record(communication_id=request.communication_id, actor=people.officer, legally_received_on=date(2027, 3, 12))
        assert clocks.run_clocks()["additions"] == 1


@pytest.mark.parametrize("day", [date(2027, 3, 10), date(2027, 3, 17)])
def test_a_delivery_lies_between_sending_and_today(people, day):
    proposal = in_screening(people)
    with at("11 March"):
        request = ask(proposal, people, channel="pec")
    with at("16 March"), pytest.raises(DomainError) as refused:
        communicating.delivery_record(communication_id=request.communication_id, actor=people.officer, legally_received_on=day)
    assert refused.value.code == "delivery_date"


def test_a_delivery_is_recorded_once(people):
    proposal = in_screening(people)
    with at("11 March"):
        message = communicating.message_send(proposal_id=proposal.pk, actor=people.officer, subject="Avviso", body="Testo", channel="pec")
        communicating.delivery_record(communication_id=message.pk, actor=people.officer, legally_received_on=date(2027, 3, 11))
        with pytest.raises(Conflict):
            communicating.delivery_record(communication_id=message.pk, actor=people.officer, legally_received_on=date(2027, 3, 11))


def test_a_message_takes_only_the_channels_there_are(people):
    proposal = in_screening(people)
    with pytest.raises(DomainError) as refused:
        communicating.message_send(proposal_id=proposal.pk, actor=people.officer, subject="Avviso", body="Testo", channel="pigeon")
    assert refused.value.code == "channel"


# --- refusal notice -------------------------------------------------------------------------------------------------------------


def test_a_refusal_notice_gives_ten_days(people):
    proposal = in_evaluation(people)
    with at("11 March"):
        notice(proposal, people)
    assert standing(proposal) == ("refusal_notice", "applicant", date(2027, 3, 22))  # the 21st is a Sunday


def test_no_rejection_while_the_ten_days_run(people):
    proposal = in_evaluation(people)
    with at("11 March"):
        notice(proposal, people)
    with at("22 March", "23:59"), pytest.raises(DomainError) as running:
        reject(proposal, people)
    assert running.value.code == "notice_running"
    assert fresh(proposal).state == "refusal_notice"


def test_after_ten_days_without_observations_it_is_the_office_again(people):
    proposal = in_evaluation(people)
    with at("11 March"):
        notice(proposal, people)
    with at("22 March"):
        assert clocks.run_clocks()["observations"] == 0
    with at("23 March"):
        assert clocks.run_clocks()["observations"] == 1
        # 31 March and the eleven days from the 11th to the 22nd: 11 April is a Sunday.
        assert standing(proposal) == ("refusal_notice", "office", date(2027, 4, 12))
        reject(proposal, people)
    assert standing(proposal) == ("rejected", "nobody", None)


def test_observations_suspend_ten_days_more_and_no_rejection_before(people):
    proposal = in_evaluation(people)
    with at("11 March"):
        notice(proposal, people)
    with at("16 March"):
        observe(proposal)
    assert standing(proposal) == ("refusal_notice", "office", date(2027, 4, 15))  # 31 March and fifteen days
    with at("26 March"), pytest.raises(DomainError) as running:
        reject(proposal, people)
    assert running.value.code == "notice_running"
    with at("27 March"):
        reject(proposal, people)
    assert fresh(proposal).state == "rejected"


def test_observations_come_once_and_in_time(people):
    proposal = in_evaluation(people)
    with at("11 March"):
        notice(proposal, people)
    with at("23 March", "00:00"), pytest.raises(DomainError) as late:
        observe(proposal)
    with at("22 March", "23:59"):
        observe(proposal)
        with pytest.raises(DomainError) as again:
            observe(proposal)
    assert (late.value.code, again.value.code) == ("observations_late", "observations_given")


def test_a_notice_that_no_pec_delivered_starts_nothing(people):
    proposal = in_evaluation(people)
    with at("11 March"):
        given = notice(proposal, people, channel="pec")
    with at("20 April"):
        assert clocks.run_clocks()["observations"] == 0
        with pytest.raises(DomainError) as running:
            reject(proposal, people)
        communicating.delivery_record(communication_id=given.communication_id, actor=people.officer, legally_received_on=date(2027, 4, 19))
    assert running.value.code == "notice_running"
    assert standing(proposal) == ("refusal_notice", "applicant", date(2027, 4, 29))


def test_no_notice_in_a_competitive_call(people):
    with at("1 March"):
        challenge = factories.challenge(mode="competitive", closes_at=datetime(2027, 3, 10, 12, tzinfo=clock.rome))
    proposal = in_evaluation(people, to=challenge)
    with at("11 March"):
        with pytest.raises(Conflict):
            notice(proposal, people)
        reject(proposal, people)
    assert standing(proposal) == ("rejected", "nobody", None)


# --- endings and new beginnings ---------------------------------------------------------------------------------------------------


def test_a_withdrawn_case_has_no_clock_any_more(people):
    proposal = in_screening(people)
    with at("11 March"):
        deciding.proposal_withdraw(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation))
    with at("30 June"):
        assert standing(proposal) == ("withdrawn", "nobody", None)
        assert clocks.proceeding_clock(fresh(proposal)) is None
        assert clocks.run_clocks() == {"additions": 0, "observations": 0}


def test_a_case_withdrawn_while_additions_were_asked_does_not_come_back(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
        deciding.proposal_withdraw(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation))
    with at("30 June"):
        assert clocks.run_clocks() == {"additions": 0, "observations": 0}
    assert fresh(proposal).state == "withdrawn"


def test_a_reopened_case_starts_its_thirty_days_anew_and_may_be_suspended_again(people):
    proposal = in_screening(people)
    with at("11 March"):
        ask(proposal, people)
    with at("18 March"):
        answer(proposal)
        screening.inadmissible_declare(proposal_id=proposal.pk, actor=people.officer, **factories.act())
    with at("3 May"):
        deciding.proposal_reopen(proposal_id=proposal.pk, actor=people.officer, to="screening", **factories.act())
        assert standing(proposal) == ("screening", "office", date(2027, 6, 3))  # 2 June is a holiday
        assert ask(proposal, people).clock_stopped_on == date(2027, 5, 3)


def test_a_case_is_reopened_only_to_screening_or_evaluation(people):
    proposal = factories.proposal_in("inadmissible", people=people)
    with pytest.raises(DomainError) as refused:
        deciding.proposal_reopen(proposal_id=proposal.pk, actor=people.officer, to="approved", **factories.act())
    assert refused.value.code == "reopen_to"


# --- the call's deadline ----------------------------------------------------------------------------------------------------------


def test_an_extension_moves_the_terms_of_proposals_already_received():
    editor = factories.person("editor")
    with at("1 March"):
        challenge = factories.challenge(mode="competitive", closes_at=datetime(2027, 4, 12, 12, tzinfo=clock.rome))
        proposal = factories.submitted(to=challenge)
        deadline_extend(challenge_id=challenge.pk, to_moment=datetime(2027, 4, 26, 12, tzinfo=clock.rome), reason="Pasqua", actor=editor)
        outbox.drain()
    assert fresh(proposal).due_on == date(2027, 5, 26)


def test_a_call_closed_early_counts_from_its_closing():
    editor = factories.person("editor")
    with at("1 March"):
        challenge = factories.challenge(mode="competitive", closes_at=datetime(2027, 4, 12, 12, tzinfo=clock.rome))
        proposal = factories.submitted(to=challenge)
    with at("15 March"):
        challenge_close(challenge_id=challenge.pk, actor=editor)
        outbox.drain()
    assert fresh(proposal).due_on == date(2027, 4, 14)


def test_additions_asked_and_answered_before_the_closing_use_up_nothing(people):
    with at("1 March"):
        challenge = factories.challenge(mode="competitive", closes_at=datetime(2027, 4, 12, 12, tzinfo=clock.rome))
    proposal = in_screening(people, to=challenge)
    with at("2 March"):
        ask(proposal, people)
        answer(proposal)
    with at("14 April"):
        assert ask(proposal, people).clock_stopped_on == date(2027, 4, 14)


# --- who may score ----------------------------------------------------------------------------------------------------------------


def test_nobody_of_the_applicant_is_asked_to_score(people):
    proposal = in_evaluation(people)
    inside = factories.member(proposal.organisation)
    factories.role_grant(user=inside, role="evaluator", actor=None)
    with pytest.raises(DomainError) as refused:
        evaluating.evaluator_assign(proposal_id=proposal.pk, actor=people.officer, evaluator=inside)
    assert refused.value.code == "belongs_to_applicant"
