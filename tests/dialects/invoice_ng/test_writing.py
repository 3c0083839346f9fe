"""What writes: to add, to edit, to pay and to take back, as API.md says it call by call."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, credit_of
from tests.dialects.invoice_ng.calls import FORM, INVOICE, ITEMS, Calls, refused, whole

KIRITIMATI = ZoneInfo("Pacific/Kiritimati")
ONE = [{"description": "Work", "quantity": "2.5", "rate": "19.99"}]


def payment(invoice_id: object, amount: object = 1000, **fields: Any) -> dict[str, Any]:
    return {"id": invoice_id, "payment_date": "2017-06-10", "amount_paid": amount, **fields}


def methods(calls: Calls, invoice_id: str) -> list[tuple[str, str, str]]:
    """The payments of an invoice: how each came in, what became of it, and what it settled."""
    return [(each["method"], each["status"], str(each["applied"])) for each in calls.native(invoice_id)["payments"]]


def test_what_is_added_is_issued_at_once_under_its_number(calls: Calls) -> None:
    native = calls.native(calls.an_id())
    assert (native["status"], native["invoice_number"]) == ("overdue", "INV-01")
    assert (native["issue_date"], native["due_date"]) == ("2017-06-06", "2017-06-20")
    assert (native["title"], native["notes"]) == ("GSVBS Website Project", None)
    assert (native["subtotal"], native["tax_total"], native["total"]) == (160000, 8000, 168000)
    assert native["share_token"] is None
    assert [activity["type"] for activity in calls.api.data(calls.api.get(f"/invoices/{native['id']}/activity"))] == [
        "invoice.created",
        "invoice.issued",
    ]


def test_a_number_in_use_is_refused(calls: Calls) -> None:
    calls.an_id()
    assert refused(calls.add(invoice_no="inv-01")) == (409, "The invoice_no inv-01 is in use. Give another.")
    assert len(whole(calls.get("/all"))["data"]) == 1


def test_the_number_of_a_voided_invoice_stays_taken(calls: Calls) -> None:
    whole(calls.delete(calls.an_id()))
    assert refused(calls.add())[0] == 409


@pytest.mark.parametrize(("tax_rate", "total"), [(5, "168000"), ("7.5", "172000"), (0, "160000"), (None, "160000")])
def test_one_rate_is_that_of_all_items(calls: Calls, tax_rate: object, total: str) -> None:
    # 5 % of 160000 are 8000, and 7.5 % are 12000; an account's default tax is none of this API's.
    calls.api.data(calls.api.post("/taxes", {"name": "VAT", "rate": 20, "is_default": True}))
    invoice_id = calls.an_id(tax_rate=tax_rate)
    assert str(calls.invoice(invoice_id)["total"]) == total
    rates = [item["tax_rate"] for item in calls.native(invoice_id)["items"]]
    assert rates == [Decimal(str(tax_rate or 0))] * 2


def test_an_invoice_can_be_added_as_paid(calls: Calls) -> None:
    invoice_id = calls.an_id(payment_status="Paid")
    assert calls.native(invoice_id)["status"] == "paid"
    assert methods(calls, invoice_id) == [("bank_transfer", "succeeded", "168000.00")]
    nothing = calls.an_id(payment_status="Paid", invoice_no="INV-02", items=[{**ITEMS[0], "rate": 0}])
    assert (calls.native(nothing)["status"], methods(calls, nothing)) == ("paid", [])


def test_what_is_not_given_comes_from_the_account(calls: Calls) -> None:
    before = datetime.now(KIRITIMATI).date()
    settings = {"currency": "KWD", "payment_terms_days": 10, "timezone": KIRITIMATI.key}
    unused = {"prices_include_tax": True, "default_notes": "Thank you"}
    calls.api.data(calls.api.put("/settings", {**settings, **unused}))
    invoice_id = calls.an_id(issue_date=None, due_date=None, currency=None, description=None, items=ONE, tax_rate=10)
    native = calls.native(invoice_id)
    # 2.5 x 19.99 = 49.975, which three digits hold; the tax is 4.9975, half up 4.998.
    assert (native["currency"], str(native["total"])) == ("KWD", "54.973")
    assert (native["prices_include_tax"], native["notes"], native["title"]) == (False, None, None)
    shown = calls.invoice(invoice_id)
    issued = date.fromisoformat(shown["issue_date"])
    assert before <= issued <= datetime.now(KIRITIMATI).date()
    assert shown["due_date"] == str(issued + timedelta(days=10))
    assert (shown["description"], shown["note"]) == ("", "")


def test_the_currency_of_the_customer_comes_before_the_accounts(calls: Calls) -> None:
    client = a_customer(calls.api, currency="JPY")
    assert calls.invoice(calls.an_id(client=client, currency=None))["currency"] == "JPY"


def test_the_rounding_of_the_account_holds(calls: Calls) -> None:
    calls.api.data(calls.api.put("/settings", {"rounding_mode": "half_even", "rounding": "line"}))
    # 0.125 is 0.12 to the even neighbour. Of each 0.50, 5 % are 0.025, to the even neighbour 0.02.
    items = [{"description": "Eighth", "quantity": 1, "rate": "0.125"}, *[{**ITEMS[0], "rate": "0.5"}] * 2]
    shown = calls.invoice(calls.an_id(items=items))
    assert (str(shown["sub_total"]), str(shown["tax_amount"])) == ("1.12", "0.05")


def test_what_is_unknown_is_ignored(calls: Calls) -> None:
    body = {**INVOICE, "client": a_customer(calls.api), "colour": "red", "items": [{**ITEMS[0], "amount": "7"}]}
    assert str(whole(calls.post("/add?mood=good", body))["invoice"][0]["total"]) == "157500"


def test_a_reply_can_be_sent_back_and_changes_nothing(calls: Calls) -> None:
    invoice_id = calls.an_id(payment_status="Paid")
    got = whole(calls.get(f"/{invoice_id}"))
    before = calls.native(invoice_id)
    body = {**got["invoice"][0], "items": got["items"]}
    texts = {name: value if isinstance(value, str | list) else str(value) for name, value in body.items()}
    texts["items"] = [{**item, "quantity": str(item["quantity"])} for item in body["items"]]
    assert whole(calls.put(invoice_id, **texts))["invoice"][0]["payment_status"] == "Paid"
    assert calls.native(invoice_id) == before


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"description": "Shop"}, {"description": "Shop"}),
    ({"description": ""}, {"description": ""}),
    ({"note": "Soon"}, {"note": "Soon"}),
    ({"due_date": "2017-07-01"}, {"due_date": "2017-07-01"}),
    ({"issue_date": "2017-06-07"}, {"issue_date": "2017-06-07", "due_date": "2017-06-20"}),
    # 2.5 x 19.99 = 49.975, in naira 49.98; the tax stays at 5 %, 2.499, in naira 2.50.
    ({"items": ONE}, {"sub_total": Decimal("49.98"), "tax_amount": Decimal("2.5"), "total": Decimal("52.48")}),
    ({"tax_rate": "7.5"}, {"tax_rate": Decimal("7.5"), "tax_amount": 12000, "total": 172000}),
    (
        {"tax_rate": 0, "items": ONE},
        {"tax_rate": 0, "sub_total": Decimal("49.98"), "tax_amount": 0, "total": Decimal("49.98")},
    ),
    ({"currency": "JPY", "items": ONE}, {"currency": "JPY", "sub_total": 50, "tax_amount": 3, "total": 53}),
    # The same items in another currency.
    ({"currency": "USD", "items": ITEMS}, {"currency": "USD", "total": 168000}),
    ({"client": None, "invoice_no": None, "items": None, "colour": "red"}, {}),
]


@pytest.mark.parametrize(("changes", "expected"), CHANGES)
def test_what_is_left_out_stays(calls: Calls, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    invoice_id = calls.an_id()
    before = calls.invoice(invoice_id)
    whole(calls.put(invoice_id, **changes))
    due = {"outstanding_balance": str(expected.get("total", 168000))}
    assert calls.invoice(invoice_id) == {**before, **due, **expected}
    is_revised = calls.native(invoice_id)["revised_at"] is not None
    assert is_revised == bool(expected)


def test_another_client_takes_over_an_invoice(calls: Calls) -> None:
    invoice_id = calls.an_id()
    bob = a_customer(calls.api, name="Bob")
    edited = whole(calls.put(invoice_id, client=str(bob)))["invoice"][0]
    assert (edited["customer_id"], edited["customer_name"], edited["customer_phone"]) == (str(bob), "Bob", "")


def test_an_invoice_is_edited_by_form_too(calls: Calls) -> None:
    invoice_id = calls.an_id()
    raw = "note=Soon&items[0][description]=Work&items[0][quantity]=2&items[0][rate]=10&payment_status=Not+Paid"
    edited = whole(calls.request("PUT", f"/{invoice_id}", content=raw, headers=FORM))
    assert (edited["invoice"][0]["note"], edited["invoice"][0]["total"]) == ("Soon", 21)
    assert edited["items"] == [{"description": "Work", "quantity": 2, "rate": "10"}]


def test_what_a_form_leaves_empty_is_left_out(calls: Calls) -> None:
    invoice_id = calls.an_id(note="Soon")
    raw = b"client=&invoice_no=&payment_status=&currency=&tax_rate=&issue_date=&due_date=&description=Site&note="
    (edited,) = whole(calls.request("PUT", f"/{invoice_id}", content=raw, headers=FORM))["invoice"]
    assert (edited["description"], edited["note"]) == ("Site", "")
    assert (edited["invoice_no"], edited["tax_rate"], edited["total"]) == ("INV-01", 5, 168000)
    assert (edited["currency"], edited["issue_date"], edited["due_date"]) == ("NGN", "2017-06-06", "2017-06-20")


def test_another_number_is_refused(calls: Calls) -> None:
    invoice_id = calls.an_id()
    status, message = refused(calls.put(invoice_id, invoice_no="INV-02"))
    assert (status, message.partition(" when")[0]) == (409, "The invoice keeps its number INV-01")
    assert whole(calls.put(invoice_id, invoice_no="INV-01"))["invoice"][0]["invoice_no"] == "INV-01"


def test_an_edit_that_pays_and_changes_nothing_else(calls: Calls) -> None:
    invoice_id = calls.an_id()
    body = {**INVOICE, "client": calls.invoice(invoice_id)["customer_id"], "payment_status": "Paid"}
    edited = whole(calls.put(invoice_id, **body))["invoice"][0]
    assert (edited["payment_status"], edited["outstanding_balance"]) == ("Paid", "0")
    assert methods(calls, invoice_id) == [("bank_transfer", "succeeded", "168000.00")]
    assert calls.native(invoice_id)["revised_at"] is None


def test_an_edit_that_pays_cannot_change_what_is_then_paid(calls: Calls) -> None:
    invoice_id = calls.an_id()
    status, message = refused(calls.put(invoice_id, payment_status="Paid", note="Thank you"))
    assert (status, message.partition(".")[0]) == (409, "Something is paid on this invoice")
    assert methods(calls, invoice_id) == []
    assert calls.invoice(invoice_id)["note"] == ""


def test_an_edit_that_takes_back_the_payments_can_change_the_rest(calls: Calls) -> None:
    invoice_id = calls.an_id(payment_status="Paid")
    assert refused(calls.put(invoice_id, note="Soon"))[0] == 409
    edited = whole(calls.put(invoice_id, payment_status="Not Paid", note="Soon"))["invoice"][0]
    assert (edited["payment_status"], edited["amount_paid"], edited["note"]) == ("Not Paid", "0", "Soon")
    assert methods(calls, invoice_id) == [("bank_transfer", "reversed", "168000.00")]


def test_an_edit_without_a_change_of_status_leaves_the_payments(calls: Calls) -> None:
    invoice_id = calls.an_id()
    whole(calls.post("/record-payment", payment(invoice_id)))
    edited = whole(calls.put(invoice_id, payment_status="Not Paid"))["invoice"][0]
    assert (edited["payment_status"], edited["amount_paid"]) == ("Not Paid", "1000")
    assert methods(calls, invoice_id) == [("bank_transfer", "succeeded", "1000.00")]


@pytest.mark.parametrize(
    ("word", "method"),
    [
        ("Cash", "cash"),
        ("Bank Transfer", "bank_transfer"),
        ("Cheque", "check"),
        ("Credit Card", "card"),
        ("Others", "other"),
        ("Cowries", "other"),
        (None, "bank_transfer"),
    ],
)
def test_how_a_payment_came_in(calls: Calls, word: str | None, method: str) -> None:
    invoice_id = calls.an_id()
    whole(calls.post("/record-payment", payment(invoice_id, payment_method=word)))
    assert methods(calls, invoice_id) == [(method, "succeeded", "1000.00")]
    assert [each["date"] for each in calls.native(invoice_id)["payments"]] == ["2017-06-10"]


def test_a_payment_by_form(calls: Calls) -> None:
    invoice_id = calls.an_id()
    raw = f"id={invoice_id}&payment_date=2017-06-10&amount_paid=0.50&payment_method=Credit+Card"
    whole(calls.post("/record-payment", content=raw, headers=FORM))
    assert methods(calls, invoice_id) == [("card", "succeeded", "0.50")]


def test_a_payment_above_the_balance_is_refused(calls: Calls) -> None:
    invoice_id = calls.an_id()
    refusal = 409, "The payment is above what is due on the invoice."
    assert refused(calls.post("/record-payment", payment(invoice_id, "168000.01"))) == refusal
    whole(calls.post("/record-payment", payment(invoice_id, "168000")))
    assert calls.invoice(invoice_id)["payment_status"] == "Paid"
    assert refused(calls.post("/record-payment", payment(invoice_id, "0.01"))) == refusal


def test_to_mark_as_paid_pays_the_balance_once(calls: Calls) -> None:
    invoice_id = calls.an_id()
    whole(calls.post("/record-payment", payment(invoice_id, payment_method="Cash")))
    for _ in range(2):
        whole(calls.get(f"/paid/{invoice_id}"))
        assert calls.invoice(invoice_id)["payment_status"] == "Paid"
    assert methods(calls, invoice_id) == [
        ("cash", "succeeded", "1000.00"),
        ("bank_transfer", "succeeded", "167000.00"),
    ]


def test_to_mark_as_not_paid_reverses_every_payment_once(calls: Calls) -> None:
    invoice_id = calls.an_id()
    whole(calls.post("/record-payment", payment(invoice_id, payment_method="Cash")))
    calls.api.data(calls.api.post(f"/invoices/{invoice_id}/payments", {"amount": 5, "status": "failed"}))
    whole(calls.get(f"/paid/{invoice_id}"))
    for _ in range(2):
        whole(calls.get(f"/not-paid/{invoice_id}"))
        assert calls.invoice(invoice_id)["outstanding_balance"] == "168000"
    assert methods(calls, invoice_id) == [
        ("cash", "reversed", "1000.00"),
        ("bank_transfer", "failed", "5.00"),
        ("bank_transfer", "reversed", "167000.00"),
    ]
    assert [each["status"] for each in whole(calls.get(f"/{invoice_id}"))["payments"]] == ["failed"]


def test_money_that_became_credit_and_is_spent_is_not_taken_back(calls: Calls) -> None:
    client = a_customer(calls.api)
    paid, other = an_invoice(calls.api, 100, customer_id=client), an_invoice(calls.api, 30, customer_id=client)
    calls.api.data(calls.api.post(f"/invoices/{paid['id']}/payments", {"amount": 130, "excess": "credit"}))
    calls.api.data(calls.api.post(f"/invoices/{other['id']}/payments", {"amount": 30, "method": "credit"}))
    status, message = refused(calls.get(f"/not-paid/{paid['id']}"))
    assert (status, message.partition(",")[0]) == (409, "The excess of this payment became credit")
    assert (calls.invoice(paid["id"])["payment_status"], credit_of(calls.api, client)) == ("Paid", "0.00")


def test_to_delete_voids_what_is_not_paid(calls: Calls) -> None:
    invoice_id = calls.an_id()
    whole(calls.delete(invoice_id))
    assert calls.native(invoice_id)["status"] == "voided"
    assert whole(calls.get("/all"))["data"] == []
    for again in (calls.get(f"/{invoice_id}"), calls.delete(invoice_id), calls.get(f"/paid/{invoice_id}")):
        assert refused(again) == (404, "There is no such invoice.")


def test_what_is_paid_or_credited_is_not_deleted(calls: Calls) -> None:
    paid = calls.an_id(payment_status="Paid")
    assert refused(calls.delete(paid))[0] == 409
    credited = an_invoice(calls.api, 100)["id"]
    calls.api.data(calls.api.post(f"/invoices/{credited}/credit-note", {}))
    assert refused(calls.delete(credited))[0] == 409
    assert [row["id"] for row in whole(calls.get("/all"))["data"]] == [str(credited), paid]


def test_what_is_not_issued_is_not_there(calls: Calls) -> None:
    draft = a_draft(calls.api, 100)["id"]
    voided = an_invoice(calls.api, 100)["id"]
    calls.api.data(calls.api.post(f"/invoices/{voided}/void"))
    trashed = a_draft(calls.api, 100)["id"]
    calls.api.data(calls.api.delete(f"/invoices/{trashed}"))
    assert whole(calls.get("/all"))["data"] == []
    for unseen in (draft, voided, trashed, 999):
        before = calls.api.get(f"/invoices/{unseen}").json()
        for reply in (
            calls.get(f"/{unseen}"),
            calls.put(unseen, note="Soon"),
            calls.put(unseen, payment_status="Paid"),
            calls.delete(unseen),
            calls.get(f"/paid/{unseen}"),
            calls.get(f"/not-paid/{unseen}"),
            calls.post("/record-payment", payment(unseen)),
            calls.post("/send", {"id": unseen, "email": "ann@example.com"}),
        ):
            assert refused(reply) == (404, "There is no such invoice.")
        assert calls.api.get(f"/invoices/{unseen}").json() == before


def test_another_accounts_invoice_is_not_there(calls: Calls) -> None:
    mine = calls.an_id()
    theirs = Calls(Api(calls.api.database))
    assert refused(theirs.get(f"/{mine}")) == (404, "There is no such invoice.")
    assert refused(theirs.get(f"/paid/{mine}"))[0] == 404
    assert whole(theirs.get("/all"))["data"] == []
    assert refused(theirs.add(client=calls.invoice(mine)["customer_id"])) == (422, "client: There is no such customer.")
