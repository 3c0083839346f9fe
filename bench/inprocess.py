"""``python -m bench.inprocess``: the CPU time of one request, called in this process without a network.

Made to judge one change of the code on a busy machine: the thread's own CPU time, in batches of a few requests that
take turns with the least that the bare driver must do; of all batches the 10th percentile. Neighbours on the same cores
make both dearer, and their ratio less so. Run it before and after a change.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import chain, cycle, islice, repeat
from statistics import quantiles
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from bench import minimum
from bench.bare import Driver, Make, connected
from bench.minimum import PAGE, PAID
from bench.site import INVOICE, INVOICES, Kind, Site, opened

BATCH: Final = 5
WARM_UP: Final = 2
AMONG: Final = 5_000
PAYMENT: Final = b'{"amount": 0.01}'

Send = Callable[[], object]


def ways(site: Site, driver: Driver, rounds: int) -> Mapping[str, tuple[Send, Send]]:
    """What does each kind of request, through the application and bare: a change, to another draft each time."""
    once = BATCH * (rounds + WARM_UP)
    ids = iter(site.fill(PAID + AMONG + 5 * once))
    *_models, paid = islice(ids, PAID)
    site.post(f"{INVOICES}/{paid}/mark-paid", {})
    read, issued = cycle(list(islice(ids, AMONG))), list(islice(ids, once))
    for each in issued:
        site.post(f"{INVOICES}/{each}/mark-sent", {})
    owed = cycle(issued)
    first = f"{INVOICES}?limit={PAGE}&after="
    page = f"GET {first}{site.get(first)['pagination']['next']}"
    requests = {
        "get": (_sending(site, (f"GET {INVOICES}/{each}" for each in read)), minimum.get, read),
        "list 50 by cursor": (_sending(site, repeat(page)), minimum.page, read),
        "create": (_sending(site, repeat(f"POST {INVOICES}"), INVOICE), minimum.create, read),
        "publish": (_sending(site, (f"POST {INVOICES}/{each}/publish" for each in ids)), minimum.publish, ids),
        "payment": (_sending(site, (f"POST {INVOICES}/{each}/payments" for each in owed), PAYMENT), minimum.pay, owed),
        "mark-paid": (_sending(site, (f"POST {INVOICES}/{each}/mark-paid" for each in ids)), minimum.mark_paid, ids),
    }
    return {name: (send, _bare(driver, make, some)) for name, (send, make, some) in requests.items()}


def _sending(site: Site, lines: Iterator[str], body: bytes = b"") -> Send:
    return lambda: site.send(next(lines), body)


def _bare(driver: Driver, make: Make, ids: Iterator[int]) -> Send:
    do = make(driver)
    return lambda: do(next(ids))


def cpu_us(send: Send) -> float:
    """The CPU time of one request, over a batch of them."""
    began = time.thread_time_ns()
    for _ in range(BATCH):
        send()
    return (time.thread_time_ns() - began) / 1000 / BATCH


def main(
    rounds: Annotated[int, typer.Option(min=10, help="How many batches of each.")] = 60,
    database: Annotated[Kind, typer.Option(help="On this one.")] = "sqlite",
) -> None:
    """Prints what each kind of request costs."""
    with opened(database) as site, closing(connected(site.url)) as driver:
        pairs = ways(site, driver, rounds)
        sends = list(chain.from_iterable(pairs.values()))
        for _ in range(WARM_UP):
            list(map(cpu_us, sends))
        gc.disable()
        spent = [list(map(cpu_us, sends)) for _ in range(rounds)]
    least = [quantiles(each, n=10)[0] for each in zip(*spent, strict=True)]
    shown = Table("in process", "CPU µs", "bare µs", "ratio")
    for name, own, bare in zip(pairs, least[::2], least[1::2], strict=True):
        shown.add_row(name, f"{own:,.0f}", f"{bare:,.0f}", f"{bare / own:.2f}")
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
