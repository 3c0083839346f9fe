"""The pages for people: they load nothing from outside."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from tests.api import ORIGIN, Api
from tests.refusals import BEFORE_ANY_STATEMENT

LOADED_BY = {"script": "src", "link": "href", "img": "src", "iframe": "src"}


class Page(HTMLParser):
    """What a page loads, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads_to: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        source = values.get(LOADED_BY.get(tag, ""))
        if source is not None:
            self.loads.append(source)
        if tag == "a":
            self.leads_to.append(values.get("href") or "")


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize("path", ["/", "/docs", "/docs/", "/docs/dialects"])
def test_a_page_loads_only_what_this_server_has(api: Api, path: str) -> None:
    response = api.client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    for source in page.loads:
        if not source.startswith("data:"):
            assert api.client.get(urljoin(ORIGIN + path, source)).status_code == 200, source
            assert urlsplit(source).netloc == ""
    for target in page.leads_to:
        assert api.client.get(target).status_code == 200, target


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize("path", ["/", "/docs", "/docs/dialects"])
def test_a_browser_is_told_to_load_nothing_else(api: Api, path: str) -> None:
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in api.client.get(path).headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    allowed = {source for sources in policy.values() for source in sources.split()}
    assert allowed <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
    assert "'unsafe-inline'" not in policy.get("script-src", "")


@BEFORE_ANY_STATEMENT
def test_the_reference_shows_this_document(api: Api) -> None:
    page = Page(api.client.get("/docs").text)
    scripts = [api.client.get(source) for source in page.loads if source.endswith(".js")]
    assert {script.headers["Content-Type"] for script in scripts} == {"text/javascript; charset=utf-8"}
    assert any('url: "/docs/openapi.json"' in script.text for script in scripts)
    assert any("SwaggerUIBundle" in script.text and len(script.text) > 1_000_000 for script in scripts)


def test_the_welcome_shows_where_the_api_is(api: Api) -> None:
    assert f"{ORIGIN}/api/v1/" in api.client.get("/").text
