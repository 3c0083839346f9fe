"""The application: the one list of routes, and the table of error handlers."""

from typing import Any

import falcon

from tallystick.accounts import api as accounts
from tallystick.accounts.types import Scope
from tallystick.core.errors import DomainError
from tallystick.customers import api as customers
from tallystick.http import errors, openapi, probes
from tallystick.http.endpoint import Endpoint, Server
from tallystick.http.log import AccessLog
from tallystick.http.routes import Route
from tallystick.invoices import api as invoices
from tallystick.payments import api as payments
from tallystick.products import api as products
from tallystick.store.db import Database
from tallystick.store.idempotency import InFlight
from tallystick.taxes import api as taxes

NATIVE = "/api/v1"

ROUTES = (
    Route("GET", "/settings", accounts.get_settings),
    Route("PUT", "/settings", accounts.update_settings, needs=Scope.ADMIN),
    Route("GET", "/api-keys", accounts.list_keys, needs=Scope.ADMIN),
    Route("POST", "/api-keys", accounts.create_key, status=201, needs=Scope.ADMIN),
    Route("DELETE", "/api-keys/{key_id}", accounts.revoke_key, needs=Scope.ADMIN),
    Route("GET", "/customers", customers.index),
    Route("POST", "/customers", customers.create, status=201),
    Route("GET", "/customers/{customer_id}", customers.get),
    Route("PUT", "/customers/{customer_id}", customers.update),
    Route("DELETE", "/customers/{customer_id}", customers.delete),
    Route("GET", "/products", products.index),
    Route("POST", "/products", products.create, status=201),
    Route("GET", "/products/{product_id}", products.get),
    Route("PUT", "/products/{product_id}", products.update),
    Route("DELETE", "/products/{product_id}", products.delete),
    Route("POST", "/products/{product_id}/reactivate", products.reactivate),
    Route("GET", "/taxes", taxes.index),
    Route("POST", "/taxes", taxes.create, status=201),
    Route("GET", "/taxes/{tax_id}", taxes.get),
    Route("PUT", "/taxes/{tax_id}", taxes.update),
    Route("DELETE", "/taxes/{tax_id}", taxes.delete),
    Route("GET", "/invoices", invoices.index),
    Route("POST", "/invoices", invoices.create, status=201),
    Route("POST", "/invoices/preview", invoices.preview),
    Route("GET", "/invoices/next-number", invoices.next_number),
    Route("GET", "/invoices/{invoice_id}", invoices.get),
    Route("PUT", "/invoices/{invoice_id}", invoices.update),
    Route("POST", "/invoices/{invoice_id}/publish", invoices.publish),
    Route("POST", "/invoices/{invoice_id}/mark-sent", invoices.mark_sent),
    Route("POST", "/invoices/{invoice_id}/mark-paid", payments.mark_paid),
    Route("POST", "/invoices/{invoice_id}/payments", payments.record, status=201),
)

ERROR_HANDLERS: tuple[tuple[type[Exception], Any], ...] = (
    (Exception, errors.on_bug),
    (falcon.HTTPError, errors.on_http_error),
    (DomainError, errors.on_domain_error),
)


def create_app(database: Database, origin: str) -> falcon.App[Any, Any]:
    """The WSGI application over a database that is open and migrated."""
    app = falcon.App(middleware=[AccessLog()])
    app.req_options.strip_url_path_trailing_slash = True
    for kind, handler in ERROR_HANDLERS:
        app.add_error_handler(kind, handler)
    server = Server(database, origin, InFlight())
    for path in dict.fromkeys(route.path for route in ROUTES):
        app.add_route(NATIVE + path, Resource([route for route in ROUTES if route.path == path], server))
    probes.add_routes(app, database)
    openapi.add_routes(app, NATIVE, ROUTES)
    return app


class Resource:
    """The responders of one path, where Falcon looks for them."""

    def __init__(self, routes: list[Route], server: Server) -> None:
        for route in routes:
            setattr(self, f"on_{route.method.lower()}", Endpoint(route, server))
