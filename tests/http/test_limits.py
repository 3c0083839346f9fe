"""Who tries keys and share links that open nothing is slowed, and so is who uses one beyond its limit."""

from collections.abc import Callable, Hashable, Iterator
from typing import Any

import falcon
import falcon.testing
import httpx
import pytest

from tallystick.accounts.types import Scope
from tallystick.http import gateway, limits
from tallystick.http.addresses import Addresses, neighbourhood, networks
from tallystick.http.crowd import CROWDED
from tallystick.http.endpoint import Server
from tallystick.http.limits import COUNTED
from tallystick.http.queues import QUEUE, Queue, WrongQueue
from tallystick.http.strangers import NS, Buckets, Strangers
from tallystick.serve import application
from tests.api import ORIGIN, Api
from tests.bills import an_invoice

pytestmark = pytest.mark.slow

AT_ONCE = 3
INTERVAL_S = 10
PER_SECOND = 2
OWN_AT_ONCE = 20
TOKEN = "1." + "A" * 43
Send = Callable[..., httpx.Response]


class Watch:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now_s = 1000

    def __call__(self) -> int:
        return self.now_s * NS


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def send(api: Api, watch: Watch) -> Iterator[Send]:
    """Sends a request through a proxy that is trusted, from any address."""
    buckets = Buckets(AT_ONCE, INTERVAL_S * NS, clock=watch)
    addresses = Addresses(networks("127.0.0.1"))
    guards = [Strangers(addresses, buckets), limits.of_links(watch), limits.of_keys(PER_SECOND, watch)]
    app = application(Server.of(api.database, ORIGIN), addresses, guards)
    with httpx.Client(transport=httpx.WSGITransport(app), base_url=ORIGIN) as client:

        def send(path: str, key: str = "", address: str = "192.0.2.1", **options: Any) -> httpx.Response:
            headers = {"X-Forwarded-For": address} | ({"X-API-Key": key} if key else {})
            return client.request(options.pop("method", "GET"), path, headers=headers, **options)

        yield send


def statuses(send: Send, count: int, path: str = "/api/v1/taxes", **options: Any) -> list[int]:
    return [send(path, **options).status_code for _ in range(count)]


SHAPES = [
    ("/api/v1/invoices", {"success", "error", "code"}),
    ("/v1/invoice/all", {"status", "message"}),
    ("/v1/invoices", {"error"}),
    ("/api/v1/api/v1/invoices", {"error"}),
]


@pytest.mark.parametrize(("path", "shape"), SHAPES)
def test_wrong_keys_are_refused_in_the_words_of_each_api(send: Send, path: str, shape: set[str]) -> None:
    assert statuses(send, AT_ONCE, path, key="wrong") == [401] * AT_ONCE
    refused = send(path, key="another")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert shape <= refused.json().keys()


@pytest.mark.parametrize("kind", ["invoices", "quotations"])
@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_unknown_links_are_refused(send: Send, prefix: str, kind: str) -> None:
    assert statuses(send, AT_ONCE + 1, f"{prefix}/public/{kind}/{TOKEN}") == [404] * AT_ONCE + [429]


def test_time_fills_the_bucket_again(send: Send, watch: Watch) -> None:
    assert statuses(send, AT_ONCE + 1, key="wrong") == [401] * AT_ONCE + [429]
    watch.now_s += INTERVAL_S - 1
    assert statuses(send, 1, key="wrong") == [429]
    watch.now_s += 1
    assert statuses(send, 2, key="wrong") == [401, 429]
    watch.now_s += 100 * INTERVAL_S
    assert statuses(send, AT_ONCE + 1, key="wrong") == [401] * AT_ONCE + [429]


def test_nobody_is_shut_out_who_shares_the_address(api: Api, send: Send) -> None:
    page = f"/public/invoices/{an_invoice(api, 100)['share_token']}"
    assert [statuses(send, 1, key=api.key), statuses(send, 1, page)] == [[200], [200]]
    assert statuses(send, AT_ONCE + 1, key="wrong")[-1] == 429
    # What has worked works on; what nobody has seen, good or not, waits; who sends no key at all is told how.
    assert [statuses(send, 1, key=api.key), statuses(send, 1, page)] == [[200], [200]]
    late = api.new_key()
    assert statuses(send, 1, key=late) == [429]
    assert statuses(send, 1, key=late, address="192.0.2.2") == [403]
    assert statuses(send, 1) == [401]
    assert send("/health").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/docs"])
