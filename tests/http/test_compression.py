"""Whoever asks for it gets long answers compressed, and these are then what the others get."""

import gzip
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import falcon
import falcon.testing
import httpx
import pytest

from tallystick.http import spool
from tallystick.http.assets import Asset
from tallystick.http.compression import LONG_BYTES
from tests.api import Api
from tests.bills import a_customer, a_draft

pytestmark = pytest.mark.slow

LONG = "/api/v1/customers"
LINES = 120
"""Enough of them for a bill, its page and its export to be long."""


class Raw(NamedTuple):
    """An answer as it came over the wire."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def content(self) -> bytes:
        """What it says, whichever way."""
        return gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body


def sent(api: Api, path: str, accepted: str, method: str = "GET", **options: Any) -> Raw:
    headers = {"X-API-Key": api.key, "Accept-Encoding": accepted, **options.pop("headers", {})}
    with api.client.stream(method, path, headers=headers, **options) as response:
        return Raw(response.status_code, response.headers, b"".join(response.iter_raw()))


@pytest.fixture
def long(api: Api) -> Api:
    """The API over a published invoice of many lines and a customer with much to say."""
    a_customer(api, notes="Pays late. " * (LONG_BYTES // 11), external_id="late")
    bill = a_draft(api, *range(1, LINES + 1), customer_id=1)
    api.data(api.post(f"/invoices/{bill['id']}/publish"))
    return api


def paths(api: Api) -> dict[str, str]:
    """A long answer of each kind, by its media type."""
    token = api.data(api.get("/invoices/1"))["share_token"]
    return {
        LONG: "application/json",
        "/api/v1/invoices/1": "application/json",
        "/v1/invoices/1": "application/json",
        f"/public/invoices/{token}": "text/html; charset=utf-8",
        "/api/v1/customers/export/csv": "text/csv; charset=utf-8",
        "/docs/openapi.json": "application/json",
        "/v1/billingAPI.yaml": "application/yaml",
        "/docs/swagger_bundle.js": "text/javascript; charset=utf-8",
    }


def test_what_is_compressed_is_what_it_was(long: Api) -> None:
    for path, media in paths(long).items():
        plain, packed = sent(long, path, "identity"), sent(long, path, "gzip, deflate, br")
        assert (plain.status, packed.status, plain.headers["Content-Type"]) == (200, 200, media), path
        assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip"), path
        assert packed.content == plain.body, path
        assert len(plain.body) >= LONG_BYTES, path
        assert len(packed.body) < len(plain.body) / 2, path
        for answer in (plain, packed):
            assert answer.headers["Vary"] == "Accept-Encoding", path
            assert int(answer.headers["Content-Length"]) == len(answer.body), path
        head = sent(long, path, "gzip", "HEAD")
        same = ("Content-Encoding", "Content-Length", "Vary", "ETag")
        assert [head.headers.get(name) for name in same] == [packed.headers.get(name) for name in same], path
        assert head.body == b"", path


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("deflate,gzip ; q=0.001", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, deflate", False),
        ("gzip ; Q=0", False),
        ("deflate", False),
        ("x-gzip-not", False),
        ("*", False),
        ("", False),
    ],
)
def test_it_is_asked_for(long: Api, accepted: str, is_compressed: bool) -> None:
    answer = sent(long, LONG, accepted)
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_compressed
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_what_is_short_stays_as_it_is(api: Api) -> None:
    a_customer(api)
    without = len(api.get("/customers/1").content)
    for length, is_compressed in ((LONG_BYTES - 1, False), (LONG_BYTES, True)):
        # The notes are null at first, which is as long as two quotes and two letters.
        api.data(api.put("/customers/1", {"notes": "x" * (length - without + 2)}))
        answer = sent(api, f"{LONG}/1", "gzip")
        assert len(answer.content) == length
        assert ("Content-Encoding" in answer.headers, "Vary" in answer.headers) == (is_compressed, is_compressed)


def test_what_is_compressed_already_is_not_again(long: Api) -> None:
    token = long.data(long.get("/invoices/1"))["share_token"]
    for path in (f"/public/invoices/{token}/pdf", "/docs/reference.js", "/health"):
        answer = sent(long, path, "gzip")
        assert (answer.status, answer.headers.get("Content-Encoding")) == (200, None), path


def test_a_long_download_is_compressed_into_its_file(long: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SHORT_BYTES", LONG_BYTES // 2)
    for path in ("/api/v1/customers/export/csv", "/api/v1/invoices/export/csv"):
        plain, packed = sent(long, path, "identity"), sent(long, path, "gzip")
        is_long = len(plain.body) > LONG_BYTES // 2
        assert (packed.headers.get("Content-Encoding") == "gzip", packed.content) == (is_long, plain.body)
        assert packed.headers["Content-Disposition"] == plain.headers["Content-Disposition"]
        assert packed.headers.get("Vary") == plain.headers.get("Vary") == ("Accept-Encoding" if is_long else None)
        assert int(packed.headers["Content-Length"]) == len(packed.body)


def test_what_is_compressed_has_an_etag_of_its_own_which_is_as_good(long: Api) -> None:
    plain, packed = sent(long, f"{LONG}/1", "identity"), sent(long, f"{LONG}/1", "gzip")
    tag = packed.headers["ETag"]
    assert (tag, tag.replace("-gzip", "")) == (f'{plain.headers["ETag"][:-1]}-gzip"', plain.headers["ETag"])
    assert long.put("/customers/1", {"phone": "1"}, headers={"If-Match": tag}).status_code == 200
    assert long.put("/customers/1", {"phone": "2"}, headers={"If-Match": tag}).status_code == 412


def test_a_file_of_the_reference_is_kept_in_either_coding(api: Api) -> None:
    for accepted, other in (("gzip", "identity"), ("identity", "gzip")):
        tag = {"If-None-Match": sent(api, "/docs/swagger_bundle.js", accepted).headers["ETag"]}
        kept = sent(api, "/docs/swagger_bundle.js", accepted, headers=tag)
        assert (kept.status, kept.body, kept.headers["Vary"]) == (304, b"", "Accept-Encoding")
        assert kept.headers["ETag"] == tag["If-None-Match"]
        assert sent(api, "/docs/swagger_bundle.js", other, headers=tag).status == 200


def test_a_compressed_file_that_was_tidied_up_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd does with what nobody has used for ten days."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = tmp_path / "script.js"
    script.write_bytes(b"let a = 1;" * LONG_BYTES)
    app = falcon.App()
    app.add_route("/script.js", Asset(script))

    def content() -> bytes:
        answer = falcon.testing.TestClient(app).simulate_get("/script.js", headers={"Accept-Encoding": "gzip"})
        return gzip.decompress(answer.content)

    assert content() == script.read_bytes()
    (made,) = tmp_path.glob("tallystick-*")
    made.unlink()
    assert content() == script.read_bytes()


def test_an_answer_that_is_replayed_is_the_same(api: Api) -> None:
    asked = {"json": {"name": "Ann", "notes": "x" * LONG_BYTES}, "headers": {"Idempotency-Key": "ann"}}
    first, again, plain = (sent(api, LONG, accepted, "POST", **asked) for accepted in ("gzip", "gzip", "identity"))
    assert again.headers["Idempotent-Replayed"] == plain.headers["Idempotent-Replayed"] == "true"
    assert (first.body, first.content) == (again.body, plain.body)
    assert first.headers["Location"] == plain.headers["Location"] == f"{LONG}/1"
