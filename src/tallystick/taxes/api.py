"""The native wire of taxes."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.core.tax_categories import default_category
from tallystick.taxes import ops, types
from tallystick.taxes.resource import TAXES
from tallystick.wire import render
from tallystick.wire.call import Call, Change, Deleted, given
from tallystick.wire.lists import ListQuery, among, listed, page_request
from tallystick.wire.reply import Listed
from tallystick.wire.scalars import Id, Name, Percent, ShortText

Category = Literal["S", "Z", "E", "AE", "K", "G", "O"]


class TaxChange(Change, kw_only=True):
    """A tax, as far as it is to change. ``rate`` in percent; ``category`` a code of EN 16931.

    ``S`` has a rate above 0, every other the rate 0. All but ``S`` and ``Z`` need an ``exemption_reason`` by the time
    a bill that uses them is issued; those two take none.
    """

    name: Name | UnsetType = UNSET
    rate: Percent | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    exemption_reason: ShortText | None | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class NewTax(TaxChange, kw_only=True):
    """A new tax. Without a ``category`` it is ``S``, or ``Z`` where the rate is 0."""

    name: Name
    rate: Percent


class TaxQuery(ListQuery, frozen=True, kw_only=True):
    """``search`` looks in the name."""

    sort: Annotated[ShortText, among(TAXES.sorts)] | None = None


class Tax(msgspec.Struct, frozen=True):
    """A rate in percent, with its category code of EN 16931 (BT-151)."""

    id: int
    name: str
    rate: Decimal
    category: str
    exemption_reason: str | None
    is_default: bool
    version: int
    created_at: datetime
    updated_at: datetime


def to_json(tax: types.Tax) -> Tax:
    """A tax as the API shows it."""
    return msgspec.structs.replace(msgspec.convert(tax, Tax, from_attributes=True), rate=render.plain(tax.rate))


def index(call: Call, query: TaxQuery) -> Listed[Tax]:
    """List the taxes."""
    return listed(TAXES.page(call.tx, call.account, page_request(query), query.search), to_json)


def create(call: Call, body: NewTax) -> Tax:
    """Make a tax."""
    defaults = {"category": default_category(body.rate), "is_default": False}
    return to_json(ops.create(call.tx, call.account, defaults | given(body)))


def get(call: Call, tax_id: Id) -> Tax:
    """Get one tax."""
    return to_json(TAXES.get(call.tx, call.account, tax_id))


def update(call: Call, tax_id: Id, body: TaxChange) -> Tax:
    """Change a tax; issued bills keep their own copy."""
    return to_json(ops.update(call.tx, call.account, tax_id, given(body), body.seen_version))


def delete(call: Call, tax_id: Id) -> Deleted:
    """Delete a tax that nothing uses."""
    TAXES.delete(call.tx, call.account, tax_id)
    return Deleted(tax_id)
