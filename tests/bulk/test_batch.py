"""Bulk work: each invoice stands alone."""

import pytest

from tests.api import Api
from tests.bills import a_draft, an_invoice, standing


@pytest.mark.parametrize(
    ("action", "draft_after", "issued_after"),
    [
        ("publish", "sent", "sent"),
        ("mark-sent", "sent", "sent"),
        ("mark-paid", "paid", "paid"),
        ("void", "draft", "voided"),
        ("send", "draft", "sent"),
        ("duplicate", "draft", "sent"),
    ],
)
def test_an_action_on_a_draft_an_issued_and_an_unknown_invoice(
    api: Api, action: str, draft_after: str, issued_after: str
) -> None:
    draft, issued = a_draft(api, 100), an_invoice(api, 100)
    reply = api.data(api.post("/invoices/batch", {"action": action, "ids": [draft["id"], 999_999, issued["id"]]}))
    assert (standing(api, draft)[0], standing(api, issued)[0]) == (draft_after, issued_after)
    codes = {error["id"]: error["code"] for error in reply["errors"]}
    assert codes[999_999] == "NOT_FOUND"
    assert (reply["succeeded"] + reply["failed"], reply["failed"]) == (3, len(codes))


def test_a_deleted_draft_is_in_the_trash_and_an_issued_invoice_is_not(api: Api) -> None:
    draft, issued = a_draft(api, 100), an_invoice(api, 100)
    reply = api.data(api.post("/invoices/batch", {"action": "delete", "ids": [draft["id"], str(issued["id"])]}))
    assert (reply["succeeded"], [error["code"] for error in reply["errors"]]) == (1, ["CONFLICT"])
    assert [row["id"] for row in api.data(api.get("/invoices/trash/list"))] == [draft["id"]]
    restored = api.data(api.post("/invoices/trash/batch", {"action": "restore", "ids": [draft["id"], issued["id"]]}))
    assert (restored["succeeded"], restored["errors"][0]["code"]) == (1, "NOT_FOUND")


def test_numbers_of_a_batch_are_consecutive_without_the_refused(api: Api) -> None:
    drafts = [a_draft(api, 1) for _ in range(3)]
    ids = [drafts[0]["id"], 999_999, drafts[1]["id"], drafts[2]["id"]]
    api.post("/invoices/batch", {"action": "publish", "ids": ids})
    numbers = [api.data(api.get(f"/invoices/{draft['id']}"))["invoice_number"] for draft in drafts]
    assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"action": "explode", "ids": [1]}, ["action"]),
        ({"action": "void", "ids": []}, ["ids"]),
        ({"action": "void", "ids": list(range(1, 1002))}, ["ids"]),
        ({"action": "void", "ids": ["uuid-1"]}, ["ids.0"]),
        ({"ids": 1}, ["action", "ids"]),
    ],
)
def test_a_batch_that_cannot_be(api: Api, body: dict[str, object], fields: list[str]) -> None:
    response = api.post("/invoices/batch", body)
    assert (response.status_code, sorted(response.json()["errors"])) == (422, fields)
