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


def of_bills(api: Api, path: str, search: str) -> list[int]:
    return [row["id"] for row in api.data(api.get(path, params={"search": search}))]


@pytest.mark.parametrize("kind", ["invoices", "quotations"])
def test_fewer_than_three_letters_begin_a_word(api: Api, kind: str) -> None:
    items = [{"description": "Work", "unit_price": 1}]
    for name in ("Ann Özil", "Joanna", "100% _ Wool", "O'Brien \\ Co"):
        customer = api.data(api.post("/customers", {"name": name}))["id"]
        api.data(api.post(f"/{kind}", {"customer_id": customer, "items": items}))
    for search, expected in [
        ("an", [1]),
        ("AN", [1]),
        ("ann", [2, 1]),
        ("oz", [1]),
        ("ö", [4, 1]),
        ("zi", []),
        ("n ö", [1]),
        ("na", []),
        ("10", [3]),
        ("0%", []),
        ("00%", [3]),
        ("%", []),
        ("_", [3]),
        ("\\", [4]),
        ("'br", [4]),
        ("o'", [4]),
    ]:
        assert of_bills(api, f"/{kind}", search) == expected, search


@pytest.mark.parametrize("kind", ["invoices", "quotations"])
def test_a_bill_is_found_by_what_it_shows(api: Api, kind: str) -> None:
    """A draft by its customer's own name, whatever that becomes; an issued bill by the name that it was issued to."""
    number = f"{kind.removesuffix('s')}_number"
    ann, ben = (api.data(api.post("/customers", {"name": name}))["id"] for name in ("Ann", "Benjamin"))
    body = {"customer_id": ann, "items": [{"description": "Work", "unit_price": 1}]}
    for given in ({}, {number: "MINE-7"}):
        api.data(api.post(f"/{kind}", body | given))
    assert of_bills(api, f"/{kind}", "ann") == [2, 1]
    api.data(api.put(f"/customers/{ann}", {"name": "Anselm"}))
    assert (of_bills(api, f"/{kind}", "ann"), of_bills(api, f"/{kind}", "anselm")) == ([], [2, 1])
    api.data(api.put(f"/{kind}/1", {"customer_id": ben, number: "YOURS-1"}))
    assert (of_bills(api, f"/{kind}", "anselm"), of_bills(api, f"/{kind}", "jam")) == ([2], [1])
    assert of_bills(api, f"/{kind}", "rs-1") == [1]
    api.data(api.post(f"/{kind}/2/publish"))
    api.data(api.put(f"/customers/{ann}", {"name": "Zoe"}))
    assert (of_bills(api, f"/{kind}", "anselm"), of_bills(api, f"/{kind}", "zoe")) == ([2], [])
    assert of_bills(api, f"/{kind}", "mine-7") == [2]


def test_an_invoice_that_is_taken_back_is_found_by_its_customers_name_again(api: Api) -> None:
    customer = api.data(api.post("/customers", {"name": "Ann"}))["id"]
    api.data(api.post("/invoices", {"customer_id": customer, "items": [{"description": "Work", "unit_price": 1}]}))
    issued = api.data(api.post("/invoices/1/publish"))
    api.data(api.put(f"/customers/{customer}", {"name": "Zoe"}))
    assert (of_bills(api, "/invoices", "ann"), of_bills(api, "/invoices", "zoe")) == ([1], [])
    api.data(api.post("/invoices/1/unpublish"))
    assert (of_bills(api, "/invoices", "ann"), of_bills(api, "/invoices", "zoe")) == ([], [1])
    assert of_bills(api, "/invoices", issued["invoice_number"]) == [1]
