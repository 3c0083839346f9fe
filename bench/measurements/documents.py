"""PDFs of bills over HTTP, beside typst alone, and WeasyPrint on their pages where it is installed.

Each PDF is another bill's, so none is answered from memory, but what is read a second time. The limit is what
typst needs for the same documents, made ready before, in this process. They take turns, so that noise meets all.
"""

import importlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count, repeat
from typing import Any, Final

import msgspec

from bench.figures import Effort, Figure, Found, Limit
from bench.load import Load
from bench.site import INVOICES, Server, Site
from tallystick.accounts import store as accounts
from tallystick.documents import content, pdf
from tallystick.documents.document import Document
from tallystick.documents.frame import For
from tallystick.invoices import store
from tallystick.store.db import Tx
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.web.bill_page import STYLE, Letter, bill_page

BILLS: Final = 400
LINES: Final = 12
DESIGN: Final = "classic"
SELLER: Final = msgspec.json.encode(
    {"name": "Example GmbH", "country": "DE", "currency": "EUR", "iban": "DE02120300000000202051"}
)
"""Who is paid in euros by transfer, so that each bill has a QR code of its own."""

WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """``GET /invoices/{id}/pdf`` of bills with 12 lines, by one client and one process."""
    site.send("PUT /api/v1/settings", SELLER)
    ids = [site.post(INVOICES, _bill(number))["id"] for number in range(BILLS)]
    documents: list[Document] = []
    site.transact(lambda tx: documents.extend(_documents(tx, ids)))
    paths, ready, others = iter(ids), iter(documents), iter(documents)
    html = _weasyprint()
    served: list[Load] = []
    again: list[Load] = []
    alone: list[Limit] = []
    by_html: list[Load] = []
    with site.served() as server:
        for _round in range(effort.rounds):
            served.append(_over(effort.seconds, partial(_ask, server, paths), lambda: server.cpu_s))
            again.append(_over(effort.seconds, partial(_ask, server, repeat(ids[0])), lambda: server.cpu_s))
            bare = _over(effort.seconds, partial(_set, ready), time.process_time)
            alone.append(Limit(bare.rate, bare.cpu_us))
            if html:
                by_html.append(_over(effort.seconds, partial(html, others), time.process_time))
    yield Figure.of(f"PDF of {LINES} lines", site.kind, served, alone)
    yield Figure.of("the same, once more", site.kind, again, alone)
    if by_html:
        yield Figure.of("its page by WeasyPrint", site.kind, by_html, alone)


def _bill(number: int) -> dict[str, Any]:
    items = [
        {"description": f"Position {line} of {number}", "quantity": line, "unit": "hour", "unit_price": 19.9}
        for line in range(1, LINES + 1)
    ]
    return {"customer_id": 1, "items": items, "discount_type": "percentage", "discount_value": 5}


def _documents(tx: Tx, ids: list[int]) -> Iterator[Document]:
    whom = For(accounts.get(tx, FIRST_ACCOUNT_ID), tx.now)
    return (content.of_invoice(store.get(tx, whom.account, each), whom) for each in ids)


def _ask(server: Server, ids: Iterator[int]) -> None:
    server.send(f"GET {INVOICES}/{next(ids)}/pdf?template={DESIGN}", b"")


def _set(documents: Iterator[Document]) -> None:
    document = next(documents)
    pdf.written(document, pdf.BUILT_INS[DESIGN], WHEN)


def _over(seconds: int, work: Callable[[], None], cpu_s: Callable[[], float]) -> Load:
    """How often the work is done in so many seconds, once it has been done for the first time."""
    work()
    before_s, began = cpu_s(), time.perf_counter()
    for done in count():
        elapsed_s = time.perf_counter() - began
        if done and elapsed_s >= seconds:
            each_us = round(elapsed_s / done * 1e6)
            spent_us = (cpu_s() - before_s) / done * 1e6
            return Load(done, round(elapsed_s * 1e6), each_us, each_us, refused=0, lost=0, cpu_us=spent_us)
        work()
    raise AssertionError("it counts for ever")


def _weasyprint() -> Callable[[Iterator[Document]], None] | None:
    """Prints the page of a bill's share link, which says the same and has a style for paper."""
    try:
        weasyprint = importlib.import_module("weasyprint")
    except ImportError:
        return None
    style = weasyprint.CSS(filename=str(STYLE))
    return lambda documents: weasyprint.HTML(string=_page(next(documents))).write_pdf(stylesheets=[style])


def _page(document: Document) -> str:
    return bill_page(Letter(document), INVOICES)
