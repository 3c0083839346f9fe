"""The native wire of quotations."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from tallystick.bills.api import (
    BillChange,
    BillQuery,
    ItemJson,
    Items,
    TaxJson,
    bill_filter,
    csv_columns,
    discount_errors,
    draft_change,
    new_bill,
    shared_fields,
    whole_fields,
)
from tallystick.bills.header import Header
from tallystick.bills.types import NewBill
from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors
from tallystick.core.labels import Metadata
from tallystick.core.party import Buyer
from tallystick.core.states import QuotationStatus
from tallystick.quotations import ops, store
from tallystick.quotations.kind import QUOTATIONS
from tallystick.quotations.types import CustomerAnswer, Quotation, QuotationRow
from tallystick.wire.call import Body, Call, Deleted
from tallystick.wire.csv import CsvFile, selected
from tallystick.wire.lists import among, listed, page_request, some_of
from tallystick.wire.reply import Listed, Reply
from tallystick.wire.scalars import BillNumber, Day, Id, Several, ShortText

AnswerReason = Annotated[str, Meta(max_length=2000)]


class QuotationBody(BillChange, kw_only=True):
    """A draft, as far as it is to change. ``valid_until`` is not before an ``issue_date`` that is given."""

    valid_until: Day | None | UnsetType = UNSET
    quotation_number: BillNumber | None | UnsetType = UNSET


class NewQuotationBody(QuotationBody, kw_only=True):
    """A new draft: a customer and 1 to 1,000 items."""

    customer_id: Id
    items: Items

    def check(self) -> FieldErrors:
        """What single fields cannot tell; a change is checked against the draft that it changes."""
        return super().check() | discount_errors(self.discount_type, self.discount_value, "")


class AnswerBody(Body, kw_only=True):
    """Who answers for the customer, and why so."""

    name: ShortText | None = None
    reason: AnswerReason | None = None


class QuotationQuery(BillQuery, frozen=True, kw_only=True):
    """``status``: one of the six, or several with commas between; dates are issue dates, inclusive."""

    sort: Annotated[ShortText, among(store.SORTS)] | None = None
    status: Annotated[Several, some_of(QuotationStatus)] | None = None


def from_json(body: NewQuotationBody, account: Account) -> NewBill:
    """The quotation that a request asks for."""
    return new_bill(QUOTATIONS, body, account, customer_id=body.customer_id, items=body.items)


def answer_from(body: AnswerBody) -> CustomerAnswer:
    """The answer that a request tells of."""
    return CustomerAnswer(by=body.name, reason=body.reason)


class QuotationRowJson(Header, frozen=True):
    """A quotation as a list shows it; amounts in major units with exactly the currency's digits."""

    id: int | None
    quotation_number: str
    customer_id: int
    customer_name: str
    status: QuotationStatus
    issue_date: date
    issue_date_given: bool
    valid_until: date
    currency: str
    subtotal: Decimal
    discount_type: str | None
    discount_value: Decimal | None
    discount_amount: Decimal
    tax_total: Decimal
    taxes: list[TaxJson]
    total: Decimal
    prices_include_tax: bool
    invoice_id: int | None
    share_token: str | None
    share_url: str | None
    viewed_at: datetime | None
    last_viewed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    issued_at: datetime | None
    accepted_at: datetime | None
    rejected_at: datetime | None
    answered_by: str | None
    answer_reason: str | None
    converted_at: datetime | None
    external_id: str | None
    metadata: Metadata
    version: int


class QuotationJson(QuotationRowJson, frozen=True, kw_only=True):
    """A quotation, whole."""

    items: list[ItemJson]
    customer: Buyer


def row_fields(row: QuotationRow, call: Call) -> dict[str, Any]:
    """The fields that a list row and a whole quotation share."""
    return shared_fields(QUOTATIONS, row) | {
        "status": row.status(call.account, call.tx.now),
        "invoice_id": row.invoice_id,
        "share_url": row.share_token and f"{call.origin}/public/quotations/{row.share_token}",
        "accepted_at": row.accepted_at,
        "rejected_at": row.rejected_at,
        "answered_by": row.answered_by,
        "answer_reason": row.answer_reason,
        "converted_at": row.converted_at,
    }


