"""``python -m bench.empty BYTES``: a server that does nothing, behind the edge and the server of Tallystick.

It reads the body that it is sent, and answers so many bytes: what HTTP alone costs. It listens on PORT.
"""

import asyncio
import signal
import sys
from typing import Final

import falcon

from tallystick import config
from tallystick.http.crowd import Crowd
from tallystick.http.edge import Edge
from tallystick.http.looks import Looks
from tallystick.listener import CONNECTIONS, Granian, listen
from tallystick.store.readiness import Condition


def _sink(req: falcon.Request, resp: falcon.Response, **_path: str) -> None:
    req.stream.read()
    resp.data = REPLY


REPLY: Final = b"0" * int(sys.argv[1])


def _look() -> Condition:
    raise NotImplementedError("nobody asks whether it is ready")


async def _serve(server: Granian) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    application: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    application.add_sink(_sink, "/")
    edge = Edge(application, {}, Looks(_look), Crowd(CONNECTIONS // 2, CONNECTIONS))
    asyncio.run(_serve(Granian(listen(config.from_environment()), edge)))
