"""What documents that are no bills are made of."""

from datetime import date, timedelta

from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.customers.resource import CUSTOMERS
from tallystick.documents import store
from tallystick.documents.files import Printable
from tallystick.documents.frame import For
from tallystick.documents.receipts import receipt as receipt_document
from tallystick.documents.statements import Statement, aging
from tallystick.documents.templates import Wish
from tallystick.payments import store as payments
from tallystick.store.db import Tx

MOST_MOVEMENTS = 1_000
YEAR = timedelta(days=364)
TOO_MANY = f"There are more than {MOST_MOVEMENTS:,} entries. Choose a later day."
BACKWARDS = "Must not be before the first day."


def receipt(tx: Tx, payment_id: int, whom: For) -> Printable:
    """The receipt of a payment. Raises NotFound, and Conflict for a payment that failed."""
    payment = payments.get(tx, whom.account, payment_id)
    customer = CUSTOMERS.get(tx, whom.account, payment.customer_id).buyer
    settled = store.settled(tx, whom.account, [each.invoice_id for each in payment.allocations])
    document = receipt_document(payment, customer, settled, whom)
    at = payment.reversed_at or payment.created_at
    return Printable(document, f"receipt-{payment.id}", at, Wish(None, payment.customer_id))


def statement(
    tx: Tx, account: Account, customer_id: int, days: tuple[date | None, date | None], currency: str | None
) -> Statement:
    """A customer's statement over the days, the last year where they are not given.

    Raises NotFound, and ValidationFailed where there are too many entries.
    """
    customer = CUSTOMERS.get(tx, account, customer_id)
    last = days[1] or account.today(tx.now)
    first = days[0] or last - YEAR
    if last < first:
        raise ValidationFailed({"to": [BACKWARDS]})
    chosen = currency or customer.currency or account.currency
    found = store.movements(tx, account, customer_id, chosen, (first, last), limit=MOST_MOVEMENTS + 1)
    if len(found) > MOST_MOVEMENTS:
        raise ValidationFailed({"from": [TOO_MANY]})
    return Statement(
        currency=chosen,
        from_date=first,
        to_date=last,
        opening=store.opening(tx, account, customer_id, chosen, first),
        movements=found,
        aging=aging(store.open_invoices(tx, account, customer_id, chosen), last),
    )
