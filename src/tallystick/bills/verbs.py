"""The verbs of every kind of bill that begins as a draft; what is its own, a kind adds in its own room."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import UNSET, structs

from tallystick.bills import rules, store
from tallystick.bills.dates import days_until
from tallystick.bills.effects import Effects
from tallystick.bills.kind import B, DraftKind, R
from tallystick.bills.steps import NOTHING, Step, bill_of, write
from tallystick.bills.types import BillRow, DraftChange, NewBill, StoredBill
from tallystick.core.account import Account
from tallystick.core.bill import Bill
from tallystick.core.facts import BillCreated, BillUpdated, IssueAction
from tallystick.core.party import Buyer
from tallystick.core.states import Action, check_allowed, next_state
from tallystick.core.tax_categories import lacks_reason
from tallystick.core.totals import Totals, compute
from tallystick.customers.types import Customer
from tallystick.store import outbox, rows, secrets
from tallystick.store.db import Tx
from tallystick.store.outbox import NewEvent
from tallystick.taxes.types import Tax

KEEPS_NUMBER = "Leave the draft its number."


def create(tx: Tx, account: Account, kind: DraftKind[R, B], new: NewBill, customer: Customer | None = None) -> B:
    """Makes a draft; ``customer`` is whom it names, where that row was read already.

    Raises NumberInUse where the number that it is to have is another bill's.
    """
    kind.numbers.check_unused(tx, account, new.number)
    made = _insert(tx, account, kind, preview(tx, account, kind, new, customer))
    outbox.add(tx, account, kind.created, made.row.id)
    return made


def preview(tx: Tx, account: Account, kind: DraftKind[R, B], new: NewBill, customer: Customer | None = None) -> B:
    """The draft that ``create`` would make; nothing is stored, so it and its lines have the id 0."""
    found = store.gather(tx, account, new.customer_id, new.items, customer)
    bill, totals = rules.bill_from(new, found, account)
    buyer = rules.buyer(found)
    columns = rules.draft_columns(rules.for_customer(new, found), account, tx.now, kind.due_column)
    row = kind.draft_row(columns, bill, totals, buyer.name)
    return kind.whole(row, store.unstored_lines(bill, totals), buyer)


def _insert(tx: Tx, account: Account, kind: DraftKind[R, B], draft: B) -> B:
    """Writes a draft, and answers the same with its ids."""
    tx.foresee({kind.bills: 1, kind.lines: len(draft.lines)})
    bill_id = kind.rows.insert(tx, account, draft.row)
    lines = kind.own_lines.insert(tx, account, bill_id, draft.lines)
    return structs.replace(draft, row=structs.replace(draft.row, id=bill_id), lines=lines)


def duplicate(tx: Tx, account: Account, kind: DraftKind[R, B], original: B, also: Mapping[str, Any] = NOTHING) -> int:
    """Makes a draft with the same content, dated today, with as many days to pay or of validity; answers its id.

    ``also`` are columns that it has beside the content.
    """
    days, origin = days_until(original.row, kind.due_column), BillCreated(duplicate_of=original.row.id)
    return copy(tx, account, kind, original, terms_days=days, origin=origin, also=also)


def copy(
    tx: Tx,
    account: Account,
    kind: DraftKind[R, B],
    original: StoredBill[BillRow],
    *,
    terms_days: int,
    origin: BillCreated,
    also: Mapping[str, Any] = NOTHING,
) -> int:
    """Makes a draft of this kind with the content of a bill of any, dated today; answers its id.

    ``origin`` tells the record which bill it was.
    """
    bill = rules.renewed(rules.stored_bill(original.row, original.lines))
    totals = compute(bill)
    columns = rules.copied_columns(original.row, account, tx.now, terms_days, kind.due_column)
    row = kind.draft_row({**columns, **also}, bill, totals, original.row.customer_name)
    draft = kind.whole(row, store.unstored_lines(bill, totals), original.customer)
    copy_id = _insert(tx, account, kind, draft).row.id
    outbox.add(tx, account, kind.created, copy_id, origin)
    return copy_id


def update(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, change: DraftChange, version: int | None) -> None:
    """Changes what ``change`` names of a draft, which is locked; labels, of a bill in any state.

    Raises Conflict for what is no draft, for a stale ``version``, for a number in use, and where the draft's number of
    the sequence would be missing from it or contradict the draft's date.
    """
    rows.check_version(bill.row.version, version)
    if change.is_of_labels_alone:
        label(tx, account, kind, bill, change)
        return
    check_allowed(bill.row.state, Action.UPDATE)
    if rules.renumbers(bill.row, change):
        kind.numbers.check_given_up(tx, account, bill.row, KEEPS_NUMBER)
        kind.numbers.check_unused(tx, account, change.number or None, but_for=bill.row.id)
    write_changed(tx, account, kind, bill, changed(tx, account, kind, bill, change))
    outbox.add(tx, account, kind.updated, bill.row.id)


def label(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, change: DraftChange) -> B:
    """Changes the labels, and nothing that an issue fixes: no seal is set."""
    outbox.add(tx, account, kind.updated, bill.row.id)
    return set_columns(tx, account, kind, bill, {"labels": bill.row.labels.changed(change.labels)})


class ChangedBill(NamedTuple):
    """What is to become of a bill: its columns but for the bill's own, the bill, and the customer."""

    columns: dict[str, Any]
    bill: Bill
    totals: Totals
    customer: Buyer


