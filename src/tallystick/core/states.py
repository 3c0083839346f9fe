"""The table of allowed transitions, and the status that a person sees."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeVar

from tallystick.core.errors import Conflict
from tallystick.core.payment import PaymentStatus


class InvoiceState(StrEnum):
    """What is stored of an invoice, beside what has been paid and credited."""

    DRAFT = "draft"
    ISSUED = "issued"
    VOIDED = "voided"


class CreditNoteState(StrEnum):
    """What is stored of a credit note: it is issued at once, and for ever."""

    ISSUED = "issued"


class RunStatus(StrEnum):
    """How far a run of recurring billing is."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"


class QuotationState(StrEnum):
    """What is stored of a quotation."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CONVERTED = "converted"


class QuotationStatus(StrEnum):
    """What is shown of a quotation."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CONVERTED = "converted"


class InvoiceStatus(StrEnum):
    """What is shown of an invoice."""

    DRAFT = "draft"
    SENT = "sent"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    VOIDED = "voided"


class Action(StrEnum):
    UPDATE = "update"
    DELETE = "delete"
    ISSUE = "issue"
    """To see to it that the bill is issued: on an issued one it changes nothing, so that a repeat is safe."""
    REVISE = "revise"
    """To change what is issued, and issue it again at once."""
    UNPUBLISH = "unpublish"
    VOID = "void"
    PAY = "pay"
    CREDIT = "credit"
    SHARE = "share"
    """To change the share link of what is issued, or to withdraw it."""
    ACCEPT = "accept"
    """Like every answer to a quotation, it issues a draft, and repeated it changes nothing."""
    REJECT = "reject"
    CONVERT = "convert"
    REVERSE = "reverse"
    """To take a payment back."""


class Rules(NamedTuple):
    """For one kind: the state of a new one, where each action leads, and what to do instead where it is refused."""

    first: StrEnum
    transitions: Mapping[tuple[StrEnum, Action], StrEnum]
    refusals: Mapping[tuple[StrEnum, Action], str]


_DRAFT, _ISSUED, _VOIDED = InvoiceState
_OFFER, _SENT, _ACCEPTED, _REJECTED, _CONVERTED = QuotationState
_SUCCEEDED, _FAILED, _REVERSED = PaymentStatus

