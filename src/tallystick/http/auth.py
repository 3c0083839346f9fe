"""Who sends a request: a key in one of three places."""

import falcon

from tallystick.accounts import ops
from tallystick.accounts.types import Caller, Scope
from tallystick.core.errors import Forbidden, Unauthorized
from tallystick.store.db import Tx

INCLUDED = {
    Scope.READ: frozenset(Scope),
    Scope.WRITE: frozenset({Scope.WRITE, Scope.ADMIN}),
    Scope.ADMIN: frozenset({Scope.ADMIN}),
}
MAX_SECRET_LENGTH = 512
HOW = "Send an API key: the header X-API-Key, the header Authorization: Bearer, or the parameter api_key."


def secret_of(req: falcon.Request) -> str:
    """The key that a request carries, or Unauthorized."""
    scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    secret = req.get_header("X-API-Key") or bearer or req.params.get("api_key")
    if not isinstance(secret, str) or not secret or len(secret) > MAX_SECRET_LENGTH:
        raise Unauthorized(HOW)
    return secret


def authenticate(tx: Tx, req: falcon.Request, scope: Scope) -> Caller:
    """The caller, if its key is good for ``scope``. Raises Unauthorized or Forbidden."""
    caller = ops.authenticate(tx, secret_of(req))
    if not caller.scopes & INCLUDED[scope]:
        raise Forbidden(f"This needs a key with the scope {scope}.")
    return caller
