from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core import numbering
from tallystick.core.numbering import DEFAULT_PATTERNS, Pattern
from tallystick.core.periods import today

DAY = date(2026, 3, 7)


@pytest.mark.parametrize(
    ("text", "sequence", "scope", "number"),
    [
        ("INV-{YYYY}-{SEQ:4}", 1, "2026", "INV-2026-0001"),
        ("INV-{YYYY}-{SEQ:4}", 9999, "2026", "INV-2026-9999"),
        ("INV-{YYYY}-{SEQ:4}", 10000, "2026", "INV-2026-10000"),
        ("{SEQ}", 12, "", "12"),
        ("{SEQ:12}", 12, "", "000000000012"),
        ("{YY}{MM}{DD}/{SEQ:2}", 3, "26-03-07", "260307/03"),
        ("{DD}.{MM}.{YYYY} {SEQ}", 3, "07-03-2026", "07.03.2026 3"),
        ("{SEQ}-{MM}-{YY}", 5, "03-26", "5-03-26"),
        ("Rechnung №{SEQ:3}%s%d\\", 7, "", "Rechnung №007%s%d\\"),
        (52 * "x" + "{SEQ}", 1, "", 52 * "x" + "1"),
    ],
)
def test_a_number(text: str, sequence: int, scope: str, number: str) -> None:
    pattern = Pattern.parse(text)
    assert pattern.scope(DAY) == scope
    assert pattern.render(DAY, sequence) == number


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "exactly once"),
        ("INV-{YYYY}", "exactly once"),
        ("{SEQ}{SEQ:4}", "exactly once"),
        ("{MM}-{SEQ}", "needs {YYYY} or {YY}"),
        ("{YYYY}-{DD}-{SEQ}", "needs {MM}"),
        ("{DD}-{SEQ}", "needs {MM}"),
        ("{SEQ:0}", "unknown token {SEQ:0}"),
        ("{SEQ:13}", "unknown token {SEQ:13}"),
        ("{SEQ:04}", "unknown token {SEQ:04}"),
        ("{SEQ:}", "unknown token"),
        ("{SEQ:٤}", "unknown token"),
        ("{seq}", "unknown token {seq}"),
        ("{}{SEQ}", "unknown token {}"),
        ("{HH}{SEQ}", "unknown token {HH}"),
        ("{SEQ.__class__}", "unknown token"),
        ("{SEQ", "brace"),
        ("SEQ}", "brace"),
        ("{{SEQ}}", "brace"),
        ("{SEQ}}", "brace"),
        ("A\n{SEQ}", "printable"),
        ("A\x00{SEQ}", "printable"),
        ("A\u202e{SEQ}", "printable"),  # would show the number backwards
        (53 * "x" + "{SEQ}", "more than 64 characters"),
        (49 * "x" + "{YYYY}{SEQ:4}", "more than 64 characters"),
    ],
)
def test_a_refused_pattern(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("{", r"\{").replace("}", r"\}")):
        Pattern.parse(text)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("invoice", "INV-2026-0042"), ("quotation", "QUO-2026-0042"), ("credit_note", "CN-2026-0042")],
)
def test_default_patterns(kind: str, expected: str) -> None:
    assert Pattern.parse(DEFAULT_PATTERNS[kind]).render(DAY, 42) == expected


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2025-12-31T10:59:59+00:00", "Pacific/Auckland", "2025"),  # N3
        ("2025-12-31T11:00:00+00:00", "Pacific/Auckland", "2026"),
        ("2026-01-01T07:59:59+00:00", "America/Los_Angeles", "2025"),
        ("2026-01-01T08:00:00+00:00", "America/Los_Angeles", "2026"),
    ],
)
def test_the_sequence_restarts_at_local_new_year(now: str, zone: str, expected: str) -> None:
    pattern = Pattern.parse("INV-{YYYY}-{SEQ:4}")
    assert pattern.scope(today(datetime.fromisoformat(now), zone)) == expected


