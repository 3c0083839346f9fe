"""For each route, a request that succeeds."""

from collections.abc import Iterable
from typing import Any

import httpx

from tallystick.accounts.types import Scope
from tallystick.http.routes import Route
from tallystick.native.examples import EXAMPLES
from tallystick.native.routes import ROUTES
from tests.api import Api
from tests.documents.logos import png

CUSTOMER, PRODUCT, TAX, INVOICE, SCHEDULE = (
    EXAMPLES["POST", path] for path in ("/customers", "/products", "/taxes", "/invoices", "/recurring-billing")
)

# The bills that an `Examples` makes, of each kind, by their ids.
DRAFT, PAID_IN_PART, ISSUED, TRASHED = 1, 2, 3, 4

# The customer has no bills; most routes want a draft.
IDS: dict[str, int | str] = {
    "key_id": 2,
    "customer_id": 2,
    "product_id": 1,
    "tax_id": 1,
    "invoice_id": DRAFT,
    "quotation_id": DRAFT,
    "payment_id": 1,
    "credit_note_id": 1,
    "recurring_id": 1,
    "run_id": 1,
    "template_id": 1,
    "key": "calls",
    "rate_id": 1,
}
OTHER_IDS: dict[tuple[str, str], dict[str, int | str]] = {
    ("GET", "/invoices/{invoice_id}"): {"invoice_id": PAID_IN_PART},
    ("GET", "/invoices/{invoice_id}/activity"): {"invoice_id": PAID_IN_PART},
    ("GET", "/invoices/{invoice_id}/payments"): {"invoice_id": PAID_IN_PART},
    ("POST", "/invoices/{invoice_id}/payments"): {"invoice_id": PAID_IN_PART},
    ("POST", "/invoices/{invoice_id}/credit-note"): {"invoice_id": PAID_IN_PART},
    ("DELETE", "/invoices/{invoice_id}/payments/{payment_id}"): {"invoice_id": PAID_IN_PART},
    ("POST", "/invoices/{invoice_id}/revise"): {"invoice_id": ISSUED},
    ("POST", "/invoices/{invoice_id}/unpublish"): {"invoice_id": ISSUED},
    ("POST", "/invoices/{invoice_id}/void"): {"invoice_id": ISSUED},
    ("POST", "/invoices/{invoice_id}/restore"): {"invoice_id": TRASHED},
    ("POST", "/invoices/{invoice_id}/share/rotate"): {"invoice_id": PAID_IN_PART},
    ("DELETE", "/invoices/{invoice_id}/share"): {"invoice_id": PAID_IN_PART},
    ("POST", "/quotations/{quotation_id}/share/rotate"): {"quotation_id": ISSUED},
    ("DELETE", "/quotations/{quotation_id}/share"): {"quotation_id": ISSUED},
    ("POST", "/quotations/{quotation_id}/accept"): {"quotation_id": ISSUED},
    ("POST", "/quotations/{quotation_id}/reject"): {"quotation_id": ISSUED},
    ("DELETE", "/usage/meters/{key}"): {"key": "disk"},
}
LOGO, AS_PNG = png(3, 2), {"Content-Type": "image/png"}
# What cannot succeed here: there is no mail server, and too little to bill for a run.
REFUSED = {
    ("POST", "/invoices/{invoice_id}/send"): 409,
    ("POST", "/quotations/{quotation_id}/send"): 409,
    ("GET", "/recurring-billing/runs/{run_id}"): 404,
}
WRITES = [route for route in ROUTES if not route.reads]

