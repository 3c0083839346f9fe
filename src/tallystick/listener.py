"""The socket that the server listens on."""

import errno
import os
import socket
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.server import embed

from tallystick.config import BadSetting, ProcessSettings
from tallystick.core.errors import Hindrance
from tallystick.http.edge import Edge

BACKLOG = 1024
CONNECTIONS = 800
"""The most connections at a time; others wait to be accepted."""

STOP_TIMEOUT_S = 30
STALLED_AFTER_S = 30
"""How long a client may take nothing of what is sent to it, before its connection is ended."""


class AddressBusy(Hindrance):
    """Another program listens on the address; it may be one that is about to end."""


def listen(settings: ProcessSettings) -> socket.socket:
    """A socket on HOST and PORT, whose connections end when their client stalls. Raises AddressBusy and BadSetting.

    It is bound without SO_REUSEPORT, with which a second server would share the address, and each would get half of
    the requests.
    """
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        kind = AddressBusy if error.errno == errno.EADDRINUSE else BadSetting
        raise kind(f"HOST and PORT: Cannot listen on {host}:{port}. {_reason(error)}") from None
    # What is accepted inherits both.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_AFTER_S * 1000)
    return listener


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "Another program listens there: stop it, or set PORT to another number."
    if isinstance(error, socket.gaierror) or error.errno is None:
        return "Set HOST to an address of this machine."
    return f"{os.strerror(error.errno)}."


class Granian(embed.Server):
    """A Granian in this process, over a socket that listens already, for an application of RSGI."""

    def __init__(self, listener: socket.socket, application: Edge) -> None:
        super().__init__(
            application,
            interface=Interfaces.RSGI,
            backpressure=CONNECTIONS,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        self.workers_kill_timeout = STOP_TIMEOUT_S
        self._listener = listener

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder
        self._shd = holder(self._listener.detach(), False, BACKLOG)
