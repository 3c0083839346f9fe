"""What was recorded, as tests read it."""

from sqlalchemy import select

from tallystick.store import outbox
from tallystick.store.outbox import Recorded
from tallystick.store.tables import events
from tests.api import Api


def recorded(api: Api, subject: str | None = None) -> list[Recorded]:
    """The events of the account, or of one subject, as ``payment:12``; oldest first."""
    statement = select(*outbox.FIELDS).where(events.c.account_id == api.account.id).order_by(events.c.id)
    with api.database.read() as tx:
        found = [Recorded(*row) for row in tx.connection.execute(statement).all()]
    return [each for each in found if subject in (None, f"{each.type.kind}:{each.subject_id}")]


def names(found: list[Recorded]) -> list[str]:
    """The names of events."""
    return [each.type.value for each in found]
