"""What an approved proposal brings into its pilot, read with the names that the form itself uses."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from citylab.pilots import plan
from citylab.proposals import form
from citylab.proposals.form import answers as reading

NAMES = {name for section in form.definition(1).sections for name in [field.name for field in section.fields]}
ROWS = {field.name: {row.name for row in field.rows} for section in form.definition(1).sections for field in section.fields if field.rows}


class Asked(dict[str, Any]):
    """Answers that remember which names were asked for."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def test_every_answer_that_the_plan_looks_for_is_a_question_of_the_form() -> None:
    given = Asked()
    plan.gates(given, has_site=True)
    plan.milestones(given)
    plan.indicators(given)
    assert given.names == {"has_personal_data", "phases", "indicators"}
    assert given.names <= NAMES


def test_every_part_of_a_row_that_the_plan_looks_for_is_a_question_of_the_form() -> None:
    phase, indicator = Asked({"ends_on": "2027-03-01", "name": "Prova"}), Asked({"name": "Ore", "baseline": "1", "target": "2"})
    plan.milestones({"phases": [phase]})
    plan.indicators({"indicators": [indicator]})
    assert phase.names == {"name", "ends_on"} and phase.names <= ROWS["phases"]
    assert indicator.names == {"name", "unit", "baseline", "target", "method"} == ROWS["indicators"]


@pytest.mark.parametrize(("answer", "expected"), [(True, "red"), (False, "not_needed"), (None, "not_needed")])
def test_personal_data_ask_for_an_impact_assessment(answer: bool | None, expected: str) -> None:
    given = {} if answer is None else {"has_personal_data": answer}
    assert plan.gates(given, has_site=True)["dpia"] == expected


def test_without_a_site_neither_deposit_nor_booking_is_needed() -> None:
    assert plan.gates({}, has_site=False) == {
        "signatures": "red", "permits": "red", "insurance": "red", "fees": "red", "deposit": "not_needed", "dpia": "not_needed", "slot": "not_needed",
    }  # fmt: skip


def test_a_phase_with_name_and_last_day_becomes_a_milestone_and_others_do_not() -> None:
    rows = [{"name": "Misura", "ends_on": "2027-05-31"}, {"name": "", "ends_on": "2027-05-31"}, {"name": "Senza data", "ends_on": ""}, "nonsense"]
    assert plan.milestones({"phases": rows}) == [plan.PlannedMilestone("Misura", date(2027, 5, 31))]


@pytest.mark.parametrize(
    ("typed", "number"),
    [("12,5", Decimal("12.5000")), ("12.5", Decimal("12.5000")), ("0,0025", Decimal("0.0025")), ("-3", Decimal("-3.0000")), ("1000000000", Decimal("1000000000.0000"))],
)  # fmt: skip
def test_a_number_arrives_in_the_indicator_as_the_form_accepted_it(typed: str, number: Decimal) -> None:
    question = next(row for section in form.definition(1).sections for field in section.fields if field.name == "indicators" for row in field.rows if row.name == "baseline")
    accepted = reading.read_value(question, [typed])
    (found,) = plan.indicators({"indicators": [{"name": "Ore", "unit": "h", "baseline": accepted, "target": "2", "method": "Conta"}]})
    assert found.baseline == number


@pytest.mark.parametrize("typed", ["molto", "", None, "NaN", "Infinity", "10000000000"])
def test_an_indicator_without_numbers_is_left_to_be_added_by_hand(typed: str | None) -> None:
    assert plan.indicators({"indicators": [{"name": "Ore", "unit": "h", "baseline": typed, "target": "2", "method": "Conta"}]}) == []
