"""What each kind of event keeps beside its subject: its facts.

Amounts are in minor units of the ``currency`` beside them, and other numbers that may have a fraction are strings. A
field that may be missing was not told by earlier versions or is not told of each such event. Facts are kept as JSON,
their fields in the order that they have here; what is sealed is never written anew (ADR 8).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, convert

from tallystick.core.events import Event
from tallystick.core.money import digits, to_decimal
from tallystick.core.payment import PaymentMethod, PaymentStatus

FactsJson = dict[str, Any]
"""Facts as they are kept and read back."""

IssueAction = Literal["publish", "mark-sent", "mark-paid", "recurring"]
"""By what an invoice is issued."""

AMOUNTS = frozenset(
    {
        "amount",
        "amount_credited",
        "amount_paid",
        "base",
        "discount_amount",
        "line_total",
        "subtotal",
        "tax_amount",
        "tax_total",
        "to_credit",
        "total",
    }
)
"""The names of facts that are amounts of money."""

NUMBERS = frozenset({"discount_value", "quantity", "rate", "tax_rate", "unit_price"})
"""The names of facts that are other numbers."""


class Facts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts of an event; of this very type, there are none."""


class BillCreated(Facts, frozen=True, kw_only=True):
    """From what a bill was made, where it was not from a request: of these, one at most."""

    duplicate_of: int | UnsetType = UNSET
    quotation_id: int | UnsetType = UNSET
    recurring_id: int | UnsetType = UNSET


class BillUpdated(Facts, frozen=True, kw_only=True):
    """Whether an issued bill got a share link, and whether the one that it had was revoked.

    Of a draft or labels that change, nothing is kept.
    """

    shared: bool | UnsetType = UNSET
    revoked: bool | UnsetType = UNSET

    @classmethod
    def of_link(cls, before: str | None, after: str | None) -> "BillUpdated":
        """What is told of a share token that takes the place of another; None where there was or is none."""
        return cls(shared=after is not None or UNSET, revoked=before is not None or UNSET)


class InvoiceIssued(Facts, frozen=True, kw_only=True):
    """By what an invoice was issued, and at which total; ``auto_send``: whether its schedule is to send it."""

    action: IssueAction | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    total: int | UnsetType = UNSET
    auto_send: bool | UnsetType = UNSET


class InvoiceRevised(Facts, frozen=True, kw_only=True):
    """All that the invoice said before, by the names that the native API has for it."""

    before: FactsJson


class InvoicePaid(Facts, frozen=True, kw_only=True):
    """What settled an invoice whose balance has reached 0."""

    currency: str
    amount_paid: int
    amount_credited: int


class CreditPutBack(Facts, frozen=True, kw_only=True):
    """What a credit note now settles of its invoice, out of the customer's credit."""

    credit_note_id: int
    invoice_id: int
    amount: int


class InvoiceCredited(Facts, frozen=True, kw_only=True):
    """By which credit note an invoice was credited; or what the reversal of a payment put back onto it."""

    credit_note_id: int | UnsetType = UNSET
    currency: str
    total: int | UnsetType = UNSET
    to_credit: int | UnsetType = UNSET
    payment_id: int | UnsetType = UNSET
    put_back: list[CreditPutBack] | UnsetType = UNSET


class CreditNoteIssued(Facts, frozen=True, kw_only=True):
    """Which invoice the note credits, and what of it became the customer's credit."""

    invoice_id: int
    currency: str
    total: int
    to_credit: int


class SettledShare(Facts, frozen=True, kw_only=True):
    """What of a payment went to an invoice."""

    invoice_id: int
    amount: int


class PaymentFacts(Facts, frozen=True, kw_only=True):
    """All that a payment says; ``put_back`` where it was reversed and credit notes took its place."""

    customer_id: int
    currency: str
    amount: int
    to_credit: int
    method: PaymentMethod
    reference: str | None
    date: date
    notes: str | None
    status: PaymentStatus
    allocations: list[SettledShare]
    payment_id: int | UnsetType = UNSET
    put_back: list[CreditPutBack] | UnsetType = UNSET


class QuotationAnswered(Facts, frozen=True, kw_only=True):
    """By whom a quotation was accepted or rejected, and why, as far as whoever answered it told."""

    name: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class QuotationConverted(Facts, frozen=True, kw_only=True):
    """The invoice that a quotation became."""

    invoice_id: int


class ScheduleChanged(Facts, frozen=True, kw_only=True):
    """The days that nothing bills any more, both inclusive, where a change of a schedule left some out."""

    unbilled_from: date | UnsetType = UNSET
    unbilled_to: date | UnsetType = UNSET


class ScheduleFailed(Facts, frozen=True, kw_only=True):
    """Why a schedule could not be billed: the code of the refusal, and its sentence."""

    code: str
    reason: str


class UsageReached(Facts, frozen=True, kw_only=True):
    """Which threshold of a meter a customer's usage has reached, since which day, and where it is by now.

    A cost is in major units of ``currency``.
    """

    meter: str
    recurring_id: int
    since: date
    threshold: Literal["quantity", "cost"]
    value: str
    reached: str
    currency: str


FACTS: Mapping[Event, type[Facts]] = {
    Event.INVOICE_CREATED: BillCreated,
    Event.INVOICE_UPDATED: BillUpdated,
    Event.INVOICE_ISSUED: InvoiceIssued,
    Event.INVOICE_REVISED: InvoiceRevised,
    Event.INVOICE_PAID: InvoicePaid,
    Event.INVOICE_CREDITED: InvoiceCredited,
    Event.QUOTATION_CREATED: BillCreated,
    Event.QUOTATION_UPDATED: BillUpdated,
    Event.QUOTATION_ACCEPTED: QuotationAnswered,
    Event.QUOTATION_REJECTED: QuotationAnswered,
    Event.QUOTATION_CONVERTED: QuotationConverted,
    Event.CREDIT_NOTE_ISSUED: CreditNoteIssued,
    Event.CREDIT_NOTE_UPDATED: BillUpdated,
    Event.PAYMENT_CREATED: PaymentFacts,
    Event.PAYMENT_REVERSED: PaymentFacts,
    Event.PAYMENT_FAILED: PaymentFacts,
    Event.RECURRING_UPDATED: ScheduleChanged,
    Event.RECURRING_SWITCHED_ON: ScheduleChanged,
    Event.RECURRING_SWITCHED_OFF: ScheduleChanged,
    Event.RECURRING_FAILED: ScheduleFailed,
    Event.USAGE_THRESHOLD_REACHED: UsageReached,
}
"""The facts of each event; one that is not named keeps none."""


def facts_of(event: Event, kept: FactsJson | None) -> Facts:
    """The facts that an event keeps, typed; msgspec.ValidationError where they are none of it."""
    return convert(kept or {}, FACTS.get(event, Facts))


def in_major_units(kept: FactsJson) -> FactsJson:
    """Facts as they are shown: amounts in major units with exactly their currency's digits, and numbers as such."""
    return {name: _shown(name, value, kept.get("currency")) for name, value in kept.items()}


def _shown(name: str, value: Any, currency: str | None) -> Any:
    if isinstance(value, dict):
        inner = value.get("currency", currency)
        return {key: _shown(key, each, inner) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(name, each, currency) for each in value]
    if name in AMOUNTS and currency is not None:
        return to_decimal(value, digits(currency))
    if name in NUMBERS and value is not None:
        return Decimal(value)
    return value
