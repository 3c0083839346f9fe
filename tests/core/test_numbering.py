from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
