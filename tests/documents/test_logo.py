"""The logo of an account: put, shown and taken away; on its PDFs and its pages."""

import zlib
from io import BytesIO

import httpx
import pytest
from pypdf import PdfReader

from tallystick.documents import pdf
from tests.api import Api
from tests.bills import an_invoice, refused
from tests.documents.logos import JPEG, WAVES, png, svg
from tests.documents.pdfs import text_of
from tests.recorded import names, recorded
from tests.web.pages import page_of

PATH = "/settings/logo"


def put(api: Api, content: bytes, media: str = "application/octet-stream") -> httpx.Response:
    return api.put(PATH, content=content, headers={"Content-Type": media})


def shown(api: Api) -> bytes:
    return api.get(f"/invoices/{an_invoice(api, 100)['id']}/pdf").content


def pictures_on(content: bytes) -> int:
    return len(PdfReader(BytesIO(content)).pages[0].images)


def test_there_is_none_at_first(api: Api) -> None:
    assert refused(api.get(PATH)) == (404, "NOT_FOUND")
    assert refused(api.delete(PATH)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("content", "media", "size"),
    [(png(30, 20), "image/png", (30, 20)), (JPEG, "image/jpeg", (3, 2)), (WAVES, "image/svg+xml", (48, 24))],
    ids=["png", "jpeg", "svg"],
)
def test_it_is_told_by_its_content_and_shown_as_it_came(
    api: Api, content: bytes, media: str, size: tuple[int, int]
) -> None:
    told = {"media_type": media, "width": size[0], "height": size[1], "bytes": len(content)}
    # What it is called changes nothing.
    assert api.data(put(api, content, "image/png")) == told
    got = api.get(PATH)
    assert (got.status_code, got.content, got.headers["Content-Type"]) == (200, content, media)
    assert api.get(PATH, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304
    assert names(recorded(api))[-1] == "settings.updated"
    assert api.data(api.delete(PATH)) == told
    assert api.get(PATH).status_code == 404


def test_a_pdf_has_it_and_is_another_with_another(api: Api) -> None:
    invoice = an_invoice(api, 100)
    path, tags = f"/invoices/{invoice['id']}/pdf", set()
    seen = []
    for content in (None, png(30, 20), png(20, 30), JPEG, WAVES):
        if content:
            api.data(put(api, content))
        response = api.get(path)
        tags.add(response.headers["ETag"])
        seen.append(pictures_on(response.content))
    assert len(tags) == 5
    # The last one is drawn.
    assert seen == [0, 1, 1, 1, 0]
    api.data(api.delete(PATH))
    assert pictures_on(api.get(path).content) == 0


@pytest.mark.parametrize("design", sorted(pdf.BUILT_INS))
def test_each_design_has_it(api: Api, design: str) -> None:
    api.data(put(api, png(30, 20)))
    content = api.get(f"/invoices/{an_invoice(api, 100)['id']}/pdf", params={"template": design}).content
    assert pictures_on(content) == 1


@pytest.mark.parametrize("design", sorted(pdf.BUILT_INS))
def test_a_wide_one_leaves_the_name_its_room(api: Api, design: str) -> None:
    api.data(api.put("/settings", {"name": "Harbour Rope & Sail Ltd"}))
    path = f"/invoices/{an_invoice(api, 100)['id']}/pdf?template={design}"
    lines = text_of(api.get(path).content)
    assert "Harbour Rope & Sail Ltd" in lines
    api.data(put(api, png(600, 20)))
    assert text_of(api.get(path).content) == lines


def test_ones_own_template_has_it_too(api: Api) -> None:
    api.data(put(api, png(30, 20)))
    source = '#import "parts.typ": *\n#set document(title: d.heading)\n#logo(20mm)'
    ours = api.data(api.post("/templates", {"name": "Ours", "source": source}))
    invoice = an_invoice(api, 100, template_id=ours["id"])
    assert pictures_on(api.get(f"/invoices/{invoice['id']}/pdf").content) == 1


def test_a_page_shows_it_under_an_address_of_its_own(api: Api) -> None:
    invoice = an_invoice(api, 100)
    page = f"/public/invoices/{invoice['share_token']}"
    assert "img" not in page_of(api.client.get(page)).elements
    api.data(put(api, WAVES))
    response = api.client.get(page)
    assert "img-src 'self'" in response.headers["Content-Security-Policy"]
    (address,) = page_of(response).pictures
    got = api.client.get(address)
    assert (got.content, got.headers["Content-Type"]) == (WAVES, "image/svg+xml")
    assert "immutable" in got.headers["Cache-Control"]
    assert "sandbox" in got.headers["Content-Security-Policy"]
    api.data(put(api, JPEG))
    (other,) = page_of(api.client.get(page)).pictures
    assert other != address
    assert api.client.get(address).status_code == 404
    assert api.client.head(other).status_code == 200


def test_another_account_has_none_of_it(api: Api) -> None:
    api.data(put(api, WAVES))
    other = Api(api.database)
    assert other.get(PATH).status_code == 404
    (address,) = page_of(api.client.get(f"/public/invoices/{an_invoice(api, 1)['share_token']}")).pictures
    assert api.client.get(address.replace(f"/{api.account.id}/", f"/{other.account.id}/")).status_code == 404
    # An id that no database has.
    assert api.client.get(address.replace(f"/{api.account.id}/", f"/{2**70}/")).status_code == 404


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "Must be a PNG"),
        (b"{}", "Must be a PNG"),
        (png(2_001, 2_000), "4,000,000 pixels"),
        (png(30, 20)[:-30], "Cannot be drawn"),
        (png(30, 20)[:40], "Cannot be drawn"),
        (JPEG[:-2], "Ends before"),
        (svg("<script/>"), "script"),
        (svg('<text x="1" y="9">\N{PILE OF POO}</text>'), "Cannot be drawn"),
    ],
    ids=["nothing", "JSON", "too large", "half a PNG", "a PNG's head", "half a JPEG", "a script", "no glyph"],
)
def test_what_is_none_is_refused_and_changes_nothing(api: Api, content: bytes, word: str) -> None:
    answer = put(api, content)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["logo"])
    assert word in answer.json()["errors"]["logo"][0]
    assert api.get(PATH).status_code == 404


def test_a_bomb_in_what_is_not_shown_is_not_unpacked(api: Api) -> None:
    zeros = zlib.compress(bytes(20_000_000))
    api.data(put(api, png(3, 2, (b"zTXt", b"x\0\0" + zeros), (b"iCCP", b"x\0\0" + zeros))))
    assert len(shown(api)) < 100_000


def test_what_may_be_sent(api: Api) -> None:
    assert api.put(PATH, content=WAVES, headers={"Content-Type": "application/json"}).status_code == 415
    assert api.put(PATH, content=bytes(1024 * 1024 + 1), headers={"Content-Type": "image/png"}).status_code == 413
    assert api.data(put(api, WAVES, "image/svg+xml; charset=utf-8"))["width"] == 48
    # As `curl --upload-file` does.
    assert api.put(PATH, content=WAVES).status_code == 200
    stale = api.put(PATH, content=WAVES, headers={"If-Match": '"1"'})
    assert refused(stale) == (412, "STALE")
