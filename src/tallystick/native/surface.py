"""The native API, as a value."""

from tallystick.http import auth
from tallystick.http.openapi import JSON
from tallystick.http.surface import Surface
from tallystick.native import bodies
from tallystick.native.description import DESCRIPTION
from tallystick.native.routes import PREFIX, ROUTES
from tallystick.wire.parse import parse_json

NATIVE = Surface(
    name="native",
    prefix=PREFIX,
    routes=ROUTES,
    caller=auth.caller,
    decoders={JSON: parse_json},
    is_strict=True,
    success=bodies.success,
    refusal=bodies.refusal,
    description=DESCRIPTION,
    document_path="/docs/openapi.json",
)
