"""What taxes are."""

from tallystick.core.events import Event
from tallystick.store.resource import Resource, ResourceEvents
from tallystick.store.rows import Rows
from tallystick.store.tables import taxes
from tallystick.taxes.types import Tax

TAXES = Resource(
    Rows(taxes, Tax),
    told=ResourceEvents(Event.TAX_CREATED, Event.TAX_UPDATED, Event.TAX_DELETED),
    sorts={"created_at": taxes.c.id},
    searched=(taxes.c.name,),
    in_use="This tax is used by a product or a bill. Leave it, and make a new one for other rates.",
)
