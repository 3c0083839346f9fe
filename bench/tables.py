"""The tables of what was found."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.table import Table

from bench.figures import HEADINGS, Fact, Figure, Found
from bench.load import CannotMeasure

README: Final = Path(__file__).parent.parent / "README.md"
BEGIN: Final = "<!-- bench: `python -m bench --readme` writes what stands from here -->\n"
END: Final = "<!-- bench: to here -->"
NAMES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "peer": "peer"}


def for_people(found: Iterable[Found]) -> Iterator[Table]:
    """A table of the figures of each database, with its facts below."""
    for kind, figures, facts in _by_kind(list(found)):
        shown = Table(caption=_told(facts) if facts else None)
        shown.add_column(NAMES[kind], no_wrap=True)
        for heading in HEADINGS:
            shown.add_column(heading, justify="right")
        for figure in figures:
            shown.add_row(*figure.cells)
        yield shown


def into_readme(found: Iterable[Found]) -> None:
    """Writes the tables in place of those that the README has. Raises CannotMeasure where it has no place for them."""
    before, begin, rest = README.read_text().partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not end:
        raise CannotMeasure(f"{README} has no lines {BEGIN.strip()} and {END}.")
    parts = [_in_markdown(*each) for each in _by_kind(list(found))]
    README.write_text(before + begin + "\n" + "\n\n".join(parts) + "\n\n" + end + after)


def _by_kind(found: Sequence[Found]) -> Iterator[tuple[str, list[Figure], list[Fact]]]:
    for kind in dict.fromkeys(each.kind for each in found):
        figures = [each for each in found if isinstance(each, Figure) and each.kind == kind]
        yield kind, figures, [each for each in found if isinstance(each, Fact) and each.kind == kind]


def _in_markdown(kind: str, figures: Sequence[Figure], facts: Sequence[Fact]) -> str:
    head = [[NAMES[kind], *HEADINGS], ["---", *["---:"] * len(HEADINGS)]]
    table = "\n".join(f"| {' | '.join(row)} |" for row in [*head, *(figure.cells for figure in figures)])
    return f"{table}\n\n{_told(facts)}" if facts else table


def _told(facts: Sequence[Fact]) -> str:
    told = "; ".join(f"{fact.title} {fact.value}" for fact in facts)
    return f"{told[:1].upper()}{told[1:]}."
