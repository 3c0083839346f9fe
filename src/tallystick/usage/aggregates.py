"""What events come to, in SQL: exact sums, on either database (docs/adr/0048).

Each customer and each span is one look into an index that holds all that is added up. SQLite would take a sum of texts
for a float, and refuses one of integers that needs more than 64 bits: then it is added up by halves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import TextualSelect, column, text
from sqlalchemy.exc import DBAPIError

from tallystick.core.account import Account
from tallystick.core.rating import Aggregation
from tallystick.store.db import Tx
from tallystick.store.sums import is_overflow
from tallystick.store.usage_file import MEASURABLE
from tallystick.store.usage_tables import usage_events
from tallystick.usage.amounts import ONE, to_parts
from tallystick.usage.types import MAX_SEQ, CameIn, EventRow, Measured, Selection, Span

COLUMNS = ("meter", "service", "region", "resource_id", "resource_name")
"""The dimensions that are columns; any other is a property."""

IN_TEXT = {"properties": "CAST(event.properties AS text)"}
"""A driver would make floats of the numbers of JSON."""

EVENT_NAMES = ("seq", *EventRow._fields)
EVENT = ", ".join(f"{IN_TEXT.get(name, f'event.{name}')} AS {name}" for name in EVENT_NAMES)

HALF = 10**6
CUSTOMERS_AT_ONCE = 20

# With a limit, even if it is none, the subquery is evaluated once, and not for each event.
FROM_ON_SQLITE = """
    FROM (SELECT key AS place, value ->> 0 AS start_us, value ->> 1 AS end_us, value ->> 2 AS after_seq,
        value ->> 3 AS to_seq FROM json_each(:spans) LIMIT -1) AS span
    CROSS JOIN json_each(:customers) AS customer
    CROSS JOIN usage_events AS event
    WHERE event.account_id = :account AND event.customer_id = customer.value"""
# The first and the last instant of all spans tell which partitions to look into.
FROM_ON_POSTGRESQL = """
    FROM unnest(CAST(:starts AS bigint[]), CAST(:ends AS bigint[]), CAST(:afters AS bigint[]), CAST(:tos AS bigint[]))
        WITH ORDINALITY AS span (start_us, end_us, after_seq, to_seq, number)
    JOIN usage_events AS event ON true
    WHERE event.account_id = :account AND event.customer_id = ANY(CAST(:customers AS bigint[]))
        AND event.at_us >= CAST(:first_us AS bigint) AND event.at_us < CAST(:last_us AS bigint)"""
WITHIN = """
        AND event.at_us >= span.start_us AND event.at_us < span.end_us"""
# Of what is asked of each event, or grouped by, each more costs as much as a tenth of the whole.
CAME_AFTER = " AND event.seq > span.after_seq"
CAME_UP_TO = " AND event.seq <= span.to_seq"


COME_IN = """
    FROM usage_events AS event
    WHERE {own} AND event.seq < :before_seq AND event.at_us >= :start_us AND event.at_us < :end_us"""


class _Words(NamedTuple):
    """How a database says what differs."""

    source: str
    own: str
    """Of the account, where what is looked for is found by its seq."""
    place: str
    total: str
    """A sum; what PostgreSQL has of one, its driver makes a Decimal of, which costs more than an integer of a text."""
    text_of: str
    """A property as a text."""
    json_of: str
    """A property as it is in JSON."""
    quantity: dict[Aggregation, str]
    """The quantity, in parts of 10**-12, by how it is aggregated."""
    measured: dict[Aggregation, str]
    """A property that is a number, as a text."""


_JSON = "(event.properties -> {path})"
_TEXT = "(CASE json_type(event.properties, {path}) WHEN 'text' THEN event.properties ->> {path} ELSE " + _JSON + " END)"
SQLITE = _Words(
    source=FROM_ON_SQLITE,
    # Else it would begin with an index of the account's, and sort all that this ever had.
    own="likely(event.account_id = :account)",
    place="span.place",
    total="sum({})",
    text_of=_TEXT,
    json_of=_JSON,
    quantity={
        Aggregation.MAX: "max(printf('%016d%012d', event.quantity, event.parts))",
        # Where it stands in time comes first in the text, of which the rest is the quantity.
        Aggregation.LAST: (
            "substr(max(printf('%019d%019d%016d%012d', event.at_us, event.seq, event.quantity, event.parts)), 39)"
        ),
    },
    measured={
        Aggregation.SUM: "exact_sum({of})",
        Aggregation.MAX: "exact_max({of})",
        Aggregation.LAST: (
            "substr(max(printf('%019d%019d', event.at_us, event.seq) || trim({of}, '\"'))"
            " FILTER (WHERE is_number({of})), 39)"
        ),
    },
)
_PARTS = f"(CAST(event.quantity AS numeric) * {ONE} + event.parts)"
_PROPERTY = "(event.properties ->> CAST({path} AS text))"
_NUMBER = "CAST({of} AS numeric)"
_IF_NUMBER = f" FILTER (WHERE {{of}} ~ '^{MEASURABLE.replace('{', '{{').replace('}', '}}')}$')"
_LATEST = "ORDER BY event.at_us DESC, event.seq DESC"
POSTGRESQL = _Words(
    source=FROM_ON_POSTGRESQL,
    own="event.account_id = :account",
    place="span.number - 1",
    total="CAST(sum({}) AS text)",
    text_of=_PROPERTY,
    json_of=_PROPERTY,
    quantity={
        Aggregation.MAX: f"max({_PARTS})",
        Aggregation.LAST: f"(array_agg({_PARTS} {_LATEST}))[1]",
    },
    measured={
        Aggregation.SUM: f"sum({_NUMBER}){_IF_NUMBER}",
        Aggregation.MAX: f"max({_NUMBER}){_IF_NUMBER}",
        Aggregation.LAST: f"(array_agg({_NUMBER} {_LATEST}){_IF_NUMBER})[1]",
    },
)


def aggregate(
    tx: Tx, account: Account, customers: Sequence[int], spans: Sequence[Span], selection: Selection
) -> list[Measured]:
    """See ``usage.store.aggregate``."""
    if not (customers and spans):
        return []
    try:
        return _query(tx, account, customers, spans, selection).run(customers, "{0}")
    except DBAPIError as error:
        if not is_overflow(error):
            raise
    return _query(tx, account, customers, spans, selection).run(customers, f"{{0}} / {HALF}", f"{{0}} % {HALF}")


def explain(
    tx: Tx, account: Account, customers: Sequence[int], span: Span, selection: Selection, kind: Callable[..., Any]
) -> Iterator[Any]:
    """See ``usage.store.explain``."""
    query = _query(tx, account, customers, [span], selection)
    yield from tx.stream(query.statement(f"SELECT {EVENT}", " ORDER BY event.at_us, event.seq", EVENT_NAMES), kind)


def latest(tx: Tx, account: Account, came: CameIn, limit: int, kind: Callable[..., Any]) -> list[Any]:
    """See ``usage.store.latest``."""
    values = {"account": account.id, "before_seq": came.before_seq, "start_us": came.start_us, "end_us": came.end_us}
    source = COME_IN.format(own=_words(tx).own)
    query = _Query(tx, Selection(Aggregation.COUNT, filters=came.filters), source, values)
    tail = f" ORDER BY event.seq DESC LIMIT {limit:d}"
    return tx.rows(query.statement(f"SELECT {EVENT}", query.only_of(came.customer_id) + tail, EVENT_NAMES), kind)


def _query(tx: Tx, account: Account, customers: Sequence[int], spans: Sequence[Span], selection: Selection) -> "_Query":
    """The question for the events of each of these customers in each of these spans."""
    values = {"account": account.id, **_given(tx, customers, spans)}
    source = _words(tx).source + WITHIN
    source += CAME_AFTER if any(span.after_seq > 0 for span in spans) else ""
    source += CAME_UP_TO if any(span.to_seq < MAX_SEQ for span in spans) else ""
    return _Query(tx, selection, source, values, has_places=len(spans) > 1)


def _words(tx: Tx) -> _Words:
    return POSTGRESQL if tx.is_postgresql else SQLITE


class _Query:
    """One question to the store: its source, its conditions, and the values of its parameters."""

    def __init__(
        self, tx: Tx, selection: Selection, source: str, values: dict[str, Any], *, has_places: bool = False
    ) -> None:
        self._tx = tx
        self._selection = selection
        self._words = _words(tx)
        self._source = source
        self._values = values
        self._has_places = has_places
        self._conditions = "".join(f"\n        AND {each}" for each in self._filters())

    def statement(self, head: str, tail: str, columns: Sequence[str]) -> TextualSelect:
        """The whole of a statement that answers these columns."""
        whole = f"{head}{self._source}{self._conditions}{tail}"
        types = [usage_events.c[name].type if name in usage_events.c else None for name in columns]
        answered = [column(name, kind) for name, kind in zip(columns, types, strict=True)]
        return text(whole).bindparams(**self._values).columns(*answered)

    def only_of(self, customer_id: int | None) -> str:
        """The condition that events are of this customer, where there is one."""
        if customer_id is None:
            return ""
        self._values["customer"] = customer_id
        return " AND event.customer_id = :customer"

    def run(self, customers: Sequence[int], *halves: str) -> list[Measured]:
        """What was measured; sums are taken of each of ``halves``, of which each but the first has HALF times less."""
        dimensions = [self._dimension(name) for name in self._selection.group]
        place = [self._words.place] if self._has_places else []
        keys = [*dimensions, "event.cost IS NOT NULL", "event.customer_id", *place]
        sums = [
            self._words.total.format(half.format(f"event.{name}")) for name in ("cost", "cost_parts") for half in halves
        ]
        figures = ["count(*)", *sums, *self._figures(halves)]
        grouped = ", ".join(str(number) for number in range(1, len(keys) + 1))
        head = "SELECT " + ", ".join([*keys, *figures])
        names = [f"c{number}" for number in range(len(keys) + len(figures))]
        statement = self.statement(head, f"\n    GROUP BY {grouped}", names)
        rows = [row for values in self._runs(customers) for row in self._tx.rows(statement, _columns, **values)]
        return self._measured(rows, len(halves)) if rows else []

    def _runs(self, customers: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The parameters of each run: on SQLite of a few customers, whose events are sorted in memory that is near."""
        if self._tx.is_postgresql:
            yield self._values
            return
        for first in range(0, len(customers), CUSTOMERS_AT_ONCE):
            yield {**self._values, "customers": _as_json(customers[first : first + CUSTOMERS_AT_ONCE])}

    def _figures(self, halves: Sequence[str]) -> list[str]:
        kind, of = self._selection.aggregation, self._selection.of
        if kind is Aggregation.COUNT:
            return []
        if kind is Aggregation.UNIQUE:
            return [f"count(DISTINCT {'event.event_id' if of is None else self._named(self._words.text_of, of)})"]
        if of is not None:
            return [self._words.measured[kind].format(of=self._named(self._words.json_of, of))]
        if kind is Aggregation.SUM:
            return [
                self._words.total.format(half.format(f"event.{name}"))
                for name in ("quantity", "parts")
                for half in halves
            ]
        return [self._words.quantity[kind]]

    def _measured(self, rows: Sequence[Sequence[Any]], halves: int) -> list[Measured]:
        """What the rows say, column by column, because there may be many of them."""
        count = len(self._selection.group)
        columns = list(zip(*rows, strict=True))
        groups = zip(*columns[:count], strict=True) if count else repeat(())
        has_costs, customers, *rest = columns[count:]
        places = rest.pop(0) if self._has_places else repeat(0)
        events, *sums = rest
        costs, figures = sums[: 2 * halves], sums[2 * halves :]
        quantities = self._quantities(events, figures, halves)
        return list(
            map(Measured, places, customers, groups, map(bool, has_costs), events, quantities, _joined(costs, halves))
        )

    def _quantities(self, events: Sequence[int], figures: Sequence[Sequence[Any]], halves: int) -> Iterable[int]:
        kind = self._selection.aggregation
        if kind is Aggregation.COUNT:
            return (number * ONE for number in events)
        if kind is Aggregation.UNIQUE:
            return (number * ONE for number in figures[0])
        if self._selection.of is not None:
            return (to_parts(Decimal(number or 0)) for number in figures[0])
        return _joined(figures, halves) if kind is Aggregation.SUM else map(int, figures[0])

    def _filters(self) -> Iterator[str]:
        chosen, meter = self._selection.filters, self._selection.meter
        if meter is not None:
            self._values["meter"] = meter
            yield "(event.meter = :meter OR event.meter IS NULL)" if "service" in chosen else "event.meter = :meter"
        for number, (name, values) in enumerate(chosen.items()):
            self._values[f"values{number}"] = values if self._tx.is_postgresql else _as_json(values)
            yield f"{self._dimension(name)} {self._among(f'values{number}')}"

    def _among(self, parameter: str) -> str:
        if self._tx.is_postgresql:
            return f"= ANY(CAST(:{parameter} AS text[]))"
        return f"IN (SELECT value FROM json_each(:{parameter}))"  # noqa: S608

    def _dimension(self, name: str) -> str:
        return f"event.{name}" if name in COLUMNS else self._named(self._words.text_of, name)

    def _named(self, words: str, name: str) -> str:
        parameter = f"path{len(self._values)}"
        self._values[parameter] = name if self._tx.is_postgresql else f'$."{name}"'
        return words.format(path=f":{parameter}")


def _given(tx: Tx, customers: Sequence[int], spans: Sequence[Span]) -> dict[str, Any]:
    """The parameters of the source."""
    if not tx.is_postgresql:
        return {"customers": _as_json(customers), "spans": _as_json(spans)}
    starts, ends, afters, tos = map(list, zip(*spans, strict=True))
    given = {"customers": list(customers), "starts": starts, "ends": ends, "afters": afters, "tos": tos}
    return {**given, "first_us": min(starts), "last_us": max(ends)}


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _columns(*row: Any) -> tuple[Any, ...]:
    return row


def _joined(sums: Sequence[Sequence[Any]], halves: int) -> Iterable[int]:
    """The parts that sums of units and of parts are together, each in so many halves; 0 where there was nothing."""
    if halves == 1:
        return [int(units or 0) * ONE + int(parts or 0) for units, parts in zip(*sums, strict=True)]
    return [
        (int(units or 0) * HALF + int(more_units or 0)) * ONE + int(parts or 0) * HALF + int(more_parts or 0)
        for units, more_units, parts, more_parts in zip(*sums, strict=True)
    ]
