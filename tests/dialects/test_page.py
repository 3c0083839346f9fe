"""The page /docs/dialects: each command on it, pasted as it stands, answers what the page shows."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tallystick.serve import SURFACES
from testing.server import KEY, serving
from tests.api import ORIGIN, Api
from tests.test_readme import is_in

CODE = re.compile(r"<pre(?: class=\"reply\")?><code>(.*?)</code></pre>", re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """The commands of the page, each with the reply that stands below it."""
    found = [html.unescape(code) for code in CODE.findall(page)]
    return list(zip(found[::2], found[1::2], strict=True))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_each_command_answers_what_is_shown(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path) as server:
        server.data(server.post("/customers", {"name": "John Doe", "email": "john.doe@example.com"}))
        # The server does not know its public origin here, and so names the one that it listens at.
        ways = blocks(server.client.get("/docs/dialects").text)
        assert len(ways) == 1 + len(SURFACES)
        for command, reply in ways:
            assert server.origin in command
            done = subprocess.run(
                ["bash", "-c", command], env=os.environ | {"API_KEY": KEY}, capture_output=True, text=True, check=True
            )
            assert is_in(done.stdout, reply), f"{command}\n{done.stdout}"
        totals = {row["total"] for row in server.data(server.get("/invoices"))}
        assert totals == {100}


def test_every_api_is_on_it_with_its_document(api: Api) -> None:
    page = api.client.get("/docs/dialects").text
    assert ORIGIN in page
    for surface in SURFACES:
        assert f'href="{surface.document_path}"' in page
