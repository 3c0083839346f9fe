"""A Tallystick of one's own: a fresh database, filled, and a server over it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import msgspec
import psycopg
from sqlalchemy import make_url

from bench import limit
from bench.capture import RECORDER, Transaction, making
from bench.load import CannotMeasure, Load, Request, load
from tallystick.accounts import ops as accounts
from tallystick.accounts import store as account_store
from tallystick.core.account import Account
from tallystick.http import endpoint
from tallystick.invoices import api, ops
from tallystick.serve import THREADS, application
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import migrate
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.wire.parse import parse_json
from testing.postgresql import running, temporary_directory
from testing.server import KEY, serving

Kind = Literal["sqlite", "postgresql"]
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")
INVOICES: Final = "/api/v1/invoices"
ACTOR: Final = "bench"
BATCH: Final = 1_000
PATIENCE_S: Final = 60
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
        self._url = url
        self._directory = directory
        self._database = Database(url)
        migrate(self._database)
        self._database.transact(ACTOR, lambda tx: accounts.first_start(tx, KEY))
        app = application(endpoint.Server.of(self._database, "http://bench"))
        self._client = httpx.Client(
            transport=httpx.WSGITransport(app, raise_app_exceptions=True),
            base_url="http://bench",
            headers={"X-API-Key": KEY},
        )
        self.post("/api/v1/taxes", {"name": "VAT", "rate": 19, "is_default": True})
        self.post("/api/v1/products", {"name": "Widget", "unit_price": 19.9, "tax_id": 1})
        self.post("/api/v1/customers", {"name": "Example Ltd", "email": "bills@example.com", "country": "DE"})

    @property
    def url(self) -> str:
        """The URL of its database."""
        return self._url

    def post(self, path: str, body: Any) -> Any:
        """The ``data`` of the reply, from the application in this process."""
        return self.send(Request("POST", [path], msgspec.json.encode(body)))["data"]

    def send(self, request: Request, path: str | None = None) -> Any:
        """The reply to one of the requests, from the application in this process."""
        headers = {"Content-Type": "application/json"} if request.body else {}
        path = path or request.paths[0]
        response = self._client.request(request.method, path, content=request.body, headers=headers)
        if not response.is_success:
            raise CannotMeasure(f"{request.method} {path}: {response.status_code} {response.text}")
        return response.json()

    def fill(self, invoices: int) -> None:
        """Makes so many drafts, rounded up to whole batches of BATCH."""
        for _ in range(0, invoices, BATCH):
            self._database.transact(ACTOR, _make_batch)

    def transact(self, work: Callable[[Tx], Any]) -> None:
        """Does what takes too long through the API, in one transaction."""
        self._database.transact(ACTOR, work)

    def vacuum(self) -> None:
        """Does at once what PostgreSQL does by itself some time after a table has grown."""
        if self.kind == "postgresql":
            conninfo = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def capture(self, request: Request, paths: Sequence[str]) -> list[list[Transaction]]:
        """What the application does in the database for the request to each of these paths."""
        self.send(request)
        return [self._captured(request, path) for path in paths]

    def _captured(self, request: Request, path: str) -> list[Transaction]:
        with RECORDER.recording() as transactions:
            reply = self.send(request, path)
        return making(transactions, reply["data"]["id"]) if request.method == "POST" else transactions

    def record(self, request: Request, path: str) -> list[Transaction]:
        """What the application does in the database for one request, with the very ids that it made."""
        with RECORDER.recording() as transactions:
            self.send(request, path)
        return transactions

    def limit_once(self, recorded: Sequence[list[Transaction]]) -> float:
        """How many a second of requests, recorded at a twin of this site, the database can do, each done once."""
        return limit.rate_once(self._url, recorded)

    def limit(self, captured: Sequence[list[Transaction]], seconds: float, connections: int) -> float:
        """How many such requests a second the database can do by itself, asked over so many connections at a time."""
        return limit.rate(self._url, captured, seconds, connections=min(connections, THREADS))

    @contextmanager
    def served(self) -> Iterator["Server"]:
        """A server over the database, for the time of the block."""
        with serving(self._url, self._directory) as server:
            yield Server(server.origin)

    def close(self) -> None:
        """Closes the connections to the database."""
        self._client.close()
        self._database.close()


class Server:
    """A server that listens at ``origin``, with its log in a file, as in production."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def post(self, path: str, body: object) -> float:
        """Sends one request and answers how many seconds it took."""
        began = time.perf_counter()
        reply = httpx.post(self._origin + path, json=body, headers={"X-API-Key": KEY}, timeout=PATIENCE_S)
        reply.raise_for_status()
        return time.perf_counter() - began

    def load(self, request: Request, seconds: float, connections: int) -> Load:
        """Sends the requests for so long, over so many connections at a time."""
        return load(self._origin, KEY, request, seconds, connections)


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


def _make_batch(tx: Tx) -> None:
    account: Account = account_store.get(tx, FIRST_ACCOUNT_ID)
    new = api.from_json(parse_json(INVOICE, api.NewInvoiceBody), account)
    for _ in range(BATCH):
        ops.create(tx, account, new)
