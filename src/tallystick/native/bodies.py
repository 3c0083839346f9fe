"""The bodies of the native API's replies: one envelope for every success, one for every error."""

from typing import Any

from tallystick.http.refusals import Refusal
from tallystick.store.idempotency import Answer
from tallystick.wire import render
from tallystick.wire.reply import Listed, Reply


def success(result: Any) -> bytes:
    """The body of a success: ``success``, ``data``, and a ``message`` or ``pagination`` where there is one."""
    content: dict[str, Any] = {"success": True, "data": result}
    if isinstance(result, Reply):
        content = {"success": True, "data": result.data, "message": result.message}
    elif isinstance(result, Listed):
        content = {"success": True, "data": result.data, "pagination": result.pagination}
    return render.encode(content)


def refusal(refused: Refusal) -> Answer:
    """The answer to every refusal."""
    content: dict[str, Any] = {"success": False, "error": refused.sentence, "code": refused.code}
    if refused.fields:
        content["errors"] = refused.fields
    return Answer(refused.status, render.encode(content))
