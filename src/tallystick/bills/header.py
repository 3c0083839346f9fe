"""What a bill says beside its lines: each field is written once, here.

Asking, changing, copying, sealing, showing and a schedule's run take it whole. A new field is a line here, a column in
``store.tables`` and its migration; whether the customer is told of it, ``bills.public`` says.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, structs

from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors
from tallystick.wire.call import Change
from tallystick.wire.scalars import Day, LongText, ShortText, Title


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a bill that no sum depends on."""

    title: Annotated[Title | None, Meta(description="What the bill is about.")] = None
    purchase_order: Annotated[ShortText | None, Meta(description="The buyer's order (EN 16931, BT-13).")] = None
    buyer_reference: Annotated[ShortText | None, Meta(description="The buyer's routing (EN 16931, BT-10).")] = None
    project: Annotated[ShortText | None, Meta(description="The project it is for (EN 16931, BT-11).")] = None
    service_start: Annotated[date | None, Meta(description="First day of service (EN 16931, BT-73).")] = None
    service_end: Annotated[date | None, Meta(description="Last day of service (EN 16931, BT-74).")] = None
    notes: Annotated[LongText | None, Meta(description="A note to the buyer (EN 16931, BT-22).")] = None
    payment_terms: Annotated[LongText | None, Meta(description="How to pay (EN 16931, BT-20).")] = None
    template_id: Annotated[ShortText | None, Meta(description="What the document looks like.")] = None


FIELDS = Header.__struct_fields__


def asked(body: Change, account: Account) -> dict[str, Any]:
    """The fields of a header that a request, made by ``asking_for(Header)``, names; what ``changed`` takes."""
    given = {name: value for name in FIELDS if (value := getattr(body, name)) is not UNSET}
    return {name: value.on_calendar_of(account) if isinstance(value, Day) else value for name, value in given.items()}


def shown(header: Header) -> dict[str, Any]:
    """The fields by name, as a reply has them."""
    return structs.asdict(header)


def errors(header: Header) -> FieldErrors:
    """What is wrong with a header, by field (EN 16931, BR-29)."""
    if header.service_start and header.service_end and header.service_end < header.service_start:
        return {"service_end": ["Must not be before the service_start."]}
    return {}


def completed(header: Header, **defaults: str | None) -> Header:
    """The header, with these values in the fields where it has none."""
    return changed(header, {name: value for name, value in defaults.items() if getattr(header, name) is None})


def changed(header: Header, named: Mapping[str, Any]) -> Header:
    """The header with other values in the fields that are named."""
    return structs.replace(header, **named)
