"""The page at ``/docs/dialects``: one call, creating an invoice, in every API that this server speaks."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import falcon

from tallystick.http.queues import Queue, always
from tallystick.http.surface import Surface
from tallystick.web import templating
from tallystick.web.welcome import ONLY_ITSELF

CSS = Path(__file__).with_name("dialects.css").read_text(encoding="utf-8")


class Way(NamedTuple):
    """One way to make an invoice: the name of the API, what to know of it, and a curl command with part of its reply.

    The command goes to ``{origin}`` with the key ``$API_KEY``, and bills the customer 1.
    """

    api: str
    title: str
    about: str
    command: str
    reply: str


WAYS = (
    Way(
        api="native",
        title="Native, as InkVoice",
        about="A draft of any number of lines, with discounts and taxes; publish issues it.",
        command="""\
curl -X POST {origin}/api/v1/invoices \\
  -H "X-API-Key: $API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "customer_id": 1,
    "issue_date": "2026-01-15",
    "due_date": "2026-02-15",
    "currency": "USD",
    "payment_terms": "Net 30",
    "items": [
      {"description": "Consulting", "quantity": 2, "unit_price": 50, "unit": "hour"}
    ]
  }'""",
        reply='{"success":true,"data":{…"status":"draft",…"total":100.00,…}}',
    ),
    Way(
        api="native",
        title="Native, as IHS Billing",
        about="The same call: what is left out has a default, and the key may be a parameter.",
        command="""\
curl -X POST "{origin}/api/v1/invoices?api_key=$API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "customer_id": 1,
    "notes": "Payment due within 30 days",
    "items": [
      {"description": "Consulting", "quantity": 2, "unit_price": 50}
    ]
  }'""",
        reply='{"success":true,"data":{…"status":"draft",…"total":100.00,…}}',
    ),
    Way(
        api="invoice_ng",
        title="invoice.ng",
        about="Issued at once, under the number that you give; JSON or a form.",
        command="""\
curl -X POST {origin}/v1/invoice/add \\
  -H "Authorization: Bearer $API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "client": "1",
    "invoice_no": "NG-01",
    "payment_status": "Not Paid",
    "currency": "USD",
    "items": [
      {"description": "Consulting", "quantity": 2, "rate": "50"}
    ]
  }'""",
        reply='{"status":"success","invoice":[{…"invoice_no":"NG-01",…"total":100,…}],"items":[…]}',
    ),
    Way(
        api="billingdb",
        title="billingdb",
        about="An amount that is to be paid, issued at once, with the account's default tax in it.",
        command="""\
curl -X POST {origin}/v1/invoices \\
  -H "Authorization: Bearer $API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "customer_id": 1,
    "amount": 100.0,
    "date": "2026-01-15",
    "due_date": "2026-02-15"
  }'""",
        reply='{"id":…,"customer_id":1,"amount":100.00,"date":"2026-01-15","due_date":"2026-02-15"}',
    ),
    Way(
        api="iqraa",
        title="iqraa",
        about="An amount in the currency's smallest unit; the customer is found or made by e-mail.",
        command="""\
curl -X POST {origin}/api/v1/api/v1/invoices \\
  -H "Authorization: Bearer $API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "amount": 10000,
    "currency": "USD",
    "description": "Consulting",
    "status": "FINALIZED",
    "components": {
      "customerDetails": {
        "customerName": "John Doe",
        "customerEmail": "john.doe@example.com"
      }
    }
  }'""",
        reply='{"id":"…","invoiceNumber":"…",…"status":"FINALIZED","amount":10000,"currency":"USD",…}',
    ),
)


class Dialects:
    """The page; ``origin`` is where the world reaches this server, ``surfaces`` are the APIs that it speaks."""

    def __init__(self, origin: str, surfaces: Sequence[Surface]) -> None:
        self._page = _page(origin, {surface.name: surface.document_path for surface in surfaces})

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answers the page, to whoever asks."""
        resp.set_header("Content-Security-Policy", ONLY_ITSELF)
        resp.content_type = falcon.MEDIA_HTML
        resp.text = self._page

    on_head = on_get
    queue_of = always(Queue.READS)


def ways(names: Collection[str]) -> list[Way]:
    """The ways through the APIs with these names."""
    return [way for way in WAYS if way.api in names]


def _page(origin: str, documents: dict[str, str]) -> str:
    return templating.written(
        "dialects.html",
        language="en",
        direction="ltr",
        css=CSS,
        origin=origin,
        ways=ways(documents),
        documents=documents,
    )


def add_routes(app: falcon.App[Any, Any], origin: str, surfaces: Sequence[Surface]) -> None:
    """Adds ``/docs/dialects``."""
    app.add_route("/docs/dialects", Dialects(origin, surfaces))
