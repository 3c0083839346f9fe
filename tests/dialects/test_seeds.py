"""The reader of the seeds: an example that it missed would be tested by nothing."""

from decimal import Decimal
from typing import Any

import pytest

from tests.dialects import seeds


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        # Seven, of which the reply to GET /invoices/{id} is cut off in the middle.
        ("billingdb", 6),
        ("ihs-billing", 5),
        ("inkvoice", 3),
        ("invoice-ng", 9),
        ("iqraa", 2),
    ],
)
def test_every_example_is_found(seed: str, expected: int) -> None:
    assert len(seeds.examples(seed)) == expected


def test_an_example_is_found_by_the_words_before_it() -> None:
    assert seeds.example("billingdb", "Create a new invoice", "Example request body") == {
        "customer_id": 123,
        "amount": Decimal("100.0"),
        "date": "2023-03-01",
        "due_date": "2023-03-31",
    }


def test_words_that_are_not_there_are_refused() -> None:
    with pytest.raises(AssertionError, match="does not say 'Delete'"):
        seeds.example("billingdb", "Delete")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": Decimal("1.0")}, [("b", "integer"), ("a", "number")]),
        ([{"x": None}, True], [[("x", "null")], "boolean"]),
        ("1", "string"),
        ([], []),
    ],
)
def test_a_shape_has_the_names_in_order_and_the_types(value: Any, expected: Any) -> None:
    assert seeds.shape(value) == expected