def test_only_what_was_looked_up_has_worked(api: Api, send: Send, path: str) -> None:
    """Else guesses sent to a page that asks for no key would all be tried as keys that worked."""
    guesses = ["guess 1", "guess 2"]
    for guess in guesses:
        send(path, key=guess, address="192.0.2.2")
    assert statuses(send, AT_ONCE + 1, key="wrong")[-1] == 429
    assert [send("/api/v1/taxes", key=guess).status_code for guess in guesses] == [429] * len(guesses)


def test_a_key_that_is_revoked_is_a_strangers(api: Api, send: Send) -> None:
    made = Api.data(api.post("/api-keys", {"name": "Shop", "scopes": ["read"]}))
    assert statuses(send, 1, key=made["key"]) == [200]
    api.data(api.delete(f"/api-keys/{made['id']}"))
    assert statuses(send, AT_ONCE + 1, key=made["key"]) == [401] * AT_ONCE + [429]


def test_a_refusal_comes_before_the_body_is_read(api: Api, send: Send) -> None:
    assert statuses(send, AT_ONCE + 1, key="wrong")[-1] == 429
    assert statuses(send, 1, method="POST", key="wrong", content=b"x" * 2_000_000) == [429]


def test_no_more_addresses_are_remembered_than_there_is_room_for(watch: Watch) -> None:
    buckets = Buckets(1, INTERVAL_S * NS, most=2, clock=watch)
    for name in "abc":
        buckets.take(name)
    assert [buckets.wait_s(name) for name in "abc"] == [0, INTERVAL_S, INTERVAL_S]


@pytest.mark.parametrize("kind", ["invoices", "quotations"])
def test_whoever_looks_at_pages_is_refused_with_a_page(send: Send, kind: str) -> None:
    path = f"/public/{kind}/{TOKEN}"
    assert statuses(send, AT_ONCE, path) == [404] * AT_ONCE
    refused = send(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert refused.headers["Content-Type"] == "text/html; charset=utf-8"
    assert refused.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert "<h1>Too many requests</h1>" in refused.text
    assert send(f"{path}/pdf").headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("path", "shape"), SHAPES)
def test_a_key_may_send_so_much(api: Api, send: Send, watch: Watch, path: str, shape: set[str]) -> None:
    assert statuses(send, OWN_AT_ONCE, path, key=api.key) == [200] * OWN_AT_ONCE
    refused = send(path, key=api.key)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert shape <= refused.json().keys()
    # From wherever; but each key has its own, and who has none is asked for one.
    assert statuses(send, 1, path, key=api.key, address="192.0.2.9") == [429]
    assert statuses(send, 1, path, key=api.new_key(Scope.READ)) == [200]
    assert statuses(send, 1, path) == [401]
    watch.now_s += 1
    assert statuses(send, PER_SECOND + 1, path, key=api.key) == [200] * PER_SECOND + [429]


LINK_AT_ONCE = 60


@pytest.mark.parametrize(("prefix", "media"), [("", "text/html; charset=utf-8"), ("/api/v1", "application/json")])
def test_a_link_may_be_asked_so_often(api: Api, send: Send, watch: Watch, prefix: str, media: str) -> None:
    path, other = (f"{prefix}/public/invoices/{an_invoice(api, 100)['share_token']}" for _ in range(2))
    assert statuses(send, LINK_AT_ONCE, path) == [200] * LINK_AT_ONCE
    refused = send(path, address="192.0.2.9")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.headers["Content-Type"] == media
    # Whatever is asked of it, with a key too; but each link has its own.
    assert statuses(send, 1, f"{path}/pdf", key=api.key) == [429]
    assert statuses(send, 1, other) == [200]
    watch.now_s += 2
    assert statuses(send, 3, path) == [200, 200, 429]


def test_what_is_refused_waits_in_no_queue(api: Api, watch: Watch) -> None:
    app = application(Server.of(api.database, ORIGIN), guards=[limits.of_links(watch)])
    path = f"/public/invoices/{an_invoice(api, 100)['share_token']}"

    def asked() -> dict[str, Any]:
        return falcon.testing.create_environ(path) | {QUEUE: Queue.READS}

    for _ in range(LINK_AT_ONCE):
        with pytest.raises(WrongQueue) as wrong:
            gateway.call(app, asked())
        assert wrong.value.right is Queue.LONG
    assert gateway.call(app, asked()).status == 429