def changed(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, change: DraftChange) -> ChangedBill:
    """What ``change`` makes of a bill. Raises ValidationFailed with every field that is wrong."""
    customer_id = bill.row.customer_id if change.customer_id is UNSET else change.customer_id
    found = store.gather(tx, account, customer_id, () if change.items is UNSET else change.items)
    content, totals = rules.changed_bill(bill.row, bill.lines, change, found)
    of_customer = rules.of_other_customer(bill.row.customer_id, change, found)
    change = structs.replace(change, header={**change.header, **of_customer})
    columns = rules.changed_columns(bill.row, change, account, tx.now, kind.due_column)
    return ChangedBill(columns, content, totals, rules.buyer(found))


def write_changed(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, changed: ChangedBill) -> None:
    """Writes what is to become of a bill."""
    kind.rows.change(tx, account, bill.row, changed.columns | store.bill_values(changed.bill, changed.totals))
    if changed.bill != rules.stored_bill(bill.row, bill.lines):
        lines = store.unstored_lines(changed.bill, changed.totals)
        kind.own_lines.replace(tx, account, bill.row.id, lines)


class Basis(NamedTuple):
    """What decisions rest on beside the bill: ``taxes``, by id, are those of lines that lack a reason, as of now."""

    account: Account
    now: datetime
    taxes: Mapping[int, Tax]


def basis(tx: Tx, account: Account, bills: Iterable[StoredBill[BillRow]]) -> Basis:
    """What decisions on these bills rest on; no query where no line lacks anything."""
    drafts = (bill for bill in bills if bill.row.issued_at is None)
    lacking = [line for bill in drafts for line in bill.lines if lacks_reason(rules.stored_tax(line))]
    return Basis(account, tx.now, store.taxes_of(tx, account, lacking) if lacking else {})


def publish(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B) -> B:
    """Issues a draft, which is locked, and gives it a share token, as far as it has none.

    An issued bill only gets the token that it lacks.
    """
    step = publishing(basis(tx, account, [bill]), kind, bill)
    return bill_of(bill, write(tx, account, kind, step))


def publishing(basis: Basis, kind: DraftKind[R, B], bill: B) -> Step[Any]:
    """What ``publish`` makes of a bill."""
    token = bill.row.share_token or secrets.new_secret(basis.account.id)
    if next_state(bill.row.state, Action.ISSUE) is not bill.row.state:
        return issuing(basis, kind, bill, "publish", {"share_token": token})
    return _sharing(kind, bill, token)


def rotate_share(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B) -> B:
    """Gives an issued bill, which is locked, a new share token; the one that it had opens nothing any more.

    Raises Conflict for a draft.
    """
    check_allowed(bill.row.state, Action.SHARE)
    return _share(tx, account, kind, bill, secrets.new_secret(account.id))


def revoke_share(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B) -> B:
    """Takes an issued bill, which is locked, its share token, as far as it has one. Raises Conflict for a draft."""
    check_allowed(bill.row.state, Action.SHARE)
    return _share(tx, account, kind, bill, None)


def _share(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, token: str | None) -> B:
    return bill_of(bill, write(tx, account, kind, _sharing(kind, bill, token)))


def _sharing(kind: DraftKind[R, B], bill: B, token: str | None) -> Step[Any]:
    """Sets the share token of an issued bill, which its seal holds, unless it has just that."""
    before = bill.row.share_token
    step = Step.of(bill.row, bill.lines)
    if token == before:
        return step
    told = NewEvent(kind.updated, bill.row.id, BillUpdated.of_link(before, token))
    return structs.replace(step.then({"share_token": token}, Effects([told])), is_sealed=True)


def issue(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, action: IssueAction) -> B:
    """Gives a draft, which is locked, its number and makes it immutable; an issued bill stays as it is.

    Raises as ``issuing``, and Conflict where another bill has taken the number that the draft wants.
    """
    step = issuing(basis(tx, account, [bill]), kind, bill, action)
    return bill_of(bill, write(tx, account, kind, step))


def issuing(
    basis: Basis, kind: DraftKind[R, B], bill: B, action: IssueAction, also: Mapping[str, Any] = NOTHING
) -> Step[Any]:
    """What an issue makes of a bill: a draft gets its number and is immutable; an issued bill stays as it is.

    Raises Conflict where the bill has ended and where its number contradicts its date; ValidationFailed where EN 16931
    has no such bill with its taxes. ``action`` tells the record what it was issued by; ``also`` are columns that are
    set with it.
    """
    state = next_state(bill.row.state, Action.ISSUE)
    step = Step.of(bill.row, bill.lines)
    if state is bill.row.state:
        return step
    step = _readied(basis, step)
    dated = rules.issued_columns(step.row, bill.customer, basis.account, basis.now, kind.due_column)
    effects = kind.at_issue(bill_of(bill, step), action)
    return structs.replace(step.then({"state": state, **dated, **also}, effects), is_issue=True, is_sealed=True)


def _readied(basis: Basis, step: Step[R]) -> Step[R]:
    """A draft as it can be issued: mostly as it is.

    Its exempt lines take the reasons that their taxes have by now, and what an older version made follows the rules of
    today. Raises Conflict where the total would no longer be what it was, ValidationFailed for what EN 16931 refuses.
    """
    stored = rules.stored_bill(step.row, step.lines)
    renewed = rules.renewed(stored, basis.taxes) if rules.is_outdated(stored) else stored
    if renewed is not stored and renewed != stored:
        totals = rules.renewed_totals(renewed, step.row)
        lines = store.unstored_lines(renewed, totals)
        step = structs.replace(step.then(store.bill_values(renewed, totals)), lines=lines, renews_lines=True)
    rules.check_issuable(renewed.lines)
    return step


def set_columns(tx: Tx, account: Account, kind: DraftKind[R, B], bill: B, changes: Mapping[str, Any]) -> B:
    """Sets columns of a bill's row, and answers the bill as it is then."""
    return structs.replace(bill, row=kind.rows.change(tx, account, bill.row, changes))
