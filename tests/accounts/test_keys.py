"""API keys: three ways to send one, three scopes, and an end."""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick.accounts import ops, store
from tallystick.accounts.types import Scope
from tallystick.accounts.uses import Uses
from tallystick.http.endpoint import REPLAYED, Server
from tallystick.serve import application
from tallystick.store.db import Database, Tx
from testing.server import serving
from tests.api import ORIGIN, Api, opened
from tests.clock import Clock
from tests.stories.test_query_counts import counted

NO_KEY = {"X-API-Key": ""}


def test_a_key_is_taken_from_each_of_three_places(api: Api) -> None:
    ways: list[dict[str, Any]] = [
        {},
        {"headers": NO_KEY | {"Authorization": f"Bearer {api.key}"}},
        {"headers": NO_KEY | {"Authorization": f"bearer  {api.key} "}},
        {"headers": NO_KEY, "params": {"api_key": api.key}},
    ]
    assert [api.get("/invoices", **way).status_code for way in ways] == [200] * len(ways)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": "nonsense"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"X-API-Key": "1.x"}],
)
def test_without_a_good_key_nothing_is_answered(api: Api, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/invoices"), ("POST", "/invoices"), ("DELETE", "/customers/1")):
        refused = api.request(method, path, headers=NO_KEY | headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
        assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_repeat_tells_that_its_secret_was_shown_and_is_kept_nowhere(api: Api) -> None:
    body, headers = {"name": "Shop", "scopes": ["read"]}, {"Idempotency-Key": "new-key"}
    made = Api.data(api.post("/api-keys", body, headers=headers))
    again = api.post("/api-keys", body, headers=headers)
    assert (again.status_code, again.json()["code"], again.headers[REPLAYED]) == (409, "CONFLICT", "true")
    assert f"the id {made['id']}." in again.json()["error"]
    with api.database.read() as tx:
        kept = tx.connection.exec_driver_sql("SELECT key, status, body FROM idempotency_keys").all()
    assert [(key, status) for key, status, _body in kept] == [("1 new-key", 409)]
    assert made["key"].encode() not in bytes(kept[0][2])
    assert len(Api.data(api.get("/api-keys"))) == 2


def test_a_refusal_under_an_idempotency_key_stays_what_it_was(api: Api) -> None:
    body = {"name": "Shop", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    answers = [api.post("/api-keys", body, headers={"Idempotency-Key": "too-late"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[1].json()["errors"] == {"expires_at": ["Must be in the future."]}


SCOPES = [
    (["read"], 200, 403, 403),
    (["write"], 200, 201, 403),
    (["admin"], 200, 201, 200),
    (["read", "write"], 200, 201, 403),
]


def test_a_scope_allows_what_it_says(api: Api, subtests: pytest.Subtests) -> None:
    for scopes, reads, writes, administers in SCOPES:
        with subtests.test(scopes=scopes, reads=reads, writes=writes, administers=administers):
            made = Api.data(api.post("/api-keys", {"name": "Test", "scopes": scopes}))
            headers = {"X-API-Key": made["key"]}
            assert api.get("/customers", headers=headers).status_code == reads
            assert api.post("/customers", {"name": "Ann"}, headers=headers).status_code == writes
            assert api.get("/api-keys", headers=headers).status_code == administers
            assert api.put("/settings", {}, headers=headers).status_code == administers


def test_a_secret_is_shown_once_and_kept_nowhere(api: Api) -> None:
    made = api.post("/api-keys", {"name": "Shop", "scopes": ["read"]})
    assert made.status_code == 201
    key_id, secret = Api.data(made)["id"], Api.data(made)["key"]
    listed = api.get("/api-keys")
    assert secret not in listed.text
    (hint,) = (key["hint"] for key in Api.data(listed) if key["id"] == key_id)
    assert secret.startswith(hint)
    assert len(hint) < len(secret) // 3
    with api.database.read() as tx:
        stored = tx.connection.exec_driver_sql("SELECT * FROM api_keys").all()
    assert secret not in str(stored)
    assert secret.encode() not in [
        bytes(value) for row in stored for value in row if isinstance(value, bytes | memoryview)
    ]


def test_a_revoked_key_opens_nothing_from_then_on(api: Api) -> None:
    made = Api.data(api.post("/api-keys", {"name": "Shop", "scopes": ["admin"]}))
    headers = {"X-API-Key": made["key"]}
    assert api.get("/invoices", headers=headers).status_code == 200
    assert Api.data(api.delete(f"/api-keys/{made['id']}"))["revoked_at"]
    assert api.get("/invoices", headers=headers).status_code == 401
    assert api.delete(f"/api-keys/{made['id']}").status_code == 404


def test_one_accounts_key_shows_nothing_of_another(api: Api) -> None:
    def make_other(tx: Tx) -> str:
        return ops.create_key(tx, ops.create(tx, "Other Ltd"), "first", [Scope.ADMIN])[1]

    other = {"X-API-Key": api.database.transact("tests", make_other)}
    api.post("/customers", {"name": "Ann"})
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/products", {"name": "Hour", "unit_price": 80, "sku": "H"})
    item = {"description": "Work", "unit_price": 1}
    api.post("/invoices", {"customer_id": 1, "items": [item], "invoice_number": "A-1"})

    for path in ("/customers", "/taxes", "/products", "/invoices"):
        assert api.get(path, headers=other).json()["data"] == []
        for method in ("GET", "PUT"):
            assert api.request(method, f"{path}/1", json={}, headers=other).status_code == 404
    for path in ("/customers/1", "/taxes/1", "/products/1", "/api-keys/1"):
        assert api.delete(path, headers=other).status_code == 404
    for verb in ("publish", "mark-sent", "mark-paid"):
        assert api.post(f"/invoices/1/{verb}", headers=other).status_code == 404
    foreign = {"customer_id": 1, "items": [{**item, "product_id": 1}, {**item, "tax_id": 1}]}
    refused = api.post("/invoices", foreign, headers=other)
    assert sorted(refused.json()["errors"]) == ["customer_id", "items.0.product_id", "items.1.tax_id"]
    # What is unique is so within one account.
    api.post("/customers", {"name": "Bob"}, headers=other)
    own = {"customer_id": 2, "items": [item], "invoice_number": "A-1"}
    assert api.post("/invoices", own, headers=other).status_code == 201
    assert api.post("/products", {"name": "Hour", "unit_price": 1, "sku": "H"}, headers=other).status_code == 201


def first_start(api: Api, environment_key: str | None = None) -> ops.FirstStart:
    return api.database.transact("tests", lambda tx: ops.first_start(tx, environment_key))


def works(api: Api, secret: str) -> bool:
    return api.get("/settings", headers={"X-API-Key": secret}).status_code == 200


def test_a_key_of_the_environment_replaces_the_one_before(api: Api) -> None:
    nothing_to_tell = ops.FirstStart()
    assert first_start(api, "chosen-by-hand") == nothing_to_tell
    assert works(api, "chosen-by-hand")
    assert first_start(api, "another") == nothing_to_tell
    assert (works(api, "chosen-by-hand"), works(api, "another")) == (False, True)
    assert first_start(api, "chosen-by-hand") == nothing_to_tell
    assert (works(api, "chosen-by-hand"), works(api, "another")) == (True, False)
    assert first_start(api) == nothing_to_tell
    assert (works(api, "chosen-by-hand"), works(api, api.key)) == (False, True)


def test_a_key_that_somebody_revoked_never_comes_back(api: Api) -> None:
    first_start(api, "chosen-by-hand")
    (key_id,) = (key["id"] for key in api.data(api.get("/api-keys")) if key["name"] == "API_KEY")
    assert api.delete(f"/api-keys/{key_id}").status_code == 200
    for _ in range(2):
        assert first_start(api, "chosen-by-hand") == ops.FirstStart(is_environment_key_revoked=True)
        assert not works(api, "chosen-by-hand")
    assert first_start(api, "another") == ops.FirstStart()
    assert works(api, "another")


def test_the_last_admin_key_cannot_be_revoked(api: Api) -> None:
    keys = {key["name"]: key["id"] for key in api.data(api.get("/api-keys"))}
    (own,) = keys.values()
    api.post("/api-keys", {"name": "Shop", "scopes": ["write"]})
    refused = api.delete(f"/api-keys/{own}")
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert works(api, api.key)
    other = api.data(api.post("/api-keys", {"name": "Office", "scopes": ["read", "admin"]}))
    assert api.delete(f"/api-keys/{own}").status_code == 200
    assert api.delete(f"/api-keys/{other['id']}", headers={"X-API-Key": other["key"]}).status_code == 409


@pytest.mark.database("postgresql")
def test_two_admins_who_revoke_each_other_leave_one(api: Api) -> None:
    other = api.data(api.post("/api-keys", {"name": "Office", "scopes": ["admin"]}))
    (own,) = (key["id"] for key in api.data(api.get("/api-keys")) if key["id"] != other["id"])
    with api.database.transaction("tests") as tx, ThreadPoolExecutor(1) as pool:
        ops.revoke_key(tx, api.account, own)
        answer = pool.submit(api.delete, f"/api-keys/{other['id']}", headers={"X-API-Key": other["key"]})
        wait([answer], timeout=0.5)
        assert not answer.done()
        tx.connection.commit()
        assert answer.result().status_code == 409


def test_a_start_without_an_admin_key_that_works_makes_one(api: Api) -> None:
    """As where the only one came from an environment that gives none any more."""
    first_start(api, "chosen-by-hand")
    (own,) = (key["id"] for key in api.data(api.get("/api-keys")) if key["name"] != "API_KEY")
    assert api.delete(f"/api-keys/{own}", headers={"X-API-Key": "chosen-by-hand"}).status_code == 200
    api.post("/api-keys", {"name": "Shop", "scopes": ["write"]}, headers={"X-API-Key": "chosen-by-hand"})
    made = first_start(api).new_key
    assert made is not None
    assert (works(api, made), works(api, "chosen-by-hand")) == (True, False)


def test_a_first_key_that_nobody_may_have_seen_is_made_anew(database_url: str) -> None:
    """As where the start was cut off after it had made the key and before it had shown it."""
    with closing(Database(database_url)) as database:

        def start() -> str | None:
            return database.transact("tests", lambda tx: ops.first_start(tx, None)).new_key

        unseen, seen = start(), start()
        assert seen not in (None, unseen)
        with database.read() as tx:
            account = store.every(tx)[0]
            assert [key.revoked_at is None for key in store.keys(tx, account)] == [True, False]
            caller = ops.authenticate(tx, str(seen))
        uses = Uses(database)
        uses.note(caller, tx.now)
        uses.write()
        assert start() is None


def test_a_first_key_that_has_written_is_not_made_anew(database_url: str) -> None:
    """Though the server was killed before it had written down that the key was used."""
    with closing(Database(database_url)) as database:
        database.transact("tests", lambda tx: ops.first_start(tx, None))
        with database.read() as tx:
            account = store.every(tx)[0]
            (key,) = store.keys(tx, account)
        database.transact(f"key:{key.id}", lambda tx: ops.change_settings(tx, account, {"name": "Ours"}, None))
        assert database.transact("tests", lambda tx: ops.first_start(tx, None)) == ops.FirstStart()


def test_a_key_expires(database_url: str) -> None:
    clock = Clock("2026-06-15T12:00:00+00:00")
    with opened(database_url, clock=clock) as api:
        body = {"name": "Fair", "scopes": ["read"], "expires_at": "2026-06-16T14:00:00+02:00"}
        made = api.data(api.post("/api-keys", body))
        assert made["expires_at"] == "2026-06-16T12:00:00Z"
        headers = {"X-API-Key": made["key"]}
        assert api.get("/invoices", headers=headers).status_code == 200
        clock.set("2026-06-16T12:00:00+00:00")
        refused = api.get("/invoices", headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (401, "The API key has expired.")
        again = api.post("/api-keys", body)
        assert (again.status_code, again.json()["errors"]) == (422, {"expires_at": ["Must be in the future."]})


def test_an_expired_admin_key_is_no_admin_key(database_url: str) -> None:
    clock = Clock("2026-06-15T12:00:00+00:00")
    with opened(database_url, clock=clock) as api:
        (own,) = (key["id"] for key in api.data(api.get("/api-keys")))
        api.post("/api-keys", {"name": "Fair", "scopes": ["admin"], "expires_at": "2026-06-16T12:00:00Z"})
        clock.set("2026-06-16T12:00:00+00:00")
        assert api.delete(f"/api-keys/{own}").status_code == 409


def test_an_admin_key_that_never_expires_remains(database_url: str) -> None:
    clock = Clock("2026-06-15T12:00:00+00:00")
    with opened(database_url, clock=clock) as api:
        (own,) = (key["id"] for key in api.data(api.get("/api-keys")))
        body = {"name": "Fair", "scopes": ["admin"], "expires_at": "2026-06-16T12:00:00Z"}
        fair = api.data(api.post("/api-keys", body))["id"]
        refused = api.delete(f"/api-keys/{own}")
        assert (refused.status_code, refused.json()["error"].split(".")[0]) == (
            409,
            "No other admin key works without an expiry",
        )
        assert api.delete(f"/api-keys/{fair}").status_code == 200
        api.post("/api-keys", {"name": "Office", "scopes": ["admin"]})
        assert api.delete(f"/api-keys/{own}").status_code == 200


def test_a_start_where_every_admin_key_will_expire_makes_one_that_does_not(database_url: str) -> None:
    with opened(database_url) as api:
        first_start(api, "chosen-by-hand")
        (own,) = (key["id"] for key in api.data(api.get("/api-keys")) if key["name"] != "API_KEY")
        chosen = {"X-API-Key": "chosen-by-hand"}
        assert api.delete(f"/api-keys/{own}", headers=chosen).status_code == 200
        body = {"name": "Fair", "scopes": ["admin"], "expires_at": "2999-06-16T12:00:00Z"}
        api.post("/api-keys", body, headers=chosen)
        made = first_start(api).new_key
        assert made is not None
        assert works(api, made)


def test_a_key_tells_the_minute_of_its_last_use(database_url: str) -> None:
    clock = Clock("2026-06-15T12:00:59+00:00")
    with closing(Database(database_url, clock=clock)) as database:
        server = Server.of(database, ORIGIN)
        uses = server.uses
        secret = str(database.transact("tests", lambda tx: ops.first_start(tx, None)).new_key)
        transport = httpx.WSGITransport(application(server))
        with httpx.Client(transport=transport, base_url=ORIGIN, headers={"X-API-Key": secret}) as client:

            def last_used_at() -> Any:
                (key,) = client.get("/api/v1/api-keys").json()["data"]
                return key["last_used_at"]

            assert last_used_at() is None
            with counted() as statements:
                uses.write()
                uses.write()
            assert sum("UPDATE" in statement for statement in statements) == 1
            assert last_used_at() == "2026-06-15T12:00:00Z"
            clock.advance(timedelta(minutes=5))
            client.post("/api/v1/customers", json={"name": "Ann"})
            uses.write()
            assert last_used_at() == "2026-06-15T12:05:00Z"


@pytest.mark.slow
def test_a_server_that_ends_has_written_when_its_keys_were_used(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        server.get("/customers")
        server.terminate()
        assert server.wait() == 0
    with closing(Database(database_url)) as database, database.read() as tx:
        (key,) = store.keys(tx, store.every(tx)[0])
        assert key.last_used_at is not None
