"""Whatever is refused is told in our own words: which field it is, and what it wants."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tallystick.native.routes import ROUTES
from tests.api import Api
from tests.contract import examples
from tests.contract.document import Document
from tests.contract.examples import Examples
from tests.refusals import BEFORE_ANY_STATEMENT

pytestmark = pytest.mark.slow

# Words of msgspec, of Python and of a regular expression: in none of them no field's error is told.
FOREIGN = re.compile(r"Expected|Invalid|malformed|truncated|required field|unknown field|\bgot\b|[`^\\\[\]]|<=|>=")
OURS = re.compile(r"(Must|Is|Give|Needs|Has|Says|Not|There|Names|The|A|An|No)\b.*[.?]", re.DOTALL)

WITH_BODIES = [route for route in examples.WRITES if route.takes_body and not route.takes_file]
WITH_QUERIES = [route for route in ROUTES if route.reads and route.takes_query]
WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**31, 2**64, 10**40),
    *("", " ", "no such thing", "a@", "\0", "x" * 10_001, "1e400", "2026-02-30", "{"),
    *([], [[]], [5], [{}], {}, {"no": []}, {"metadata": {"": "x"}}),
)


def sentences(response: httpx.Response) -> dict[str, list[str]]:
    """The sentences of a reply about fields that are wrong, by field; all of them in our words."""
    body = response.json()
    errors: dict[str, list[str]] = body.get("errors", {})
    for sentence in (body["error"], *(sentence for told in errors.values() for sentence in told)):
        assert not FOREIGN.search(sentence), sentence
        assert OURS.fullmatch(sentence) or sentence == body["error"], sentence
    return errors


def refusing(document: Document, schema: dict[str, Any], wrong: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a body that the document does not let hold this, each with a value that has it in its place."""
    for name, field in schema.get("properties", {}).items():
        whole = {**field, "components": document.content["components"]}
        if not Draft202012Validator(whole).is_valid(wrong):
            yield name, wrong
        for item in items_of(document, field):
            inner = dict(refusing(document, item, wrong))
            if inner:
                yield name, [inner]


def items_of(document: Document, field: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of the objects that a list in this field holds."""
    choices = [document.resolve(choice) for choice in field.get("anyOf", [field])]
    return [document.resolve(choice["items"]) for choice in choices if choice.get("type") == "array"]


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:20])
def test_a_wrong_field_of_a_body_is_told_in_our_words(api: Api, wrong: Any) -> None:
    document, known = Document.of(api), Examples(api)
    told = 0
    for route in WITH_BODIES:
        content = document.operation(route)["requestBody"]["content"]["application/json"]
        for name, value in refusing(document, document.resolve(content["schema"]), wrong):
            body = (examples.body_of(route) or {}) | {name: value}
            response = api.request(route.method, known.path_of(route), json=body)
            assert response.status_code in (404, 409, 422), (examples.name(route), name, response.text)
            errors = sentences(response)
            assert {path.partition(".")[0] for path in errors} >= {name}, (examples.name(route), response.text)
            told += 1
    assert told > 100


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize("wrong", ["", "no such thing", "null", "-1", "1.5", "1e400", "x" * 2001, "2026-02-30", "\0"])
def test_a_wrong_parameter_is_told_in_our_words(api: Api, wrong: str) -> None:
    known, told = Examples(api), 0
    for route in WITH_QUERIES:
        for name in route.query.__struct_encode_fields__:
            response = api.client.get("/api/v1" + known.path_of(route), params={name: wrong, "api_key": api.key})
            if response.is_success:
                continue
            assert list(sentences(response)) == [name]
            told += 1
    assert told > 30


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "Some fields are not valid: name."),
        (b"{", "The body is not JSON: it ends too early, or holds a number out of all bounds."),
        (b'{"name": "Ann",\n  name: 5}', "The body is not JSON: see line 2, column 3."),
        (b"Name: Ann", "The body is not JSON: see line 1, column 1."),
        (b'{"name": "\xff"}', "The body is not JSON: it must be in UTF-8."),
        (b'"Ann"', "The body must be a JSON object."),
    ],
)
def test_what_is_no_json_is_told_by_its_place(api: Api, body: bytes, expected: str) -> None:
    response = api.request("POST", "/customers", content=body, headers={"Content-Type": "application/json"})
    assert response.json()["error"] == expected


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize(
    ("path", "body", "field", "expected"),
    [
        ("/customers", {"name": "Ann", "email": "ann"}, "email", "Must be an e-mail address, as name@example.com."),
        ("/customers", {"name": "Ann", "email": "a@b" * 99}, "email", "Must have at most 254 characters."),
        ("/customers", {"name": " "}, "name", "Must be a text of 1 to 200 characters that is not blank."),
        ("/customers", {"name": "Ann", "phone": 5}, "phone", "Must be a text of at most 200 characters."),
        ("/customers", {"name": "Ann", "emial": "a@b"}, "emial", "Is not a field of this request. Did you mean email?"),
        ("/customers", {"name": "Ann", "shoe_size": 1}, "shoe_size", "Is not a field of this request."),
        ("/invoices/1/send", {"cc": 5}, "cc",
         "Must be an e-mail address, as name@example.com, or a list of at most 20."),
        ("/invoices/1/send", {"cc": ["a@b", "c"]}, "cc.1", "Must be an e-mail address, as name@example.com."),
        ("/api-keys", {"name": "x", "scopes": ["raed"]}, "scopes.0",
         "Must be one of read, write, admin. Did you mean read?"),
        ("/api-keys", {"name": "x", "scopes": []}, "scopes", "Must be a list of 1 to 3 items."),
        ("/invoices/batch", {"action": "publsih", "ids": [1]}, "action",
         "Must be one of delete, mark-paid, mark-sent, publish, send, void, duplicate. Did you mean publish?"),
        ("/recurring-billing/1/toggle", {"catch_up": "yes"}, "catch_up", "Must be true or false."),
    ],
)  # fmt: skip
def test_a_sentence_says_what_is_wanted(api: Api, path: str, body: dict[str, Any], field: str, expected: str) -> None:
    Examples(api)
    assert sentences(api.post(path, body)) == {field: [expected]}


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize(
    ("query", "field", "expected"),
    [
        ("limit=0", "limit", "Must be a whole number from 1 to 100."),
        ("order=up", "order", "Must be one of asc, desc."),
        ("sort=totl", "sort", "Must be one of created_at, issue_date, due_date, total, number. Did you mean total?"),
        ("statuss=paid", "statuss", "Is not a parameter of this request. Did you mean status?"),
        (
            "status=paid,overdu",
            "status",
            "Must be among draft, sent, partially_paid, paid, overdue, voided. Did you mean overdue?",
        ),
    ],
)
def test_a_sentence_on_a_parameter(api: Api, query: str, field: str, expected: str) -> None:
    assert sentences(api.get(f"/invoices?{query}")) == {field: [expected]}


def test_an_id_in_a_path_is_told_by_its_name(api: Api) -> None:
    response = api.get("/invoices/INV-2026-0001")
    assert response.json()["error"] == (
        "There is nothing at this path. invoice_id: Must be the id of an existing row, as 17."
    )