DATE_TOKENS: tuple[list[str], ...] = (
    [],
    ["{YYYY}"],
    ["{YY}"],
    ["{YY}", "{MM}"],
    ["{YYYY}", "{MM}"],
    ["{YYYY}", "{MM}", "{DD}"],
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    sequence = draw(st.sampled_from(["{SEQ}", *(f"{{SEQ:{width}}}" for width in range(1, 13))]))
    tokens = draw(st.permutations([sequence, *draw(st.sampled_from(DATE_TOKENS))]))
    literals = draw(st.lists(st.text("A0-/ é", max_size=4), min_size=len(tokens), max_size=len(tokens)))
    return Pattern.parse("".join(literal + token for literal, token in zip(literals, tokens, strict=True)))


days = st.dates(date(1950, 1, 1), date(2150, 1, 1))
sequences = st.integers(1, 10**12 - 1)


@given(patterns(), days, sequences, days, sequences)
def test_numbers_are_equal_only_where_scope_and_sequence_are(
    pattern: Pattern, day: date, sequence: int, other_day: date, other_sequence: int
) -> None:
    same = (pattern.scope(day), sequence) == (pattern.scope(other_day), other_sequence)
    assert (pattern.render(day, sequence) == pattern.render(other_day, other_sequence)) is same


@given(patterns(), days, st.sets(st.integers(1, 2000), min_size=2))
def test_the_numbers_of_one_day_are_distinct(pattern: Pattern, day: date, taken: set[int]) -> None:
    assert len({pattern.render(day, sequence) for sequence in taken}) == len(taken)


@given(patterns(), days, sequences)
def test_a_number_fits_its_column(pattern: Pattern, day: date, sequence: int) -> None:
    assert len(pattern.render(day, sequence)) <= 64


@given(patterns(), days, sequences)
def test_a_series_makes_the_numbers_of_its_scope_and_their_keys(pattern: Pattern, day: date, place: int) -> None:
    series = pattern.series(day)
    assert (series.scope, series.number(place)) == (pattern.scope(day), pattern.render(day, place))
    assert series.keys.number(place) == numbering.key(series.number(place))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("INV-2026-0001", "inv-2026-0001", True),
        ("INV-2026-0001", " INV-2026-0001\t", True),
        ("Straße 1", "STRASSE 1", True),
        ("INV-2026-0001", "INV-2026-001", False),
        ("INV 1", "INV1", False),
    ],
)
def test_the_same_number(one: str, other: str, *, is_same: bool) -> None:
    assert (numbering.key(one) == numbering.key(other)) is is_same


def test_the_order_of_numbers() -> None:
    ordered = ["2", "10", "A-2026-9999", "a-2026-10000", "A-2027-1", "B"]
    assert sorted(set(ordered), key=numbering.order) == ordered


@pytest.mark.parametrize(
    ("number", "expected"),
    [("DRAFT-5", True), (" draft-x", True), ("DRAFT-{SEQ}", True), ("DRAFT5", False), ("A-DRAFT-5", False)],
)
def test_a_number_that_a_draft_could_show(number: str, *, expected: bool) -> None:
    assert numbering.is_of_drafts(number) is expected


def test_blanks_around_a_pattern_are_no_part_of_it() -> None:
    assert Pattern.parse(" R {SEQ} ").render(DAY, 7) == "R 7"


@pytest.mark.parametrize(
    ("scope", "day", "expected"),
    [
        ("", DAY, True),
        ("2026-11-11", date(2026, 11, 11), True),
        ("2026", date(2026, 12, 31), True),
        ("2026", date(2025, 12, 30), False),
        ("26", date(2026, 1, 1), True),
        ("26", date(2025, 4, 26), False),  # a day of the month alone tells nothing
        ("2026-03", date(2026, 3, 31), True),
        ("2026-03", date(2026, 4, 1), False),
        ("03-26", date(2026, 3, 1), True),
        ("03-26", date(2026, 3, 26), True),
        ("26-03-07", date(2026, 3, 7), True),
        ("26-03-07", date(2026, 3, 8), False),
        ("07-03-2026", date(2026, 3, 7), True),
        ("2026-26", date(2026, 5, 5), True),
        ("2026-26", date(2126, 5, 5), False),
    ],
)
def test_a_scope_tells_of_a_day(scope: str, day: date, *, expected: bool) -> None:
    assert bool(numbering.readings(scope, day)) is expected


