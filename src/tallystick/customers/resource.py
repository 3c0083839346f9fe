"""What customers are."""

from collections.abc import Mapping
from typing import Any

from tallystick.core.events import Event
from tallystick.customers.rules import email_key
from tallystick.customers.types import Customer
from tallystick.store.resource import Resource, ResourceEvents
from tallystick.store.rows import Rows
from tallystick.store.tables import customers


def _keyed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, with what is compared of the e-mail address that they name."""
    if "email" not in values:
        return values
    email = values["email"]
    return {**values, "email_key": None if email is None else email_key(email)}


CUSTOMERS = Resource(
    Rows(customers, Customer),
    told=ResourceEvents(Event.CUSTOMER_CREATED, Event.CUSTOMER_UPDATED, Event.CUSTOMER_DELETED),
    sorts={"created_at": customers.c.id, "name": customers.c.name},
    searched=(customers.c.name, customers.c.email, customers.c.phone),
    in_use="Something names this customer since a moment ago, so it cannot be deleted.",
    derived=_keyed,
)
