"""Whatever people do to proposals, in whatever order and on whatever days: no illegal state, no lost trace, terms that agree with the clock."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.core.models import OutboxMessage
from citylab.pilots.services import approving
from citylab.proposals.models import Proposal, RegisterCounter, RegisterEntry
from citylab.proposals.services import clocks, deciding, evaluating, screening, submitting
from tests import factories

# The lifecycle of design.md §4, written out: (from, what was done) → to. What is not here must not happen.
LIFECYCLE = {
    ("draft", "submit"): "submitted",
    ("submitted", "start_screening"): "screening",
    ("screening", "request_changes"): "changes_requested",
    ("changes_requested", "answer"): "screening",
    ("changes_requested", "run_out"): "screening",
    ("screening", "inadmissible"): "inadmissible",
    ("screening", "start_evaluation"): "evaluation",
    ("evaluation", "approve"): "approved",
    ("evaluation", "reject"): "rejected",  # competitive
    ("evaluation", "notice"): "refusal_notice",  # open
    ("refusal_notice", "resume"): "evaluation",
    ("refusal_notice", "reject"): "rejected",
    ("rejected", "reopen_screening"): "screening",
    ("rejected", "reopen_evaluation"): "evaluation",
    ("inadmissible", "reopen_screening"): "screening",
    ("inadmissible", "reopen_evaluation"): "evaluation",
    **{(state, "withdraw"): "withdrawn" for state in ("submitted", "screening", "changes_requested", "evaluation", "refusal_notice")},
}
ONLY_IN = {("evaluation", "reject"): "competitive", ("evaluation", "notice"): "open"}
# Done without leaving the state.
STAYING = {("refusal_notice", "observe"), ("evaluation", "score"), ("screening", "check")}
ENDINGS = ("withdraw", "inadmissible", "approve")
MOVES = sorted({move for _state, move in LIFECYCLE if move != "run_out"} | {move for _state, move in STAYING})


class Sequences(RuleBasedStateMachine):
    @initialize()
    def city(self):
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.moment = datetime(2027, 3, 1, 9, tzinfo=clock.rome)
        with clock.travelling_to(self.moment):
            self.people = factories.city()
            owner = factories.person("startup")
            organisation = factories.organisation(owner)
            call = factories.challenge(mode="competitive", closes_at=self.moment + timedelta(days=20), criteria=(("impact", 100, 0),))
            self.owner = owner
            self.cases = [factories.draft(organisation, complete=True), factories.draft(organisation, to=call)]
            self.signatures = [factories.signature(case, owner) for case in self.cases]
        self.states = ["draft", "draft"]
        self.modes = ["open", "competitive"]
        for index in (0, 1):
            self.attempt(index, "submit")

    def teardown(self):
        if hasattr(self, "undo"):
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def act(self, index, move):
        case, officer = self.cases[index], self.people.officer
        key = {"proposal_id": case.pk}
        request = case.change_requests.filter(resumed_on__isnull=True).last()
        calls = {
            "submit": lambda: submitting.proposal_submit(**key, actor=self.owner, signature=self.signatures[index], stamp=factories.stamp()),
            "start_screening": lambda: screening.screening_start(**key, actor=officer),
            "check": lambda: factories.checklist_passed(case, officer),
            "request_changes": lambda: screening.changes_request(**key, actor=officer, items=[screening.AskedItem("plan", "Precisate.")], channel="portal"),
            "answer": lambda: submitting.additions_submit(**key, actor=self.owner, replies={pk: "Ecco." for pk in request.items.values_list("pk", flat=True)} if request else {}),
            "inadmissible": lambda: screening.inadmissible_declare(**key, actor=officer, **factories.act()),
            "start_evaluation": lambda: screening.evaluation_start(**key, actor=officer),
            "score": lambda: self.score(case),
            "approve": lambda: approving.proposal_approve(**key, actor=officer, outcome="approved", **factories.act()),
            "notice": lambda: deciding.refusal_notice_give(**key, actor=officer, reasons="Manca il piano.", channel="portal"),
            "observe": lambda: deciding.observations_submit(**key, actor=self.owner, text="Il piano c'è."),
            "resume": lambda: deciding.evaluation_resume(**key, actor=officer),
            "reject": lambda: deciding.proposal_reject(**key, actor=officer, **factories.act()),
            "reopen_screening": lambda: deciding.proposal_reopen(**key, actor=officer, to="screening", **factories.act()),
            "reopen_evaluation": lambda: deciding.proposal_reopen(**key, actor=officer, to="evaluation", **factories.act()),
            "withdraw": lambda: deciding.proposal_withdraw(**key, actor=self.owner),
        }  # fmt: skip
        calls[move]()

    def score(self, case):
        officer, evaluator = self.people.officer, self.people.evaluator
        if not case.assignments.exists():
            assignment = evaluating.evaluator_assign(proposal_id=case.pk, actor=officer, evaluator=evaluator)
            evaluating.conflict_declare(assignment_id=assignment.pk, actor=evaluator, has_conflict=False)
        codes = [row["code"] for row in case.versions.latest("number").criteria]
        evaluating.sheet_save(proposal_id=case.pk, actor=evaluator, scores={code: (4, "") for code in codes}, reasons="Buona.", confirm=True)

    def trace(self, case):
        return AuditEntry.objects.filter(case_kind="proposal", case_id=str(case.pk)).count()

    @rule(index=st.sampled_from([0, 1]), move=st.sampled_from(MOVES))
    def anybody_tries_anything(self, index, move):
        self.attempt(index, move)

    @precondition(lambda self: hasattr(self, "states"))
    @rule(index=st.sampled_from([0, 1]), ends=st.integers(0, 9), data=st.data())
    def somebody_does_the_next_thing(self, index, ends, data):
        """Mostly what leads on: cases that end early teach little."""
        state = self.states[index]
        possible = sorted({move for found, move in [*LIFECYCLE, *STAYING] if found == state and move != "run_out" and (ends == 9 or move not in ENDINGS)})
        if possible:
            move = data.draw(st.sampled_from(possible))
            if move == "start_evaluation":
                self.attempt(index, "check")
            if move in ("approve", "reject", "notice"):
                self.attempt(index, "score")
            self.attempt(index, move)

    def attempt(self, index, move):
        case, before = self.cases[index], self.states[index]
        rows, messages, entries = self.trace(case), OutboxMessage.objects.count(), RegisterEntry.objects.count()
        legal = (before, move) in STAYING or ((before, move) in LIFECYCLE and ONLY_IN.get((before, move), self.modes[index]) == self.modes[index])
        try:
            with clock.travelling_to(self.moment), transaction.atomic():
                self.act(index, move)
        except DomainError:
            assert (self.trace(case), OutboxMessage.objects.count(), RegisterEntry.objects.count()) == (rows, messages, entries)
        except Proposal.versions.rel.related_model.DoesNotExist:
            assert before == "draft" and move == "score"
        else:
            assert legal, f"{move} was done in {before}"
            self.states[index] = LIFECYCLE.get((before, move), before)
            assert self.trace(case) > rows
            assert move == "check" or OutboxMessage.objects.count() > messages

    @rule(days=st.integers(1, 35))
    def days_pass(self, days):
        self.moment += timedelta(days=days)
        with clock.travelling_to(self.moment):
            clocks.run_clocks()
        for index, case in enumerate(self.cases):
            found = Proposal.objects.get(pk=case.pk).state
            if found != self.states[index]:
                assert LIFECYCLE[self.states[index], "run_out"] == found
                self.states[index] = found

    @invariant()
    def every_case_is_where_the_lifecycle_says(self):
        if not hasattr(self, "cases"):
            return
        for case, state in zip(self.cases, self.states):
            found = Proposal.objects.get(pk=case.pk)
            assert found.state == state
            moved = AuditEntry.objects.filter(case_kind="proposal", case_id=str(case.pk)).exclude(to_state="").order_by("sequence")
            path = [(row.from_state, row.to_state) for row in moved]
            assert path[-1][1] == state
            assert all(earlier[1] == later[0] for earlier, later in zip(path, path[1:])), "a move left no trace"

    @invariant()
    def the_trail_is_sound_and_the_register_gapless(self):
        if not hasattr(self, "cases"):
            return
        assert verify() == []
        for counter in RegisterCounter.objects.all():
            assert list(RegisterEntry.objects.filter(year=counter.year).order_by("number").values_list("number", flat=True)) == list(range(1, counter.last + 1))
        times = list(RegisterEntry.objects.order_by("year", "number").values_list("registered_at", flat=True))
        assert times == sorted(times)

    @invariant()
    def turn_and_due_day_agree_with_the_clock(self):
        if not hasattr(self, "cases"):
            return
        for case in self.cases:
            found = Proposal.objects.select_related("challenge").get(pk=case.pk)
            with clock.travelling_to(self.moment):
                running = clocks.proceeding_clock(found)
            expected_turn = {"draft": "applicant", "changes_requested": "applicant", "approved": "nobody", "rejected": "nobody", "inadmissible": "nobody", "withdrawn": "nobody"}
            if found.state != "refusal_notice":
                assert found.turn == expected_turn.get(found.state, "office")
            if found.turn == "office":
                assert found.due_on == running.due_on
            elif found.state == "changes_requested":
                assert found.due_on == found.change_requests.get(resumed_on__isnull=True).answer_due_on >= self.moment.date()
            elif found.state == "refusal_notice":
                assert found.due_on == found.refusal_notices.get(closed_on__isnull=True).observations_due_on >= self.moment.date()
            else:
                assert found.due_on is None


@pytest.mark.django_db
def test_no_sequence_of_moves_reaches_an_illegal_state_or_loses_a_trace():
    run_state_machine_as_test(Sequences, settings=settings(max_examples=12, stateful_step_count=40, deadline=None, derandomize=True, database=None))
