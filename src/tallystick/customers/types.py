"""The shapes of customers."""

from datetime import datetime

import msgspec

from tallystick.core.labels import Metadata


class Customer(msgspec.Struct, frozen=True):
    """Whom an account bills. ``country`` is a code of ISO 3166-1, ``currency`` of ISO 4217."""

    id: int
    name: str
    email: str | None
    phone: str | None
    address: str | None
    address_line1: str | None
    address_line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    tax_id: str | None
    currency: str | None
    language: str | None
    notes: str | None
    external_id: str | None
    metadata: Metadata
    version: int
    created_at: datetime
    updated_at: datetime
