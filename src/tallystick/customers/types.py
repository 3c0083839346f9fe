"""The shapes of customers."""

from datetime import datetime

import msgspec

from tallystick.core.labels import Metadata
from tallystick.core.party import Buyer


class Customer(msgspec.Struct, frozen=True):
    """Whom an account bills, and what it keeps with it.

    ``currency``, a code of ISO 4217, and ``buyer_reference`` (EN 16931, BT-10) are those of a new bill that names none;
    ``template_id`` sets the documents that name none, also those that there are.
    """

    buyer: Buyer
    currency: str | None
    notes: str | None
    buyer_reference: str | None
    template_id: str | None
    external_id: str | None
    metadata: Metadata
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def id(self) -> int:
        """The customer's id, which is its buyer's."""
        return self.buyer.id
