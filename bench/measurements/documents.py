"""PDFs of bills over HTTP, beside typst alone, and WeasyPrint on the same content where it is installed.

Each PDF is another bill's, so none is answered from memory. The limit is what typst needs for the same documents, made
ready before, in this process. They take turns, so that noise meets all.
"""

import importlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from html import escape
from itertools import count
from typing import Any, Final

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

BILLS: Final = 400
LINES: Final = 12
DESIGN: Final = "classic"
WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """``GET /invoices/{id}/pdf`` of bills with 12 lines, by one client and one process."""
    ids = [site.post(INVOICES, _bill(number))["id"] for number in range(BILLS)]
    documents: list[Document] = []
    site.transact(lambda tx: documents.extend(_documents(tx, ids)))
    paths, ready, others = iter(ids), iter(documents), iter(documents)
    html = _weasyprint()
    served: list[Load] = []
    alone: list[Limit] = []
    by_html: list[Load] = []
    with site.served() as server:
        for _round in range(effort.rounds):
            served.append(_over(effort.seconds, partial(_ask, server, paths), lambda: server.cpu_s))
            bare = _over(effort.seconds, partial(_set, ready), time.process_time)
            alone.append(Limit(bare.rate, bare.cpu_us))
            if html:
                by_html.append(_over(effort.seconds, partial(html, others), time.process_time))
    yield Figure.of(f"PDF of {LINES} lines", site.kind, served, alone)
    if by_html:
        yield Figure.of("the same by WeasyPrint", site.kind, by_html, alone)


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
    """How often the work is done in so many seconds."""
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
    try:
        weasyprint = importlib.import_module("weasyprint")
    except ImportError:
        return None
    return lambda documents: weasyprint.HTML(string=_page(next(documents))).write_pdf()


def _page(document: Document) -> str:
    """The same texts, in the plainest of tables."""
    heads = "".join(f"<th>{escape(column.label)}</th>" for column in document.table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(row.cells[column.key])}</td>" for column in document.table.columns)
        for row in document.table.rows
    )
    totals = "".join(f"<tr><td>{escape(total.label)}<td>{escape(total.text)}" for total in document.totals)
    return f"<h1>{escape(document.heading)}</h1><table>{heads}{rows}</table><table>{totals}</table>"