# The key is the kind of bill, or a payment, given as the type of its states.
RULES: Mapping[type[StrEnum], Rules] = {
    InvoiceState: Rules(
        first=_DRAFT,
        transitions={
            (_DRAFT, Action.UPDATE): _DRAFT,
            (_DRAFT, Action.DELETE): _DRAFT,
            (_DRAFT, Action.ISSUE): _ISSUED,
            (_ISSUED, Action.ISSUE): _ISSUED,
            (_ISSUED, Action.REVISE): _ISSUED,
            (_ISSUED, Action.UNPUBLISH): _DRAFT,
            (_ISSUED, Action.VOID): _VOIDED,
            (_ISSUED, Action.PAY): _ISSUED,
            (_ISSUED, Action.CREDIT): _ISSUED,
            (_ISSUED, Action.SHARE): _ISSUED,
            (_VOIDED, Action.SHARE): _VOIDED,
        },
        refusals={
            (_DRAFT, Action.REVISE): "The invoice is a draft: change it, then publish it.",
            (_DRAFT, Action.UNPUBLISH): "The invoice is a draft, so there is nothing to unpublish.",
            (_DRAFT, Action.VOID): "The invoice is a draft: delete it instead.",
            (_DRAFT, Action.PAY): "The invoice is a draft: publish it first, then record the payment.",
            (_DRAFT, Action.CREDIT): "The invoice is a draft: change it instead of crediting it.",
            (_DRAFT, Action.SHARE): "The invoice is a draft: publish it, which gives it a share link.",
            (
                _ISSUED,
                Action.UPDATE,
            ): "The invoice is issued and cannot be changed: revise it, or write a credit note or a new invoice.",
            (_ISSUED, Action.DELETE): "The invoice is issued and cannot be deleted: void it instead.",
            (_VOIDED, Action.UPDATE): "The invoice is voided and cannot be changed: duplicate it instead.",
            (_VOIDED, Action.DELETE): "The invoice is voided and keeps its number, so it cannot be deleted.",
            (_VOIDED, Action.ISSUE): "The invoice is voided for ever: duplicate it and issue the copy.",
            (_VOIDED, Action.REVISE): "The invoice is voided for ever: duplicate it and change the copy.",
            (_VOIDED, Action.UNPUBLISH): "The invoice is voided for ever: duplicate it to get a draft.",
            (_VOIDED, Action.VOID): "The invoice is voided already.",
            (
                _VOIDED,
                Action.PAY,
            ): "The invoice is voided, so nothing is owed on it: duplicate it to bill again.",
            (_VOIDED, Action.CREDIT): "The invoice is voided, so there is nothing left to credit.",
        },
    ),
    QuotationState: Rules(
        first=_OFFER,
        transitions={
            (_OFFER, Action.UPDATE): _OFFER,
            (_OFFER, Action.DELETE): _OFFER,
            (_OFFER, Action.ISSUE): _SENT,
            (_OFFER, Action.ACCEPT): _ACCEPTED,
            (_OFFER, Action.REJECT): _REJECTED,
            (_OFFER, Action.CONVERT): _CONVERTED,
            (_SENT, Action.ISSUE): _SENT,
            (_SENT, Action.ACCEPT): _ACCEPTED,
            (_SENT, Action.REJECT): _REJECTED,
            (_SENT, Action.CONVERT): _CONVERTED,
            (_SENT, Action.SHARE): _SENT,
            (_ACCEPTED, Action.ISSUE): _ACCEPTED,
            (_ACCEPTED, Action.ACCEPT): _ACCEPTED,
            (_ACCEPTED, Action.CONVERT): _CONVERTED,
            (_ACCEPTED, Action.SHARE): _ACCEPTED,
            (_REJECTED, Action.REJECT): _REJECTED,
            (_REJECTED, Action.SHARE): _REJECTED,
            (_CONVERTED, Action.SHARE): _CONVERTED,
        },
        refusals={
            (_OFFER, Action.SHARE): "The quotation is a draft: publish it, which gives it a share link.",
            (_SENT, Action.UPDATE): "The quotation is sent and cannot be changed: duplicate it and change the copy.",
            (_SENT, Action.DELETE): "The quotation is sent and cannot be deleted: reject it instead.",
            (_ACCEPTED, Action.UPDATE): "The quotation is accepted and cannot be changed: duplicate it instead.",
            (_ACCEPTED, Action.DELETE): "The quotation is accepted and cannot be deleted.",
            (_ACCEPTED, Action.REJECT): "The quotation is accepted already.",
            (_REJECTED, Action.UPDATE): "The quotation is rejected and cannot be changed: duplicate it instead.",
            (_REJECTED, Action.DELETE): "The quotation is rejected and keeps its number, so it cannot be deleted.",
            (_REJECTED, Action.ISSUE): "The quotation is rejected: duplicate it and send the copy.",
            (_REJECTED, Action.ACCEPT): "The quotation is rejected: duplicate it to offer it again.",
            (_REJECTED, Action.CONVERT): "The quotation is rejected: duplicate it to offer it again.",
            (_CONVERTED, Action.UPDATE): "The quotation is converted and cannot be changed: change its invoice.",
            (_CONVERTED, Action.DELETE): "The quotation is converted and cannot be deleted.",
            (_CONVERTED, Action.ISSUE): "The quotation is converted: send its invoice.",
            (_CONVERTED, Action.ACCEPT): "The quotation is converted already.",
            (_CONVERTED, Action.REJECT): "The quotation is converted already: void or delete its invoice.",
            (_CONVERTED, Action.CONVERT): "The quotation is converted already.",
        },
    ),
    CreditNoteState: Rules(first=CreditNoteState.ISSUED, transitions={}, refusals={}),
    PaymentStatus: Rules(
        first=_SUCCEEDED,
        transitions={(_SUCCEEDED, Action.REVERSE): _REVERSED},
        refusals={
            (_FAILED, Action.REVERSE): "This payment failed, so there is nothing to reverse.",
            (_REVERSED, Action.REVERSE): "This payment is reversed already.",
        },
    ),
}

State = TypeVar("State", bound=StrEnum)


def first_state(kind: type[State]) -> State:
    """The state of a new bill of the kind that has these states."""
    return kind(RULES[kind].first)


def next_state(state: State, action: Action) -> State:
    """The state that ``action`` leads to, for whoever acts to write.

    Raises Conflict, with a sentence that says what to do, where the table does not allow it.
    """
    rules = RULES[type(state)]
    if (state, action) in rules.transitions:
        return type(state)(rules.transitions[state, action])
    raise Conflict(rules.refusals[state, action])


def check_allowed(state: State, action: Action) -> None:
    """Raises Conflict as ``next_state``, for an action that leaves the state as it is: there is nothing to write."""
    next_state(state, action)


def invoice_status(
    state: InvoiceState, total: int, paid: int, credited: int, due_date: date, today: date
) -> InvoiceStatus:
    """What to show of an invoice: amounts in minor units, ``today`` in the account's time zone.

    An issued invoice whose total is 0 is paid. An invoice is overdue from the day after its due date.
    """
    if state != InvoiceState.ISSUED:
        return InvoiceStatus(state)
    if total - paid - credited <= 0:
        return InvoiceStatus.PAID
    if due_date < today:
        return InvoiceStatus.OVERDUE
    return InvoiceStatus.PARTIALLY_PAID if paid or credited else InvoiceStatus.SENT


def quotation_status(state: QuotationState, valid_until: date, today: date) -> QuotationStatus:
    """What to show of a quotation, ``today`` in the account's time zone.

    Sent and unanswered, it expires with the day after ``valid_until``. A draft never does, because
    ``seeds/ihs-billing.txt`` makes and converts one whose ``valid_until`` may have passed.
    """
    if state is QuotationState.SENT and today > valid_until:
        return QuotationStatus.EXPIRED
    return QuotationStatus(state)