CATALOGUE = (
    ("/customers", CUSTOMER),
    ("/customers", {"name": "Jane Roe"}),
    ("/products", PRODUCT | {"sku": "S-1"}),
    ("/taxes", TAX),
)
INVOICES = (
    *[("/invoices", INVOICE)] * 4,
    (f"/invoices/{PAID_IN_PART}/publish", {}),
    (f"/invoices/{PAID_IN_PART}/payments", {"amount": 1}),
    (f"/invoices/{PAID_IN_PART}/credit-note", {"items": [{"item_id": PAID_IN_PART, "amount": 1}]}),
)
QUOTATIONS = [("/quotations", INVOICE)] * 3
SCHEDULES = [("/recurring-billing", SCHEDULE)]
USAGE = (
    ("/usage/meters", {"key": "calls", "aggregation": "count"}),
    ("/usage/rates", {"meter": "calls", "model": "per_unit", "unit_price": "0.01", "region": "eu"}),
    ("/usage/meters", {"key": "disk", "aggregation": "max"}),
)
TEMPLATES = [("/templates", EXAMPLES["POST", "/templates"])]
# What a write needs beside the catalogue, by the first name in its path; what is not here needs all.
NEEDS: dict[str, set[str]] = {
    **{name: set() for name in ("customers", "products", "taxes", "api-keys")},
    "settings": {"logo"},
    "quotations": {"quotations"},
    "recurring-billing": {"schedules"},
    "invoices": {"invoices"},
    "usage": {"usage"},
    "templates": {"templates"},
}


def name(route: Route) -> str:
    """The route as a test's id."""
    return f"{route.method} {route.path}"


def body_of(route: Route) -> dict[str, Any] | None:
    """The example's body."""
    return None if route.method == "GET" else EXAMPLES.get((route.method, route.path), {})


def sent(route: Route) -> dict[str, Any]:
    """What is sent of the example beside its path: a file, or JSON."""
    return {"content": LOGO, "headers": AS_PNG} if route.takes_file else {"json": body_of(route)}


def status_of(route: Route) -> int:
    """The status of the reply to the example."""
    return REFUSED.get((route.method, route.path), route.status)


def _needs(route: Route | None) -> set[str]:
    # What is read shows of the other rows what it sums up.
    first = "" if route is None or route.reads else route.path.split("/")[1]
    return NEEDS.get(first, {"invoices", "quotations", "schedules", "usage", "templates", "logo"})


class Examples:
    """The examples over one database, which gets the rows that they name: those of one route, or of all."""

    def __init__(self, api: Api, route: Route | None = None) -> None:
        self._api = api
        needed = _needs(route)
        api.new_key(Scope.READ)
        self._post(CATALOGUE)
        self._tokens: dict[str, str] = {}
        if "invoices" in needed:
            self._post(INVOICES)
            self._issue("invoices")
            note = api.data(api.get(f"/credit-notes/{IDS['credit_note_id']}"))
            self._tokens["credit-notes"] = note["share_token"]
            api.data(api.delete(f"/invoices/{TRASHED}"))
        if "quotations" in needed:
            self._post(QUOTATIONS)
            self._issue("quotations")
        if "schedules" in needed:
            self._post(SCHEDULES)
        if "usage" in needed:
            self._post(USAGE)
        if "templates" in needed:
            self._post(TEMPLATES)
        if "logo" in needed:
            api.data(api.put("/settings/logo", content=LOGO, headers=AS_PNG))

    def _post(self, rows: Iterable[tuple[str, Any]]) -> None:
        for path, body in rows:
            self._api.data(self._api.post(path, body))

    def _issue(self, kind: str) -> None:
        self._tokens[kind] = self._api.data(self._api.post(f"/{kind}/{ISSUED}/publish"))["share_token"]

    def ids_of(self, route: Route) -> dict[str, Any]:
        """What stands in the path of the example, by its name."""
        ids: dict[str, Any] = IDS | OTHER_IDS.get((route.method, route.path), {})
        if "token" in route.ids:
            ids["token"] = next(token for kind, token in self._tokens.items() if f"/{kind}/" in route.path)
        return {name: ids[name] for name in route.ids}

    def path_of(self, route: Route, **ids: Any) -> str:
        """The example's path, or that of a row with other ``ids``."""
        return route.path.format_map(self.ids_of(route) | ids)

    def send(self, route: Route, **ids: Any) -> httpx.Response:
        """Sends the example, or the same to a row with other ``ids``."""
        return self._api.request(route.method, self.path_of(route, **ids), **sent(route))
