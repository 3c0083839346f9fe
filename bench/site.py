"""A Tallystick of one's own: a fresh database, filled, and a server over it."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import psycopg
from sqlalchemy import ColumnElement, FromClause, Table, literal, make_url, select

from bench import load
from bench.load import CONNECTIONS, CannotMeasure, Load, Request
from tallystick.accounts import ops as accounts
from tallystick.accounts import store as account_store
from tallystick.http import endpoint, gateway
from tallystick.serve import application
from tallystick.store import figures, search_index
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import migrate
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.store.tables import invoice_lines, invoices
from testing import server as servers
from testing.postgresql import running, temporary_directory
from testing.server import KEY, SERVE, serving

Kind = Literal["sqlite", "postgresql"]
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")
INVOICES: Final = "/api/v1/invoices"
HEADER: Final = f"X-API-Key: {KEY}"
ACTOR: Final = "bench"
BATCH: Final = 1_000
INVOICE: Final = msgspec.json.encode(
    {
        "customer_id": 1,
        "items": [
            {"product_id": 1, "quantity": 3},
            {"description": "Consulting, on site", "quantity": 7.5, "unit_price": 120, "tax_rate": 20},
            {
                "description": "Licences",
                "quantity": 12,
                "unit_price": 49.99,
                "tax_rate": 10,
                "discount_type": "percentage",
                "discount_value": 15,
            },
        ],
        "discount_type": "percentage",
        "discount_value": 5,
        "notes": "Thank you for your business.",
    }
)
"""Three lines, three taxes, a discount on a line and one on the bill."""


class Site:
    """A database with one account, whose key is KEY, and a customer, a product and a tax with the id 1."""

    def __init__(self, kind: Kind, url: str, directory: Path) -> None:
        self.kind = kind
        self.url = url
        self.directory = directory
        self._database = Database(url)
        migrate(self._database)
        self._database.transact(ACTOR, lambda tx: accounts.first_start(tx, KEY))
        self._application = application(endpoint.Server.of(self._database, "http://bench"))
        self.post("/api/v1/taxes", {"name": "VAT", "rate": 19, "is_default": True})
        self.post("/api/v1/products", {"name": "Widget", "unit_price": 19.9, "tax_id": 1})
        self.post("/api/v1/customers", {"name": "Example Ltd", "email": "bills@example.com", "country": "DE"})

    def post(self, path: str, body: Any) -> Any:
        """The ``data`` of the reply, from the application in this process."""
        return msgspec.json.decode(self.send(f"POST {path}", msgspec.json.encode(body)))["data"]

    def get(self, path: str) -> Any:
        """The reply, from the application in this process."""
        return msgspec.json.decode(self.send(f"GET {path}"))

    def send(self, line: str, body: bytes = b"") -> bytes:
        """The body of the reply to a request as ``load`` sends it, from the application in this process."""
        method, _, address = line.partition(" ")
        path, _, query = address.partition("?")
        environ = {
            **gateway.SAME_ALWAYS,
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_X_API_KEY": KEY,
            gateway.INPUT: BytesIO(body),
        }
        if body:
            environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
        sent = gateway.call(self._application, environ)
        if sent.status >= 400:
            raise CannotMeasure(f"{line}: {sent.status} {sent.body.decode()}")
        return sent.body

    def fill(self, drafts: int) -> Sequence[int]:
        """Makes drafts that are all alike, one through the API and the others as its copies; answers their ids."""
        model: int = msgspec.json.decode(self.send(f"POST {INVOICES}", INVOICE))["data"]["id"]
        self.transact(lambda tx: _copy(tx, model, drafts - 1))
        self.vacuum()
        return range(model, model + drafts)

    def transact(self, work: Callable[[Tx], Any]) -> None:
        """Does what takes too long through the API, in one transaction."""
        self._database.transact(ACTOR, work)

    def vacuum(self) -> None:
        """Does at once what PostgreSQL does by itself some time after a table has grown."""
        if self.kind == "postgresql":
            conninfo = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def let_a_worker_catch_up(self) -> None:
        """Does at once what the worker does in the seconds after many writes: indexes them, and adds up figures."""
        account = self._database.transact(ACTOR, lambda tx: account_store.get(tx, FIRST_ACCOUNT_ID))
        while self.kind == "sqlite" and self._database.transact(ACTOR, lambda tx: search_index.keep(tx, account)):
            pass
        self._database.transact(ACTOR, lambda tx: figures.add_up(tx, account))

    @contextmanager
    def served(self) -> Iterator["Server"]:
        """A server over the database, for the time of the block."""
        with serving(self.url, self.directory, program=SERVE) as server:
            yield Server(server)

    def close(self) -> None:
        """Closes the connections to the database."""
        self._database.close()


class Server:
    """A server that listens, with its log in a file, as in production."""

    def __init__(self, server: servers.Server) -> None:
        self._server = server

    def load(self, request: Request, seconds: int, connections: int = CONNECTIONS) -> Load:
        """Sends the requests for so long, over so many connections at a time."""
        return load.load(self._server.origin, self._server.pid, HEADER, request, seconds, connections)

    def send(self, line: str, body: bytes) -> Load:
        """Sends one request, whatever time that takes."""
        method, _, path = line.partition(" ")
        before_s, began = self.cpu_s, time.perf_counter()
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        self._server.client.request(method, path, content=body, headers=headers).raise_for_status()
        elapsed_us = round((time.perf_counter() - began) * 1e6)
        spent_us = (self.cpu_s - before_s) * 1e6
        return Load(1, elapsed_us, elapsed_us, elapsed_us, refused=0, lost=0, cpu_us=spent_us)

    def send_all(self, line: str, bodies: Sequence[bytes], clients: int) -> Load:
        """Sends a request with each of the bodies once, so many at a time; tells of the middle and the longest."""
        before_s, began = self.cpu_s, time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            each = sorted(load.duration_us for load in pool.map(lambda body: self.send(line, body), bodies))
        elapsed_us, spent_us = round((time.perf_counter() - began) * 1e6), (self.cpu_s - before_s) * 1e6
        count = len(each)
        return Load(count, elapsed_us, each[count // 2], each[-1], refused=0, lost=0, cpu_us=spent_us / count)

    @property
    def cpu_s(self) -> float:
        """The CPU time that its processes have spent."""
        return load.cpu_s(self._server.pid)

    @property
    def resident_mib(self) -> float:
        """The memory that its processes hold."""
        return load.resident_mib(self._server.pid)


@contextmanager
def empty(directory: Path, reply_bytes: int) -> Iterator[Server]:
    """A server that does nothing but answer so many bytes, for the time of the block."""
    with serving("", directory, program=(sys.executable, "-m", "bench.empty", str(reply_bytes))) as server:
        yield Server(server)


@contextmanager
def opened(kind: Kind) -> Iterator[Site]:
    """A site over a fresh database, whose commits survive a loss of power on either kind."""
    with _database(kind) as (url, directory):
        site = Site(kind, url, directory)
        try:
            yield site
        finally:
            site.close()


@contextmanager
def _database(kind: Kind) -> Iterator[tuple[str, Path]]:
    if kind == "postgresql":
        with running() as server, temporary_directory() as directory:
            yield server.url("postgres"), directory
    else:
        with temporary_directory() as directory:
            yield f"sqlite:///{directory / 'bench.db'}", directory


def _copy(tx: Tx, model: int, copies: int) -> None:
    """Copies a draft, and then its lines to each of the copies."""
    counted = select(literal(1).label("copy")).cte("counted", recursive=True)
    counted = counted.union_all(select(counted.c.copy + 1).where(counted.c.copy < copies))
    _insert(tx, invoices, {}, counted, counted.c.copy > 0, invoices.c.id == model)
    owner = invoices.alias("owner")
    owned = {"invoice_id": owner.c.id}
    _insert(tx, invoice_lines, owned, owner, owner.c.id > model, invoice_lines.c.invoice_id == model)


def _insert(
    tx: Tx, table: Table, other: dict[str, Any], each: FromClause, of_each: ColumnElement[bool], *models: Any
) -> None:
    """Writes the models of a table anew for each row of another, under ids of their own, and with ``other`` values."""
    values = {column.name: column for column in table.c if column is not table.c.id} | other
    rows = select(*values.values()).select_from(table.join(each, of_each)).where(*models)
    tx.connection.execute(table.insert().from_select(list(values), rows))