@pytest.mark.parametrize(
    ("scope", "dated", "day", "expected"),
    [
        ("", date(2026, 11, 11), date(1999, 1, 1), True),
        ("2026", date(2026, 3, 1), date(2026, 12, 31), True),
        ("2026", date(2026, 3, 1), date(2025, 12, 31), False),
        ("2026-11", date(2026, 11, 11), date(2026, 11, 24), True),
        ("2026-11", date(2026, 11, 11), date(2026, 12, 11), False),
        ("2026-11-11", date(2026, 11, 11), date(2026, 11, 24), False),
        ("26-11-24", date(2026, 11, 24), date(2024, 11, 26), False),
        ("26-11-24", date(2026, 11, 24), date(2126, 11, 24), True),
        ("11-12", date(2011, 12, 11), date(2011, 12, 31), True),
        ("2026", date(2027, 1, 1), date(2026, 1, 1), True),  # it is not of its own day, and of this one
        ("2026", date(2027, 1, 1), date(2027, 1, 1), False),
    ],
)
def test_a_bill_may_move_within_its_numbers_scope(scope: str, dated: date, day: date, *, expected: bool) -> None:
    assert numbering.is_in_scope(scope, day, dated) is expected


@given(patterns(), days, days)
def test_no_bill_moves_out_of_the_scope_of_its_pattern(pattern: Pattern, dated: date, day: date) -> None:
    scope = pattern.scope(dated)
    assert numbering.is_in_scope(scope, dated, dated)
    if numbering.is_in_scope(scope, day, dated):
        assert pattern.scope(day) == scope


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("INV-{YYYY}-{SEQ:4}", "INV-{YYYY}-{SEQ:4}", True),
        ("INV-{YYYY}-{SEQ:4}", "inv-{YYYY}-{SEQ:4}", True),
        ("INV-{YYYY}-{SEQ:4}", "CN-{YYYY}-{SEQ:4}", False),
        ("INV-{YYYY}-{SEQ:4}", "INV-2026-{SEQ}", True),
        ("INV-{YYYY}-{SEQ:4}", "INV-3026-{SEQ}", False),  # no bill is dated in that year
        ("INV-{YYYY}-{SEQ:4}", "INV-{YY}-{SEQ:4}", False),
        ("INV-{YYYY}{SEQ:4}", "INV-{SEQ:4}", True),  # 2026 and 0001, or the place 20,260,001
        ("INV-{YYYY}{SEQ:4}", "INV-{SEQ:9}", True),  # 2026 and 12345
        ("{SEQ}", "{SEQ:4}", True),  # 1234
        ("{SEQ}", "0{SEQ}", False),  # no number without zeros before it begins with one
        ("{SEQ:4}", "0{SEQ}", True),  # 0123
        ("A{SEQ}", "{SEQ}A", False),
        ("A{SEQ}B", "A{SEQ}", False),
        ("A{SEQ}", "A{SEQ}0", True),  # 10
        ("{SEQ}/{YY}", "{SEQ}/{YYYY}", False),
        ("{SEQ}{YY}", "{SEQ}{YYYY}", True),  # 120 and 26, or 1 and 2026
        ("R{YY}{MM}{SEQ:2}", "R{YY}4{SEQ:3}", False),  # no month begins with 4
        ("R{YY}{MM}{SEQ:2}", "R{YY}1{SEQ:3}", True),
    ],
)
def test_two_patterns_that_could_meet(one: str, other: str, *, expected: bool) -> None:
    assert numbering.could_meet(Pattern.parse(one), Pattern.parse(other)) is expected
    assert numbering.could_meet(Pattern.parse(other), Pattern.parse(one)) is expected


any_bill = st.tuples(patterns(), days, st.integers(1, 10**4))


@given(any_bill, any_bill)
def test_patterns_that_cannot_meet_never_do(one: tuple[Pattern, date, int], other: tuple[Pattern, date, int]) -> None:
    keys = [numbering.key(pattern.render(day, place)) for pattern, day, place in (one, other)]
    if keys[0] == keys[1]:
        assert numbering.could_meet(one[0], other[0])


@given(patterns(), days)
def test_a_pattern_meets_itself_with_a_date_spelled_out(pattern: Pattern, day: date) -> None:
    series = pattern.series(day)
    spelled_out = Pattern.parse(f"{series.before}{{SEQ:{series.width}}}{series.after}")
    assert numbering.could_meet(pattern, spelled_out)
