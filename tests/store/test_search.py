"""Search finds a text whatever the case and the accents of either, on both databases alike."""

import pytest
from sqlalchemy import Text, cast, literal, select

from tallystick.store.search import folded, mentions
from tests.api import Api

COMPOSED, DECOMPOSED = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"

FOUND = [
    ("Ann ÖZIL", "özil", True),
    ("Ann ÖZIL", "ozil", True),
    ("Ann Ozil", "ÖZIL", True),
    (COMPOSED, DECOMPOSED, True),
    (DECOMPOSED, COMPOSED, True),
    (DECOMPOSED, "CAFE", True),
    ("İstanbul", "istanbul", True),
    ("Istanbul", "İSTANBUL", True),
    ("Łódź", "Łodz", True),
    ("Łódź", "lodz", False),  # the stroke is no accent, but part of the letter
    ("100% _ \\", "% _ \\", True),
    ("100", "%", False),
    ("", "", True),
    ("株式会社", "式会", True),
]


def test_a_text_is_found(api: Api, subtests: pytest.Subtests) -> None:
    with api.database.read() as tx:
        for text, wanted, expected in FOUND:
            with subtests.test(text=text, wanted=wanted):
                assert tx.connection.execute(select(mentions(wanted, cast(literal(text), Text)))).scalar() == expected


def test_nothing_is_found_in_nothing() -> None:
    assert folded(None) is None


@pytest.mark.parametrize("path", ["/customers", "/invoices", "/quotations"])
def test_the_blanks_around_a_search_do_not_count(api: Api, path: str) -> None:
    customer = api.data(api.post("/customers", {"name": f"{DECOMPOSED} İstanbul"}))["id"]
    items = [{"description": "Work", "unit_price": 1}]
    for kind in ("invoices", "quotations"):
        api.data(api.post(f"/{kind}", {"customer_id": customer, "items": items}))
    for search in (" istanbul ", f"{COMPOSED.upper()}\t", "  "):
        assert len(api.data(api.get(path, params={"search": search}))) == 1
    assert api.get(path, params={"search": "x" * 201}).json()["errors"].keys() == {"search"}


def test_a_draft_is_found_by_the_number_that_it_wants(api: Api) -> None:
    customer = api.data(api.post("/customers", {"name": "Ann"}))["id"]
    items = [{"description": "Work", "unit_price": 1}]
    api.data(api.post("/invoices", {"customer_id": customer, "items": items, "invoice_number": "MINE-7"}))
    for _ in ("wanted", "its own"):
        assert [row["invoice_number"] for row in api.data(api.get("/invoices?search=mine-7"))] == ["MINE-7"]
        api.data(api.post("/invoices/1/publish"))
