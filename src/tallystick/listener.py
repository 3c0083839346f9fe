"""The socket that the server listens on."""

import errno
import os
import socket

from tallystick.config import BadSetting, Settings

BACKLOG = 1024
STALLED_AFTER_S = 30
"""How long a client may take nothing of what is sent to it, before its connection is ended."""


def listen(settings: Settings) -> socket.socket:
    """A socket on HOST and PORT, whose connections end when their client stalls. Raises BadSetting.

    It is bound without SO_REUSEPORT, with which a second server would share the address, and each would get half of
    the requests.
    """
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise BadSetting(f"HOST and PORT: Cannot listen on {host}:{port}. {_reason(error)}") from None
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
