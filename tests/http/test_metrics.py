"""What Prometheus reads."""

import re
from pathlib import Path

import pytest

from tallystick.accounts import ops
from tallystick.accounts.types import Scope
from tallystick.store.db import Tx
from testing.server import serving
from tests.api import Api

COUNT = 'tallystick_http_requests_total{{method="{}",route="{}",status="{}"}} '


def counted(text: str, method: str, route: str, status: int) -> int:
    found = re.search("^" + re.escape(COUNT.format(method, route, status)) + r"(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    ("method", "path", "known_as"),
    [
        ("GET", "/api/v1/customers/7", ("GET", "/api/v1/customers/{customer_id}", 404)),
        ("GET", "/api/v1/customers", ("GET", "/api/v1/customers", 200)),
        ("DELETE", "/api/v1/customers", ("DELETE", "/api/v1/customers", 405)),
        ("GET", "/nowhere/secret", ("GET", "", 404)),
        ("FROBNICATE", "/api/v1/customers", ("", "/api/v1/customers", 400)),
    ],
)
def test_requests_are_counted_by_route(api: Api, method: str, path: str, known_as: tuple[str, str, int]) -> None:
    headers = {"X-API-Key": api.key}
    before = counted(api.client.get("/metrics", headers=headers).text, *known_as)
    api.client.request(method, path, headers=headers)
    after = api.client.get("/metrics", headers=headers).text
    assert counted(after, *known_as) == before + 1
    assert "secret" not in after
    assert "FROBNICATE" not in after


def test_another_accounts_admin_reads_none(api: Api) -> None:
    def make_other(tx: Tx) -> str:
        return ops.create_key(tx, ops.create(tx, "Other Ltd"), "first", [Scope.ADMIN])[1]

    other = {"X-API-Key": api.database.transact("tests", make_other)}
    assert api.client.get("/metrics", headers={"X-API-Key": api.key}).status_code == 200
    refused = api.client.get("/metrics", headers=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.slow
@pytest.mark.database("postgresql")
def test_workers_add_up_what_they_count(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, workers=2) as server:
        for _ in range(20):
            assert server.get("/customers").is_success
        texts = {server.client.get("/metrics", headers={"X-API-Key": server.key}).text for _ in range(10)}
    assert {counted(text, "GET", "/api/v1/customers", 200) for text in texts} == {20}
