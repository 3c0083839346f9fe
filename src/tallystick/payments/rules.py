"""The decisions of payments."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from msgspec import structs

from tallystick.core.errors import FieldErrors, Overpayment, ValidationFailed
from tallystick.core.facts import CreditPutBack, PaymentFacts, SettledShare
from tallystick.core.money import digits, to_decimal, to_minor
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.invoices.types import InvoiceRow, PaymentLine
from tallystick.payments.types import Allocation, Excess, NewPayment, Payment, Returned, WantedShare
from tallystick.store.journal import LedgerAccount, Posting, Subject

FIRST_DAY = date(1970, 1, 1)


def check_day(field: str, day: date, today: date) -> None:
    """Raises ValidationFailed for a day on which nobody can have paid; a payer's calendar may be a day ahead."""
    if not FIRST_DAY <= day <= today + timedelta(days=1):
        raise ValidationFailed({field: [f"Must be a day from {FIRST_DAY} to tomorrow, and not {day}."]})


def minor_amount(amount: Decimal, currency: str, field: str = "amount") -> int:
    """``amount`` in minor units. Raises ValidationFailed for ``field`` where it is none of the currency."""
    try:
        return to_minor(amount, digits(currency))
    except ValueError as error:
        raise ValidationFailed({field: [str(error)]}) from None


def shares_as_wanted(
    wanted: Sequence[WantedShare], found: Sequence[InvoiceRow], customer_id: int, currency: str
) -> list[tuple[InvoiceRow, int]]:
    """Each invoice with its share in minor units. Raises ValidationFailed for every share that cannot be."""
    by_id = {row.id: row for row in found}
    errors: FieldErrors = {}
    shares = []
    for index, share in enumerate(wanted):
        row = by_id.pop(share.invoice_id, None)
        if row is None or (row.customer_id, row.currency) != (customer_id, currency):
            errors[f"allocations.{index}.invoice_id"] = [f"Is not one invoice of this customer in {currency}."]
        else:
            amount = minor_amount(share.amount, currency, f"allocations.{index}.amount")
            shares.append((row, amount))
    if errors:
        raise ValidationFailed(errors)
    return shares


def oldest_due_first(found: Sequence[InvoiceRow], amount: int) -> list[tuple[InvoiceRow, int]]:
    """The invoices that ``amount`` (minor units) settles, oldest due first, each with its share."""
    shares = []
    for row in sorted(found, key=lambda row: (row.due_date, row.id)):
        share = min(amount, row.balance)
        if share:
            shares.append((row, share))
        amount -= share
    return shares


def check_shares(shares: Sequence[tuple[InvoiceRow, int]]) -> None:
    """Raises Overpayment where a share is above its invoice's balance."""
    for row, share in shares:
        if share > row.balance:
            balance = to_decimal(row.balance, digits(row.currency))
            raise Overpayment(
                f"The payment is above the balance of {row.shown_number}, {balance} {row.currency}. "
                'Pay less, or send "excess": "credit" to keep the rest as the customer\'s credit.'
            )


def check_excess(excess: int, new: NewPayment) -> None:
    """Raises Overpayment where money is left over and may not become credit; credit never makes credit."""
    if excess and (new.excess is Excess.REFUSE or new.method is PaymentMethod.CREDIT):
        raise Overpayment(
            "The payment is above what it can settle. "
            'Pay less, or send "excess": "credit" to keep the rest as the customer\'s credit.'
        )


def put_back(returned: Iterable[Returned]) -> list[CreditPutBack]:
    """What a reversal put back from credit notes onto their invoices; minor units."""
    return [
        CreditPutBack(credit_note_id=note.credit_note_id, invoice_id=note.invoice_id, amount=note.amount)
        for each in returned
        for note in each.notes
    ]


def source_account(method: PaymentMethod) -> LedgerAccount:
    """The ledger account that a payment comes from."""
    return LedgerAccount.CUSTOMER_CREDIT if method is PaymentMethod.CREDIT else LedgerAccount.CASH


def settlement_posting(method: PaymentMethod, share: int) -> Posting:
    """The posting by which a share of a payment settles an invoice."""
    return Posting(source_account(method), LedgerAccount.RECEIVABLE, share)


def credit_posting(method: PaymentMethod, excess: int) -> Posting:
    """The posting by which money left over becomes the customer's credit."""
    return Posting(source_account(method), LedgerAccount.CUSTOMER_CREDIT, excess)


def payment(
    new: NewPayment, subject: Subject, amount: int, shares: Sequence[tuple[InvoiceRow, int]], today: date, now: datetime
) -> Payment:
    """A payment of ``amount`` (minor units) that settles shares of invoices; it has the id 0 until it is stored.

    Raises as ``check_shares`` and ``check_excess``, but for an attempt that failed, which moves nothing.
    """
    stands = new.status is not PaymentStatus.FAILED
    excess = amount - sum(share for _row, share in shares) if stands else 0
    if stands:
        check_shares(shares)
        check_excess(excess, new)
    return Payment(
        id=0,
        customer_id=subject.customer_id,
        currency=subject.currency,
        amount=amount,
        to_credit=excess,
        method=new.method,
        reference=new.reference,
        date=new.date or today,
        notes=new.notes,
        status=new.status,
        created_at=now,
        reversed_at=None,
        external_id=new.external_id,
        metadata=new.metadata,
        version=1,
        allocations=as_allocations(shares),
    )


def share_of(payment: Payment, invoice_id: int) -> int:
    """What of a payment is allocated to an invoice; minor units."""
    return sum(share.amount for share in payment.allocations if share.invoice_id == invoice_id)


def facts(payment: Payment) -> PaymentFacts:
    """All that a payment says, as its events keep it: the record that the payment can be held against."""
    return PaymentFacts(
        customer_id=payment.customer_id,
        currency=payment.currency,
        amount=payment.amount,
        to_credit=payment.to_credit,
        method=payment.method,
        reference=payment.reference,
        date=payment.date,
        notes=payment.notes,
        status=payment.status,
        allocations=[SettledShare(invoice_id=share.invoice_id, amount=share.amount) for share in payment.allocations],
    )


def reversal_facts(payment: Payment, returned: Iterable[Returned]) -> PaymentFacts:
    """All that a reversed payment says, and what the reversal put back from credit notes, where it did."""
    notes = put_back(returned)
    return structs.replace(facts(payment), payment_id=payment.id, put_back=notes) if notes else facts(payment)


def as_allocations(shares: Sequence[tuple[InvoiceRow, int]]) -> list[Allocation]:
    """The shares as they are stored."""
    return [Allocation(row.id, row.number, share) for row, share in shares]


def as_lines(payment: Payment) -> list[PaymentLine]:
    """A payment of one invoice as that shows it; nothing where no part of it settles the invoice."""
    return [
        PaymentLine(
            id=payment.id,
            amount=payment.amount,
            applied=share.amount,
            method=payment.method.value,
            reference=payment.reference,
            date=payment.date,
            notes=payment.notes,
            status=payment.status.value,
            created_at=payment.created_at,
        )
        for share in payment.allocations
    ]
