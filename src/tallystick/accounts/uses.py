"""When each key was last used, to the minute: noted in memory, and written beside the requests, which never wait."""

import logging
import threading
from datetime import datetime

from tallystick.accounts import store
from tallystick.accounts.types import Caller
from tallystick.core.errors import Unavailable
from tallystick.store.db import Database
from tallystick.store.unavailable import reason

ACTOR = "server"
WRITTEN_EVERY_S = 60.0

log = logging.getLogger(__name__)


class Uses:
    """The uses of one process. ``keep`` writes them until ``stop``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[tuple[int, int], datetime] = {}
        self._written: dict[tuple[int, int], datetime] = {}
        self._stopping = threading.Event()

    def note(self, caller: Caller, at: datetime) -> None:
        """Notes that the caller's key, if it came with one, was used at this instant."""
        if caller.key_id is not None:
            self._noted[caller.account.id, caller.key_id] = at

    def write(self) -> None:
        """Writes what was noted since it was last written."""
        # Not one by one, for others note meanwhile.
        noted = {key: at.replace(second=0, microsecond=0) for key, at in list(self._noted.items())}
        fresh = {key: minute for key, minute in noted.items() if self._written.get(key) != minute}
        if fresh:
            self._database.transact(ACTOR, lambda tx: store.set_last_used(tx, fresh))
            self._written = noted

    def keep(self) -> None:
        """Writes every minute, and once more at the end. What cannot be written is tried again with the next."""
        while not self._stopping.wait(WRITTEN_EVERY_S):
            self._try_to_write()
        self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self.write()
        except Unavailable as error:
            log.warning("when keys were last used cannot be written yet: %s", reason(error))
        except Exception:
            log.exception("when keys were last used cannot be written")

    def stop(self) -> None:
        """Lets ``keep`` end after one more write."""
        self._stopping.set()
