"""No sequence of moves, by whomever, reaches a state it should not or loses a row of the trail."""

from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.core.errors import DomainError
from citylab.core.models import OutboxMessage
from citylab.pilots.models import Gate, Pilot
from tests import factories

from . import table

# Moves by the state that allows them; signing is told apart below, because only the second signature moves the pilot.
ARROWS = {
    (state, leads_to or state) for states, _people, leads_to in table.TABLE.values() for state in states
} | {("agreement", "preparation")}  # fmt: skip


def machine(pilot: Pilot, people: SimpleNamespace) -> type[RuleBasedStateMachine]:
    class Life(RuleBasedStateMachine):
        """One pilot's life; each example begins with the same agreement and is taken back afterwards."""

        def __init__(self) -> None:
            super().__init__()
            self.block = transaction.atomic()
            self.block.__enter__()
            self.on = table.prepared(pilot, people.officer)
            self.state, self.rows = "agreement", self.trail().count()

        def trail(self) -> Any:
            return AuditEntry.objects.filter(case_kind="pilot", case_id=str(pilot.pk))

        def make(self, move: str, who: str) -> None:
            states, allowed, leads_to = table.TABLE[move]
            facts = OutboxMessage.objects.filter(key=str(pilot.pk)).count()
            try:
                with transaction.atomic():
                    table.CALLS[move](self.on, getattr(people, who))
            except (DomainError, ObjectDoesNotExist):
                # Refused, or about a request or an incident that this life does not have: nothing is written.
                assert OutboxMessage.objects.filter(key=str(pilot.pk)).count() == facts
                return
            assert self.state in states and who in allowed
            before, self.state = self.state, Pilot.objects.values_list("state", flat=True).get(pk=pilot.pk)
            assert self.state == (leads_to or before) or (before, self.state, move[:9]) == ("agreement", "preparation", "sign_for_")
            last = self.trail().latest("sequence")
            assert (last.from_state, last.to_state, last.actor_id) == (before, self.state, getattr(people, who).pk)
            self.rows += 1

        @rule(move=st.sampled_from(sorted(table.TABLE)), who=st.sampled_from(table.PEOPLE))
        def anyone_tries_anything(self, move: str, who: str) -> None:
            self.make(move, who)

        @rule(data=st.data())
        def somebody_does_what_they_may(self, data: Any) -> None:
            # Otherwise most examples would end before the start.
            move = data.draw(st.sampled_from(sorted(move for move, (states, _people, _to) in table.TABLE.items() if self.state in states)))
            self.make(move, data.draw(st.sampled_from(sorted(table.TABLE[move][1]))))

        @precondition(lambda self: self.state in ("preparation", "ready"))
        @rule()
        def everything_is_put_in_order(self) -> None:
            red = Gate.objects.filter(pilot=pilot, result="red").count()
            factories.gates_green(pilot, people.officer)
            self.rows += red - Gate.objects.filter(pilot=pilot, result="red").count()

        @invariant()
        def the_state_is_the_one_that_was_reached(self) -> None:
            assert Pilot.objects.values_list("state", flat=True).get(pk=pilot.pk) == self.state

        @invariant()
        def the_trail_has_one_row_for_each_move_and_its_chain_holds(self) -> None:
            entries = list(self.trail().order_by("sequence"))
            assert [entry.sequence for entry in entries] == list(range(1, self.rows + 1))
            assert all((entry.from_state or "agreement", entry.to_state) in ARROWS for entry in entries)

        def teardown(self) -> None:
            assert verify() == []
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    return Life


def test_no_sequence_of_moves_goes_astray(people: SimpleNamespace) -> None:
    pilot = factories.approved_pilot(people.organisation, at=factories.site(), people=people.city)
    run_state_machine_as_test(
        machine(pilot, people),
        settings=settings(max_examples=20, stateful_step_count=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)),
    )
