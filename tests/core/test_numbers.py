"""Whole numbers that pages and addresses name."""

import pytest

from citylab.core.numbers import whole


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("42", 42), ("9" * 18, 10**18 - 1), ("", None), ("x", None), ("-1", None), ("1.5", None), ("²", None), ("9" * 19, None)]
)
def test_only_digits_that_a_database_holds_are_a_number(text: str, number: int | None) -> None:
    assert whole(text) == number
