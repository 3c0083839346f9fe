"""Halves of surrogate pairs, which JSON can write and no database can hold (API.md, section 1)."""

import pytest

from tests.api import Api

JSON = {"Content-Type": "application/json"}
HALF = "Must not contain half of a surrogate pair."
ESCAPED = ["\\ud800", "a\\uDFFFb", "\\udc00\\ud800"]


@pytest.mark.parametrize("text", ESCAPED)
def test_the_field_that_holds_one_is_named(api: Api, text: str) -> None:
    reply = api.request("POST", "/customers", content=f'{{"name": "{text}"}}', headers=JSON)
    assert (reply.status_code, reply.json()["errors"]) == (422, {"name": [HALF]})


WITHIN = [
    ("/customers", '{"name": "A", "metadata": {"a": "TEXT"}}', "metadata"),
    ("/customers", '{"name": "A", "metadata": {"TEXT": "a"}}', "metadata"),
    ("/usage/meters", '{"key": "calls", "aggregation": "sum", "filters": {"a": ["TEXT"]}}', "filters"),
    ("/usage/meters", '{"key": "calls", "aggregation": "sum", "filters": {"TEXT": ["a"]}}', "filters"),
    ("/usage/events", '{"id": "e", "meter": "calls", "properties": {"a": "TEXT"}}', "properties"),
    ("/usage/events", '[{"id": "e", "meter": "calls", "properties": {"TEXT": "a"}}]', "0.properties"),
]


@pytest.mark.parametrize(("text", "sentence"), [("\\udfff", HALF), ("a\\u0000", "Must not contain the character NUL.")])
@pytest.mark.parametrize(("path", "body", "named"), WITHIN)
def test_so_is_the_field_that_holds_one_within(
    api: Api, path: str, body: str, named: str, text: str, sentence: str
) -> None:
    reply = api.request("POST", path, content=body.replace("TEXT", text), headers=JSON)
    assert (reply.status_code, reply.json()["errors"]) == (422, {named: [sentence]})


def test_what_holds_one_may_be_nested_deeply(api: Api) -> None:
    nested = "[" * 900 + '"\\ud800"' + "]" * 900
    reply = api.request("POST", "/customers", content=f'{{"name": "A", "notes": {nested}}}', headers=JSON)
    assert (reply.status_code, reply.json()["errors"]) == (422, {"notes": [HALF]})


def test_a_name_of_a_field_that_holds_one_is_unknown(api: Api) -> None:
    reply = api.request("POST", "/customers", content='{"name": "A", "\\ud800": 1}', headers=JSON)
    assert (reply.status_code, list(reply.json()["errors"])) == (422, ["?"])


@pytest.mark.parametrize(
    "body", ['{"name": "\\ud800', '{"name": "\\ud800", "x": NaN}', '{"name": "\\ud800"', "\\ud800"]
)
def test_what_is_no_json_besides_is_told_so(api: Api, body: str) -> None:
    reply = api.request("POST", "/customers", content=body, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (400, "MALFORMED")


def test_a_whole_pair_is_one_character(api: Api) -> None:
    reply = api.request("POST", "/customers", content='{"name": "\\ud83d\\ude00"}', headers=JSON)
    assert reply.json()["data"]["name"] == "\U0001f600"