def row_json(row: QuotationRow, call: Call) -> QuotationRowJson:
    """A quotation as a list shows it."""
    return QuotationRowJson(**row_fields(row, call))


def to_json(quotation: Quotation, call: Call) -> QuotationJson:
    """A quotation, whole."""
    return QuotationJson(
        **row_fields(quotation.row, call),
        **whole_fields(quotation),
    )


def index(call: Call, query: QuotationQuery) -> Listed[QuotationRowJson]:
    """List the quotations."""
    wanted = bill_filter(query, call.account, QuotationStatus)
    page = store.page(call.tx, call.account, wanted, page_request(query))
    return listed(page, lambda row: row_json(row, call))


def export_csv(call: Call, query: QuotationQuery) -> CsvFile:
    """Export the quotations that a list would show on all its pages.

    `page`, `limit` and `after` change nothing.
    """
    wanted = bill_filter(query, call.account, QuotationStatus)
    shown = (row_fields(row, call) for row in store.every(call.tx, call.account, wanted, page_request(query)))
    return selected("quotations.csv", csv_columns(QUOTATIONS), shown)


def create(call: Call, body: NewQuotationBody) -> QuotationJson:
    """Make a draft."""
    return to_json(ops.create(call.tx, call.account, from_json(body, call.account)), call)


def preview(call: Call, body: NewQuotationBody) -> QuotationJson:
    """Compute the draft that a create would make, and store nothing."""
    return to_json(ops.preview(call.tx, call.account, from_json(body, call.account)), call)


def get(call: Call, quotation_id: Id) -> QuotationJson:
    """Get one quotation with its items and customer."""
    return to_json(store.get(call.tx, call.account, quotation_id), call)


def update(call: Call, quotation_id: Id, body: QuotationBody) -> QuotationJson:
    """Change a draft; of any other quotation, `external_id` and `metadata`."""
    change = draft_change(QUOTATIONS, body, call.account)
    return to_json(ops.update(call.tx, call.account, quotation_id, change, body.seen_version), call)


def delete(call: Call, quotation_id: Id) -> Reply[Deleted]:
    """Delete a draft."""
    ops.delete(call.tx, call.account, quotation_id)
    return Reply(Deleted(quotation_id), "The draft is deleted.")


def publish(call: Call, quotation_id: Id) -> Reply[QuotationJson]:
    """Issue a draft and give it a share link."""
    quotation = ops.publish(call.tx, call.account, quotation_id)
    return Reply(to_json(quotation, call), "The quotation is published.")


def rotate_share(call: Call, quotation_id: Id) -> Reply[QuotationJson]:
    """Give an issued quotation a new share link; the old one opens nothing any more."""
    quotation = ops.rotate_share(call.tx, call.account, quotation_id)
    return Reply(to_json(quotation, call), "The quotation has a new share link.")


def revoke_share(call: Call, quotation_id: Id) -> Reply[QuotationJson]:
    """Withdraw the share link of an issued quotation: it opens nothing any more."""
    quotation = ops.revoke_share(call.tx, call.account, quotation_id)
    return Reply(to_json(quotation, call), "The quotation has no share link.")


def mark_sent(call: Call, quotation_id: Id) -> Reply[QuotationJson]:
    """Issue a draft without a share link or an e-mail."""
    quotation = ops.mark_sent(call.tx, call.account, quotation_id)
    return Reply(to_json(quotation, call), "The quotation is marked as sent.")


def accept(call: Call, quotation_id: Id, body: AnswerBody) -> Reply[QuotationJson]:
    """Record that the customer accepts a quotation."""
    quotation = ops.accept(call.tx, call.account, quotation_id, answer_from(body))
    return Reply(to_json(quotation, call), "The quotation is accepted.")


def reject(call: Call, quotation_id: Id, body: AnswerBody) -> Reply[QuotationJson]:
    """Record that the customer rejects a quotation."""
    quotation = ops.reject(call.tx, call.account, quotation_id, answer_from(body))
    return Reply(to_json(quotation, call), "The quotation is rejected.")


def duplicate(call: Call, quotation_id: Id) -> QuotationJson:
    """Make a draft with the same content, dated today."""
    return to_json(ops.duplicate(call.tx, call.account, quotation_id), call)
