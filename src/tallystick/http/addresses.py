"""From which address a request comes, also where proxies stand between."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import falcon

Network = IPv4Network | IPv6Network
FORWARDED = "X-Forwarded-For"
REMEMBERED = 4096
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+")


def networks(text: str) -> tuple[Network, ...]:
    """The networks and addresses that a text lists, with commas between. Raises ValueError for what is neither."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


@lru_cache(REMEMBERED)
def neighbourhood(address: str) -> str:
    """The address, or of one of IPv6 its network of 64 bits: the least that a customer of a provider has."""
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((address, 64), strict=False))
    except ValueError:
        return address


class Addresses:
    """The addresses of clients. Only what the ``trusted`` proxies say of whom they forward is believed."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        self._trusted = tuple(trusted)
        self._is_trusted = lru_cache(REMEMBERED)(self._lies_within)

    def of(self, req: "falcon.Request") -> str:
        """The last address on the way of a request that is no trusted proxy's; the first where all are."""
        address = str(req.remote_addr)
        if not self._trusted or not self._is_trusted(address):
            return address
        for hop in reversed((req.get_header(FORWARDED) or "").split(",")):
            if not hop.strip():
                continue
            written = _written_by_proxy(hop.strip())
            # Whatever stands before what no proxy would write may be the client's own words.
            if written is None:
                break
            address = written
            if not self._is_trusted(address):
                break
        return address

    def _lies_within(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


@lru_cache(REMEMBERED)
def _written_by_proxy(hop: str) -> str | None:
    """The address of a hop, which some proxies write with a port, or as one of IPv6 that stands for one of IPv4."""
    match = WITH_PORT.fullmatch(hop)
    try:
        address = ip_address(match[1] or match[2] if match else hop)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
