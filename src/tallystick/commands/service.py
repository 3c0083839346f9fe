"""What the commands share that run until they are stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

from tallystick.core.errors import Unavailable
from tallystick.listener import AddressBusy
from tallystick.misuse import refuse
from tallystick.store.migrate import OlderDatabase
from tallystick.store.trouble import DatabaseAway

PASSING = (AddressBusy, DatabaseAway, OlderDatabase, Unavailable)
"""What may be gone when a service is started again."""


@contextmanager
def started_again() -> Iterator[None]:
    """Ends with 1 what passes by itself: of a service, for whoever keeps it running starts it again."""
    try:
        yield
    except PASSING as error:
        refuse(str(error), status=1)
