"""Where a request waits for its turn, so that none delays those that are quicker than it (ADR 45)."""

from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Any

import falcon

from tallystick.http.strangers import shown

QUEUE = "tallystick.queue"
"""In an environ: the queue that the request is called from. It is not there where a server has no queues."""


class Queue(Enum):
    """Which threads a request is done by."""

    READS = "reads"
    """Over in a few milliseconds, and changes nothing."""

    WRITES = "writes"
    """As short, and may change something: on SQLite one waits for the other."""

    LONG = "long"
    """A download, a search, a sum over all, or many writes."""

    APART = "apart"
    """Waits for a process of its own, which may take many seconds. A long request is sent on, once that is known."""


class WrongQueue(BaseException):
    """The request is to be called again, from this queue, in which its ``caller`` takes turns with the others.

    No Exception, because it is none of the errors that the application answers.
    """

    def __init__(self, right: Queue, caller: Hashable) -> None:
        super().__init__(right, caller)
        self.right = right
        self.caller = caller


def always(queue: Queue) -> Callable[[object, falcon.Request], Queue]:
    """The ``queue_of`` of a resource whose requests all wait in the same."""
    return lambda _resource, _req: queue


class Queues:
    """Falcon middleware: sends a request to its queue, once its route is known.

    The resource tells it by ``queue_of(req)``; one that does not waits with the writes.
    """

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, resource: Any, params: Mapping[str, str]
    ) -> None:
        """Raises WrongQueue before anything is done."""
        here = req.env.get(QUEUE)
        if here is None:
            return
        queue_of = getattr(resource, "queue_of", None)
        right = queue_of(req) if queue_of else Queue.WRITES
        if here not in (right, Queue.APART):
            raise WrongQueue(right, _caller(req, params))


def wait_apart(req: falcon.Request) -> None:
    """Sends a request on to the queue of what waits for a process. Raises WrongQueue where it comes from another."""
    if req.env.get(QUEUE) not in (None, Queue.APART):
        raise WrongQueue(Queue.APART, _hidden(req.context.get("secret")))


def _caller(req: falcon.Request, params: Mapping[str, str]) -> Hashable:
    """Who takes turns: a hash of the secret, so that none is kept. All who show none are one."""
    return _hidden(shown(req, params))


def _hidden(secret: str | None) -> Hashable:
    return secret and hash(secret)
