"""What each kind of event keeps beside its subject: the shape of its facts.

Amounts are in minor units of the ``currency`` beside them. A field that may be missing was not told by earlier versions
or is not told of each such event; what is sealed is never written anew. An event that is not named keeps no facts.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, convert

from tallystick.core.events import Event, Facts
from tallystick.core.payment import Method, PaymentStatus


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """The facts of an event; of this very type, there are none."""


class Created(Fact, frozen=True):
    """From what a bill was made, where it was not from a request: of these, one at most."""

    duplicate_of: int | UnsetType = UNSET
    quotation_id: int | UnsetType = UNSET
    recurring_id: int | UnsetType = UNSET


class Issued(Fact, frozen=True):
    """By what an invoice was issued, and at which total; ``auto_send``: whether its schedule is to send it."""

    action: Literal["publish", "mark-sent", "mark-paid", "recurring"] | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    total: int | UnsetType = UNSET
    auto_send: bool | UnsetType = UNSET


class Updated(Fact, frozen=True):
    """Whether an issued bill got the share link that it lacked; of a draft or labels that change, nothing is kept."""

    shared: bool | UnsetType = UNSET


class Revised(Fact, frozen=True):
    """All that the invoice said before, by the names that the native API has for it."""

    before: Facts


class Paid(Fact, frozen=True):
    """What settled an invoice whose balance has reached 0."""

    currency: str
    amount_paid: int
    amount_credited: int


class PutBack(Fact, frozen=True):
    """What a credit note now settles of its invoice, out of the customer's credit."""

    credit_note_id: int
    invoice_id: int
    amount: int


class Credited(Fact, frozen=True):
    """By which credit note an invoice was credited; or what the reversal of a payment put back onto it."""

    currency: str
    credit_note_id: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    to_credit: int | UnsetType = UNSET
    payment_id: int | UnsetType = UNSET
    put_back: list[PutBack] | UnsetType = UNSET


class CreditNoteIssued(Fact, frozen=True):
    """Which invoice the note credits, and what of it became the customer's credit."""

    invoice_id: int
    currency: str
    total: int
    to_credit: int


class Share(Fact, frozen=True):
    """What of a payment went to an invoice."""

    invoice_id: int
    amount: int


class Payment(Fact, frozen=True):
    """All that a payment says; ``put_back`` where it was reversed and credit notes took its place."""

    customer_id: int
    currency: str
    amount: int
    to_credit: int
    method: Method
    reference: str | None
    date: date
    notes: str | None
    status: PaymentStatus
    allocations: list[Share]
    payment_id: int | UnsetType = UNSET
    put_back: list[PutBack] | UnsetType = UNSET


class Converted(Fact, frozen=True):
    """The invoice that a quotation became."""

    invoice_id: int


class Unbilled(Fact, frozen=True):
    """The days that nothing bills any more, both inclusive, where a change of a schedule left some out."""

    unbilled_from: date | UnsetType = UNSET
    unbilled_to: date | UnsetType = UNSET


class Failed(Fact, frozen=True):
    """Why a schedule could not be billed: the code of the refusal, and its sentence."""

    code: str
    reason: str


FACTS: Mapping[Event, type[Fact]] = {
    Event.INVOICE_CREATED: Created,
    Event.INVOICE_UPDATED: Updated,
    Event.INVOICE_ISSUED: Issued,
    Event.INVOICE_REVISED: Revised,
    Event.INVOICE_PAID: Paid,
    Event.INVOICE_CREDITED: Credited,
    Event.QUOTATION_CREATED: Created,
    Event.QUOTATION_UPDATED: Updated,
    Event.QUOTATION_CONVERTED: Converted,
    Event.CREDIT_NOTE_ISSUED: CreditNoteIssued,
    Event.PAYMENT_CREATED: Payment,
    Event.PAYMENT_REVERSED: Payment,
    Event.PAYMENT_FAILED: Payment,
    Event.RECURRING_UPDATED: Unbilled,
    Event.RECURRING_SWITCHED_ON: Unbilled,
    Event.RECURRING_SWITCHED_OFF: Unbilled,
    Event.RECURRING_FAILED: Failed,
}


def facts_of(event: Event, data: Facts | None) -> Fact:
    """The facts that an event keeps, typed; msgspec.ValidationError where they are none of it."""
    return convert(data or {}, FACTS.get(event, Fact))
