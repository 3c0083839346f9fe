"""What each dialect shows of an invoice, by the name of its Surface: an API without a reader here fails the tests.

``path`` is below the API's prefix; ``status`` and ``total`` find their values in the reply, as they are written there.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from tallystick.core.money import digits, to_decimal
from tallystick.http.surface import Surface
from tallystick.serve import SURFACES


class Reader(NamedTuple):
    """How to read an invoice through a dialect, and the name of its column in docs/dialects.md."""

    column: str
    path: str
    status: Callable[[Any], str]
    total: Callable[[Any], Decimal]


READERS = {
    "invoice_ng": Reader(
        column="invoice.ng",
        path="/{id}",
        status=lambda reply: str(reply["invoice"][0]["payment_status"]),
        total=lambda reply: Decimal(reply["invoice"][0]["total"]),
    ),
    "billingdb": Reader(
        column="billingdb",
        path="/invoices/{id}",
        status=lambda reply: str(reply["status"]),
        total=lambda reply: Decimal(reply["total"]),
    ),
    "iqraa": Reader(
        column="iqraa",
        path="/invoices/{id}",
        status=lambda reply: str(reply["status"]),
        total=lambda reply: to_decimal(reply["amount"], digits(reply["currency"])),
    ),
}
DIALECTS: tuple[Surface, ...] = tuple(surface for surface in SURFACES if surface.name != "native")
