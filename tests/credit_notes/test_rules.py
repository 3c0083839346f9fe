"""Any credit notes of any invoice: in each tax group they add up to it, and none goes beyond it."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import structs

from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.bills.rules import NEW_ROW_DEFAULTS, number_columns
from tallystick.bills.store import bill_values, unstored_lines
from tallystick.core.bill import Bill, Calculation, Discount, DiscountType, Line, LineTax
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import Rounding, RoundingMode, digits, round_ratio, to_decimal
from tallystick.core.party import Buyer
from tallystick.core.states import InvoiceState
from tallystick.core.totals import TaxTotal, Totals, compute
from tallystick.credit_notes.rules import credit_lines, totals
from tallystick.credit_notes.types import NOTHING_CREDITED, CreditedSoFar, CreditLine, NewCreditNote, WantedCredit
from tallystick.invoices.types import Invoice, InvoiceRow
from tests.core.test_totals_properties import bills, computed

NOW = datetime(2026, 3, 31, tzinfo=UTC)
PLAIN: dict[str, Any] = {
    "header": Header(),
    "labels": Labels(),
    **number_columns("INV-1"),
    "id": 1,
    "wanted_number": None,
    "issue_date_given": True,
    "terms_days": None,
    "customer_id": 1,
    "customer_name": "Ann",
    "state": InvoiceState.ISSUED,
    "issue_date": date(2026, 3, 31),
    "due_date": date(2026, 3, 31),
    "created_at": NOW,
    "updated_at": NOW,
}


BUYER = Buyer("Ann Example", id=1)


def invoice_of(bill: Bill) -> Invoice:
    computed_totals = compute(bill)
    row = InvoiceRow(**{**NEW_ROW_DEFAULTS, **PLAIN, **bill_values(bill, computed_totals)})
    lines = [structs.replace(line, id=n) for n, line in enumerate(unstored_lines(bill, computed_totals), start=1)]
    return Invoice(row=row, lines=lines, customer=BUYER)


class Credits:
    """The credit notes of an invoice, one after the other."""

    def __init__(self, bill: Bill) -> None:
        self.bill = bill
        self.invoice = invoice_of(bill)
        self.taken: dict[int, CreditedSoFar] = {}
        self.notes: list[Totals] = []

    def credit(self, *items: WantedCredit) -> Totals:
        """One more: of these lines, or of all that is left."""
        lines = credit_lines(self.invoice, NewCreditNote(items=items or None), self.taken)
        self.keep(lines)
        note = totals(lines, prices_include_tax=self.bill.prices_include_tax, calculation=Calculation.EN16931)
        self.notes.append(note)
        return note

    def keep(self, lines: list[CreditLine]) -> None:
        for credited in lines:
            before = self.taken.get(credited.line.id, NOTHING_CREDITED)
            self.taken[credited.line.id] = before.after(*credited[1:])

    def refused(self, *items: WantedCredit) -> list[str]:
        """The sentences that refuse a credit note of these lines."""
        with pytest.raises(ValidationFailed) as refused:
            self.credit(*items)
        assert list(refused.value.errors) == ["items"]
        return refused.value.errors["items"]


def line(price: str, rate: str = "20", *, quantity: str = "1", category: str = "S") -> Line:
    return Line("work", Decimal(quantity), Decimal(price), tax=LineTax(Decimal(rate), category))


def bill(*lines: Line, **fields: Any) -> Bill:
    return Bill("EUR", lines, **fields)


def off(value: str) -> Discount:
    return Discount(DiscountType.AMOUNT, Decimal(value))


def part(line_id: int, *, amount: str | None = None, quantity: str | None = None) -> WantedCredit:
    return WantedCredit(
        line_id=line_id,
        amount=None if amount is None else Decimal(amount),
        quantity=None if quantity is None else Decimal(quantity),
    )


def taxes(notes: list[Totals]) -> list[int]:
    return [note.tax for note in notes]


def test_a_line_is_not_credited_beyond_its_rebate() -> None:
    """100 and -30 at 20 %: 84.00. The 100 alone would be 120.00."""
    credits = Credits(bill(line("100"), line("-30")))
    (sentence,) = credits.refused(part(1))
    assert "At 20 % (S) these lines come to 100.00 before tax, and 70.00 is left there of the invoice." in sentence
    assert credits.credit(part(1, amount="60")).total == 7200
    (sentence,) = credits.refused(part(1))
    assert "come to 40.00" in sentence
    assert "10.00 is left" in sentence
    assert credits.credit(part(1), part(2)).total == 1200
    assert sum(note.total for note in credits.notes) == 8400


def test_a_line_is_not_credited_beyond_a_rebate_at_another_rate() -> None:
    """100 at 20 % and -30 at 10 %: 120.00 - 33.00 = 87.00."""
    credits = Credits(bill(line("100"), line("-30", "10")))
    (sentence,) = credits.refused(part(1))
    assert sentence.startswith("These lines come to 120.00, and 87.00 is left of the invoice.")
    assert credits.credit(part(1, amount="72.50")).total == 8700
    rest = credits.credit()
    assert (rest.total, [row.amount for row in rest.taxes]) == (0, [550, -300])


def test_a_rebate_is_not_credited_without_its_lines() -> None:
    credits = Credits(bill(line("100"), line("-30"), line("50", "0", category="Z")))
    (sentence,) = credits.refused(part(2), part(3))
    assert "come to -30.00 before tax, and 70.00 is left" in sentence


def test_a_group_is_a_category_and_a_rate() -> None:
    zero_rated = (line("100", "0", category="Z"), line("-30", "0.0", category="Z"))
    credits = Credits(bill(*zero_rated, line("9", "0", category="E")))
    assert "70.00 is left" in credits.refused(part(1))[0]
    assert credits.credit(part(1, amount="70")).total == 7000


def test_half_of_each_of_fifty_lines_is_taxed_by_its_rate() -> None:
    """50 x 241.67 x 2 at 20 %: half of it is 12,083.50 with 2,416.70, where 50 shares made 2,416.90."""
    credits = Credits(bill(*50 * (line("241.67", quantity="2"),)))
    half = [part(n, quantity="1") for n in range(1, 51)]
    made = (credits.credit(*half), credits.credit(*half))
    assert [(note.total, note.tax) for note in made] == 2 * [(1450020, 241670)]
    assert sum(taxes(credits.notes)) == compute(credits.bill).tax


def test_six_of_twelve_lines() -> None:
    """1.32 x 6 = 7.92 at 19 %: 1.5048, where six shares made 1.51."""
    credits = Credits(bill(*12 * (line("1.32", "19"),)))
    assert credits.credit(*(part(n) for n in range(1, 7))).tax == 150
    assert credits.credit().tax == 151  # 15.84 x 19 % = 3.0096


def test_a_hundred_cents_one_by_one() -> None:
    """After n cents at 20 % the tax is n / 5, rounded: half of the fifth part of a cent never waits for the last."""
    credits = Credits(bill(line("1.00")))
    for _ in range(99):
        credits.credit(part(1, amount="0.01"))
    credits.credit()
    assert taxes(credits.notes) == [1 if n % 5 == 3 else 0 for n in range(1, 101)]
    assert sum(taxes(credits.notes)) == 20


def test_cents_of_a_line_that_bears_a_discount() -> None:
    """1.00 less 0.10: what 90 notes leave of the line after its discount is nothing, and nothing more is given."""
    credits = Credits(bill(line("1.00"), discount=off("0.10")))
    for _ in range(100):
        credits.credit(part(1, amount="0.01"))
    assert [sum(note.discount for note in credits.notes), sum(taxes(credits.notes))] == [10, 18]
    assert sum(note.total for note in credits.notes) == compute(credits.bill).total == 108


def test_with_rounding_by_line_the_tax_is_cumulated_by_line() -> None:
    """0.33 at 20 % is 0.066 a line: 0.07 each, 0.28 of four; 0.13 of each is 0.026, 0.03 each."""
    credits = Credits(bill(*4 * (line("0.33"),), rounding=Rounding.LINE))
    assert credits.credit(*(part(n, amount="0.13") for n in range(1, 5))).tax == 12
    assert credits.credit().tax == 16


def test_half_a_cent_goes_to_the_even_one_where_the_invoice_says_so() -> None:
    """0.10 at 25 % is 0.025."""
    of = bill(line("0.10", "25"), line("0.10", "25"), rounding_mode=RoundingMode.HALF_EVEN)
    credits = Credits(of)
    credits.credit(part(1))
    credits.credit()
    assert taxes(credits.notes) == [2, 3]


@pytest.mark.parametrize(("currency", "price"), [("JPY", "333"), ("BHD", "0.333"), ("EUR", "3.33")])
def test_currencies_of_other_digits(currency: str, price: str) -> None:
    """333 x 20 % = 66.6, of two 133.2, of three 199.8: 67, 133, 200."""
    credits = Credits(bill(line(price, quantity="3"))._replace(currency=currency))
    for _ in range(3):
        credits.credit(part(1, quantity="1"))
    assert taxes(credits.notes) == [67, 66, 67]


def test_nothing_is_left_after_all_is_credited() -> None:
    credits = Credits(bill(line("100"), line("-30")))
    credits.credit()
    assert credits.refused() == ["Nothing is left to credit on this invoice."]


def test_what_older_notes_took_too_little_of_is_made_up_for() -> None:
    """99 notes of 0.01 of the first versions took no tax at all; of 0.99 the tax is 0.20, and so for 1.00."""
    credits = Credits(bill(line("1.00")))
    credits.taken[1] = CreditedSoFar(Decimal("0.98"), 98, 0, 0)
    assert credits.credit(part(1, amount="0.01")).tax == 20
    assert credits.credit().tax == 0


def test_what_older_notes_took_too_much_of_is_not_taken_again() -> None:
    """Half of 50 lines took 2,416.90 of 4,833.40."""
    credits = Credits(bill(*50 * (line("241.67", quantity="2"),)))
    credits.taken |= {n: CreditedSoFar(Decimal(1), 24167, 0, 4834) for n in range(1, 51)}
    assert credits.credit().tax == 483340 - 50 * 4834 == 241640


def test_what_an_older_note_gave_beyond_a_rebate_leaves_the_rest() -> None:
    """100 and -30 at 20 %, 50 at 0 %: 134.00, of which an older note took 120.00."""
    credits = Credits(bill(line("100"), line("-30"), line("50", "0", category="Z")))
    credits.taken[1] = CreditedSoFar(Decimal(1), 10000, 0, 2000)
    assert "14.00 is left" in credits.refused(part(3))[0]
    assert credits.credit().total == 1400


@st.composite
def notes(draw: st.DrawFn, of: Bill) -> tuple[WantedCredit, ...]:
    """Some lines of a bill, each by quantity, by amount or whole."""
    chosen = draw(st.lists(st.integers(1, len(of.lines)), min_size=1, max_size=4, unique=True))
    return tuple(draw(wanted(line_id, of)) for line_id in sorted(chosen))


@st.composite
def wanted(draw: st.DrawFn, line_id: int, of: Bill) -> WantedCredit:
    quantity = of.lines[line_id - 1].quantity
    amount = max(1, compute(of).lines[line_id - 1].amount)
    by = draw(st.sampled_from(["quantity", "amount", "cent", "whole"]))
    if by == "quantity":
        return WantedCredit(line_id=line_id, quantity=quantity * draw(st.integers(1, 8)) / 8)
    if by == "whole":
        return WantedCredit(line_id=line_id)
    minor = 1 if by == "cent" else draw(st.integers(1, amount))
    return WantedCredit(line_id=line_id, amount=to_decimal(minor, digits(of.currency)))


def by_group(rows: tuple[TaxTotal, ...]) -> dict[tuple[str, Decimal], tuple[int, int]]:
    return {(row.category, row.rate): (row.base, row.amount) for row in rows}


@given(bills(), st.data())
def test_credit_notes_add_up_to_the_invoice_in_each_group(of: Bill, data: st.DataObject) -> None:
    whole = computed(of)
    credits = Credits(of)
    for _ in range(data.draw(st.integers(0, 6))):
        try:
            credits.credit(*data.draw(notes(of)))
        except ValidationFailed:
            event("refused")
    if is_something_left(credits):
        credits.credit()
    bases: Counter[tuple[str, Decimal]] = Counter()
    amounts: Counter[tuple[str, Decimal]] = Counter()
    for note in credits.notes:
        for group, (base, amount) in by_group(note.taxes).items():
            bases[group] += base
            amounts[group] += amount
    assert {group: (bases[group], amounts[group]) for group in by_group(whole.taxes)} == by_group(whole.taxes)
    for name in ("subtotal", "discount", "tax", "total"):
        assert sum(getattr(note, name) for note in credits.notes) == getattr(whole, name)


def is_something_left(credits: Credits) -> bool:
    """Whether a line has an amount or a quantity that is not credited."""
    taken = ((line, credits.taken.get(line.id, NOTHING_CREDITED)) for line in credits.invoice.lines)
    return any((line.amount, line.quantity) != (before.amount, before.quantity) for line, before in taken)


@given(bills(), st.data())
def test_no_credit_note_goes_beyond_what_is_left(of: Bill, data: st.DataObject) -> None:
    whole = computed(of)
    credits = Credits(of)
    left, total = by_group(whole.taxes), whole.total
    for _ in range(data.draw(st.integers(1, 6))):
        try:
            note = credits.credit(*data.draw(st.one_of(st.just(()), notes(of))))
        except ValidationFailed:
            continue
        assert 0 <= note.total <= total
        total -= note.total
        assert sum(row.amount for row in note.taxes) == note.tax == sum(shares.tax for shares in note.lines)
        assert sum(row.base for row in note.taxes) + note.tax == note.total
        for group, (base, amount) in by_group(note.taxes).items():
            rest_base, rest_amount = left[group]
            assert min(0, rest_amount) <= amount <= max(0, rest_amount)
            left[group] = rest_base - base, rest_amount - amount


@given(bills(), st.data())
def test_the_tax_of_all_credit_notes_is_always_that_of_all_that_is_credited(of: Bill, data: st.DataObject) -> None:
    """EN 16931, BR-CO-17: base x rate, whatever the notes before."""
    of = of._replace(rounding=Rounding.DOCUMENT, prices_include_tax=False)
    computed(of)
    credits = Credits(of)
    bases: Counter[tuple[str, Decimal]] = Counter()
    amounts: Counter[tuple[str, Decimal]] = Counter()
    for _ in range(data.draw(st.integers(1, 6))):
        try:
            note = credits.credit(*data.draw(notes(of)))
        except ValidationFailed:
            continue
        for group, (base, amount) in by_group(note.taxes).items():
            bases[group] += base
            amounts[group] += amount
            scaled = int(group[1] * 10**12)
            assert amounts[group] == round_ratio(bases[group] * scaled, 100 * 10**12, of.rounding_mode)


@settings(max_examples=10)
@given(st.lists(st.integers(1, 5), min_size=20, max_size=60), st.sampled_from(["5", "7.7", "19", "20"]), st.booleans())
def test_very_many_small_notes(cents: list[int], rate: str, prices_include_tax: bool) -> None:
    credits = Credits(bill(line("5.00", rate), discount=off("0.37"), prices_include_tax=prices_include_tax))
    for minor in cents:
        credits.credit(part(1, amount=str(to_decimal(minor, 2))))
    credits.credit()
    assert sum(taxes(credits.notes)) == compute(credits.bill).tax
    assert min(taxes(credits.notes)) >= 0
