"""Who sends a request: a key in one of three places, or whoever has a share link. The access log tells it too."""

from collections.abc import Mapping

import falcon

from tallystick.accounts import ops
from tallystick.accounts.types import Caller, Scope
from tallystick.core.errors import Forbidden, Unauthorized
from tallystick.http.routes import Route
from tallystick.store import secrets
from tallystick.store.db import Tx

INCLUDED = {
    Scope.READ: frozenset(Scope),
    Scope.WRITE: frozenset({Scope.WRITE, Scope.ADMIN}),
    Scope.ADMIN: frozenset({Scope.ADMIN}),
}
PARAMETER = "api_key"
HOW = "Send an API key: the header X-API-Key, the header Authorization: Bearer, or the parameter api_key."
HOW_TO_WRITE = "Send an API key in a header, X-API-Key or Authorization: Bearer: a link alone must not write."


def caller(tx: Tx, req: falcon.Request, route: Route, ids: Mapping[str, str]) -> Caller:
    """Who calls a route, by a key or by the share token in its path.

    A GET that writes takes no key from its address, which any page could link to. Raises Unauthorized or Forbidden, and
    NotFound for a token that opens nothing.
    """
    if route.scope is None:
        return guest(tx, req, ids[route.ids[0]])
    if route.method == "GET" and not route.reads and not _in_headers(req):
        raise Unauthorized(HOW_TO_WRITE)
    return authenticate(tx, req, route.scope)


def authenticate(tx: Tx, req: falcon.Request, scope: Scope) -> Caller:
    """The caller, if its key is good for ``scope``. Raises Unauthorized or Forbidden."""
    found = req.context.caller = ops.authenticate(tx, secret_of(req))
    if not found.scopes & INCLUDED[scope]:
        raise Forbidden(f"This needs a key with the scope {scope}.")
    return found


def guest(tx: Tx, req: falcon.Request, token: str) -> Caller:
    """Whoever comes with a share token. Raises NotFound for one that names no account."""
    found = req.context.caller = ops.guest(tx, token)
    return found


def known(req: falcon.Request) -> Caller | None:
    """The caller, once the secret has been looked up and found."""
    found: Caller | None = getattr(req.context, "caller", None)
    return found


def secret_of(req: falcon.Request) -> str:
    """The key that a request carries, or Unauthorized."""
    secret = _in_headers(req) or req.params.get(PARAMETER)
    if not isinstance(secret, str) or not secret or len(secret) > secrets.MAX_LENGTH:
        raise Unauthorized(HOW)
    return secret


def _in_headers(req: falcon.Request) -> str:
    scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return req.get_header("X-API-Key") or bearer
