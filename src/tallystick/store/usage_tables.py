"""The tables of usage events: of the same database on PostgreSQL, of a file of their own on SQLite (docs/adr/0048).

What is said of ``store.tables`` holds here too, but for foreign keys, which cannot leave a file. The statements that
make these tables are in ``store.usage_file`` and in a migration, because the databases differ in keys and partitions.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

from tallystick.store.columns import PlainJson
from tallystick.store.tables import Key

usage_metadata = MetaData()

NOBODY = 0
"""The customer of an event that names none."""

# An event as it came in, for ever. ``seq`` grows with each; ``hash`` is of its content. A quantity is its whole units
# and the ``parts`` of 10**-12 beside them, and so is a cost of its own, in major units of the account's currency: sums
# of both are exact on either database. Instants are microseconds of UTC since 1970.
usage_events = Table(
    "usage_events",
    usage_metadata,
    Column("seq", Key, primary_key=True),
    Column("account_id", Key, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("customer_id", Key, nullable=False),
    Column("meter", Text),
    Column("service", Text),
    Column("region", Text),
    Column("at_us", BigInteger, nullable=False),
    Column("end_us", BigInteger),
    Column("quantity", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Column("cost", BigInteger),
    Column("cost_parts", BigInteger),
    Column("resource_id", Text),
    Column("resource_name", Text),
    # Names to texts, numbers and truth values.
    Column("properties", PlainJson),
)

# What came in at once: from the first to the last ``seq``, when, and the earliest instant of its events. Who looks for
# what came late passes over the many of which none did.
usage_arrivals = Table(
    "usage_arrivals",
    usage_metadata,
    Column("account_id", Key, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("earliest_us", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "last_seq"),
)

# What could not be taken, because its customer or its meter is not known: the event and what is wrong, in JSON; when it
# came in, and when it was tried last.
usage_rejected = Table(
    "usage_rejected",
    usage_metadata,
    Column("account_id", Key, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("tried_us", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("errors", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "event_id"),
)

# The events before a day, at its midnight, are forgotten: none of them is taken in any more.
usage_forgotten = Table(
    "usage_forgotten",
    usage_metadata,
    Column("account_id", Key, nullable=False),
    Column("day", Date, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id"),
)

# What forgotten events came to, in the parts of months that one rate each is for: the quantity and the events' own
# costs are whole numbers of parts of 10**-12, in texts because 64 bits hold too little. ``place`` tells the parts that
# begin on a day.
usage_totals = Table(
    "usage_totals",
    usage_metadata,
    Column("account_id", Key, nullable=False),
    Column("day", Date, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("customer_id", Key, nullable=False),
    Column("meter", Text),
    # The values of the meter's own dimensions, as a JSON array.
    Column("group_values", Text, nullable=False),
    Column("service", Text),
    Column("region", Text),
    Column("adds_up", Boolean, nullable=False),
    Column("has_cost", Boolean, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("costs", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "day", "place"),
)

# On PostgreSQL, where the events are partitioned: their ids, each once in all months.
usage_ids = Table(
    "usage_ids",
    usage_metadata,
    Column("account_id", Key, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "event_id"),
)