def test_a_caller_is_told_by_the_secret_that_it_shows(api: Api) -> None:
    app = application(Server.of(api.database, ORIGIN))
    path = f"/public/invoices/{an_invoice(api, 100)['share_token']}"

    def caller(path: str, **headers: str) -> Hashable:
        environ = falcon.testing.create_environ(path, headers=headers) | {QUEUE: Queue.READS}
        with pytest.raises(WrongQueue) as wrong:
            gateway.call(app, environ)
        return wrong.value.caller

    stats = "/api/v1/stats"
    callers = [caller(stats, **{"X-API-Key": "a"}), caller(stats, **{"X-API-Key": "b"}), caller(path), caller(stats)]
    assert len(set(callers)) == 4
    assert caller(stats, Authorization="Bearer a") == callers[0]
    assert caller(f"/api/v1{path}/pdf") == callers[2]
    assert caller("/api/v1/invoices/export/csv") == callers[3]


def test_in_a_crowd_only_a_key_that_has_worked_keeps_its_connection(api: Api) -> None:
    app = application(Server.of(api.database, ORIGIN), guards=[Strangers(Addresses())])
    page = f"/public/invoices/{an_invoice(api, 100)['share_token']}"

    def ends(path: str, key: str = "", **more: bool) -> bool:
        environ = falcon.testing.create_environ(path, headers={"X-API-Key": key} if key else {}) | more
        return "close" in dict(gateway.call(app, environ).headers).values()

    callers = [("/health", ""), ("/nowhere", ""), ("/api/v1/taxes", "wrong"), (page, ""), (page, api.key)]
    assert [ends(path, key, **{CROWDED: True}) for path, key in callers] == [True] * len(callers)
    assert ends("/health", "wrong", **{CROWDED: True})
    assert not ends("/api/v1/taxes", api.key, **{CROWDED: True})
    assert not ends("/health", api.key, **{CROWDED: True})
    assert not any(ends(path, key) for path, key in callers)


def test_a_request_that_the_application_is_given_twice_counts_once(watch: Watch) -> None:
    limit = limits.of_keys(1, watch)
    environ = falcon.testing.create_environ(headers={"X-API-Key": "key"})
    for _ in range(100):
        limit.process_resource(falcon.Request(environ), falcon.Response(), None, {})
    for _ in range(9):
        del environ[COUNTED]
        limit.process_resource(falcon.Request(environ), falcon.Response(), None, {})
    del environ[COUNTED]
    with pytest.raises(falcon.HTTPTooManyRequests):
        limit.process_resource(falcon.Request(environ), falcon.Response(), None, {})


ADDRESSES = [
    ("", "198.51.100.7", None, "198.51.100.7"),
    ("", "198.51.100.7", "192.0.2.1", "198.51.100.7"),
    ("10.0.0.0/8", "198.51.100.7", "192.0.2.1", "198.51.100.7"),
    ("10.0.0.0/8", "10.0.0.1", None, "10.0.0.1"),
    ("10.0.0.0/8", "10.0.0.1", "192.0.2.1", "192.0.2.1"),
    # What the client itself wrote stands before what the proxies add.
    ("10.0.0.0/8", "10.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1"),
    ("10.0.0.0/8,::1", "::1", "203.0.113.9, 192.0.2.1, 10.9.9.9", "192.0.2.1"),
    ("10.0.0.0/8", "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
    ("10.0.0.0/8", "10.0.0.1", "nonsense", "10.0.0.1"),
    ("10.0.0.0/8", "10.0.0.1", "192.0.2.9, nonsense", "10.0.0.1"),
    ("10.0.0.0/8", "10.0.0.1", "192.0.2.1:8080", "192.0.2.1"),
    ("10.0.0.0/8", "10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"),
    ("10.0.0.0/8", "10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
    ("10.0.0.0/8", "10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
    ("10.0.0.0/8", "10.0.0.1", ",", "10.0.0.1"),
]


@pytest.mark.parametrize(("trusted", "peer", "forwarded", "expected"), ADDRESSES)
def test_only_what_a_trusted_proxy_says_is_believed(
    trusted: str, peer: str, forwarded: str | None, expected: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else None
    environ = falcon.testing.create_environ(headers=headers, remote_addr=peer)
    assert Addresses(networks(trusted)).of(falcon.Request(environ)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1:2:3", "2001:db8::/64"), ("no:address", "no:address")],
)
def test_an_ipv6_address_counts_with_its_network(address: str, expected: str) -> None:
    assert neighbourhood(address) == expected
